//! The tests of the workspace: what each is called, and what its doc comment says.
//!
//! Found by following `mod` from the root of each binary, as the compiler does: a file that no module names is not run, and
//! does not count. What a doc comment has is read off the tokens, so a comment, a string, a doc test or the doc comment
//! of a helper is not taken for one.

use crate::process::Failure;
use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};

/// A function that a test runner calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Test {
    /// Crate, binary or module, and name: `tulipa-task::it::cancel::a_fact`.
    pub(super) path: String,
    pub(super) name: String,
    /// Its doc comment.
    pub(super) doc: String,
}

/// Reads a file by its path from the root of the workspace; `None`: there is none.
pub(super) type Read<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The tests of the crate root at `path` and of the modules below it, which are called `prefix::..`.
pub(super) fn tests(path: &str, prefix: &str, read: Read<'_>) -> Result<Vec<Test>, Failure> {
    let mut scan = Scan {
        read,
        found: Vec::new(),
    };
    let (path, folder) = above(path.to_owned());
    let place = Place {
        modules: prefix.to_owned(),
        children: folder.clone(),
        folder,
    };
    scan.file(&path, place)?;
    Ok(scan.found)
}

struct Scan<'a> {
    read: Read<'a>,
    found: Vec<Test>,
}

/// Where the scan is.
struct Place {
    modules: String,
    /// The folder of this file: what `#[path]` is relative to.
    folder: String,
    /// The folder of this module's children.
    children: String,
}

impl Place {
    fn inside(&self, module: &str) -> Place {
        Place {
            modules: format!("{}::{module}", self.modules),
            folder: self.folder.clone(),
            children: format!("{}/{module}", self.children),
        }
    }
}

impl Scan<'_> {
    fn file(&mut self, path: &str, place: Place) -> Result<(), Failure> {
        let text = (self.read)(path).ok_or_else(|| Failure::new(format!("there is no {path}")))?;
        let tokens = text.parse::<TokenStream>();
        let tokens = tokens.map_err(|e| Failure::new(format!("{path} is not Rust: {e}")))?;
        self.items(tokens, &place)
    }

    /// Items one after the other; bodies are not entered, so a function in a function is none.
    fn items(&mut self, tokens: TokenStream, place: &Place) -> Result<(), Failure> {
        let mut tokens = tokens.into_iter().peekable();
        let mut attributes = Attributes::default();
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    if let Some(TokenTree::Group(group)) = tokens.peek() {
                        attributes.add(group);
                        tokens.next();
                    }
                    continue;
                }
                TokenTree::Ident(word) if is_before_an_item(&word.to_string()) => continue,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => continue, // `pub(super)`
                TokenTree::Ident(word) if word == "fn" => {
                    if let Some(TokenTree::Ident(name)) = tokens.peek() {
                        self.function(&name.to_string(), &attributes, place);
                    }
                }
                TokenTree::Ident(word) if word == "mod" => {
                    let name = tokens.next().map(|name| name.to_string());
                    self.module(&name.unwrap_or_default(), tokens.peek(), &attributes, place)?;
                }
                TokenTree::Ident(word) if word == "proptest" => {
                    let body = tokens.nth(1); // behind the `!`
                    if let Some(TokenTree::Group(group)) = body {
                        self.items(group.stream(), place)?;
                    }
                }
                _ => {}
            }
            attributes = Attributes::default();
        }
        Ok(())
    }

    fn function(&mut self, name: &str, attributes: &Attributes, place: &Place) {
        if attributes.is_test {
            self.found.push(Test {
                path: format!("{}::{name}", place.modules),
                name: name.to_owned(),
                doc: attributes.doc.clone(),
            });
        }
    }

    fn module(
        &mut self,
        name: &str,
        body: Option<&TokenTree>,
        attributes: &Attributes,
        place: &Place,
    ) -> Result<(), Failure> {
        let inside = place.inside(name);
        if let Some(TokenTree::Group(group)) = body {
            return self.items(group.stream(), &inside);
        }
        let Place { children, .. } = place;
        let (file, folder) = match &attributes.path {
            Some(path) => above(format!("{}/{path}", place.folder)),
            None if (self.read)(&format!("{children}/{name}.rs")).is_some() => {
                let file = format!("{children}/{name}.rs");
                return self.file(
                    &file,
                    Place {
                        folder: children.clone(),
                        ..inside
                    },
                );
            }
            None => above(format!("{children}/{name}/mod.rs")),
        };
        let children = folder.clone();
        self.file(
            &file,
            Place {
                folder,
                children,
                ..inside
            },
        )
    }
}

/// A file, and the folder it lies in.
fn above(file: String) -> (String, String) {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let folder = folder.to_owned();
    (file, folder)
}

/// What stands between the attributes of a function and its `fn`.
fn is_before_an_item(word: &str) -> bool {
    ["pub", "async", "unsafe", "const"].contains(&word)
}

/// The attributes of the item to come, as far as they matter.
#[derive(Default)]
struct Attributes {
    is_test: bool,
    doc: String,
    path: Option<String>,
}

impl Attributes {
    /// Takes in what stands between the brackets of one.
    fn add(&mut self, group: &Group) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let path = tokens.iter().take_while(|token| !is_argument(token));
        let Some(name) = path.last().map(TokenTree::to_string) else {
            return;
        };
        match (name.as_str(), tokens.last()) {
            ("test", _) => self.is_test = true,
            ("doc", Some(TokenTree::Literal(text))) => self.doc += &format!("{}\n", unquoted(text)),
            ("path", Some(TokenTree::Literal(text))) => {
                self.path = Some(unquoted(text));
            }
            _ => {}
        }
    }
}

/// What a string says, but for its escapes.
fn unquoted(text: &Literal) -> String {
    let text = text.to_string();
    text.trim_start_matches('r')
        .trim_matches(['#', '"'])
        .to_owned()
}

/// Whether the path of an attribute ends before this: `tulipa::test(time = "real")`, `doc = ".."`.
fn is_argument(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(_)) || token.to_string() == "="
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests of a crate of these files, the first of which is its root.
    fn found(files: &[(&str, &str)]) -> Vec<(String, String)> {
        let read = |path: &str| {
            let file = files.iter().find(|(other, _)| *other == path);
            file.map(|(_, text)| (*text).to_owned())
        };
        let tests = tests(files[0].0, "a::it", &read).unwrap();
        let ids = |test: &Test| {
            test.doc
                .split_whitespace()
                .filter(|w| w.contains('-'))
                .collect()
        };
        tests
            .iter()
            .map(|test| (test.path.clone(), ids(test)))
            .collect()
    }

    fn in_file(text: &str) -> Vec<(String, String)> {
        found(&[("tests/it/main.rs", text)])
    }

    fn pair(path: &str, ids: &str) -> (String, String) {
        (path.to_owned(), ids.to_owned())
    }

    #[test]
    fn tests_have_the_doc_comment_above_them() {
        let text = "/// G-01\n#[test]\nfn a() {}\n/// G-02\n#[tulipa::test(time = \"real\")]\nasync fn b() -> R {}\n\
            #[test]\nfn c() {}\n";
        assert_eq!(
            in_file(text),
            [
                pair("a::it::a", "G-01"),
                pair("a::it::b", "G-02"),
                pair("a::it::c", "")
            ]
        );
    }

    #[test]
    fn helpers_comments_and_strings_carry_nothing() {
        let text = "//! G-01\n/// G-02\nfn helper() { /* G-03 */ }\n// G-04\n#[test]\nfn a() { \"G-05\"; }\n\
            /// G-06\nstruct S;\nimpl S {\n/// G-07\nfn b() {}\n}\n";
        assert_eq!(in_file(text), [pair("a::it::a", "")]);
    }

    #[test]
    fn modules_are_followed_as_the_compiler_does() {
        let files = [
            (
                "tests/it/main.rs",
                "mod x; pub(crate) mod y; #[path = \"sub/other.rs\"] mod z; mod i { mod j; }",
            ),
            ("tests/it/x.rs", "mod inner; #[test] fn a() {}"),
            ("tests/it/x/inner.rs", "#[test] fn b() {}"),
            ("tests/it/y/mod.rs", "mod deep; #[test] fn c() {}"),
            ("tests/it/y/deep.rs", "#[test] fn d() {}"),
            ("tests/it/sub/other.rs", "mod k; #[test] fn e() {}"),
            ("tests/it/sub/k.rs", "#[test] fn g() {}"),
            ("tests/it/i/j.rs", "#[test] fn f() {}"),
            ("tests/it/orphan.rs", "#[test] fn never_run() {}"),
        ];
        let paths: Vec<String> = found(&files).into_iter().map(|(path, _)| path).collect();
        let expected = [
            "x::inner::b",
            "x::a",
            "y::deep::d",
            "y::c",
            "z::k::g",
            "z::e",
            "i::j::f",
        ];
        assert_eq!(paths, expected.map(|path| format!("a::it::{path}")));
    }

    #[test]
    fn property_tests_are_tests() {
        let text = "proptest! {\n#![config(x)]\n/// G-01\n#[test]\nfn a(x in 0..1) {}\n}\n";
        assert_eq!(in_file(text), [pair("a::it::a", "G-01")]);
    }

    #[test]
    fn a_module_without_a_file_is_named() {
        let failure = tests("tests/it/main.rs", "a", &|path| {
            (path == "tests/it/main.rs").then(|| "mod gone;".to_owned())
        });
        assert!(
            failure
                .unwrap_err()
                .to_string()
                .contains("tests/it/gone/mod.rs")
        );
    }
}
