//! The pages of the book that have programs in pairs: where they are, and that no side is missing.

use crate::process::{self, Failure};
use std::fs;
use std::path::{Path, PathBuf};

/// The chapters that compare, as folders of `docs`.
const CHAPTERS: [&str; 2] = ["docs/from-asyncio", "docs/from-tokio"];

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

    /// The first words of asyncio's page on coroutines and tasks, and of its neighbours.
    const NAMES: &str = "run Runner create_task TaskGroup sleep gather eager_task_factory create_eager_task_factory shield \
        timeout timeout_at Timeout.when Timeout.reschedule Timeout.expired wait_for wait FIRST_COMPLETED FIRST_EXCEPTION \
        ALL_COMPLETED as_completed to_thread run_coroutine_threadsafe current_task all_tasks iscoroutine Task.done \
        Task.result Task.exception Task.add_done_callback Task.remove_done_callback Task.get_stack Task.print_stack \
        Task.get_coro Task.get_context Task.get_name Task.set_name Task.cancel Task.cancelled Task.uncancel \
        Task.cancelling contextvars set_exception_handler";

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

    #[test]
    fn the_table_names_every_function_of_asyncios_page() {
        let table = read(Path::new("docs/from-asyncio/README.md"));
        let missing = |name: &&str| !table.contains(&format!("`{name}`"));
        let missing: Vec<&str> = NAMES.split_whitespace().filter(missing).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    /// What a heading is called in a link: lower case, hyphens for spaces, no punctuation.
    fn slug(heading: &str) -> String {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words
            .chars()
            .filter(|c| c.is_alphanumeric() || "-_ ".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    }

    #[test]
    fn links_to_headings_lead_there() {
        for page in pages().unwrap() {
            for link in read(&page).split("](").skip(1) {
                let target = link.split(')').next().unwrap_or_default();
                let Some((file, heading)) = target.split_once('#') else {
                    continue;
                };
                let there = if file.is_empty() {
                    page.clone()
                } else {
                    page.with_file_name(file)
                };
                let text = read(&there);
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|line| slug(line) == heading);
                assert!(found, "{}: {target} leads nowhere", page.display());
            }
        }
    }
}
