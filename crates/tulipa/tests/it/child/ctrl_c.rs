//! Programs that press Ctrl-C on themselves, when they have come to the point where it matters.

use crate::Scenario;
use rustix::process::{Signal, getpid, kill_process};
use signal_hook::consts::SIGINT;
use signal_hook::iterator::Signals;
use std::fs::File;
use std::future::pending;
use std::time::Duration;
use tulipa::{
    Builder, Cancelled, Deferred, RunError, Runtime, TaskError, cancel, current_task, spawn,
    to_thread, yield_now,
};

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("idle", idle),
    ("busy", busy),
    ("before main begins", before_main_begins),
    ("main refuses", main_refuses),
    ("main fails", main_fails),
    (
        "main is cancelled by another, too",
        main_is_cancelled_by_another_too,
    ),
    ("twice", twice),
    ("when main has ended", when_main_has_ended),
    ("three times", three_times),
    ("children run on", children_run_on),
    ("on another thread", on_another_thread),
    ("handled by the program", handled_by_the_program),
    ("ignored", ignored),
    ("afterwards", afterwards),
    ("in each of two runs", in_each_of_two_runs),
    ("without descriptors", without_descriptors),
    ("by attribute", by_attribute),
    ("twice by attribute", twice_by_attribute),
];

fn press() {
    kill_process(getpid(), Signal::INT).unwrap();
}

fn run<T: std::fmt::Debug + 'static>(main: impl Future<Output = T> + 'static) {
    // One that is left over may take all the time there is; if it does, the test hangs.
    let builder = Builder::new().workers(2).ctrl_c(true).grace(Duration::MAX);
    tell(builder.run(main));
}

fn tell<T: std::fmt::Debug>(ended: Result<T, RunError>) {
    match ended {
        Ok(output) => println!("ended with {output:?}"),
        Err(RunError::Interrupted) => println!("interrupted"),
        Err(error) => println!("{error}"),
    }
}

/// The cancellation that Ctrl-C is.
async fn pressed() -> Cancelled {
    let pressing = async {
        press();
        pending::<()>().await
    };
    let Err(cancelled) = cancel::catch(pressing).await else {
        unreachable!("it waits for ever")
    };
    cancelled
}

fn idle() {
    run(cancel::finally(pressed_and_passed_on(), async {
        yield_now().await;
        println!("main cleans up");
    }));
}

async fn pressed_and_passed_on() {
    pressed().await.resume().await
}

fn busy() {
    run(async {
        press();
        loop {
            yield_now().await;
        }
    });
}

/// As near as one can come: it is made before anything else of main runs.
fn before_main_begins() {
    let runtime = Runtime::builder().workers(1).ctrl_c(true).build().unwrap();
    let first = runtime.handle().spawn(async {
        press();
        heard().await;
        println!("heard");
    });
    tell(runtime.run(async move {
        let _ = first.await;
    }));
}

/// Until the main task was asked.
async fn heard() {
    loop {
        let tasks = tulipa::all_tasks();
        if tasks
            .iter()
            .any(|task| task.name() == "main" && task.cancelling() > 0)
        {
            return;
        }
        yield_now().await;
    }
}

fn main_refuses() {
    run(async {
        let _ = pressed().await;
        yield_now().await;
        "a value"
    });
}

fn main_fails() {
    run(async {
        let _ = pressed().await;
        Err::<(), _>("an error")
    });
}

fn main_is_cancelled_by_another_too() {
    run(async {
        let cancelled = pressed().await;
        let main = current_task().unwrap();
        let other = spawn(async move { main.cancel() });
        let _ = cancel::catch(cancel::mask(other)).await;
        cancelled.resume::<()>().await
    });
}

/// Main is in a cleanup that would take for ever, and shielded at that.
fn twice() {
    run(async {
        let _gone = Gone("main");
        let cancelled = pressed().await;
        println!("main cleans up");
        let hung = async {
            press();
            pending::<()>().await
        };
        cancel::mask(hung).await;
        cancelled.resume::<()>().await
    });
}

/// Says so when it is dropped.
struct Gone(&'static str);

impl Drop for Gone {
    fn drop(&mut self) {
        println!("{} is gone", self.0);
    }
}

fn when_main_has_ended() {
    run(async {
        let begun = Deferred::<()>::new();
        let stubborn = spawn({
            let begun = begun.clone();
            async move {
                let _gone = Gone("what was left");
                begun.set_result(()).unwrap();
                let _ = cancel::catch(pending::<()>()).await;
                println!("what was left refuses");
                press();
                cancel::mask(pending::<()>()).await;
            }
        });
        begun.await.unwrap();
        stubborn.detach();
        "a value"
    });
}

/// Main is in a poll that never returns.
fn three_times() {
    run(async {
        let main = current_task().unwrap();
        let witness = std::thread::spawn(move || {
            press();
            while main.cancelling() == 0 {
                std::thread::yield_now();
            }
            println!("asked");
            press();
            // Then one that ends the process: as soon as the second was heard, which nobody can see from outside.
            loop {
                std::thread::yield_now();
                press();
            }
        });
        witness.join().unwrap();
    });
}

fn children_run_on() {
    run(async {
        let child = spawn(async {
            let Err(cancelled) = cancel::catch(pending::<()>()).await else {
                unreachable!("it waits for ever")
            };
            println!("the child is cancelled");
            cancelled.resume::<()>().await
        });
        let cancelled = pressed().await;
        for _ in 0..10 {
            spawn(async {}).await.unwrap();
        }
        println!("the child was asked {} times", child.cancelling());
        child.detach();
        println!("main ends");
        cancelled.resume::<()>().await
    });
}

fn on_another_thread() {
    let thread = std::thread::spawn(|| run(pressed_and_passed_on()));
    thread.join().unwrap();
}

fn handled_by_the_program() {
    let mut signals = Signals::new([SIGINT]).unwrap();
    run(async move {
        press();
        let heard = to_thread(move || signals.forever().next().is_some()).await;
        (heard.unwrap(), current_task().unwrap().cancelling())
    });
}

/// Started by a shell that has it so.
fn ignored() {
    run(async {
        press();
        spawn(async {}).await.unwrap();
        current_task().unwrap().cancelling()
    });
}

fn afterwards() {
    run(async {});
    press();
    println!("it went on");
}

fn in_each_of_two_runs() {
    let builder = Builder::new().workers(2).ctrl_c(true);
    let runtime = builder.build().unwrap();
    for _ in 0..2 {
        tell(runtime.run(async {
            let cancelled = pressed().await;
            spawn(async {}).await.unwrap();
            println!("main cleans up");
            cancelled.resume::<()>().await
        }));
    }
}

/// Started with a low limit, so that nothing can be set up to hear the signal.
fn without_descriptors() {
    let runtime = Runtime::builder().workers(2).ctrl_c(true).build().unwrap();
    let mut hoard = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        hoard.push(file);
    }
    tell(runtime.run(async { spawn(async { "a value" }).await.unwrap() }));
    press();
    println!("it went on");
}

#[tulipa::main]
async fn by_attribute() {
    let cleaned_up = spawn(cancel::finally(pending::<()>(), async {
        println!("a child cleans up")
    }));
    yield_now().await;
    let cancelled = pressed().await;
    cleaned_up.cancel();
    let _: Result<(), TaskError> = cleaned_up.await;
    cancelled.resume().await
}

#[tulipa::main]
async fn twice_by_attribute() {
    let _refused = pressed().await;
    press();
    cancel::mask(pending::<()>()).await;
}
