//! `gather!`: what each kind of argument becomes, and what comes back.

use futures::FutureExt as _;
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::num::ParseIntError;
use tulipa_macros::gather;
use tulipa_task::{Deferred, Scheduler, TaskError, doctest, spawn, try_spawn};

/// Runs `body` where it can spawn; `run` lets all tasks run as far as they can.
fn with_executor(body: impl FnOnce(&dyn Fn())) {
    let (scheduler, run) = doctest::executor();
    let _entered = scheduler.enter();
    body(&run);
}

/// The output of a future that is ready.
fn now<F: Future + Unpin>(future: F) -> F::Output {
    future.now_or_never().expect("every task has ended")
}

#[test]
fn plain_futures_give_a_tuple_of_their_outputs() {
    with_executor(|run| {
        let gathered = gather!(ready(1), async { "two" }, ready(3.0));
        run();
        let outcome: Result<_, TaskError<Infallible>> = now(gathered);
        assert_eq!(outcome, Ok((1, "two", 3.0)));
    });
}

#[test]
fn nothing_gives_the_empty_tuple() {
    let outcome: Result<(), TaskError<Infallible>> = now(gather!());
    assert_eq!(outcome, Ok(()));
}

#[test]
fn one_argument_gives_a_tuple_of_one() {
    with_executor(|run| {
        let gathered = gather![ready('x'),];
        run();
        assert_eq!(now(gathered), Ok(('x',)));
    });
}

#[test]
fn futures_of_results_are_tried() {
    with_executor(|run| {
        let gathered = gather!(async { "7".parse::<u8>() }, ready("unfailing"));
        let failing = gather!(ready("unfailing"), async { "seven".parse::<u8>() });
        run();
        assert_eq!(now(gathered), Ok((7, "unfailing")));
        let failure: TaskError<ParseIntError> = now(failing).unwrap_err();
        assert!(matches!(failure, TaskError::Failed(_)), "{failure:?}");
    });
}

#[test]
fn futures_that_give_ok_only_go_with_any_error() {
    with_executor(|run| {
        let gathered = gather!(async { Ok::<_, Infallible>(1) }, async {
            "2".parse::<u8>()
        });
        run();
        assert_eq!(now(gathered), Ok((1, 2)));
    });
}

#[test]
fn tasks_of_every_kind_are_taken_as_they_are() {
    with_executor(|run| {
        let deferred = Deferred::<char>::new();
        let shared = try_spawn(async { "4".parse::<u8>() }).shared();
        let task = spawn(ready("task"));
        let listed = Scheduler::current()
            .expect("entered above")
            .registry()
            .len();
        let gathered = gather!(deferred.clone(), shared.clone(), task);
        assert_eq!(
            Scheduler::current()
                .expect("entered above")
                .registry()
                .len(),
            listed
        );
        deferred.set_result('d').unwrap();
        run();
        assert_eq!(now(gathered), Ok(('d', 4, "task")));
    });
}

#[test]
fn a_cancelled_child_is_a_failure_whatever_the_error() {
    with_executor(|run| {
        let never = spawn(pending::<()>());
        never.cancel();
        let gathered = gather!(never, async { "4".parse::<u8>() });
        run();
        assert!(now(gathered).unwrap_err().is_cancelled());
    });
}

#[test]
fn outcomes_are_a_tuple_of_results() {
    with_executor(|run| {
        let outcomes =
            gather!(ready(1), async { "two".parse::<u8>() }, ready("three")).return_exceptions();
        run();
        let (one, two, three) = now(outcomes);
        assert_eq!((one, three), (Ok(1), Ok("three")));
        assert!(matches!(two, Err(TaskError::Failed(ParseIntError { .. }))));
    });
}

#[test]
fn nothing_is_spawned_when_an_argument_returns_early() {
    fn start(port: &str, spawned: &Cell<bool>) -> Result<(), ParseIntError> {
        let future = || {
            spawned.set(true);
            ready(1)
        };
        let _gathered = gather!(future(), ready(port.parse::<u16>()?));
        Ok(())
    }
    with_executor(|_| {
        let evaluated = Cell::new(false);
        start("eighty", &evaluated).unwrap_err();
        assert!(evaluated.get());
        assert!(
            Scheduler::current()
                .expect("entered above")
                .registry()
                .is_empty()
        );
    });
}

#[test]
fn arguments_mean_what_they_mean_outside() {
    // Names that the expansion uses as well.
    let child0 = 1;
    let (child, future_or_task) = (2, 3);
    with_executor(|run| {
        let gathered = gather!(ready(child), ready(child0 + future_or_task));
        run();
        assert_eq!(now(gathered), Ok((2, 4)));
    });
}

#[test]
fn a_gather_is_an_argument_too() {
    with_executor(|run| {
        let gathered = gather!(gather!(ready(1), ready("two")), ready(3));
        run();
        run();
        assert_eq!(now(gathered), Ok(((1, "two"), 3)));
    });
}

#[test]
fn generic_futures_are_told_by_their_bounds() {
    fn both<F: Future<Output = T> + Send + 'static, T: Send + 'static>(
        first: F,
    ) -> impl Future<Output = Result<(T, u8), TaskError>> + Unpin {
        gather!(first, ready(2))
    }
    with_executor(|run| {
        let gathered = both(ready("one"));
        run();
        assert_eq!(now(gathered), Ok(("one", 2)));
    });
}

#[test]
fn a_task_is_spawned_where_its_argument_stands() {
    with_executor(|_| {
        let line = line!() + 2;
        let _gathered = gather!(
            ready(1), // each on a line of its own
            pending::<()>(),
            ready(2),
        );
        let mut lines: Vec<_> = tulipa_task::all_tasks()
            .iter()
            .map(|task| task.location().line())
            .collect();
        lines.sort_unstable();
        assert_eq!(lines, [line, line + 1, line + 2]);
    });
}

#[test]
fn twelve_arguments_fit() {
    with_executor(|run| {
        let gathered = gather!(
            ready(1),
            ready(2),
            ready(3),
            ready(4),
            ready(5),
            ready(6),
            ready(7),
            ready(8),
            ready(9),
            ready(10),
            ready(11),
            ready("12")
        );
        run();
        assert_eq!(now(gathered), Ok((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, "12")));
    });
}
