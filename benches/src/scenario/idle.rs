//! A runtime that has nothing to do: what it does then.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome, voluntary_switches};
use crate::rt::{Io, Whole};
use futures::AsyncReadExt;
use futures::channel::oneshot;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The thread that measures wakes up once, which takes 20 to 40 us of a processor. Who really does nothing takes no more.
const RESOLUTION: f64 = 100.0;

/// After the last connection is there, before the clock starts.
const SETTLE: Duration = Duration::from_millis(200);

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    vec![
        Workload::new("idle", 10_000, |Load { n, workers }| {
            R::run(workers, idle::<R>(n, Duration::from_secs(5)))
        })
        .what("n idle connections for 5 s (processor time; context switches in the notes)")
        .unit("cpu us/s")
        .resolution(RESOLUTION)
        .quick(0)
        .fixed(),
        Workload::new("idle_short", 0, |Load { n, workers }| {
            R::run(workers, idle::<R>(n, Duration::from_millis(500)))
        })
        .what("n idle connections for half a second")
        .unit("cpu us/s")
        .resolution(RESOLUTION)
        .quick(1000)
        .fixed(),
    ]
}

async fn idle<R: Whole>(n: u64, time: Duration) -> Outcome {
    let (far_ends, near_ends) = FarEnds::connect(n).expect(
        "a process that holds the far ends can be started, and `ulimit -n` allows the near ones",
    );
    for near in near_ends {
        let mut near = Io::<R>::new(near).expect("the system watches sockets");
        R::detach(R::spawn(async move {
            let mut buffer = [0; 64];
            // Ends when the far end goes.
            let _ = near.read(&mut buffer).await;
        }));
    }
    let (told, measured) = oneshot::channel();
    thread::spawn(move || {
        // Nobody waits if the run was given up.
        let _ = told.send(watch(time));
    });
    let outcome = measured.await.expect("the thread tells before it ends");
    drop(far_ends);
    outcome
}

/// What the process does within `time`, as seen by a thread outside of the runtime.
fn watch(time: Duration) -> Outcome {
    wait(SETTLE);
    let switches = || voluntary_switches().unwrap_or(0);
    // To count is work, and so outside of what is measured.
    let (before, meter) = (switches(), Meter::start());
    wait(time);
    let outcome = meter.stop(1);
    let switched = switches().saturating_sub(before + 1); // one is this thread's own
    let cpu_us = outcome.cpu.as_secs_f64() * 1e6;
    outcome
        .by(cpu_us / time.as_secs_f64())
        .note("voluntary switches", switched as f64)
}

fn wait(time: Duration) {
    let until = Instant::now() + time;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        thread::park_timeout(left);
    }
}

/// The near end's word that the next may be asked for. Connections that are asked for faster than they are accepted overflow the
/// listener's backlog, and the system tries again a second later.
const ACCEPTED: [u8; 1] = [b'.'];

/// The far ends of the connections live in a process of their own: with both ends in one, 10,000 connections would
/// need more descriptors than many systems allow.
struct FarEnds(Child);

impl FarEnds {
    fn connect(n: u64) -> io::Result<(Self, Vec<TcpStream>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let child = Command::new(std::env::current_exe()?)
            .args(["--hold", &listener.local_addr()?.to_string()])
            .args(["--n", &n.to_string()])
            .stdin(Stdio::piped())
            .spawn()?;
        let far_ends = Self(child);
        let near_ends = (0..n).map(|_| {
            let mut near = listener.accept()?.0;
            near.write_all(&ACCEPTED)?;
            Ok(near)
        });
        let near_ends = near_ends.collect::<io::Result<_>>()?;
        Ok((far_ends, near_ends))
    }
}

impl Drop for FarEnds {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It may have gone by itself.
        let _ = self.0.wait();
    }
}

/// What the process with the far ends does: connects `n` times and holds on until its standard input ends.
///
/// # Errors
///
/// Those of the system.
pub fn hold(address: SocketAddr, n: u64) -> io::Result<()> {
    let connections = (0..n).map(|_| {
        let mut far = TcpStream::connect(address)?;
        far.read_exact(&mut [0; ACCEPTED.len()])?;
        Ok(far)
    });
    let connections = connections.collect::<io::Result<Vec<_>>>()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    drop(connections);
    io::stdout().flush()
}
