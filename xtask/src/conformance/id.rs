//! The numbers of asyncio's behaviours, `TC-05`, and where a text has some.

use std::fmt;
use std::str::FromStr;

/// One behaviour: its area and its number there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Id {
    area: String,
    number: u8,
}

impl Id {
    pub(super) fn new(area: &str, number: u8) -> Self {
        Id {
            area: area.to_owned(),
            number,
        }
    }

    /// This one and those that follow, to `last`, which must be of the same area.
    fn to(&self, last: &Id) -> Vec<Id> {
        let numbers = self.number..=last.number;
        match self.area == last.area && !numbers.is_empty() {
            true => numbers.map(|number| Id::new(&self.area, number)).collect(),
            false => vec![self.clone(), last.clone()],
        }
    }
}

impl FromStr for Id {
    type Err = ();

    /// One or two capitals, a dash, two digits.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (area, number) = text.split_once('-').ok_or(())?;
        let is_area = (1..=2).contains(&area.len()) && area.bytes().all(|b| b.is_ascii_uppercase());
        let is_number = number.len() == 2 && number.bytes().all(|b| b.is_ascii_digit());
        match is_area && is_number {
            true => Ok(Id::new(area, number.parse().map_err(|_| ())?)),
            false => Err(()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.area, self.number)
    }
}

/// All that `text` mentions, in its order. `F-12 to F-15` are four.
pub(super) fn mentioned(text: &str) -> Vec<Id> {
    let mut found: Vec<Id> = Vec::new();
    let mut is_range = false; // the last two words were an ID and `to`
    let mut is_after_id = false;
    for word in words(text) {
        match word.parse::<Id>() {
            Ok(last) if is_range => {
                let first = found.pop().expect("a range begins with one");
                found.extend(first.to(&last));
                (is_range, is_after_id) = (false, true);
            }
            Ok(id) => {
                found.push(id);
                (is_range, is_after_id) = (false, true);
            }
            Err(()) => (is_range, is_after_id) = (is_after_id && word == "to", false),
        }
    }
    found
}

/// What stands between blanks and punctuation, but for dashes: `UTF-16LE` is one word, and so no ID.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_inside = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    text.split(move |c| !is_inside(c))
        .filter(|word| !word.is_empty())
}

/// All that the name of a function has in it: `tc_05_never_runs`. Only of areas that there are, or `after_g_10` would do.
pub(super) fn named(name: &str, is_area: impl Fn(&str) -> bool) -> Vec<Id> {
    let parts: Vec<String> = name.split('_').map(str::to_uppercase).collect();
    let pairs = parts.windows(2).filter(|pair| is_area(&pair[0]));
    pairs
        .filter_map(|pair| pair.join("-").parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_text(text: &str) -> Vec<String> {
        mentioned(text).iter().map(Id::to_string).collect()
    }

    #[test]
    fn ids_are_found_among_words() {
        assert_eq!(
            in_text("TC-05, G-17 (also `S-01`): rule 9."),
            ["TC-05", "G-17", "S-01"]
        );
    }

    #[test]
    fn a_range_is_all_of_its_ids() {
        assert_eq!(in_text("F-12 to F-15"), ["F-12", "F-13", "F-14", "F-15"]);
        assert_eq!(in_text("from F-12 on to it, G-01"), ["F-12", "G-01"]);
        assert_eq!(in_text("F-12 to G-01"), ["F-12", "G-01"]);
        assert_eq!(in_text("F-12 to F-11"), ["F-12", "F-11"]);
    }

    #[test]
    fn other_words_with_dashes_are_no_ids() {
        for text in ["UTF-16", "G-7", "G-007", "g-07", "a-G-07", "ABC-01", "G-0x"] {
            assert!(in_text(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_name_may_have_an_id_of_a_known_area() {
        let named = |name| named(name, |area| area == "TC");
        assert_eq!(named("tc_05_never_runs"), [Id::new("TC", 5)]);
        assert_eq!(named("fails_as_tc_14"), [Id::new("TC", 14)]);
        assert!(named("s_10_times").is_empty());
    }
}
