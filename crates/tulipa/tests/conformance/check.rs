//! Runs vectors and counts those that tulipa agrees with.

use crate::api::{self, Flavour, Setting};
use crate::interpreter::coroutine;
use crate::outcome::{Difference, Outcome, State};
use crate::vectors::Vector;
use crate::world::{World, describe};
use futures::TryFutureExt as _;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::{fmt, fs};

/// Divergences that may be listed: more would be another model than asyncio's.
const MOST_LISTED: usize = 5;

/// What a check came to. Displayed: one line, then one for each vector that is not as it should be.
#[derive(Debug, Default)]
pub(crate) struct Report {
    agreed: usize,
    total: usize,
    /// Vectors that differ, and are listed with the reason.
    listed: usize,
    /// Vectors that are not as they should be, and how.
    wrong: Vec<(String, String)>,
}

impl Report {
    /// Whether all agree but for those that are listed, which differ.
    pub(crate) fn is_good(&self) -> bool {
        self.wrong.is_empty() && self.listed <= MOST_LISTED
    }

    #[allow(dead_code, reason = "the tests look at the whole")]
    pub(crate) fn differs(&self, id: &str) -> bool {
        self.wrong.iter().any(|(wrong, _)| wrong == id)
    }

    /// Runs those of `vectors` that hold in this setting, each `repeat` times, with another seed each time.
    pub(crate) fn of(vectors: &[Vector], setting: Setting, repeat: u64) -> Self {
        let listed = listed_divergences();
        let mut report = Self::default();
        let hold = |vector: &&Vector| vector.parallel || setting.flavour != Flavour::MultiThread;
        for vector in vectors.iter().filter(hold) {
            let mut runs = (0..repeat).map(|run| difference(vector, setting.another(run)));
            let difference = runs.find_map(|difference| difference);
            report.add(&vector.id, difference, listed.contains(&vector.id));
        }
        report
    }

    fn add(&mut self, id: &str, difference: Option<Difference>, is_listed: bool) {
        self.total += 1;
        let wrong = match (difference, is_listed) {
            (Some(_), true) => {
                self.listed += 1;
                return;
            }
            (Some(difference), false) => difference.to_string(),
            (None, is_listed) => {
                self.agreed += 1;
                if !is_listed {
                    return;
                }
                "is listed as a divergence, but agrees".to_owned()
            }
        };
        self.wrong.push((id.to_owned(), wrong));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agree {} of {}", self.agreed, self.total)?;
        if self.listed > 0 {
            write!(f, ", {} listed divergences", self.listed)?;
        }
        if self.listed > MOST_LISTED {
            write!(f, " ({MOST_LISTED} may be)")?;
        }
        let mut wrong = self.wrong.iter();
        wrong.try_for_each(|(id, what)| write!(f, "\n  {id}: {what}"))
    }
}

/// What tulipa makes of a vector's program.
pub(crate) fn outcome(vector: &Vector, setting: Setting) -> Result<Outcome, String> {
    let program = vector.program().map_err(|e| e.to_string())?;
    let world = Arc::new(World::new(program));
    let main = coroutine(world.clone(), "main".to_owned()).map_err(Arc::new);
    let main = api::run(main, setting);
    let logs = world.finish();
    let main = match main? {
        Ok(value) => State::ok(&value),
        Err(failure) => describe(&failure),
    };
    Ok(Outcome { main, logs })
}

fn difference(vector: &Vector, setting: Setting) -> Option<Difference> {
    match outcome(vector, setting) {
        Ok(got) => vector.expected.difference(&got),
        Err(stuck) => Some(Difference::Stuck(stuck)),
    }
}

/// The vectors that the page of divergences lists, each in a table row that begins with its ID in backticks. Without the page
/// (the crate alone) there are none.
fn listed_divergences() -> HashSet<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/internals/divergences.md");
    let text = fs::read_to_string(page).unwrap_or_default();
    let ids = text.lines().filter_map(|line| {
        let (id, _) = line.strip_prefix("| `")?.split_once('`')?;
        Some(id.to_owned())
    });
    ids.collect()
}
