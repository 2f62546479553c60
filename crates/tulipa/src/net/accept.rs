//! The loop that accepts connections, without sockets and clocks: what is an accident, what is an emergency, and when
//! to let others run.

use super::backoff::Backoff;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// What the loop needs of the world.
pub(super) trait Door {
    /// Who comes in.
    type Guest;

    /// Waits for the next one.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Guest>> + Send;

    /// Takes them from there. Must not block.
    fn serve(&self, guest: Self::Guest);

    /// Nobody can come in, because of `error`, for `wait` to begin with. Told once until somebody does come in.
    fn closed_by(&self, error: io::Error, wait: Duration);

    fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send;

    /// Lets other tasks run.
    fn pause(&self) -> impl Future<Output = ()> + Send;
}

/// How many are let in before others may run: enough that a burst is taken at once, few enough that those who came in
/// are served meanwhile.
const BATCH: usize = 64;

/// Lets everybody in, for ever.
///
/// What goes wrong with one connection costs that connection. Anything else, above all a process or a system without
/// descriptors to spare, is waited out: whoever comes stays in the queue of the system meanwhile.
pub(super) async fn let_in(door: &impl Door) -> Infallible {
    let mut backoff = Backoff::default();
    loop {
        for _ in 0..BATCH {
            match door.accept().await {
                Ok(guest) => {
                    backoff.succeeded();
                    door.serve(guest);
                }
                Err(error) if concerns_one_guest(error.kind()) => {}
                Err(error) => wait_outside(door, &mut backoff, error).await,
            }
        }
        door.pause().await;
    }
}

async fn wait_outside(door: &impl Door, backoff: &mut Backoff, error: io::Error) {
    let news = backoff.is_fresh();
    let wait = backoff.next_wait();
    if news {
        door.closed_by(error, wait);
    }
    door.sleep(wait).await;
}

/// Whether a connection died in the queue. Linux also reports here what the network had against it (accept(2)).
fn concerns_one_guest(kind: ErrorKind) -> bool {
    use ErrorKind::*;
    matches!(
        kind,
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
            | PermissionDenied
            | TimedOut
    )
}

#[cfg(test)]
mod tests {
    use super::{BATCH, Door, let_in};
    use futures::FutureExt;
    use parking_lot::Mutex;
    use std::collections::VecDeque;
    use std::future::{pending, ready};
    use std::io::{self, ErrorKind};
    use std::time::Duration;

    /// A door that opens as its script says, then never again; and what went on there.
    #[derive(Default)]
    struct Scripted {
        script: Mutex<VecDeque<Turn>>,
        log: Mutex<Vec<Event>>,
    }

    enum Turn {
        Guest,
        /// Of one connection.
        Accident(ErrorKind),
        OutOfDescriptors,
    }

    #[derive(Clone, Debug, PartialEq, Eq)]
    enum Event {
        Served,
        Told(String),
        Waited(u128),
        Paused,
    }

    use Event::{Paused, Served, Told, Waited};
    use Turn::{Accident, Guest, OutOfDescriptors};

    /// "Too many open files", on every Unix.
    const EMFILE: i32 = 24;

    impl Scripted {
        fn log(&self, event: Event) {
            self.log.lock().push(event);
        }
    }

    impl Door for Scripted {
        type Guest = ();

        async fn accept(&self) -> io::Result<()> {
            let turn = self.script.lock().pop_front();
            match turn {
                Some(Guest) => Ok(()),
                Some(Accident(kind)) => Err(kind.into()),
                Some(OutOfDescriptors) => Err(io::Error::from_raw_os_error(EMFILE)),
                None => pending().await,
            }
        }

        fn serve(&self, (): ()) {
            self.log(Served);
        }

        fn closed_by(&self, error: io::Error, _: Duration) {
            self.log(Told(error.to_string()));
        }

        fn sleep(&self, wait: Duration) -> impl Future<Output = ()> + Send {
            self.log(Waited(wait.as_millis()));
            ready(())
        }

        fn pause(&self) -> impl Future<Output = ()> + Send {
            self.log(Paused);
            ready(())
        }
    }

    fn play(script: impl IntoIterator<Item = Turn>) -> Vec<Event> {
        let door = Scripted::default();
        door.script.lock().extend(script);
        assert!(let_in(&door).now_or_never().is_none(), "it never ends");
        door.log.into_inner()
    }

    #[test]
    fn a_connection_that_died_in_the_queue_costs_nothing_else() {
        let accidents = [
            ErrorKind::ConnectionAborted,
            ErrorKind::ConnectionReset,
            ErrorKind::Interrupted,
            ErrorKind::NetworkUnreachable,
        ];
        let turns = accidents.into_iter().map(Accident).chain([Guest]);
        assert_eq!(play(turns), [Served]);
    }

    #[test]
    fn without_descriptors_it_waits_twice_as_long_each_time_and_goes_on() {
        let turns = (0..10).map(|_| OutOfDescriptors).chain([Guest]);
        let log = play(turns);
        let waits = [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000].map(Waited);
        assert!(matches!(&log[0], Told(error) if error.contains("os error 24")));
        assert_eq!(log[1..11], waits);
        assert_eq!(log[11..], [Served]);
    }

    #[test]
    fn an_emergency_is_told_once_until_somebody_comes_in() {
        let turns = [
            OutOfDescriptors,
            OutOfDescriptors,
            Guest,
            OutOfDescriptors,
            Guest,
        ];
        let log = play(turns);
        let told = log.iter().filter(|event| matches!(event, Told(_)));
        assert_eq!(told.count(), 2);
        let waits: Vec<_> = log
            .iter()
            .filter(|event| matches!(event, Waited(_)))
            .collect();
        assert_eq!(waits, [&Waited(5), &Waited(10), &Waited(5)]);
    }

    #[test]
    fn a_burst_is_taken_in_batches_with_others_running_in_between() {
        let log = play((0..2 * BATCH + 1).map(|_| Guest));
        let pauses: Vec<_> = (0..log.len()).filter(|at| log[*at] == Paused).collect();
        assert_eq!(pauses, [BATCH, 2 * BATCH + 1]);
        assert_eq!(log.last(), Some(&Served));
    }

    #[test]
    fn connections_that_die_as_they_come_let_others_run_too() {
        let log = play((0..BATCH).map(|_| Accident(ErrorKind::ConnectionAborted)));
        assert_eq!(log, [Paused]);
    }
}
