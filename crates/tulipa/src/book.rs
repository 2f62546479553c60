//! The book's programs: each Rust block of these pages is compiled and run by `cargo test --doc`.
//!
//! Nothing of this is in the library, or in its docs.

#[doc = include_str!("../../../docs/from-asyncio/README.md")]
mod from_asyncio {}

#[doc = include_str!("../../../docs/from-asyncio/tasks.md")]
mod tasks {}
