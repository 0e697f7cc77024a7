//! AWS's throttle buckets for reads, and a token bucket that stays below each of them.
//!
//! All principals of an account and Region share AWS's buckets, and all operations in one bucket share its tokens
//! (source: the ECS developer guide on request throttling). In any span of `t` seconds, a [`TokenBucket`] admits at
//! most `burst + rate × t` calls. If AWS throttles a call all the same, another principal uses the bucket too. The
//! token bucket is then empty, and its rate falls and recovers.
//!
//! Two other modules limit a pace, because a token bucket in memory does not fit there:
//! - [`rate`](super::rate) limits registrations. Several workers share that bucket, so the journal stores it, and a
//!   worker that may not wait reserves a later time.
//! - [`lookup`](crate::domain::lookup) limits LookupEvents. CloudTrail documents no burst, and other principals soon use
//!   up two calls a second. A search therefore makes one call at a time, at a fixed interval, and each failed call
//!   doubles the wait.

use jiff::{SignedDuration, Timestamp};

/// A bucket of AWS. The operations of one bucket share its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApiBucket {
    /// DescribeTaskDefinition, ListTaskDefinitions and ListTaskDefinitionFamilies.
    TaskDefinitionRead,
    /// DescribeServices and ListServices.
    ServiceRead,
    /// ListTasks and DescribeTasks.
    ClusterResourceRead,
    /// ListClusters and DescribeClusters.
    ClusterRead,
    /// ListAccountSettings.
    SettingRead,
    /// DescribeLogGroups of CloudWatch Logs.
    LogGroupRead,
    /// GetResources of the Resource Groups Tagging API.
    TagSearch,
}

/// The limit of a bucket: the calls at once, and the calls a second that follow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BucketLimit {
    pub burst: f64,
    pub rate: f64,
}

impl ApiBucket {
    pub const ALL: [Self; 7] = [
        Self::TaskDefinitionRead,
        Self::ServiceRead,
        Self::ClusterResourceRead,
        Self::ClusterRead,
        Self::SettingRead,
        Self::LogGroupRead,
        Self::TagSearch,
    ];

    /// Returns AWS's limit (sources: the ECS developer guide on request throttling, and the quotas of CloudWatch Logs).
    /// CloudWatch Logs documents no burst, so its burst is the calls of one second. The limit of the Tagging API is an
    /// assumption, because no document with it was found. A throttled call lowers the rate in any case.
    pub const fn limit(self) -> BucketLimit {
        let (burst, rate) = match self {
            Self::TaskDefinitionRead | Self::ClusterRead | Self::SettingRead => (50.0, 20.0),
            Self::ServiceRead | Self::ClusterResourceRead => (100.0, 20.0),
            Self::LogGroupRead | Self::TagSearch => (10.0, 10.0),
        };
        BucketLimit { burst, rate }
    }
}

/// The part of AWS's buckets that a run uses. The rest is left for other principals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// A share of each bucket, above 0 and at most 1.
    Share(f64),
    /// Calls a second in each bucket. The burst changes in proportion. More than AWS's limit is for an account whose
    /// limits AWS has raised.
    PerSecond(f64),
}

impl Rate {
    pub const WHOLE: Self = Self::Share(1.0);

    /// Returns the time in which the bucket gets tokens for this number of calls at the rate.
    pub fn time_for(self, bucket: ApiBucket, calls: u32) -> SignedDuration {
        seconds(f64::from(calls) / self.of(bucket.limit()).rate)
    }

    /// Returns the part of the limit.
    fn of(self, limit: BucketLimit) -> BucketLimit {
        let share = match self {
            Self::Share(share) => share.min(1.0),
            Self::PerSecond(rate) => rate / limit.rate,
        };
        let share = share.max(0.001);
        BucketLimit { burst: limit.burst * share, rate: limit.rate * share }
    }
}

/// The tokens of the burst that a token bucket never uses. Calls reach AWS in another order and at other intervals than
/// they are sent, so an empty bucket of AWS would throttle some of them.
const MARGIN: f64 = 2.0;

/// The factor of the rate after AWS throttled a call.
const FALL: f64 = 0.7;

/// The lowest rate, as a share of the limit.
const LOWEST: f64 = 0.05;

/// The time in seconds in which a rate of 0 would recover.
const RECOVERY: f64 = 20.0;

/// A token bucket. Time is a parameter of every method.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    limit: BucketLimit,
    tokens: f64,
    /// The tokens a second that the bucket gets now.
    rate: f64,
    at: Timestamp,
    lowered: Option<Timestamp>,
}

impl TokenBucket {
    /// Returns a full bucket with the part `rate` of AWS's limit.
    pub fn new(bucket: ApiBucket, rate: Rate, now: Timestamp) -> Self {
        let BucketLimit { burst, rate } = rate.of(bucket.limit());
        let limit = BucketLimit { burst: (burst - MARGIN).max(1.0), rate };
        Self { limit, tokens: limit.burst, rate, at: now, lowered: None }
    }

    /// Takes a token for a call at the time `now`. Returns the time to wait before the next try if there is no token.
    pub fn take(&mut self, now: Timestamp) -> Result<(), SignedDuration> {
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        Err(seconds((1.0 - self.tokens) / self.rate).max(SignedDuration::from_millis(1)))
    }

    /// Notes that AWS throttled a call that was sent at the time `sent`. The calls that were already under way at the
    /// last fall of the rate do not lower it again.
    pub fn throttled(&mut self, sent: Timestamp, now: Timestamp) {
        self.refill(now);
        self.tokens = 0.0;
        if self.lowered.is_none_or(|lowered| sent >= lowered) {
            self.rate = (self.rate * FALL).max(self.limit.rate * LOWEST);
            self.lowered = Some(now);
        }
    }

    /// Returns the calls a second that the bucket admits now.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Returns the shortest time in which the bucket admits this number of calls, from now on.
    pub fn time_for(&self, calls: u64) -> SignedDuration {
        seconds((calls as f64 - self.tokens) / self.limit.rate)
    }

    fn refill(&mut self, now: Timestamp) {
        // The machine's clock may have been set back.
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + self.rate * passed).min(self.limit.burst);
        self.rate = (self.rate + self.limit.rate * passed / RECOVERY).min(self.limit.rate);
        self.at = now;
    }
}

/// Returns a time of at least zero, and of at most a day.
fn seconds(seconds: f64) -> SignedDuration {
    const DAY: f64 = 86_400.0;
    SignedDuration::from_micros((seconds.clamp(0.0, DAY) * 1e6).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(microsecond: i64) -> Timestamp {
        Timestamp::from_microsecond(microsecond).unwrap()
    }

    /// Returns the times of the calls, if each call is made as soon as the bucket admits it.
    fn calls(bucket: &mut TokenBucket, number: usize) -> Vec<f64> {
        let (mut now, mut times) = (0_i64, Vec::new());
        while times.len() < number {
            match bucket.take(at(now)) {
                Ok(()) => times.push(now as f64 / 1e6),
                Err(wait) => now += wait.as_micros() as i64,
            }
        }
        times
    }

    #[test]
    fn a_thousand_calls_take_at_most_a_twentieth_longer_than_aws_allows() {
        let mut bucket = TokenBucket::new(ApiBucket::TaskDefinitionRead, Rate::WHOLE, at(0));
        let last = *calls(&mut bucket, 1010).last().unwrap();
        assert!((48.0..48.0 * 1.05).contains(&last), "{last}");
    }

    #[test]
    fn a_rate_leaves_the_rest_of_the_bucket_to_others() {
        for rate in [Rate::Share(0.5), Rate::PerSecond(10.0)] {
            let mut bucket = TokenBucket::new(ApiBucket::TaskDefinitionRead, rate, at(0));
            let times = calls(&mut bucket, 223);
            assert_eq!(times.iter().filter(|time| **time == 0.0).count(), 23, "{rate:?}");
            assert!((19.9..20.2).contains(times.last().unwrap()), "{rate:?}: {times:?}");
        }
    }

    #[test]
    fn a_rate_in_calls_a_second_may_exceed_the_usual_limit() {
        let mut bucket = TokenBucket::new(ApiBucket::TaskDefinitionRead, Rate::PerSecond(200.0), at(0));
        let times = calls(&mut bucket, 698);
        assert_eq!(times.iter().filter(|time| **time == 0.0).count(), 498);
        assert!((0.9..1.1).contains(times.last().unwrap()), "{times:?}");
    }

    #[test]
    fn a_throttled_call_lowers_the_rate_once_and_the_rate_recovers() {
        let mut bucket = TokenBucket::new(ApiBucket::ServiceRead, Rate::WHOLE, at(0));
        assert_eq!(bucket.take(at(0)), Ok(()));
        for _ in 0..16 {
            bucket.throttled(at(0), at(1_000));
        }
        assert_eq!(bucket.rate(), 14.0);
        assert!(bucket.take(at(1_000)).is_err(), "the bucket is empty");
        bucket.throttled(at(2_000), at(2_000));
        assert!(bucket.rate() < 10.0);
        let _ = bucket.take(at(30_000_000));
        assert_eq!(bucket.rate(), 20.0);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_no_token() {
        let mut bucket = TokenBucket::new(ApiBucket::SettingRead, Rate::Share(0.02), at(10_000_000));
        assert_eq!(bucket.take(at(10_000_000)), Ok(()));
        assert!(bucket.take(at(0)).is_err());
    }

    proptest! {
        #[test]
        fn no_span_has_more_calls_than_the_burst_and_the_rate_allow(
            steps in prop::collection::vec((0..400_000_i64, 0..4_usize), 1..400), share in 0.05..1.0_f64
        ) {
            let bucket = ApiBucket::TaskDefinitionRead;
            let BucketLimit { burst, rate } = Rate::Share(share).of(bucket.limit());
            let (mut own, mut now, mut times) = (TokenBucket::new(bucket, Rate::Share(share), at(0)), 0, Vec::new());
            for (step, action) in steps {
                now += step;
                if action == 3 {
                    own.throttled(at(now), at(now));
                } else if own.take(at(now)).is_ok() {
                    times.push(now as f64 / 1e6);
                }
            }
            for (first, start) in times.iter().enumerate() {
                for (last, end) in times.iter().enumerate().skip(first) {
                    prop_assert!((last - first + 1) as f64 <= burst.max(1.0) + rate * (end - start) + 1e-6);
                }
            }
        }
    }
}
