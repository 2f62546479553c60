//! The echo without a runtime: a bare epoll loop on each thread, its share of the connections, both ends of each.
//!
//! No task, no queue, no thread talks to another: what is left is the kernel. A runtime cannot be faster, unless it
//! batches what this does not.

use super::echo::{LARGE, connections, loads};
use super::{Load, Workload};
use crate::meter::{Meter, Outcome};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Barrier};
use std::thread;

/// The echo workloads, under the names they have on the runtimes.
pub fn workloads() -> Vec<Workload> {
    let all = loads(|shape| match shape {
        (1, 64) => |load| run(load, 1, 64),
        (64, 64) => |load| run(load, 64, 64),
        (1000, 64) => |load| run(load, 1000, 64),
        (1, _) => |load| run(load, 1, LARGE),
        (64, _) => |load| run(load, 64, LARGE),
        _ => |load| run(load, 1000, LARGE),
    });
    all.into_iter()
        .map(|workload| Workload {
            group: "sockets",
            ..workload
        })
        .collect()
}

fn run(load: Load, count: usize, bytes: usize) -> Outcome {
    let trips = load.n.div_ceil(count as u64);
    let mut shares: Vec<Vec<_>> = (0..load.workers).map(|_| Vec::new()).collect();
    let all = connections(count).expect("the system has descriptors: raise `ulimit -n`");
    for (at, connection) in all.into_iter().enumerate() {
        shares[at % load.workers].push(connection);
    }
    let ready = Arc::new(Barrier::new(load.workers + 1));
    let start = |share: Vec<_>| {
        let ready = ready.clone();
        thread::spawn(move || {
            let mut talk = Talk::new(share, bytes, trips).expect(WATCHED);
            ready.wait();
            talk.run().expect("both ends stay open");
        })
    };
    let threads: Vec<_> = shares.into_iter().map(start).collect();
    ready.wait();
    let meter = Meter::start();
    for thread in threads {
        thread.join().expect("a loop does not panic");
    }
    meter.stop(trips * count as u64)
}

const WATCHED: &str = "the system watches sockets";

/// One thread's connections.
struct Talk {
    poll: Poll,
    /// Near end, far end, near end, and so on: the place is the token.
    ends: Vec<End>,
    buffer: Vec<u8>,
    bytes: usize,
    /// Near ends that have round trips to do.
    talking: usize,
}

struct End {
    socket: TcpStream,
    /// Read of the current message, and to be written of it.
    read: usize,
    unwritten: usize,
    /// Round trips to do; a far end has none of its own.
    trips: u64,
}

impl Talk {
    fn new(
        share: Vec<(std::net::TcpStream, std::net::TcpStream)>,
        bytes: usize,
        trips: u64,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let talking = if trips == 0 { 0 } else { share.len() };
        let sockets = share
            .into_iter()
            .flat_map(|(near, far)| [(near, trips), (far, 0)]);
        let watch = |(at, (socket, trips)): (usize, (std::net::TcpStream, u64))| {
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let mut socket = TcpStream::from_std(socket);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut socket, Token(at), interest)?;
            Ok(End {
                socket,
                read: 0,
                unwritten: if trips == 0 { 0 } else { bytes },
                trips,
            })
        };
        let ends = sockets.enumerate().map(watch).collect::<io::Result<_>>()?;
        Ok(Self {
            poll,
            ends,
            buffer: vec![7; bytes],
            bytes,
            talking,
        })
    }

    fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while self.talking > 0 {
            self.poll.poll(&mut events, None)?;
            for event in &events {
                self.turn(event.token().0)?;
            }
        }
        Ok(())
    }

    /// Writes and reads what one end can.
    fn turn(&mut self, at: usize) -> io::Result<()> {
        let (end, near) = (&mut self.ends[at], at.is_multiple_of(2));
        loop {
            while end.unwritten > 0 {
                match end.socket.write(&self.buffer[..end.unwritten]) {
                    Ok(written) => end.unwritten -= written,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) => return Err(error),
                }
            }
            match end.socket.read(&mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(read) if near => {
                    end.read += read;
                    if end.read == self.bytes {
                        end.read = 0;
                        end.trips -= 1;
                        if end.trips == 0 {
                            self.talking -= 1;
                            return Ok(());
                        }
                        end.unwritten = self.bytes;
                    }
                }
                Ok(read) => end.unwritten = read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}
