//! Linux: a timerfd, because epoll rounds up to a millisecond and then allows itself slack.

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::fd::{AsRawFd, OwnedFd};
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};
use std::io;
use std::time::{Duration, Instant};

/// A timerfd among the sources of the poll. It is never read: setting it takes back an expiry that was not reported.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: OwnedFd,
    /// When it will ring, unless it has.
    set_for: Option<Instant>,
}

/// From here on the millisecond that epoll may be late is one per cent of the timeout, or less, and not worth a
/// system call.
const COARSE_FROM: Duration = Duration::from_millis(100);

/// An alarm this near to the wanted moment is left as it is. Successive turns that wait for one deadline differ by
/// the time it took to come here; so only the first of them pays for the system call.
const NEAR: Duration = Duration::from_micros(5);

impl Alarm {
    pub(crate) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self {
            timer,
            set_for: None,
        })
    }

    pub(crate) fn set(&mut self, timeout: Option<Duration>) -> Option<Duration> {
        let Some(fine) = timeout.filter(|timeout| !timeout.is_zero() && *timeout < COARSE_FROM)
        else {
            return timeout;
        };
        let wanted = Instant::now() + fine;
        if self
            .set_for
            .is_some_and(|set| set.max(wanted) - set.min(wanted) <= NEAR)
        {
            return None;
        }
        match self.arm(fine) {
            Ok(()) => {
                self.set_for = Some(wanted);
                None
            }
            Err(_) => timeout, // late by up to a millisecond is better than not at all
        }
    }

    pub(crate) fn rang(&mut self) {
        self.set_for = None;
    }

    fn arm(&self, after: Duration) -> io::Result<()> {
        let once = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        let after = Timespec {
            tv_sec: 0,
            tv_nsec: after.subsec_nanos().into(),
        }; // COARSE_FROM is below a second
        let spec = Itimerspec {
            it_interval: once,
            it_value: after,
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &spec)?;
        Ok(())
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn alarm() -> (mio::Poll, Alarm) {
        let poll = mio::Poll::new().expect("descriptors are left");
        let alarm = Alarm::new(poll.registry(), Token(0)).expect("descriptors are left");
        (poll, alarm)
    }

    #[test]
    fn only_a_short_wait_is_given_to_the_alarm() {
        let (_poll, mut alarm) = alarm();
        for left_to_the_poll in [
            None,
            Some(Duration::ZERO),
            Some(COARSE_FROM),
            Some(Duration::MAX),
        ] {
            assert_eq!(alarm.set(left_to_the_poll), left_to_the_poll);
            assert_eq!(alarm.set_for, None);
        }
        assert_eq!(alarm.set(Some(Duration::from_nanos(1))), None);
        assert!(alarm.set_for.is_some());
    }

    #[test]
    fn an_alarm_is_set_anew_for_another_moment() {
        let (_poll, mut alarm) = alarm();
        alarm.set(Some(Duration::from_millis(1)));
        let first = alarm.set_for.unwrap();
        alarm.set(Some(Duration::from_millis(99)));
        let second = alarm.set_for.unwrap();
        assert!(second - first >= Duration::from_millis(98));
    }

    #[test]
    fn an_alarm_that_rang_is_set_again() {
        let (mut poll, mut alarm) = alarm();
        let mut events = mio::Events::with_capacity(1);
        for _ in 0..3 {
            assert_eq!(alarm.set(Some(Duration::from_nanos(1))), None);
            poll.poll(&mut events, None).unwrap();
            assert_eq!(events.iter().count(), 1);
            alarm.rang();
            assert_eq!(alarm.set_for, None);
        }
    }
}
