//! The executor from outside, a module per subject.

mod blocking;
mod build;
mod common;
mod fairness;
mod idle;
mod nested;
mod order;
mod panics;
mod shutdown;
mod simulation;
mod stealing;
mod stress;
