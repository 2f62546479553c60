//! The page of asyncio's behaviours: which there are, and which no Rust program can ask about; and that of divergences.
//!
//! The pages are for people, so they are tables: what matters here is the first cell of a row, and the last.

use super::id::{self, Id};
use crate::process::Failure;
use std::collections::{HashMap, HashSet};

/// Where the two pages lie.
pub(super) const CATALOGUE: &str = "docs/internals/catalogue.md";
pub(super) const DIVERGENCES: &str = "docs/internals/divergences.md";

/// The headings of the tables that are read of the first.
const AREAS: &str = "## Areas";
const RULED_OUT: &str = "## Ruled out";

/// All behaviours in the order of the page.
#[derive(Debug)]
pub(super) struct Catalogue {
    ids: Vec<Id>,
    areas: HashSet<String>,
    ruled_out: HashMap<Id, String>,
}

impl Catalogue {
    /// Reads the page: an area for each row, with the number of its behaviours; then who is ruled out, and why.
    pub(super) fn read(page: &str) -> Result<Self, Failure> {
        let areas: Vec<(&str, u8)> = rows(page, AREAS).filter_map(|row| area(&row)).collect();
        let ids: Vec<Id> = areas
            .iter()
            .flat_map(|&(area, count)| (1..=count).map(|number| Id::new(area, number)))
            .collect();
        let ruled_out: HashMap<Id, String> = rows(page, RULED_OUT)
            .flat_map(|row| reasons(&row))
            .collect();
        if let Some(stray) = ruled_out.keys().find(|id| !ids.contains(id)) {
            let what = format!("{CATALOGUE} rules out {stray}, which is in no area");
            return Err(Failure::new(what));
        }
        let areas = areas.iter().map(|(area, _)| (*area).to_owned()).collect();
        Ok(Catalogue {
            ids,
            areas,
            ruled_out,
        })
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &Id> {
        self.ids.iter()
    }

    pub(super) fn has_area(&self, area: &str) -> bool {
        self.areas.contains(area)
    }

    /// Why no program can ask about it.
    pub(super) fn ruled_out(&self, id: &Id) -> Option<&str> {
        self.ruled_out.get(id).map(String::as_str)
    }
}

/// The behaviours that tulipa has otherwise, with the last cell of their row. Rows of other tables begin with no ID.
pub(super) fn divergences(page: &str) -> HashMap<Id, String> {
    let rows = page.lines().filter_map(cells);
    rows.flat_map(|row| reasons(&row)).collect()
}

/// The rows of the table below `heading`.
fn rows<'a>(page: &'a str, heading: &str) -> impl Iterator<Item = Vec<&'a str>> {
    let below = page
        .lines()
        .skip_while(move |line| *line != heading)
        .skip(1);
    below
        .take_while(|line| !line.starts_with("## "))
        .filter_map(cells)
}

/// The cells of a line that is a row; the line below a head is none.
fn cells(line: &str) -> Option<Vec<&str>> {
    let row = line.strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    (!cells[0].starts_with("---")).then_some(cells)
}

/// `| TC | 44 | what it is about |`; the head of the table has no number.
fn area<'a>(row: &[&'a str]) -> Option<(&'a str, u8)> {
    Some((row[0], row.get(1)?.parse().ok()?))
}

/// Each ID of the first cell with the text of the last.
fn reasons(row: &[&str]) -> Vec<(Id, String)> {
    let last = row.last().copied().unwrap_or_default();
    let ids = id::mentioned(row[0]).into_iter();
    ids.map(|id| (id, last.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Title\n\nText, G-09.\n\n## Areas\n\n| area | how many | about |\n| --- | --- | --- |\n\
        | G | 4 | gather |\n| S | 2 | sleep |\n\n## Ruled out\n\n| ID | why |\n| --- | --- |\n| `G-02`, G-03 | because |\n\n\
        ## In part\n\n| ID | what |\n| --- | --- |\n| S-01 | half of it |\n";

    #[test]
    fn areas_give_the_ids_in_their_order() {
        let ids: Vec<String> = Catalogue::read(PAGE)
            .unwrap()
            .ids()
            .map(Id::to_string)
            .collect();
        assert_eq!(ids, ["G-01", "G-02", "G-03", "G-04", "S-01", "S-02"]);
    }

    #[test]
    fn a_row_rules_out_all_it_names_and_only_below_its_heading() {
        let catalogue = Catalogue::read(PAGE).unwrap();
        assert_eq!(catalogue.ruled_out(&Id::new("G", 3)), Some("because"));
        assert_eq!(catalogue.ruled_out(&Id::new("S", 1)), None);
        assert!(catalogue.has_area("S") && !catalogue.has_area("area"));
    }

    #[test]
    fn what_is_ruled_out_must_be_there() {
        let failure = Catalogue::read(&PAGE.replace("G-03", "G-05")).unwrap_err();
        assert!(failure.to_string().contains("G-05"), "{failure}");
    }

    #[test]
    fn divergences_are_rows_that_begin_with_an_id() {
        let page = "| vector | where | why |\n| --- | --- | --- |\n| `a-1-00001` | everywhere | why |\n\
            | ID | asyncio | tulipa | why |\n| `G-01`, `G-02` | this | that | so |\n\nOf G-03 nothing.\n";
        let found = divergences(page);
        assert_eq!(found.len(), 2);
        assert_eq!(found[&Id::new("G", 2)], "so");
    }
}
