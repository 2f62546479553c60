//! The facade: a runtime as a program sees it.

mod bad_use;
mod examples;
mod run;
mod threads;
mod time;
