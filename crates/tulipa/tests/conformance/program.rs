//! The vectors' little language: its statements, and how they are read from JSON.

use crate::api::ReturnWhen;
use serde_json::Value as Json;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// What a task does: the bodies of its coroutines by name. `main` is the main task's.
pub(crate) struct Program {
    bodies: HashMap<String, Arc<Body>>,
}

/// Statements, one after the other.
pub(crate) type Body = Vec<Statement>;

/// The name of a task or future of the program.
pub(crate) type Name = String;

/// One statement. `FORMAT` in the vectors' own words: what each does and logs stands where it is interpreted.
pub(crate) enum Statement {
    Log(Json),
    Sleep(Duration),
    Yield,
    Return(Json),
    Raise(String),
    RaiseCancelled(Option<String>),
    Reraise,
    Spawn {
        task: Name,
        body: String,
        in_group: bool,
    },
    Future(Name),
    SetResult(Name, Json),
    SetError(Name, String),
    Cancel(Name, Option<String>),
    Cancelling,
    Uncancel,
    Status(Name),
    Callback(Name, String),
    Await(Name),
    Shield(Name),
    WaitFor(Name, Option<Duration>),
    Gather {
        names: Vec<Name>,
        return_exceptions: bool,
    },
    Wait {
        names: Vec<Name>,
        limit: Option<Duration>,
        until: ReturnWhen,
    },
    AsCompleted(Vec<Name>, Option<Duration>),
    WaitForBlock(Option<Duration>, Body),
    Timeout(Option<Duration>, Body),
    Group(Body),
    Try(Box<Try>),
    ContextSet(usize, Json),
    ContextGet(usize),
    AllTasks,
    OwnName,
}

/// `try` with its handlers, the first that fits is run, and its `finally`, which may be empty.
pub(crate) struct Try {
    pub(crate) body: Body,
    pub(crate) handlers: Vec<(Vec<String>, Body)>,
    pub(crate) finally: Body,
}

/// What is not a program of this language: the JSON that could not be read.
#[derive(Debug)]
pub(crate) struct NotAProgram(String);

type Parsed<T> = Result<T, NotAProgram>;

impl Program {
    /// Reads the `defs` of a vector.
    pub(crate) fn parse(defs: &Json) -> Parsed<Self> {
        let defs = defs
            .as_object()
            .ok_or_else(|| NotAProgram::at("an object of bodies", defs))?;
        let bodies = defs
            .iter()
            .map(|(name, json)| Ok((name.clone(), Arc::new(body(json)?))));
        let bodies = bodies.collect::<Parsed<HashMap<_, _>>>()?;
        match bodies.contains_key("main") {
            true => Ok(Self { bodies }),
            false => Err(NotAProgram("there is no `main`".to_owned())),
        }
    }

    /// The body of that name.
    pub(crate) fn body(&self, name: &str) -> Option<&Arc<Body>> {
        self.bodies.get(name)
    }
}

fn body(json: &Json) -> Parsed<Body> {
    array(json)?.iter().map(Statement::parse).collect()
}

impl Statement {
    fn parse(json: &Json) -> Parsed<Self> {
        let mut rest = Arguments::of(json)?;
        let statement = match rest.text()? {
            "log" => Self::Log(rest.value()?),
            "sleep" => Self::Sleep(rest.millis()?),
            "yield" => Self::Yield,
            "return" => Self::Return(rest.value()?),
            "raise" => Self::Raise(rest.name()?),
            "raise_cancelled" => Self::RaiseCancelled(rest.message()?),
            "reraise" => Self::Reraise,
            "spawn" => rest.spawn(false)?,
            "group_spawn" => rest.spawn(true)?,
            "future" => Self::Future(rest.name()?),
            "set_result" => Self::SetResult(rest.name()?, rest.value()?),
            "set_error" => Self::SetError(rest.name()?, rest.name()?),
            "cancel" => Self::Cancel(rest.name()?, rest.message()?),
            "cancelling" => Self::Cancelling,
            "uncancel" => Self::Uncancel,
            "status" => Self::Status(rest.name()?),
            "callback" => Self::Callback(rest.name()?, rest.name()?),
            "await" => Self::Await(rest.name()?),
            "shield" => Self::Shield(rest.name()?),
            "wait_for" => Self::WaitFor(rest.name()?, rest.limit()?),
            "gather" => Self::Gather {
                names: rest.names()?,
                return_exceptions: rest.flag()?,
            },
            "wait" => Self::Wait {
                names: rest.names()?,
                limit: rest.limit()?,
                until: rest.until()?,
            },
            "as_completed" => Self::AsCompleted(rest.names()?, rest.limit()?),
            "wait_for_block" => Self::WaitForBlock(rest.limit()?, rest.body()?),
            "timeout" => Self::Timeout(rest.limit()?, rest.body()?),
            "group" => Self::Group(rest.body()?),
            "try" => Self::Try(Box::new(Try {
                body: rest.body()?,
                handlers: rest.handlers()?,
                finally: rest.body()?,
            })),
            "context_set" => Self::ContextSet(rest.index()?, rest.value()?),
            "context_get" => Self::ContextGet(rest.index()?),
            "all_tasks" => Self::AllTasks,
            "name" => Self::OwnName,
            _ => return Err(NotAProgram::at("a known statement", json)),
        };
        Ok(statement)
    }
}

/// What is left of a statement to read.
struct Arguments<'a> {
    statement: &'a Json,
    rest: std::slice::Iter<'a, Json>,
}

impl<'a> Arguments<'a> {
    fn of(statement: &'a Json) -> Parsed<Self> {
        let rest = array(statement)?.iter();
        Ok(Self { statement, rest })
    }

    /// The next one, as what `read` makes of it.
    fn next<T>(&mut self, wanted: &str, read: impl FnOnce(&'a Json) -> Option<T>) -> Parsed<T> {
        let next = self.rest.next().and_then(read);
        next.ok_or_else(|| NotAProgram::at(wanted, self.statement))
    }

    fn text(&mut self) -> Parsed<&'a str> {
        self.next("a word", Json::as_str)
    }

    fn name(&mut self) -> Parsed<String> {
        self.text().map(str::to_owned)
    }

    fn value(&mut self) -> Parsed<Json> {
        self.next("a value", |json| Some(json.clone()))
    }

    fn flag(&mut self) -> Parsed<bool> {
        self.next("true or false", Json::as_bool)
    }

    fn index(&mut self) -> Parsed<usize> {
        self.next("a number", |json| usize::try_from(json.as_u64()?).ok())
    }

    fn message(&mut self) -> Parsed<Option<String>> {
        self.next("a message or null", |json| {
            or_null(json, |json| json.as_str().map(str::to_owned))
        })
    }

    fn millis(&mut self) -> Parsed<Duration> {
        self.next("milliseconds", millis)
    }

    fn limit(&mut self) -> Parsed<Option<Duration>> {
        self.next("milliseconds or null", |json| or_null(json, millis))
    }

    fn names(&mut self) -> Parsed<Vec<Name>> {
        let all_text = |json: &Json| {
            let names = json.as_array()?.iter().map(|name| name.as_str());
            names.map(|name| name.map(str::to_owned)).collect()
        };
        self.next("names", all_text)
    }

    fn until(&mut self) -> Parsed<ReturnWhen> {
        self.next("all, first or exception", |json| match json.as_str()? {
            "all" => Some(ReturnWhen::AllCompleted),
            "first" => Some(ReturnWhen::FirstCompleted),
            "exception" => Some(ReturnWhen::FirstException),
            _ => None,
        })
    }

    fn body(&mut self) -> Parsed<Body> {
        let json = self.next("a body", Some)?;
        body(json)
    }

    fn handlers(&mut self) -> Parsed<Vec<(Vec<String>, Body)>> {
        let json = self.next("handlers", Some)?;
        let handler = |json| {
            let mut handler = Arguments::of(json)?;
            Ok((handler.names()?, handler.body()?))
        };
        array(json)?.iter().map(handler).collect()
    }

    fn spawn(&mut self, in_group: bool) -> Parsed<Statement> {
        Ok(Statement::Spawn {
            task: self.name()?,
            body: self.name()?,
            in_group,
        })
    }
}

/// Below zero there is no time: a limit that is over already is over at zero too.
fn millis(json: &Json) -> Option<Duration> {
    let millis = json.as_i64()?.max(0);
    u64::try_from(millis).ok().map(Duration::from_millis)
}

fn or_null<'a, T>(json: &'a Json, read: impl FnOnce(&'a Json) -> Option<T>) -> Option<Option<T>> {
    match json {
        Json::Null => Some(None),
        _ => read(json).map(Some),
    }
}

fn array(json: &Json) -> Parsed<&Vec<Json>> {
    json.as_array()
        .ok_or_else(|| NotAProgram::at("an array", json))
}

impl NotAProgram {
    pub(crate) fn at(wanted: &str, found: &Json) -> Self {
        Self(format!("{wanted} expected in {found}"))
    }
}

impl fmt::Display for NotAProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
