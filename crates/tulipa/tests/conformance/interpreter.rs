//! What each statement does, in tulipa's words.
//!
//! An error is an `Err`, a `return` is a [`Flow`], and a cancellation is neither: it unwinds by itself to the nearest
//! `cancel::catch`, as it does in any program.

use crate::api::{
    self, Awaitable as _, Builder, Cancelled, ContextVar, Deferred, TaskError, TaskGroup, TaskRef,
    WaitForError, cancel, context_var, current_task,
};
use crate::outcome::State;
use crate::program::{Body, Name, Statement, Try};
use crate::world::{Error, Failure, Named, Object, World, describe};
use futures::StreamExt as _;
use futures::future::BoxFuture;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use std::time::Duration;

/// What a statement came to.
type Step = Result<Flow, Error>;

/// How the body goes on.
pub(crate) enum Flow {
    Next,
    Return(Json),
}

/// What was caught, for `reraise`.
enum Caught {
    Cancelled(Cancelled),
    Error(Error),
}

/// Where a statement stands: the group and the handler around it.
#[derive(Clone, Copy, Default)]
struct Scope<'a> {
    group: Option<&'a TaskGroup<Error>>,
    caught: Option<&'a Caught>,
}

/// The coroutine of that name: what a task is made of.
pub(crate) async fn coroutine(world: Arc<World>, body: String) -> Result<Json, Error> {
    world.log("start", Json::Null);
    let Some(statements) = world.program.body(&body).cloned() else {
        return Err(Error::Odd(format!("there is no body `{body}`")));
    };
    let interpreter = Interpreter { world: &world };
    match interpreter.block(&statements, Scope::default()).await? {
        Flow::Next => Ok(Json::Null),
        Flow::Return(value) => Ok(value),
    }
}

#[derive(Clone, Copy)]
struct Interpreter<'a> {
    world: &'a Arc<World>,
}

impl<'a> Interpreter<'a> {
    /// Runs statements in order, until one leaves. Boxed, since blocks hold blocks.
    fn block(self, body: &'a [Statement], scope: Scope<'a>) -> BoxFuture<'a, Step> {
        Box::pin(async move {
            for statement in body {
                if let Flow::Return(value) = self.statement(statement, scope).await? {
                    return Ok(Flow::Return(value));
                }
            }
            Ok(Flow::Next)
        })
    }
}

impl<'a> Interpreter<'a> {
    async fn statement(self, statement: &'a Statement, scope: Scope<'a>) -> Step {
        let world = self.world;
        match statement {
            Statement::Log(value) => world.log("log", value.clone()),
            Statement::Sleep(duration) => {
                let slept = api::sleep(*duration).with(*duration).await;
                world.log("slept", millis(slept));
            }
            Statement::Yield => api::yield_now().await,
            Statement::Return(value) => return Ok(Flow::Return(value.clone())),
            Statement::Raise(kind) => return Err(Error::User(kind.clone())),
            Statement::RaiseCancelled(message) => {
                cancel::raise(message.clone().unwrap_or_default()).await
            }
            Statement::Reraise => match scope.caught {
                Some(Caught::Cancelled(cancelled)) => cancelled.clone().resume().await,
                Some(Caught::Error(error)) => return Err(error.clone()),
                None => {}
            },
            Statement::Spawn {
                task,
                body,
                in_group,
            } => self.spawn(task, body, *in_group, scope),
            Statement::Future(name) => world.add(name, Object::Future(Deferred::new())),
            Statement::SetResult(name, value) => {
                let future = world.get_future(name)?;
                world.log("set", future.set_result(value.clone()).is_ok());
            }
            Statement::SetError(name, kind) => {
                let future = world.get_future(name)?;
                let error = Error::User(kind.clone());
                world.log("set", future.set_error(Arc::new(error)).is_ok());
            }
            Statement::Cancel(name, message) => {
                let object = world.get(name)?;
                let taken = match message {
                    Some(message) => object.task_ref().cancel_with(message.clone()),
                    None => object.task_ref().cancel(),
                };
                world.log("cancel", taken);
            }
            Statement::Cancelling => world.log("cancelling", me().cancelling()),
            Statement::Uncancel => world.log("uncancel", me().uncancel()),
            Statement::Status(name) => {
                world.log(
                    "status",
                    json!([name, Json::from(world.get(name)?.state())]),
                );
            }
            Statement::Callback(name, tag) => self.add_callback(name, tag)?,
            Statement::Await(name) => {
                let outcome = world.get(name)?.await;
                world.log("got", settle(outcome).await?);
            }
            Statement::Shield(name) => {
                let outcome = api::shield(world.get(name)?).await;
                world.log("got", settle(outcome).await?);
            }
            Statement::WaitFor(name, limit) => {
                let value = match api::wait_for(world.get(name)?, *limit).await {
                    Ok(value) => value,
                    Err(WaitForError::Elapsed) => return Err(Error::Timeout),
                    Err(WaitForError::Ended(error)) => settle(Err(error)).await?,
                };
                world.log("got", value);
            }
            Statement::Gather {
                names,
                return_exceptions,
            } => {
                let states = self.gather(names, *return_exceptions).await?;
                world.log("gathered", states);
            }
            Statement::WaitForBlock(Some(Duration::ZERO), _) => {
                api::yield_now().await; // the body is a coroutine, and never begins (WF-08)
                return Err(Error::Timeout);
            }
            Statement::WaitForBlock(limit, body) | Statement::Timeout(limit, body) => {
                let ended = api::timeout(*limit, self.block(body, scope)).await;
                return ended.unwrap_or(Err(Error::Timeout));
            }
            Statement::Group(body) => return self.group(body, scope).await,
            Statement::ContextSet(index, value) => {
                variable(*index)?.set(value.clone());
            }
            Statement::ContextGet(index) => {
                world.log("context", json!([index, variable(*index)?.get()]));
            }
            Statement::AllTasks => {
                let mut names: Vec<_> = api::all_tasks().iter().map(TaskRef::name).collect();
                names.sort();
                world.log("all_tasks", names);
            }
            Statement::OwnName => world.log("name", me().name()),
            Statement::Try(block) => return self.try_except_finally(block, scope).await,
            Statement::Wait {
                names,
                limit,
                until,
            } => {
                let tasks = world.get_named(names)?;
                let wait = api::wait(tasks).timeout(*limit).return_when(*until);
                let (done, pending) = wait.await;
                world.log(
                    "waited",
                    json!([sorted_names(&done), sorted_names(&pending)]),
                );
            }
            Statement::AsCompleted(names, limit) => self.as_completed(names, *limit).await?,
        }
        Ok(Flow::Next)
    }

    async fn group(self, body: &'a Body, scope: Scope<'a>) -> Step {
        let inside = async move |group: TaskGroup<Error>| {
            let group = Some(&group);
            self.block(body, Scope { group, ..scope }).await
        };
        match TaskGroup::try_scope(inside).await {
            Ok(flow) => {
                self.world.log("group_done", Json::Null);
                Ok(flow)
            }
            Err(error) => Err(Error::from(error)),
        }
    }

    async fn gather(self, names: &[Name], return_exceptions: bool) -> Result<Vec<State>, Error> {
        let gather = api::gather(self.world.get_all(names)?);
        if return_exceptions {
            let outcomes = gather.return_exceptions().await;
            let state = |outcome: &Result<_, _>| outcome.as_ref().map_or_else(describe, State::ok);
            return Ok(outcomes.iter().map(state).collect());
        }
        let values = settle(gather.await).await?;
        Ok(values.iter().map(State::ok).collect())
    }

    async fn as_completed(self, names: &[Name], limit: Option<Duration>) -> Result<(), Error> {
        let _however_it_ends = LogOnDrop(self.world, "as_completed_end");
        let mut ended = api::as_completed(self.world.get_named(names)?).timeout(limit);
        while let Some(next) = ended.next().await {
            let Named { name, object } = next.map_err(|_elapsed| Error::Timeout)?;
            let state = Json::from(object.state());
            self.world.log("next", json!([name, state]));
        }
        Ok(())
    }

    /// Starts a task, in the group around if `in_group`; where there is none, that is nothing.
    fn spawn(self, name: &Name, body: &str, in_group: bool, scope: Scope<'_>) {
        let future = coroutine(self.world.clone(), body.to_owned());
        let task = match (in_group, scope.group) {
            (false, _) => Builder::new()
                .name(name.clone())
                .try_spawn(async { future.await.map_err(Arc::new) }),
            (true, Some(group)) => group.builder().name(name.clone()).try_spawn(future),
            (true, None) => return,
        };
        let object = Object::Task(task.shared());
        self.world.add(name, object.clone());
        let (world, log) = (self.world.clone(), format!("{name}!"));
        object.task_ref().clone().add_done_callback(move |_| {
            world.log_of(log, "done", object.state());
        });
    }

    fn add_callback(self, name: &Name, tag: &str) -> Result<(), Error> {
        let object = self.world.get(name)?;
        let (who, tag) = (format!("{}:{tag}", me().name()), tag.to_owned());
        let world = self.world.clone();
        object.task_ref().clone().add_done_callback(move |_| {
            world.log_of(who, "callback", json!([tag, Json::from(object.state())]));
        });
        Ok(())
    }

    async fn try_except_finally(self, block: &'a Try, scope: Scope<'a>) -> Step {
        let ended = cancel::catch(self.try_except(block, scope)).await;
        if !block.finally.is_empty() {
            self.world.log("finally", Json::Null);
            self.block(&block.finally, scope).await?;
        }
        match ended {
            Ok(step) => step,
            Err(cancelled) => cancelled.resume().await,
        }
    }

    async fn try_except(self, block: &'a Try, scope: Scope<'a>) -> Step {
        let caught = match cancel::catch(self.block(&block.body, scope)).await {
            Ok(Ok(flow)) => return Ok(flow),
            Ok(Err(error)) => Caught::Error(error),
            Err(cancelled) => Caught::Cancelled(cancelled),
        };
        let fits = |(kinds, _): &&(Vec<String>, _)| caught.is_one_of(kinds);
        let Some((_, handler)) = block.handlers.iter().find(fits) else {
            return caught.raise().await;
        };
        self.world.log("caught", caught.state());
        let scope = Scope {
            caught: Some(&caught),
            ..scope
        };
        self.block(handler, scope).await
    }
}

impl Caught {
    fn state(&self) -> State {
        match self {
            Self::Cancelled(cancelled) => State::cancelled_with(cancelled.message()),
            Self::Error(error) => State::from(error),
        }
    }

    fn is_one_of(&self, kinds: &[String]) -> bool {
        let has = |kind: &str| kinds.iter().any(|one| one == kind);
        match self {
            Self::Cancelled(_) => has("cancelled"),
            Self::Error(Error::User(kind)) => has("error") || has(kind) || has("any"),
            Self::Error(Error::Timeout) => has("timeout") || has("any"),
            Self::Error(Error::Group(_)) => has("group") || has("any"),
            Self::Error(Error::Odd(_)) => false,
        }
    }

    async fn raise<T>(&self) -> Result<T, Error> {
        match self {
            Self::Cancelled(cancelled) => cancelled.clone().resume().await,
            Self::Error(error) => Err(error.clone()),
        }
    }
}

/// What a `finally` without awaits is in Rust: a destructor.
struct LogOnDrop<'a>(&'a World, &'static str);

impl Drop for LogOnDrop<'_> {
    fn drop(&mut self) {
        self.0.log(self.1, Json::Null);
    }
}

fn sorted_names(objects: &[Named]) -> Vec<&Name> {
    let mut names: Vec<_> = objects.iter().map(|named| &named.name).collect();
    names.sort();
    names
}

fn me() -> TaskRef {
    current_task().expect("statements run in tasks")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The context variable of that number: the language has two.
fn variable(index: usize) -> Result<&'static ContextVar<Json>, Error> {
    context_var! {
        static FIRST: Json = Json::Null;
        static SECOND: Json = Json::Null;
    }
    match index {
        0 => Ok(&FIRST),
        1 => Ok(&SECOND),
        _ => Err(Error::Odd(format!("there is no context variable {index}"))),
    }
}

/// What an await of a task or future gives: a cancellation goes on here.
async fn settle<T>(outcome: Result<T, Failure>) -> Result<T, Error> {
    match outcome {
        Ok(value) => Ok(value),
        Err(TaskError::Failed(error)) => Err(Error::clone(&error)),
        Err(TaskError::Cancelled(cancelled)) => cancelled.resume().await,
        Err(TaskError::Panicked(panic)) => panic.resume(),
    }
}
