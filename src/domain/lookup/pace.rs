//! The pace of the calls of LookupEvents. [`throttle`](crate::domain::limits::throttle) says why this pace is no token
//! bucket.

use jiff::{SignedDuration, Timestamp};

/// The time between two calls in the same account and Region: CloudTrail allows two calls a second (source: CloudTrail
/// user guide, Quotas).
pub const INTERVAL: SignedDuration = SignedDuration::from_millis(500);

/// The longest wait after a failed call.
const LONGEST: SignedDuration = SignedDuration::from_secs(16);

/// The number of failed calls in a row after which a search ends with the error.
const MOST_FAILURES: u32 = 6;

/// The time of the last call in an account and Region. All searches of a run share one pace.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    last: Option<Timestamp>,
    failures: u32,
}

impl Pace {
    /// Returns the time to wait at `now` before the next call.
    pub fn wait(&self, now: Timestamp) -> SignedDuration {
        let Some(last) = self.last else { return SignedDuration::ZERO };
        let pause = INTERVAL.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        // The machine's clock may have been set back.
        let passed = now.duration_since(last).max(SignedDuration::ZERO);
        pause.saturating_sub(passed).max(SignedDuration::ZERO)
    }

    /// Notes a call at `now`.
    pub fn called(&mut self, now: Timestamp) {
        self.last = Some(now);
    }

    pub fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Notes a failed call. Returns whether the call may be repeated. Each failure doubles the next wait.
    pub fn failed(&mut self) -> bool {
        self.failures += 1;
        self.failures < MOST_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(millisecond).unwrap()
    }

    #[test]
    fn two_calls_are_half_a_second_apart_and_failures_double_the_wait() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(at(0)), SignedDuration::ZERO);
        pace.called(at(0));
        assert_eq!(pace.wait(at(0)), INTERVAL);
        assert_eq!(pace.wait(at(200)), SignedDuration::from_millis(300));
        assert_eq!(pace.wait(at(900)), SignedDuration::ZERO);
        assert_eq!(pace.wait(at(-60_000)), INTERVAL, "a clock that was set back causes no long wait");
        let repeats = (0..MOST_FAILURES).filter(|_| pace.failed()).count() as u32;
        assert_eq!(repeats, MOST_FAILURES - 1);
        assert_eq!(pace.wait(at(0)), LONGEST);
        pace.succeeded();
        assert_eq!(pace.wait(at(0)), INTERVAL);
    }
}
