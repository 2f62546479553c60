//! Context variables: values that a task has, and that the tasks it spawns begin with.

pub use tulipa_task::{Context, ContextVar, Policy, Token, context_var};
