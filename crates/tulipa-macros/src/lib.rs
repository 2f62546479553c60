#![doc = include_str!("../README.md")]
#![doc(test(attr(deny(warnings))))]
#![forbid(unsafe_code)]

mod args;
mod entry;
mod gather;

use proc_macro::TokenStream;

/// Makes an `async fn main` the program: starts a runtime, runs the function on it, and shuts the runtime down.
///
/// The function keeps its return type: nothing, a `Result`, an `ExitCode`, anything that implements
/// [`Termination`](std::process::Termination). Ctrl-C cancels the main task, which may clean up; the program then exits
/// with 130. The calling thread is one of the workers, so the function need not be `Send`.
///
/// # Arguments
///
/// | argument | default | |
/// | --- | --- | --- |
/// | `workers = 4` | the number of cores | threads that run tasks; not for `"current_thread"`, which has one |
/// | `flavour = "multi"` | this one | `"multi"` steals work between workers, `"current_thread"` runs all on this thread |
/// | `name = "crawler"` | | what the threads are called |
///
/// # Examples
///
/// ```
/// #[tulipa::main(workers = 2)]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let port = tulipa::try_spawn(async { "8080".parse::<u16>() }).await?;
///     assert_eq!(port, 8080);
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::main(args.into(), item.into()).into()
}

/// Makes an `async fn` a test that depends neither on time nor on luck.
///
/// By default it runs on the deterministic flavour: one seed is one schedule, time is virtual and moves only when no
/// task can run, and a deadlock fails the test with the names of those who wait. Sleeping for an hour takes no time.
///
/// The environment variable `TULIPA_TEST_SEED` replaces the seed, to try other schedules or to see one again;
/// `TULIPA_TEST_WORKERS` is the number of workers where the test does not fix one.
///
/// # Arguments
///
/// | argument | default | |
/// | --- | --- | --- |
/// | `time = "virtual"` | this one | `"real"` for what waits for the world outside, such as sockets |
/// | `seed = 7` | `0` | which schedule; only for `"deterministic"` |
/// | `flavour = "deterministic"` | this one | or `"multi"`, `"current_thread"` as in [`main`](macro@main) |
/// | `workers = 2` | | simulated workers or threads; not for `"current_thread"` |
/// | `name = "crawler"` | | what the threads are called |
///
/// # Examples
///
/// ```
/// # fn main() {}
/// #[tulipa::test]
/// async fn a_day_passes() {
///     let (start, day) = (tulipa::time::now(), std::time::Duration::from_secs(86_400));
///     tulipa::sleep(day).await;
///     assert_eq!(tulipa::time::now() - start, day);
/// }
///
/// #[tulipa::test(flavour = "multi", workers = 2, time = "real")]
/// async fn real_threads() -> std::io::Result<()> {
///     tulipa::net::TcpListener::bind("127.0.0.1:0").await?;
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    entry::test(args.into(), item.into()).into()
}

/// Runs futures and tasks of different types at once; awaits to a tuple of their results.
///
/// `gather!(a, b, c)` is `gather([..])` for arguments that do not fit into one array. All arguments are evaluated first;
/// then each that is a future becomes a task of its own, in order, and each that is a task is taken as it is:
///
/// | argument | becomes | adds to the tuple |
/// | --- | --- | --- |
/// | a future of a `Result<T, E>` | `try_spawn(argument)` | `T` |
/// | any other future of a `T` | `spawn(argument)` | `T` |
/// | a `Task`, `SharedTask` or `Deferred` of `T` and `E` | itself | `T` |
///
/// What comes back is a future of `Result<(A, B, C), TaskError<E>>`. The arguments that can fail must agree on one `E`;
/// those that cannot fail go with any. If none can, `E` is [`Infallible`](std::convert::Infallible). The tasks run from
/// here on, whether or not the future is polled. With `.return_exceptions()` it waits for all of them, and the tuple
/// holds a `Result` for each. Up to twelve arguments; none at all give `Ok(())`.
///
/// # Panics
///
/// Outside of a runtime, if an argument has to be spawned.
///
/// # Errors
///
/// The first failure *in time* is the outcome; the other tasks go on, uncancelled, and their failures count as read.
/// A task that was cancelled or that panicked is a failure too.
///
/// # Cancellation
///
/// A request is forwarded to every task that has not ended. Dropping the future leaves the tasks running, unless it is
/// dropped because its own task was cancelled.
///
/// # Examples
///
/// ```
/// # use std::num::ParseIntError;
/// async fn length(text: &str) -> usize {
///     text.len()
/// }
///
/// async fn number(text: &str) -> Result<u16, ParseIntError> {
///     text.parse()
/// }
///
/// #[tulipa::main]
/// async fn main() {
///     let task = tulipa::spawn(async { "done" });
///     let (letters, port, state) = tulipa::gather!(length("tulip"), number("8080"), task).await.unwrap();
///     assert_eq!((letters, port, state), (5, 8080, "done"));
///
///     let failure = tulipa::gather!(length("tulip"), number("eighty")).await.unwrap_err();
///     assert!(matches!(failure, tulipa::TaskError::Failed(ParseIntError { .. })));
/// }
/// ```
#[proc_macro]
pub fn gather(input: TokenStream) -> TokenStream {
    gather::expand(input.into()).into()
}
