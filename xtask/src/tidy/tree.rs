//! The files of the workspace, read once.

use crate::process::Failure;
use std::fs;
use std::path::Path;

/// Folders that hold what was built or what belongs to another tool. In a second work tree of git, `.git` is a file.
const SKIPPED: &[&str] = &[".git", "target", "node_modules"];

/// All text files, sorted by path.
pub(super) struct Tree {
    pub(super) files: Vec<File>,
}

/// One text file, its path relative to the root and with `/` on every platform.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    /// Reads what lies under `root`, by walking it: a source archive has no git to ask.
    pub(super) fn read(root: &Path) -> Result<Tree, Failure> {
        let mut files = Vec::new();
        walk(root, root, &mut files)
            .map_err(|e| Failure::new(format!("cannot read the workspace: {e}")))?;
        Ok(Tree::of(files))
    }

    pub(super) fn of(files: impl IntoIterator<Item = (String, String)>) -> Tree {
        let mut files: Vec<File> = files
            .into_iter()
            .map(|(path, text)| File { path, text })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Tree { files }
    }

    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    pub(super) fn has_folder(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        self.files.iter().any(|file| file.path.starts_with(&prefix))
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The names of the folders under `crates/`.
    pub(super) fn crates(&self) -> impl Iterator<Item = &str> {
        self.files
            .iter()
            .filter_map(|file| crate_of(&file.path)?.strip_suffix("/Cargo.toml"))
    }
}

/// What comes after `crates/` when that is a manifest; the path of one crate's own `Cargo.toml`.
fn crate_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("crates/")?;
    (inside.matches('/').count() == 1).then_some(inside)
}

/// Programs that must not compile: they break rules on purpose.
pub(super) fn is_ui_fixture(path: &str) -> bool {
    path.contains("/tests/ui/")
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if SKIPPED.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            walk(root, &path, files)?;
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.push((relative(root, &path), text));
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    let relative = path
        .strip_prefix(root)
        .expect("a walk stays under its root");
    relative
        .iter()
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

#[cfg(test)]
mod tests {
    use super::super::samples::tree;
    use super::is_ui_fixture;

    #[test]
    fn crates_are_the_folders_with_a_manifest() {
        let tree = tree(&[
            ("crates/b/Cargo.toml", ""),
            ("crates/a/Cargo.toml", ""),
            ("crates/a/tests/fixture/Cargo.toml", ""),
            ("xtask/Cargo.toml", ""),
        ]);
        assert_eq!(tree.crates().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn folders_are_known_by_what_lies_in_them() {
        let tree = tree(&[("docs/src/intro.md", "")]);
        assert!(tree.has_folder("docs/src") && tree.has_folder("docs"));
        assert!(!tree.has_folder("docs/sr"));
    }

    #[test]
    fn ui_fixtures_are_told_apart() {
        assert!(is_ui_fixture("crates/a/tests/ui/not_async.rs"));
        assert!(!is_ui_fixture("crates/a/tests/ui.rs"));
    }
}
