//! Sleeps and sockets that are awaited on a thread that is no worker, when no run is on: somebody is there for them, though no thread
//! is started for a runtime that nobody waits for.

use futures::AsyncReadExt;
use futures::executor::block_on;
use std::time::Duration;
use tulipa::time::Timers;
use tulipa::{Runtime, sleep, spawn};

const MOMENT: Duration = Duration::from_micros(1);

/// Without a watchdog, which would start a thread if the system took this one from its core for long.
fn runtime(name: &str) -> Runtime {
    let builder = Runtime::builder().workers(2).watchdog(false);
    builder.thread_name(name).build().unwrap()
}

#[test]
fn a_sleep_that_was_made_in_a_run_ends_after_it() {
    let runtime = runtime("outside");
    let nap = runtime.run(async { Some(sleep(MOMENT).with("well rested")) });
    assert_eq!(block_on(nap.unwrap().unwrap()), "well rested");
}

#[test]
fn a_sleep_of_the_timers_of_a_runtime_needs_no_run_at_all() {
    let runtime = runtime("outside");
    block_on(runtime.timers().sleep(MOMENT));
    let runtime = self::runtime("outside");
    let timers = runtime.timers(); // before the run, and used after it
    runtime.run(async {}).unwrap();
    block_on(timers.sleep(MOMENT));
}

#[test]
fn timers_that_were_taken_out_of_a_run_work_after_it() {
    let runtime = runtime("outside");
    let timers = runtime.run(async { Timers::current().unwrap() }).unwrap();
    block_on(timers.sleep(MOMENT));
}

#[test]
fn a_task_that_is_left_behind_goes_on_sleeping_after_the_run() {
    let runtime = runtime("outside");
    let task = runtime.run(async { Some(spawn(sleep(MOMENT).with(7))) });
    assert_eq!(task.unwrap().unwrap().result_blocking(), Ok(7));
}

#[cfg(unix)]
#[test]
fn a_socket_that_was_opened_in_a_run_is_watched_after_it() {
    use std::io::Write;
    use tulipa::net::UnixStream;

    let runtime = runtime("outside");
    let (here, mut there) = std::os::unix::net::UnixStream::pair().unwrap();
    here.set_nonblocking(true).unwrap();
    let opened = runtime.run(async { UnixStream::from_std(here) });
    let mut here = opened.unwrap().unwrap();
    let (begun, began) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        block_on(async {
            let mut word = [0; 5];
            begun.send(()).unwrap();
            here.read_exact(&mut word).await.unwrap();
            word
        })
    });
    began.recv().unwrap();
    there.write_all(b"tulip").unwrap();
    assert_eq!(&reader.join().unwrap(), b"tulip");
}

/// The threads of this process whose names begin so.
#[cfg(target_os = "linux")]
fn threads(name: &str) -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    threads
        .filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok())
        .filter(|comm| comm.starts_with(name))
        .count()
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_is_started_for_who_may_wait_after_a_run_and_for_nobody_else() {
    let runtime = runtime("solo");
    for _ in 0..3 {
        runtime
            .run(async {
                spawn(sleep(MOMENT)).await.unwrap();
                sleep(MOMENT).await;
            })
            .unwrap();
    }
    assert_eq!(threads("solo"), 0, "all was over when each run was");
    let nap = runtime.run(async { Some(sleep(MOMENT)) });
    block_on(nap.unwrap().unwrap());
    assert_eq!(threads("solo"), 1);
}
