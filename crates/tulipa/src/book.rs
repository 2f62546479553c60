//! The book's programs: each Rust block of these pages is compiled and run by `cargo test --doc`.
//!
//! Nothing of this is in the library, or in its docs.

#[doc = include_str!("../../../docs/from-asyncio/README.md")]
mod from_asyncio {}

#[doc = include_str!("../../../docs/from-asyncio/tasks.md")]
mod tasks {}

#[doc = include_str!("../../../docs/from-asyncio/time.md")]
mod time {}

#[doc = include_str!("../../../docs/from-asyncio/several.md")]
mod several {}

#[doc = include_str!("../../../docs/from-asyncio/groups.md")]
mod groups {}

#[doc = include_str!("../../../docs/from-asyncio/cancellation.md")]
mod cancellation {}

#[doc = include_str!("../../../docs/from-asyncio/task-object.md")]
mod task_object {}

#[doc = include_str!("../../../docs/from-asyncio/threads.md")]
mod threads {}

#[doc = include_str!("../../../docs/from-asyncio/running.md")]
mod running {}

#[doc = include_str!("../../../docs/from-asyncio/differences.md")]
mod differences {}

#[doc = include_str!("../../../docs/from-tokio/README.md")]
mod from_tokio {}
