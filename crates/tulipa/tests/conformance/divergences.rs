//! The vectors that tulipa need not agree with, as the page of divergences lists them with the reason.
//!
//! ```text
//! | vector | where | why |
//! | --- | --- | --- |
//! | `any-1-00001` | several threads | .. |
//! ```

use crate::api::{Flavour, Setting};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// More would be another model than asyncio's.
const MOST: usize = 5;

/// The vectors, and where each may differ.
pub(crate) struct Divergences(HashMap<String, Where>);

#[derive(Clone, Copy, PartialEq)]
enum Where {
    Everywhere,
    /// What one thread does after the other there, two do at once.
    SeveralThreads,
}

impl Divergences {
    /// Those of the project. Without its page (the crate alone) there are none.
    ///
    /// # Panics
    ///
    /// If there are too many, or a row is not understood.
    pub(crate) fn listed() -> Self {
        let page = "../../docs/internals/divergences.md";
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        Self::read(&fs::read_to_string(page).unwrap_or_default())
    }

    fn read(page: &str) -> Self {
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let rows: HashMap<_, _> = rows.filter_map(read_row).collect();
        assert!(
            rows.len() <= MOST,
            "{} are listed, {MOST} may be",
            rows.len()
        );
        Self(rows)
    }

    /// Whether this vector may differ there.
    pub(crate) fn allow(&self, id: &str, setting: Setting) -> bool {
        match self.0.get(id) {
            None => false,
            Some(Where::Everywhere) => true,
            Some(Where::SeveralThreads) => {
                setting.flavour == Flavour::MultiThread && setting.workers > 1
            }
        }
    }
}

/// `id` and the place, of what follows the first backtick; `None`: the row is of another table, of behaviours.
fn read_row(row: &str) -> Option<(String, Where)> {
    let (id, rest) = row.split_once('`')?;
    let place = match rest.split('|').nth(1)?.trim() {
        "everywhere" => Where::Everywhere,
        "several threads" => Where::SeveralThreads,
        _ => return None,
    };
    Some((id.to_owned(), place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_vectors_are_read_and_others_passed_over() {
        let page = "text\n| `a-1-00001` | several threads | why |\n| `TC-05` | another | why |\n";
        let listed = Divergences::read(page);
        let threads = |workers| Setting::of(Flavour::MultiThread, workers);
        assert!(listed.allow("a-1-00001", threads(2)));
        assert!(!listed.allow("a-1-00001", threads(1)));
        assert!(!listed.allow("TC-05", threads(2)));
    }

    #[test]
    #[should_panic(expected = "6 are listed")]
    fn more_than_five_are_too_many() {
        let row = |n| format!("| `a-1-{n}` | everywhere | why |\n");
        let _too_many = Divergences::read(&(0..6).map(row).collect::<String>());
    }
}
