//! The error of a limit that ran out.

use std::fmt;

/// Time ran out: asyncio's `TimeoutError`.
///
/// # Examples
///
/// ```
/// assert_eq!(tulipa_combinators::Elapsed.to_string(), "the time limit ran out");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Elapsed;

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the time limit ran out")
    }
}

impl std::error::Error for Elapsed {}
