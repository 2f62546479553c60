//! The paths that a file imports or mentions.

use super::tokens::{Token, closing, reads};
use std::collections::HashMap;

/// A path that the code imports or mentions, spelled out through the file's imports.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tidy) struct UsedPath {
    pub(in crate::tidy) segments: Vec<String>,
    pub(in crate::tidy) line: usize,
    /// What an import calls it here; `None` for a path in the code.
    pub(in crate::tidy) imported_as: Option<String>,
}

/// Imports first, then every other path, its first segment replaced by what it was imported as.
pub(super) fn used_paths(tokens: &[Token]) -> Vec<UsedPath> {
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
    use super::super::tokens::Lexed;
    use super::used_paths;

    fn paths(text: &str) -> Vec<String> {
        let paths = used_paths(&Lexed::new(text).unwrap().tokens);
        paths
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
}
