//! The calls of an audit: each call waits for a token of its bucket, and is repeated if AWS throttles it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::audit::CallCount;
use crate::domain::baseline::Delivery;
use crate::domain::limits::throttle::{ApiBucket, Rate, TokenBucket};
use crate::domain::outcome::Reason;
use crate::ports::{Answer, Described, ErrorKind, FamilyPage, FleetReads, PortError, Timer};
use crate::workflow::family_walk::WalkCalls;

/// The pauses before the next tries of a call that failed for a moment.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];

/// The time in which a bucket admits no call at all, after which a throttled call fails. Until then, a throttled call
/// is repeated as often as necessary.
const LONGEST_THROTTLED: SignedDuration = SignedDuration::from_mins(10);

/// The calls to one account and Region. All calls of a run share its buckets.
pub struct Caller<'c, F, T> {
    pub fleet: &'c F,
    timer: &'c T,
    rate: Rate,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    buckets: BTreeMap<ApiBucket, Bucket>,
    counts: BTreeMap<&'static str, CallCount>,
}

struct Bucket {
    tokens: TokenBucket,
    /// The time of the last call that AWS did not throttle.
    admitted: Timestamp,
}

impl<'c, F: FleetReads, T: Timer> Caller<'c, F, T> {
    pub fn new(fleet: &'c F, timer: &'c T, rate: Rate) -> Self {
        Self { fleet, timer, rate, state: Mutex::default() }
    }

    pub fn now(&self) -> Timestamp {
        self.timer.now()
    }

    /// Makes a call of the bucket. `name` is the name of the operation.
    pub async fn call<R, C: Future<Output = Answer<R>>>(
        &self,
        bucket: ApiBucket,
        name: &'static str,
        call: impl Fn() -> C,
    ) -> Answer<R> {
        let mut pauses = PAUSES.iter();
        loop {
            let sent = self.token(bucket).await;
            self.count(name, |count| count.made += 1);
            match call().await {
                Err(error) if error.reason == Some(Reason::Throttled) => {
                    self.count(name, |count| count.throttled += 1);
                    if self.throttled(bucket, sent) {
                        return Err(error);
                    }
                }
                Err(error) if error.kind == ErrorKind::Retry => match pauses.next() {
                    Some(pause) => self.timer.wait(*pause).await,
                    None => return Err(error),
                },
                answer => {
                    self.admitted(bucket);
                    if is_denied(&answer) {
                        self.count(name, |count| count.denied += 1);
                    }
                    return answer;
                }
            }
        }
    }

    pub(super) async fn default_mode(&self) -> Answer<Option<Delivery>> {
        self.call(ApiBucket::SettingRead, "ListAccountSettings", || self.fleet.default_mode()).await
    }

    /// Returns the numbers of all calls, and of those that AWS throttled.
    pub fn totals(&self) -> (u64, u64) {
        let state = self.state();
        state.counts.values().fold((0, 0), |(made, throttled), count| (made + count.made, throttled + count.throttled))
    }

    /// Returns the calls of each operation.
    pub fn counts(&self) -> BTreeMap<&'static str, CallCount> {
        self.state().counts.clone()
    }

    /// Returns the present rate of task-definition reads, and the shortest time that this number of reads takes.
    pub(super) fn pace(&self, reads: u64) -> (f64, Duration) {
        let now = self.now();
        let mut state = self.state();
        let bucket = self.bucket(&mut state, ApiBucket::TaskDefinitionRead, now);
        (bucket.tokens.rate(), bucket.tokens.time_for(reads).unsigned_abs())
    }

    /// Waits for a token, and returns the time of the call.
    async fn token(&self, bucket: ApiBucket) -> Timestamp {
        loop {
            let now = self.now();
            let taken = self.bucket(&mut self.state(), bucket, now).tokens.take(now);
            match taken {
                Ok(()) => return now,
                Err(wait) => self.timer.wait(wait.unsigned_abs()).await,
            }
        }
    }

    /// Notes a throttled call. Returns whether the call fails, because AWS has admitted no call for a long time.
    fn throttled(&self, bucket: ApiBucket, sent: Timestamp) -> bool {
        let now = self.now();
        let mut state = self.state();
        let bucket = self.bucket(&mut state, bucket, now);
        bucket.tokens.throttled(sent, now);
        now.duration_since(bucket.admitted) > LONGEST_THROTTLED
    }

    fn admitted(&self, bucket: ApiBucket) {
        let now = self.now();
        self.bucket(&mut self.state(), bucket, now).admitted = now;
    }

    fn bucket<'s>(&self, state: &'s mut State, bucket: ApiBucket, now: Timestamp) -> &'s mut Bucket {
        let new = || Bucket { tokens: TokenBucket::new(bucket, self.rate, now), admitted: now };
        state.buckets.entry(bucket).or_insert_with(new)
    }

    fn count(&self, name: &'static str, add: impl Fn(&mut CallCount)) {
        add(self.state().counts.entry(name).or_default());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The calls of an audit's walk over the families. `prefix` is the start of the names of the families.
pub(super) struct WalkOf<'c, F, T> {
    pub(super) caller: &'c Caller<'c, F, T>,
    pub(super) prefix: Option<&'c str>,
}

impl<F: FleetReads, T: Timer> WalkCalls for WalkOf<'_, F, T> {
    async fn page(&self, token: Option<&str>) -> Answer<FamilyPage> {
        let call = || self.caller.fleet.families(self.prefix, token);
        self.caller.call(ApiBucket::TaskDefinitionRead, "ListTaskDefinitionFamilies", call).await
    }

    async fn describe(&self, name: &str) -> Answer<Described> {
        let call = || self.caller.fleet.describe(name);
        self.caller.call(ApiBucket::TaskDefinitionRead, "DescribeTaskDefinition", call).await
    }
}

fn is_denied<R>(answer: &Answer<R>) -> bool {
    matches!(answer, Err(PortError { reason: Some(Reason::AccessDenied), .. }))
}
