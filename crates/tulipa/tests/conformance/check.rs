//! Runs vectors and counts those that tulipa agrees with.

use crate::api::{self, Setting};
use crate::divergences::Divergences;
use crate::interpreter::coroutine;
use crate::outcome::{Difference, Outcome, State};
use crate::program::Program;
use crate::vectors::Vector;
use crate::world::{World, describe};
use futures::TryFutureExt as _;
use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

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
    /// Runs those of `vectors` that hold in this setting, each `repeat` times, with another seed each time.
    pub(crate) fn of(vectors: &[Vector], setting: Setting, repeat: u64) -> Self {
        let divergences = Divergences::listed();
        let mut report = Self::default();
        for vector in vectors.iter().filter(|vector| vector.holds_in(setting)) {
            let mut runs = (0..repeat).map(|run| difference(vector, setting.another(run)));
            let difference = runs.find_map(|difference| difference);
            report.add(
                &vector.id,
                difference,
                divergences.allow(&vector.id, setting),
            );
        }
        report
    }

    fn add(&mut self, id: &str, difference: Option<Difference>, may_differ: bool) {
        self.total += 1;
        match difference {
            None => self.agreed += 1,
            Some(_) if may_differ => self.listed += 1,
            Some(difference) => self.wrong.push((id.to_owned(), difference.to_string())),
        }
    }

    /// Whether all agree but for those that are listed.
    pub(crate) fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    #[allow(
        dead_code,
        reason = "the command line asks; the tests look at the whole"
    )]
    pub(crate) fn is_wrong(&self, id: &str) -> bool {
        self.wrong.iter().any(|(wrong, _)| wrong == id)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agree {} of {}", self.agreed, self.total)?;
        if self.listed > 0 {
            write!(f, ", {} listed divergences", self.listed)?;
        }
        let mut wrong = self.wrong.iter();
        wrong.try_for_each(|(id, what)| write!(f, "\n  {id}: {what}"))
    }
}

fn difference(vector: &Vector, setting: Setting) -> Option<Difference> {
    match outcome(vector, setting) {
        Ok(got) => vector.expected.difference(&got),
        Err(stuck) => Some(Difference::Stuck(stuck)),
    }
}

/// What tulipa makes of a vector's program. On a thread of its own: should it hang, the others are run all the same.
pub(crate) fn outcome(vector: &Vector, setting: Setting) -> Result<Outcome, String> {
    /// In real time. A program takes milliseconds; on the busiest of machines, seconds.
    const PATIENCE: Duration = Duration::from_secs(60);

    let program = vector.program().map_err(|e| e.to_string())?;
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(run(program, setting)));
    told.recv_timeout(PATIENCE).unwrap_or_else(|e| match e {
        mpsc::RecvTimeoutError::Timeout => Err(format!("hangs: no end after {PATIENCE:?}")),
        mpsc::RecvTimeoutError::Disconnected => Err("the runtime panicked".to_owned()),
    })
}

fn run(program: Program, setting: Setting) -> Result<Outcome, String> {
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
