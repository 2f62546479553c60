//! The product: each way to end, with each fate of the handle, eager or not, at each state of the task. Polls, drops of
//! the future, drops of the output and reports are counted exactly.

use crate::support::{Bench, Count, Guard};
use std::future::Future;
use std::panic::panic_any;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use tulipa_task::{Builder, SharedTask, Task, TaskError, TaskState, current_task};

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Value,
    Error,
    Panic,
    Cancelled,
    Aborted,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Handle {
    Kept,
    DroppedBefore,
    DroppedAfter,
    Awaited,
    Shared,
}

/// What the task is when the end comes: the last poll of a body that ends by itself, the request for one that does not.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    NeverPolled,
    Idle,
    Scheduled,
    Running,
}

const ENDS: [End; 5] = [
    End::Value,
    End::Error,
    End::Panic,
    End::Cancelled,
    End::Aborted,
];
const HANDLES: [Handle; 5] = [
    Handle::Kept,
    Handle::DroppedBefore,
    Handle::DroppedAfter,
    Handle::Awaited,
    Handle::Shared,
];
const TIMES: [At; 4] = [At::NeverPolled, At::Idle, At::Scheduled, At::Running];

type Output = Arc<Guard>;

#[derive(Debug, Clone, Copy)]
struct Case {
    end: End,
    handle: Handle,
    eager: bool,
    at: At,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        let ends = ENDS
            .into_iter()
            .flat_map(|end| HANDLES.map(|handle| (end, handle)));
        let cases = ends.flat_map(|(end, handle)| {
            TIMES.into_iter().flat_map(move |at| {
                [false, true].map(|eager| Self {
                    end,
                    handle,
                    eager,
                    at,
                })
            })
        });
        cases.filter(|case| !(case.eager && case.at == At::NeverPolled && case.is_asked()))
    }

    /// Whether it ends because it is asked to.
    fn is_asked(self) -> bool {
        matches!(self.end, End::Cancelled | End::Aborted)
    }

    fn polls(self) -> usize {
        match (self.end, self.at) {
            (End::Cancelled | End::Aborted, At::NeverPolled) => 0,
            (End::Cancelled | End::Aborted, At::Running) => 1,
            (End::Aborted, At::Idle | At::Scheduled) => 1,
            (_, At::NeverPolled) => 1, // it ends in its first poll
            (_, At::Idle | At::Scheduled | At::Running) => 2,
        }
    }

    fn state(self) -> TaskState {
        match self.end {
            End::Value => TaskState::Finished,
            End::Error => TaskState::Failed,
            End::Panic => TaskState::Panicked,
            End::Cancelled | End::Aborted => TaskState::Cancelled,
        }
    }

    fn outputs(self) -> usize {
        usize::from(!self.is_asked())
    }

    fn reports(self) -> usize {
        let fails = matches!(self.end, End::Error | End::Panic);
        usize::from(fails && matches!(self.handle, Handle::DroppedBefore | Handle::DroppedAfter))
    }
}

struct Body {
    case: Case,
    polls: Count,
    output: Option<Guard>,
    waker: Arc<Mutex<Option<Waker>>>,
    _dropped: Guard,
}

impl Future for Body {
    type Output = Result<Output, Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let is_first = self.polls.next() == 1;
        *self.waker.lock().unwrap() = Some(cx.waker().clone());
        if self.case.is_asked() {
            if self.case.at == At::Running {
                let me = current_task().unwrap();
                assert!(if self.case.end == End::Cancelled {
                    me.cancel()
                } else {
                    me.abort()
                });
            }
            return Poll::Pending;
        }
        if is_first && self.case.at != At::NeverPolled {
            if self.case.at == At::Running {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        let output = self.output.take().expect("it ends once");
        match self.case.end {
            End::Value => Poll::Ready(Ok(Arc::new(output))),
            End::Error => Poll::Ready(Err(Arc::new(output))),
            _ => panic_any(output),
        }
    }
}

/// The handle, or what became of it.
enum Held {
    Nothing,
    Handle(Task<Output, Output>),
    Awaiter(Task<Result<Output, TaskError<Output>>>),
    Sharers(
        SharedTask<Output, Output>,
        [Task<Result<Output, TaskError<Output>>>; 2],
    ),
}

impl Held {
    fn new(bench: &Bench, case: Case, task: Task<Output, Output>) -> Self {
        match case.handle {
            Handle::Kept | Handle::DroppedAfter => Self::Handle(task),
            Handle::DroppedBefore => Self::Nothing,
            Handle::Awaited => Self::Awaiter(bench.spawn(task)),
            Handle::Shared => {
                let shared = task.shared();
                let awaiters = [bench.spawn(shared.clone()), bench.spawn(shared.clone())];
                Self::Sharers(shared, awaiters)
            }
        }
    }

    fn finish(self, case: Case) {
        match self {
            Self::Nothing => {}
            Self::Handle(task) if case.handle == Handle::DroppedAfter => drop(task),
            Self::Handle(task) => assert_end(case, task.result().unwrap()),
            Self::Awaiter(awaiter) => assert_end(case, awaiter.result().unwrap().unwrap().as_ref()),
            Self::Sharers(shared, awaiters) => {
                assert_end(case, shared.result().unwrap());
                for awaiter in awaiters {
                    assert_end(case, awaiter.result().unwrap().unwrap().as_ref());
                }
            }
        }
    }
}

#[track_caller]
fn assert_end(case: Case, outcome: Result<&Output, &TaskError<Output>>) {
    let fits = match outcome {
        Ok(_) => case.end == End::Value,
        Err(TaskError::Failed(_)) => case.end == End::Error,
        Err(TaskError::Panicked(_)) => case.end == End::Panic,
        Err(TaskError::Cancelled(_)) => case.is_asked(),
    };
    assert!(fits, "{case:?}: {outcome:?}");
}

fn check(case: Case) {
    let bench = Bench::new();
    let entered = bench.enter();
    let (polls, futures, outputs) = (Count::new(), Count::new(), Count::new());
    let waker = Arc::new(Mutex::new(None::<Waker>));
    let output = (!case.is_asked()).then(|| outputs.guard());
    let body = Body {
        case,
        polls: polls.clone(),
        output,
        waker: waker.clone(),
        _dropped: futures.guard(),
    };
    let task = Builder::new().eager(case.eager).try_spawn(body);
    let target = task.task_ref().clone();
    let held = Held::new(&bench, case, task);
    if matches!(case.at, At::Idle | At::Scheduled) {
        bench.run();
    }
    if case.at == At::Scheduled {
        waker.lock().unwrap().as_ref().unwrap().wake_by_ref();
    }
    let is_by_itself = case.at == At::Running || case.at == At::NeverPolled;
    match case.end {
        _ if case.at == At::Running => {}
        End::Cancelled => assert!(target.cancel()),
        End::Aborted => assert!(target.abort()),
        _ if is_by_itself => {}
        _ => waker.lock().unwrap().as_ref().unwrap().wake_by_ref(),
    }
    bench.run();
    assert_eq!(target.state(), case.state(), "{case:?}");
    assert_eq!(
        (polls.get(), futures.get()),
        (case.polls(), 1),
        "polls, drops of the future: {case:?}"
    );
    held.finish(case);
    assert_eq!(
        outputs.get(),
        case.outputs(),
        "drops of the output: {case:?}"
    );
    assert_eq!(bench.reports().len(), case.reports(), "reports: {case:?}");
    waker.lock().unwrap().take();
    drop((target, entered));
}

#[test]
fn every_end_with_every_handle_at_every_state() {
    let mut cases = 0;
    for case in Case::all() {
        check(case);
        cases += 1;
    }
    assert_eq!(cases, 190);
}
