//! Waiting longer each time.

use std::time::Duration;

/// How long to wait after a failure: 5 ms at first, then twice as long each time, up to a second.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

const FIRST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_secs(1);

impl Backoff {
    /// Whether nothing failed since the last success.
    pub(super) fn is_fresh(&self) -> bool {
        self.failures == 0
    }

    /// Counts a failure.
    pub(super) fn next_wait(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        doubled.min(LONGEST)
    }

    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Backoff;

    #[test]
    fn waits_double_up_to_a_second_and_start_over_after_a_success() {
        let mut backoff = Backoff::default();
        let mut milliseconds = || backoff.next_wait().as_millis();
        let waits: Vec<_> = std::iter::repeat_with(&mut milliseconds).take(10).collect();
        assert_eq!(waits, [5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        assert!((0..100).all(|_| milliseconds() == 1000));

        backoff.succeeded();
        assert!(backoff.is_fresh());
        assert_eq!(backoff.next_wait().as_millis(), 5);
    }
}
