//! A Rust file as the checks read it: tokens with their lines, paths resolved through imports, comments apart.
//!
//! Tokens come from proc-macro2, which knows what is a string and what a comment. It drops plain comments, so those
//! are found as what follows `//` on a line whose literals were blanked.

use proc_macro2::{Delimiter, LexError, Span, TokenStream, TokenTree};
use std::collections::HashMap;
use std::ops::Range;

/// How far above a line its comment may stand, in lines of code: a call whose arguments have a line each fits in.
const REACH: usize = 6;

/// One parsed file.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) tokens: Vec<Token>,
    pub(super) paths: Vec<UsedPath>,
    /// The comment on each line, empty where there is none.
    comments: Vec<String>,
    /// Whether each line has code on it.
    code: Vec<bool>,
    /// Lines inside `#[cfg(test)]` modules.
    tests: Vec<Range<usize>>,
}

/// An identifier, a literal, one character of punctuation, or a bracket.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) text: String,
    /// Counts from 1.
    pub(super) line: usize,
}

/// A path that the code imports or mentions, spelled out through the file's imports.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UsedPath {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// What an import calls it here; `None` for a path in the code.
    pub(super) imported_as: Option<String>,
}

impl Source {
    pub(super) fn parse(path: &str, text: &str) -> Result<Source, LexError> {
        let mut lexed = Lexed {
            text,
            tokens: Vec::new(),
            blanked: text.as_bytes().to_vec(),
            starts: line_starts(text),
        };
        lexed.read(text.parse()?);
        let comments = lexed.comments();
        let mut code = vec![false; comments.len()];
        lexed
            .tokens
            .iter()
            .for_each(|token| code[token.line - 1] = true);
        let tests = test_modules(&lexed.tokens);
        let paths = used_paths(&lexed.tokens);
        Ok(Source {
            path: path.to_owned(),
            tokens: lexed.tokens,
            paths,
            comments,
            code,
            tests,
        })
    }

    /// Whether the tokens at `index` read as `texts`.
    pub(super) fn reads(&self, index: usize, texts: &[&str]) -> bool {
        reads(&self.tokens, index, texts)
    }

    /// Whether a comment at `line`, or not far above it, contains any of `words`.
    pub(super) fn comment_near(&self, line: usize, words: &[&str]) -> bool {
        let mut passed = 0;
        for line in (0..line).rev() {
            if words.iter().any(|word| self.comments[line].contains(word)) {
                return true;
            }
            passed += usize::from(self.code[line]);
            if passed > REACH {
                return false;
            }
        }
        false
    }

    /// The crate's folder name, for files under `crates/`.
    pub(super) fn krate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether `line` is test code: in `tests/`, in a module for tests, or in a loom model.
    pub(super) fn is_test(&self, line: usize) -> bool {
        let folders = ["/tests/", "/models/", "/benches/"];
        folders.iter().any(|folder| self.path.contains(folder))
            || self.path.ends_with("/tests.rs")
            || self.tests.iter().any(|lines| lines.contains(&line))
    }

    /// Whether the file is part of what its crate ships: under `src/`.
    pub(super) fn is_library(&self) -> bool {
        self.path.contains("/src/")
    }
}

/// A file on its way to a [`Source`].
struct Lexed<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    /// The text with literals overwritten, so that a `//` in a string is no comment.
    blanked: Vec<u8>,
    starts: Vec<usize>,
}

impl Lexed<'_> {
    fn read(&mut self, stream: TokenStream) {
        for tree in stream {
            if self.is_comment(tree.span()) {
                continue;
            }
            match tree {
                TokenTree::Group(group) => {
                    let (open, close) = brackets(group.delimiter());
                    self.push(open, group.span_open());
                    self.read(group.stream());
                    self.push(close, group.span_close());
                }
                TokenTree::Ident(ident) => self.push(&ident.to_string(), ident.span()),
                TokenTree::Punct(punct) => self.push(&punct.as_char().to_string(), punct.span()),
                TokenTree::Literal(literal) => {
                    self.blanked[literal.span().byte_range()]
                        .iter_mut()
                        .filter(|b| **b != b'\n')
                        .for_each(|b| *b = b' ');
                    self.push(&literal.to_string(), literal.span());
                }
            }
        }
    }

    /// A doc comment arrives as the tokens of an attribute, all with the span of the comment.
    fn is_comment(&self, span: Span) -> bool {
        let text = &self.text[span.byte_range()];
        text.starts_with("//") || text.starts_with("/*")
    }

    fn push(&mut self, text: &str, span: Span) {
        if text.is_empty() {
            return;
        }
        let line = self
            .starts
            .partition_point(|start| *start <= span.byte_range().start);
        self.tokens.push(Token {
            text: text.to_owned(),
            line,
        });
    }

    fn comments(&self) -> Vec<String> {
        let blanked = String::from_utf8_lossy(&self.blanked);
        let comment = |line: &str| {
            line.find("//")
                .map_or(String::new(), |at| line[at..].to_owned())
        };
        blanked.lines().map(comment).collect()
    }
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect()
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn reads(tokens: &[Token], index: usize, texts: &[&str]) -> bool {
    let found = tokens[index.min(tokens.len())..]
        .iter()
        .map(|token| token.text.as_str());
    found.take(texts.len()).eq(texts.iter().copied())
}

/// The line ranges of inline modules whose `cfg` asks for `test`.
fn test_modules(tokens: &[Token]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if !reads(tokens, index, &["#", "[", "cfg", "("]) {
            continue;
        }
        let attribute = index + 1..closing(tokens, index + 1);
        let is_test = tokens[attribute.clone()]
            .iter()
            .any(|token| token.text == "test");
        let body = tokens[attribute.end..]
            .iter()
            .position(|token| token.text == "{" || token.text == ";");
        if let (true, Some(body)) = (is_test, body) {
            let end = closing(tokens, attribute.end + body);
            found.push(token.line..tokens[end].line + 1);
        }
    }
    found
}

/// The index of the bracket that closes the one at `open`; `open` itself if that is none.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len() - 1
}

/// Imports first, then every other path, its first segment replaced by what it was imported as.
fn used_paths(tokens: &[Token]) -> Vec<UsedPath> {
    let mut paths = Vec::new();
    let mut mentioned = Vec::new();
    let mut index = 0;
    while index < tokens.len() {
        if tokens[index].text == "use" {
            index = read_use(tokens, index + 1, &[], &mut paths);
        } else if is_name(&tokens[index].text) {
            let (segments, end) = read_path(tokens, index);
            mentioned.push(UsedPath {
                segments,
                line: tokens[index].line,
                imported_as: None,
            });
            index = end;
        } else {
            index += 1;
        }
    }
    let imports: HashMap<String, Vec<String>> = paths
        .iter()
        .filter_map(|path| Some((path.imported_as.clone()?, path.segments.clone())))
        .collect();
    paths.extend(
        mentioned
            .into_iter()
            .map(|path| spelled_out(path, &imports)),
    );
    paths
}

fn spelled_out(mut path: UsedPath, imports: &HashMap<String, Vec<String>>) -> UsedPath {
    if let Some(import) = imports.get(&path.segments[0]) {
        path.segments.splice(..1, import.iter().cloned());
    }
    path
}

/// Reads one tree of a `use`, which starts at `index`, below `prefix`; returns where it ends.
fn read_use(tokens: &[Token], index: usize, prefix: &[String], paths: &mut Vec<UsedPath>) -> usize {
    let start = if reads(tokens, index, &[":", ":"]) {
        index + 2
    } else {
        index
    };
    let (segments, mut at) = read_path(tokens, start);
    let path = [prefix, &segments].concat();
    if !reads(tokens, at, &["{"]) {
        let segments: Vec<String> = path
            .into_iter()
            .filter(|segment| segment != "self")
            .collect();
        let mut name = segments.last().cloned();
        if reads(tokens, at, &["as"]) {
            name = tokens.get(at + 1).map(|token| token.text.clone());
            at += 2;
        }
        let line = tokens[start.min(tokens.len() - 1)].line;
        paths.push(UsedPath {
            segments,
            line,
            imported_as: name,
        });
        return at;
    }
    let end = closing(tokens, at);
    while at < end {
        at = read_use(tokens, at + 1, &path, paths);
        at += tokens[at..end]
            .iter()
            .position(|token| token.text == ",")
            .unwrap_or(end - at);
    }
    end
}

/// The names at `index` joined by `::`, and the index after them; a trailing `::` is passed over.
fn read_path(tokens: &[Token], mut index: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while tokens.get(index).is_some_and(|token| is_name(&token.text)) {
        segments.push(tokens[index].text.clone());
        index += 1;
        if !reads(tokens, index, &[":", ":"]) {
            break;
        }
        index += 2;
    }
    (segments, index)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::Source;

    fn source(text: &str) -> Source {
        Source::parse("crates/a/src/lib.rs", text).unwrap()
    }

    fn paths(text: &str) -> Vec<String> {
        source(text)
            .paths
            .into_iter()
            .map(|path| path.segments.join("::"))
            .collect()
    }

    #[test]
    fn nested_imports_are_flattened() {
        let found = paths(
            "use std::{cell::UnsafeCell, sync::{self, Arc, atomic::*}}; use ::loom as other;",
        );
        assert_eq!(
            found,
            [
                "std::cell::UnsafeCell",
                "std::sync",
                "std::sync::Arc",
                "std::sync::atomic",
                "loom"
            ]
        );
    }

    #[test]
    fn mentions_are_spelled_out_through_imports() {
        let found =
            paths("use std::thread; use std::sync::Mutex as M; fn f() { thread::park(M::new) }");
        for path in ["std::thread::park", "std::sync::Mutex::new"] {
            assert!(
                found.contains(&path.to_owned()),
                "{path} is not among {found:?}"
            );
        }
    }

    #[test]
    fn a_slash_in_a_string_is_no_comment() {
        let source = source("const A: &str = \"// SAFETY\";\nconst B: u8 = b'/'; // why\n");
        assert!(!source.comment_near(1, &["SAFETY"]));
        assert!(source.comment_near(2, &["why"]));
    }

    #[test]
    fn words_in_comments_are_no_tokens() {
        let source = source("//! unsafe {}\n/// unsafe {}\nfn f() {} // unsafe {}\n");
        assert!(source.tokens.iter().all(|token| token.text != "unsafe"));
        assert!(source.comment_near(3, &["unsafe"]));
    }

    #[test]
    fn a_comment_reaches_only_so_far_down() {
        let near = source("// why\nfn a();\nfn b();\nfn c();\n");
        assert!(near.comment_near(4, &["why"]));
        let far = source("// why\n1;\n2;\n3;\n4;\n5;\n6;\n7;\n8;\n");
        assert!(!far.comment_near(9, &["why"]));
    }

    #[test]
    fn modules_for_tests_are_known() {
        let source = source(
            "fn a() {}\n#[cfg(all(test, not(loom)))]\nmod tests {\n    fn b() {}\n}\nfn c() {}\n",
        );
        assert!(!source.is_test(1) && !source.is_test(6));
        assert!(source.is_test(2) && source.is_test(4));
    }
}
