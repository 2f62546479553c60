//! What a runtime says on standard error: in debug mode, and where nobody else takes what it has to say.

use crate::Scenario;
use std::fmt;
use std::time::Duration;
use tulipa::{Builder, Flavour, task};

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("every poll is slow", every_poll_is_slow),
    ("debug mode is off", debug_mode_is_off),
    ("a failure that nobody reads", || {
        leave_behind(builder(), "wilted")
    }),
    ("a handler that panics", || {
        let builder = builder().exception_handler(|_| panic!("out of paper"));
        leave_behind(builder, "wilted");
    }),
    ("a failure that cannot be shown", || {
        leave_behind(builder(), Unspeakable)
    }),
];

fn builder() -> Builder {
    Builder::new().flavour(Flavour::CurrentThread)
}

/// In whatever mode the environment asks for.
fn every_poll_is_slow() {
    builder().slow_poll(Duration::ZERO).run(async {}).unwrap();
}

fn debug_mode_is_off() {
    let builder = builder().slow_poll(Duration::ZERO).debug(false);
    builder.run(async {}).unwrap();
}

/// A task fails, and nobody wants to know.
fn leave_behind<E: fmt::Debug + Send + 'static>(builder: Builder, error: E) {
    let ended = builder.run(async move {
        let failing = task::Builder::new().name("bulb");
        let failing = failing.try_spawn(async { Err::<(), E>(error) });
        let task = failing.task_ref().clone();
        drop(failing);
        while !task.is_done() {
            tulipa::yield_now().await;
        }
        "it went on"
    });
    println!("{}", ended.unwrap());
}

/// An error whose text panics.
struct Unspeakable;

impl fmt::Debug for Unspeakable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("there are no words")
    }
}
