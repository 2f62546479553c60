//! The part of the facade that expansions name: the builder is a stand-in, what `gather!` becomes is the facade's own.

use std::cell::RefCell;

/// What an expansion asked for, call by call.
#[derive(Debug, Default)]
pub struct Builder(Vec<String>);

#[derive(Debug)]
pub enum Flavour {
    MultiThread,
    CurrentThread,
    Deterministic,
}

impl Builder {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn flavour(self, flavour: Flavour) -> Self {
        self.asked(format!("{flavour:?}"))
    }

    pub fn workers(self, workers: usize) -> Self {
        self.asked(format!("{workers} workers"))
    }

    pub fn name(self, name: &str) -> Self {
        self.asked(format!("named {name}"))
    }

    pub fn seed(self, seed: u64) -> Self {
        self.asked(format!("seed {seed}"))
    }

    pub fn virtual_time(self, virtual_time: bool) -> Self {
        self.asked(format!("virtual time {virtual_time}"))
    }

    fn asked(mut self, what: String) -> Self {
        self.0.push(what);
        self
    }
}

thread_local! {
    static ASKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// What was last asked of a builder on this thread.
pub fn asked() -> Vec<String> {
    ASKED.take()
}

pub mod __private {
    use super::{ASKED, Builder};
    use futures::executor::block_on;
    pub use real::__private::gather;

    pub fn main<F: Future>(builder: Builder, future: F) -> F::Output {
        ASKED.set(builder.0);
        block_on(future)
    }

    pub fn test<F: Future>(builder: Builder, body: impl FnOnce() -> F) -> F::Output {
        ASKED.set(builder.0);
        block_on(body())
    }
}
