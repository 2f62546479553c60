//! What a program did: how its main task ended, and what each task saw. And where two such accounts differ.

use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::fmt;

/// How main ended, and the logs of all tasks by name.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) main: State,
    pub(crate) logs: BTreeMap<String, Vec<Entry>>,
}

/// One line of a log. Displayed as the vectors have it: `[12,"got",1]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) millis: u64,
    pub(crate) kind: String,
    pub(crate) value: Json,
}

/// How a task or future stands, as data: `["error","E1"]` and its like.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct State(Json);

impl State {
    pub(crate) fn pending() -> Self {
        Self(json!(["pending"]))
    }

    pub(crate) fn ok(value: &Json) -> Self {
        Self(json!(["ok", value]))
    }

    /// Of a task: that it ended so, and no more.
    pub(crate) fn cancelled() -> Self {
        Self(json!(["cancelled"]))
    }

    /// Of what was caught or gathered. An empty message is none.
    pub(crate) fn cancelled_with(message: Option<&str>) -> Self {
        let message = message.filter(|message| !message.is_empty());
        Self(json!(["cancelled", message]))
    }

    pub(crate) fn error(kind: &str) -> Self {
        Self(json!(["error", kind]))
    }

    pub(crate) fn timeout() -> Self {
        Self(json!(["timeout"]))
    }

    pub(crate) fn group(members: impl IntoIterator<Item = State>) -> Self {
        let members: Vec<Json> = members.into_iter().map(Json::from).collect();
        Self(json!(["group", members]))
    }

    /// What a program must not come to: said in words, equal to no expectation.
    pub(crate) fn odd(what: &str) -> Self {
        Self(json!(["odd", what]))
    }
}

impl From<State> for Json {
    fn from(State(json): State) -> Self {
        json
    }
}

impl Outcome {
    /// Reads the `expect` of a vector. `None`: it is not one.
    pub(crate) fn parse(expect: &Json) -> Option<Self> {
        let logs = expect.get("logs")?.as_object()?.iter();
        let logs = logs.map(|(name, log)| {
            let log = log.as_array()?.iter().map(Entry::parse);
            Some((name.clone(), log.collect::<Option<_>>()?))
        });
        Some(Self {
            main: State(expect.get("outcome")?.clone()),
            logs: logs.collect::<Option<_>>()?,
        })
    }

    /// Where `got` is another account than this one: the earliest place, by the programs' time.
    pub(crate) fn difference(&self, got: &Self) -> Option<Difference> {
        let names = self.logs.keys().chain(got.logs.keys());
        let in_logs = names.filter_map(|name| {
            let log = |of: &Self| of.logs.get(name).cloned().unwrap_or_default();
            first_difference(name, &log(self), &log(got))
        });
        let earliest = in_logs.min_by_key(Difference::millis);
        earliest.or_else(|| {
            let (expected, got) = (&self.main, &got.main);
            (!agree(&expected.0, &got.0)).then(|| Difference::Main {
                expected: expected.clone(),
                got: got.clone(),
            })
        })
    }
}

impl Entry {
    fn parse(json: &Json) -> Option<Self> {
        let [millis, kind, value] = json.as_array()?.as_slice() else {
            return None;
        };
        Some(Self {
            millis: millis.as_u64()?,
            kind: kind.as_str()?.to_owned(),
            value: value.clone(),
        })
    }

    fn agrees(&self, got: &Self) -> bool {
        self.millis == got.millis && self.kind == got.kind && agree(&self.value, &got.value)
    }
}

/// The first place where two accounts differ.
#[derive(Debug)]
pub(crate) enum Difference {
    /// In the log of a task, at this index.
    Log {
        task: String,
        index: usize,
        expected: Option<Entry>,
        got: Option<Entry>,
    },
    /// The logs agree, but main ended in another way.
    Main { expected: State, got: State },
    /// The program did not come to an end, or could not be run.
    Stuck(String),
}

impl Difference {
    /// When it shows.
    fn millis(&self) -> u64 {
        match self {
            Self::Log { expected, got, .. } => {
                let at = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.millis);
                at(expected).into_iter().chain(at(got)).min().unwrap_or(0)
            }
            Self::Main { .. } | Self::Stuck(_) => u64::MAX,
        }
    }
}

fn first_difference(task: &str, expected: &[Entry], got: &[Entry]) -> Option<Difference> {
    let agreed = expected.iter().zip(got).take_while(|(e, g)| e.agrees(g));
    let index = agreed.count();
    let differ = index < expected.len().max(got.len());
    differ.then(|| Difference::Log {
        task: task.to_owned(),
        index,
        expected: expected.get(index).cloned(),
        got: got.get(index).cloned(),
    })
}

/// Equality, but for two things: an expected message of `null` stands for any, since asyncio loses some on the way (TC-33);
/// and the members of a group have no order.
fn agree(expected: &Json, got: &Json) -> bool {
    let (Json::Array(expected), Json::Array(got)) = (expected, got) else {
        return expected == got;
    };
    match (expected.as_slice(), got.as_slice()) {
        ([kind, Json::Null], [other, _]) if kind == "cancelled" => kind == other,
        ([kind, Json::Array(members)], [other, Json::Array(others)]) if kind == "group" => {
            kind == other && agree_in_some_order(members, others)
        }
        (expected, got) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(e, g)| agree(e, g))
        }
    }
}

/// Members agree or are equal, nothing in between: taking the first that agrees cannot spoil a later match.
fn agree_in_some_order(expected: &[Json], got: &[Json]) -> bool {
    let mut left: Vec<&Json> = got.iter().collect();
    let found = |one| match left.iter().position(|other| agree(one, other)) {
        Some(at) => {
            left.swap_remove(at);
            true
        }
        None => false,
    };
    expected.len() == got.len() && expected.iter().all(found)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log {
                task,
                index,
                expected,
                got,
            } => {
                write!(f, "`{task}` entry {index}: ")?;
                write!(f, "expected {}, got {}", shown(expected), shown(got))
            }
            Self::Main { expected, got } => {
                write!(f, "main ended {}, not {}", got.0, expected.0)
            }
            Self::Stuck(why) => f.write_str(why),
        }
    }
}

fn shown(entry: &Option<Entry>) -> String {
    entry
        .as_ref()
        .map_or("nothing more".to_owned(), Entry::to_string)
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{},{:?},{}]", self.millis, self.kind, self.value)
    }
}

impl fmt::Display for Outcome {
    /// The logs one by one, for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "outcome {}", self.main.0)?;
        for (name, log) in &self.logs {
            writeln!(f, "  {name}")?;
            for entry in log {
                writeln!(f, "    {entry}")?;
            }
        }
        Ok(())
    }
}
