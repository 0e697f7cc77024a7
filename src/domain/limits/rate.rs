//! The registration rate limit. All workers in one account and Region share it.
//!
//! ECS lets everybody there together register or deregister once a second, twenty times at once (source: the ECS
//! developer guide on request throttling). Logweir uses a part of that limit, with its own token bucket. In any span of
//! `t` seconds, Logweir registers at most `rate × (t + BURST) + 1` revisions, in any order of requests.
//!
//! A worker that finds the bucket empty reserves a *slot*: the time at which to ask again. Slots are one interval apart
//! (five seconds at 0.2 a second), so the bucket holds a registration when a slot comes. A reservation guarantees
//! nothing else. A missed slot costs nothing, however long the queue: the bucket admits every worker that asks, and
//! keeps a part for workers whose slot has come.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::text::hex;

/// The size of the bucket, as the time in which it fills: four revisions at 0.2 a second, sixteen at 1.
pub const BURST: SignedDuration = SignedDuration::from_secs(15);

/// The longest time before a slot. A slot beyond it is invalid.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The maximum number of stored reservations. A family without a stored reservation that asks twice gets two slots.
const MOST_WAITING: usize = 200;

/// The account and Region of a limit.
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
}

impl fmt::Display for RateLimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// The stored state of a limit. The bucket is full after the time `full`, so the state needs no cleanup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    pub schema: u32,
    #[serde(flatten)]
    pub name: RateLimitName,
    /// Counts the changes of this state; every change compares and swaps it.
    pub version: u32,
    /// The worker that was admitted or reserved a slot last. Without this member, two workers that ask at the same time
    /// would write the same state. Each would then read its own write.
    pub by: String,
    /// When the bucket is full again, if it admits no other registration.
    pub full: Timestamp,
    /// The first free slot.
    pub next: Timestamp,
    pub at: Timestamp,
    /// The reservations of future slots. A family has at most one, regardless of the number of its events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Reservation>,
}

/// A slot that a family has reserved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// The first bytes of the SHA-256 of the family's name. The name may be long, and another principal chose it.
    family: String,
    slot: Timestamp,
}

/// Why nothing may be registered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The time of the reserved slot.
    Until(Timestamp),
    /// Every slot of the next [`AHEAD`] is reserved.
    Full,
}

/// When a registration asks: before or after a reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Without a slot.
    First,
    /// In or after its reserved slot.
    InSlot,
}

impl RateLimit {
    pub const SCHEMA: u32 = 1;

    /// Returns the first state of a limit, or the state that follows `standing`.
    pub fn after(standing: Option<Self>, name: &RateLimitName, by: &str, now: Timestamp) -> Self {
        let version = standing.as_ref().map_or(0, |standing| standing.version) + 1;
        // What a clock wrote that was far ahead would keep everybody waiting for it.
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

    /// Takes one registration out of the bucket. Returns `None` if the bucket does not hold enough. `rate` is in
    /// registrations a second.
    pub fn admit(&self, arrival: Arrival, rate: f64) -> Option<Self> {
        let interval = interval(rate);
        let full = self.full_at(rate);
        let lacks = full.duration_since(self.at);
        // Half of the bucket is reserved for late registrations. Registrations in their slot always find one.
        let kept = match arrival {
            Arrival::First if self.next > self.at => interval.max(BURST / 2),
            _ => SignedDuration::ZERO,
        };
        let enough = lacks <= BURST.saturating_sub(kept);
        enough.then(|| Self { full: later(full, interval), ..self.clone() })
    }

    /// Reserves the first free slot at which the bucket will hold something. Returns `None` if [`AHEAD`] has no free
    /// slot.
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

    /// Returns when the bucket is full again at this rate. For other profiles, all registrations
    /// of a profile with a slower rate count as one at most.
    fn full_at(&self, rate: f64) -> Timestamp {
        self.full.min(later(later(self.at, BURST), interval(rate)))
    }

    /// Returns the future slot that this source's family has reserved. Only the family's newest revision can use it. A
    /// family has at most one slot, however often it is registered, so it delays no other family.
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

/// The validity of a slot that a message contains. The queue accepts messages only from the stack's rules and its
/// function, and no rule sets a slot. A forged slot would admit its message before others, or delay it by up to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Come,
    ToCome,
    /// Too far ahead: Logweir cannot have reserved it.
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
