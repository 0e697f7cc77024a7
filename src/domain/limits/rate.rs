//! The registration rate limit. All workers in one account and Region share the limit.
//!
//! For all principals of an account and Region together, ECS allows one registration or deregistration a second, and a
//! burst of twenty (source: the ECS developer guide on request throttling). Logweir's token bucket uses only a part of
//! the limit that ECS sets. In any span of `t` seconds, Logweir registers at most `rate × (t + BURST) + 1` revisions,
//! whatever the order of the requests. Unlike the buckets of [`throttle`](super::throttle), this bucket is stored in
//! the journal.
//!
//! A worker that finds the token bucket empty reserves a *slot* of the rate limit: a time at which the worker asks for
//! admission again. Slots are one interval apart (five seconds at 0.2 registrations a second), so the bucket holds a
//! token at the time of each slot. A reservation guarantees a token only at the time of its slot. A worker that asks
//! after the time of its slot loses nothing, because the bucket admits every worker that asks while tokens are left. A
//! part of the bucket's tokens is kept for workers whose slot has come.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::text::hex;

/// The size of the token bucket, expressed as the time in which the bucket fills. At 0.2 registrations a second, the
/// full bucket admits four registrations at once; at 1 registration a second, sixteen.
pub const BURST: SignedDuration = SignedDuration::from_secs(15);

/// The longest time from now to a slot. A slot that is further in the future is invalid.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The maximum number of stored reservations. A family whose reservation is not stored gets a new slot each time that a
/// worker asks for the family.
const MOST_WAITING: usize = 200;

/// The account and Region of a registration rate limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RateLimitName {
    pub account: String,
    pub region: String,
}

impl RateLimitName {
    pub fn of(revision: &RevisionArn) -> Self {
        let RevisionArn { account, region, .. } = revision.clone();
        Self { account, region }
    }

    /// Returns the name of the limit for the changes of clusters, which ECS counts apart from registrations (source: the
    /// ECS developer guide on request throttling).
    pub fn of_clusters(cluster: &ClusterArn) -> Self {
        Self { account: cluster.account.clone(), region: format!("{}/UpdateCluster", cluster.region) }
    }
}

impl fmt::Display for RateLimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// The stored state of the token bucket for registrations. `full` is the time at which the bucket is full again, so the
/// state stays correct without regular updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    pub schema: u32,
    #[serde(flatten)]
    pub name: RateLimitName,
    /// The number of times that this state was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    /// The last worker that was admitted or that reserved a slot. Without this member, two workers that ask at the same
    /// time would write equal states, and each worker would conclude that its own write had succeeded.
    pub by: String,
    /// The time at which the token bucket is full again, if the bucket admits no registration until then.
    pub full: Timestamp,
    /// The time of the first slot that no family has reserved.
    pub next: Timestamp,
    pub at: Timestamp,
    /// The reservations of future slots. A family has at most one reservation, regardless of the number of its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Reservation>,
}

/// A slot of the rate limit that a family has reserved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// The first eight bytes of the SHA-256 of the family's name, as hexadecimal digits. The name itself is not stored,
    /// because the name may be long and another principal chose it.
    family: String,
    slot: Timestamp,
}

/// Why the rate limit does not allow a registration now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The registration must wait for its reserved slot, which comes at this time.
    Until(Timestamp),
    /// Every slot in the next 24 hours ([`AHEAD`]) is reserved.
    Full,
}

/// Whether a registration that asks for admission has a reserved slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The registration has no reserved slot.
    First,
    /// The reserved slot of the registration has come or has passed.
    InSlot,
}

impl RateLimit {
    pub const SCHEMA: u32 = 1;

    /// Returns the state that follows the stored state `standing`. Returns the first state of the rate limit if
    /// `standing` is `None`.
    pub fn after(standing: Option<Self>, name: &RateLimitName, by: &str, now: Timestamp) -> Self {
        let version = standing.as_ref().map_or(0, |standing| standing.version) + 1;
        // A state from a clock that was far ahead would delay every registration, so such a state is ignored.
        let standing = standing.filter(|standing| standing.at <= later(now, AHEAD));
        let (mut full, mut next, mut waiting) = (now, now, Vec::new());
        if let Some(standing) = standing {
            full = full.max(standing.full);
            next = next.max(standing.next);
            waiting = standing.waiting;
            waiting.retain(|other| other.slot > now);
        }
        Self { schema: Self::SCHEMA, name: name.clone(), version, by: by.to_owned(), full, next, at: now, waiting }
    }

    /// Takes one token out of the bucket, and returns the new state. Returns `None` if the bucket does not hold enough
    /// tokens. `rate` is the number of registrations a second.
    pub fn admit(&self, arrival: Arrival, rate: f64) -> Option<Self> {
        let interval = interval(rate);
        let full = self.full_at(rate);
        let lacks = full.duration_since(self.at);
        // While slots are reserved, half of the bucket's tokens are kept for registrations whose slot has come. The
        // bucket always holds a token for a worker that asks at the time of its slot.
        let kept = match arrival {
            Arrival::First if self.next > self.at => interval.max(BURST / 2),
            _ => SignedDuration::ZERO,
        };
        let enough = lacks <= BURST.saturating_sub(kept);
        enough.then(|| Self { full: later(full, interval), ..self.clone() })
    }

    /// Reserves the first free slot at which the bucket will hold a token. Returns `None` if the next 24 hours
    /// ([`AHEAD`]) have no free slot.
    pub fn reserve(self, source: &RevisionArn, rate: f64) -> Option<(Self, Timestamp)> {
        let full = self.full_at(rate);
        let slot = self.next.max(full.saturating_sub(BURST).unwrap_or(full));
        if slot > later(self.at, AHEAD) {
            return None;
        }
        let mut reserved = Self { full, next: later(slot, interval(rate).min(AHEAD)), ..self };
        if reserved.waiting.len() < MOST_WAITING {
            reserved.waiting.push(Reservation { family: digest(source), slot });
        }
        Some((reserved, slot))
    }

    /// Returns when the bucket is full again at this rate, but at most the time at which an empty bucket would be full.
    /// The stored `full` may be later than that time, because another profile may set a slower rate.
    fn full_at(&self, rate: f64) -> Timestamp {
        self.full.min(later(later(self.at, BURST), interval(rate)))
    }

    /// Returns the future slot that the family of this source has reserved. Only the family's newest revision can use
    /// the slot. A family has at most one slot, however often its revisions are registered, so one family cannot delay
    /// other families.
    pub fn slot_of(&self, source: &RevisionArn) -> Option<Timestamp> {
        let family = digest(source);
        let reservation = self.waiting.iter().find(|reservation| reservation.family == family);
        reservation.map(|reservation| reservation.slot).filter(|slot| Slot::at(*slot, self.at) == Slot::ToCome)
    }
}

fn interval(rate: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(1.0 / rate).unwrap_or(SignedDuration::MAX)
}

fn digest(source: &RevisionArn) -> String {
    hex(&Sha256::digest(&source.family)[..8])
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Whether the slot of the rate limit in a queue message is valid, and whether its time has come. The work queue
/// accepts messages only from the stack's EventBridge rules and the stack's function, and only the function writes a
/// slot into a message. A message with a forged slot would be handled before other messages, or be delayed by up to a
/// day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Come,
    ToCome,
    /// The slot is so far in the future that Logweir cannot have reserved it.
    Worthless,
}

impl Slot {
    pub fn at(slot: Timestamp, now: Timestamp) -> Self {
        match slot {
            _ if slot > later(now, AHEAD) => Self::Worthless,
            _ if slot > now => Self::ToCome,
            _ => Self::Come,
        }
    }
}
