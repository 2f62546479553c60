//! What the one thread that turns a reactor holds: the poll, its buffers and the alarm.

use super::table::{ALARM, INTERRUPT, Table};
use crate::readiness::{News, Said};
use crate::sys::Alarm;
use mio::event::Event;
use mio::{Events, Poll, Registry};
use std::io;
use std::task::Waker;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Driver {
    poll: Poll,
    events: Events,
    alarm: Alarm,
}

/// Events taken out of the kernel at once. More of them wait for the next turn.
const BATCH: usize = 1024;

impl Driver {
    pub(super) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let alarm = Alarm::new(poll.registry(), ALARM)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(BATCH),
            alarm,
        })
    }

    pub(super) fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Waits for events. A signal ends the wait early, without any.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = self.alarm.set(timeout);
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            other => other,
        }
    }

    /// Records the events with their sources, and moves the wakers to call to `called`.
    pub(super) fn dispatch(&mut self, table: &Table, called: &mut Vec<Waker>) {
        for event in &self.events {
            match event.token() {
                INTERRUPT => {} // has done its work: the poll returned
                ALARM => self.alarm.rang(),
                token => {
                    if let Some(source) = table.get(token) {
                        source.tell(news(event), called);
                    }
                }
            }
        }
    }
}

/// An error is for whoever tries next, in either direction; it is reported once, so it ends nothing by itself.
fn news(event: &Event) -> News {
    let error = event.is_error();
    News {
        read: said(
            event.is_readable() || event.is_priority() || error,
            event.is_read_closed(),
        ),
        write: said(event.is_writable() || error, event.is_write_closed()),
    }
}

fn said(ready: bool, ended: bool) -> Said {
    match (ready, ended) {
        (_, true) => Said::Ended,
        (true, false) => Said::Ready,
        (false, false) => Said::Nothing,
    }
}
