//! The pages of the book that have programs in pairs: where they are, and that no side is missing.

use crate::process::{self, Failure};
use std::fs;
use std::path::{Path, PathBuf};

/// The chapters that compare, as folders of `docs`.
const CHAPTERS: [&str; 1] = ["docs/from-asyncio"];

/// Their pages, as seen from the root.
///
/// # Errors
///
/// If a chapter cannot be read.
pub(super) fn pages() -> Result<Vec<PathBuf>, Failure> {
    let mut pages = Vec::new();
    for chapter in CHAPTERS {
        let cannot = |e| Failure::new(format!("{chapter} cannot be read: {e}"));
        for entry in fs::read_dir(process::root().join(chapter)).map_err(cannot)? {
            let name = entry.map_err(cannot)?.file_name();
            let page = Path::new(chapter).join(name);
            if page.extension().is_some_and(|extension| extension == "md") {
                pages.push(page);
            }
        }
    }
    pages.sort();
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INCLUDES: &str = "crates/tulipa/src/book.rs";

    fn read(page: &Path) -> String {
        fs::read_to_string(process::root().join(page)).unwrap()
    }

    /// The languages of the code blocks of each pair.
    fn pairs(text: &str) -> Vec<Vec<&str>> {
        let pairs = text.split("<div class=\"pair\">").skip(1);
        let inside = pairs.map(|pair| pair.split("</div>").next().unwrap_or_default());
        inside
            .map(|pair| {
                let fences = pair.lines().filter_map(|line| line.strip_prefix("```"));
                fences.filter(|language| !language.is_empty()).collect()
            })
            .collect()
    }

    #[test]
    fn each_pair_has_two_sides() {
        for page in pages().unwrap() {
            for pair in pairs(&read(&page)) {
                assert_eq!(pair.len(), 2, "{}: {pair:?}", page.display());
                assert_eq!(pair[1], "rust", "{}: the right side", page.display());
            }
        }
    }

    #[test]
    fn the_rust_programs_of_each_page_are_tests() {
        let includes = read(Path::new(INCLUDES));
        for page in pages().unwrap() {
            let page = page.display().to_string();
            assert!(includes.contains(&page), "{INCLUDES} leaves {page} out");
        }
    }
}
