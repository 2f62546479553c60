//! Round trips over TCP, both ends in this process.
//!
//! The sockets are connected before the clock starts. What the kernel does is most of it: the floor, a bare epoll loop
//! (`floor.rs`), says how much.

use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use crate::rt::{Io, Whole};
use futures::{AsyncReadExt, AsyncWriteExt};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

const NEVER: Duration = Duration::from_secs(3600);

pub(super) fn workloads<R: Whole>() -> Vec<Workload> {
    let mut all = loads(|shape| match shape {
        (1, 64) => |load| run::<R, 1, 64>(load),
        (64, 64) => |load| run::<R, 64, 64>(load),
        (1000, 64) => |load| run::<R, 1000, 64>(load),
        (1, _) => |load| run::<R, 1, LARGE>(load),
        (64, _) => |load| run::<R, 64, LARGE>(load),
        _ => |load| run::<R, 1000, LARGE>(load),
    });
    all.push(
        Workload::new("timeout_per_read", 50_000, |Load { n, workers }| {
            R::run(workers, timeout_per_read::<R>(n))
        })
        .what("64 connections, 64 bytes, and a timeout around every read (per round trip)"),
    );
    all
}

/// 16 KiB.
pub(super) const LARGE: usize = 16 * 1024;

/// The shapes of the echo workloads, connections and bytes; `run` knows how to do each.
pub(super) fn loads(run: impl Fn((usize, usize)) -> fn(Load) -> Outcome) -> Vec<Workload> {
    let shape = |name, n, connections, bytes| {
        Workload::new(name, n, run((connections, bytes)))
            .what("round trips over TCP: connections, bytes each way (per round trip)")
    };
    vec![
        shape("echo_1_64", 20_000, 1, 64),
        shape("echo_64_64", 60_000, 64, 64),
        shape("echo_1000_64", 60_000, 1000, 64).quick(10_000),
        shape("echo_1_16k", 10_000, 1, LARGE),
        shape("echo_64_16k", 20_000, 64, LARGE),
        shape("echo_1000_16k", 20_000, 1000, LARGE).quick(5_000),
    ]
}

/// Connections over the loopback, both ends of each.
///
/// # Errors
///
/// Those of the system: descriptors, or ports, that are used up.
pub(super) fn connections(count: usize) -> io::Result<Vec<(TcpStream, TcpStream)>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let connect = |_| {
        let near = TcpStream::connect(address)?;
        Ok((near, listener.accept()?.0))
    };
    (0..count).map(connect).collect()
}

fn run<R: Whole, const CONNECTIONS: usize, const BYTES: usize>(load: Load) -> Outcome {
    R::run(load.workers, echo::<R, CONNECTIONS, BYTES>(load.n))
}

/// Each connection as two streams of the runtime.
fn streams<R: Whole>(count: usize) -> Vec<(Io<R>, Io<R>)> {
    let watch = |(near, far)| {
        let both = (Io::<R>::new(near), Io::<R>::new(far));
        (both.0.expect(OPEN), both.1.expect(OPEN))
    };
    connections(count)
        .expect(OPEN)
        .into_iter()
        .map(watch)
        .collect()
}

const OPEN: &str = "the system has descriptors for the connections: raise `ulimit -n`";
const TALK: &str = "both ends stay open";

async fn answer<R: Whole, const BYTES: usize>(mut far: Io<R>) {
    let mut buffer = vec![0; BYTES];
    loop {
        match far.read(&mut buffer).await.expect(TALK) {
            0 => return,
            read => far.write_all(&buffer[..read]).await.expect(TALK),
        }
    }
}

async fn echo<R: Whole, const CONNECTIONS: usize, const BYTES: usize>(n: u64) -> Outcome {
    let each = n.div_ceil(CONNECTIONS as u64);
    let streams = streams::<R>(CONNECTIONS);
    let meter = Meter::start();
    let talk = |mut near: Io<R>| async move {
        let mut buffer = vec![7; BYTES];
        for _ in 0..each {
            near.write_all(&buffer).await.expect(TALK);
            near.read_exact(&mut buffer).await.expect(TALK);
        }
    };
    let mut tasks = Vec::with_capacity(CONNECTIONS);
    for (near, far) in streams {
        R::detach(R::spawn(answer::<R, BYTES>(far)));
        tasks.push(R::spawn(talk(near)));
    }
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(each * CONNECTIONS as u64)
}

async fn timeout_per_read<R: Whole>(n: u64) -> Outcome {
    const CONNECTIONS: u64 = 64;
    let each = n.div_ceil(CONNECTIONS);
    let streams = streams::<R>(CONNECTIONS as usize);
    let meter = Meter::start();
    let talk = |mut near: Io<R>| async move {
        let mut buffer = [7; 64];
        for _ in 0..each {
            near.write_all(&buffer).await.expect(TALK);
            let read = R::timeout(NEVER, near.read_exact(&mut buffer)).await;
            read.expect("an hour is enough").expect(TALK);
        }
    };
    let answer = |mut far: Io<R>| async move {
        let mut buffer = [0; 64];
        loop {
            let read = R::timeout(NEVER, far.read(&mut buffer)).await;
            match read.expect("an hour is enough").expect(TALK) {
                0 => return,
                read => far.write_all(&buffer[..read]).await.expect(TALK),
            }
        }
    };
    let mut tasks = Vec::new();
    for (near, far) in streams {
        R::detach(R::spawn(answer(far)));
        tasks.push(R::spawn(talk(near)));
    }
    for task in tasks {
        R::join(task).await;
    }
    meter.stop(each * CONNECTIONS)
}
