//! A Rust file as the checks read it: tokens with their lines, paths spelled out through imports, comments apart.

mod paths;
mod tokens;

pub(super) use paths::UsedPath;

use proc_macro2::LexError;
use std::ops::Range;
use tokens::{Lexed, Token, closing, reads};

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

impl Source {
    pub(super) fn parse(path: &str, text: &str) -> Result<Source, LexError> {
        let lexed = Lexed::new(text)?;
        let comments = lexed.comments();
        let mut code = vec![false; comments.len()];
        lexed
            .tokens
            .iter()
            .for_each(|token| code[token.line - 1] = true);
        let tests = test_modules(&lexed.tokens);
        let paths = paths::used_paths(&lexed.tokens);
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

#[cfg(test)]
mod tests {
    use super::Source;

    fn source(text: &str) -> Source {
        Source::parse("crates/a/src/lib.rs", text).unwrap()
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
