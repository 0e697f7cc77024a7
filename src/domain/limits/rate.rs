//! The registration rate limit: one for an account and Region, which all workers share.
//!
//! ECS lets everybody there together register or deregister once a second, twenty times at once (source: the ECS
//! developer guide on request throttling). Logweir keeps to a part of that, by a token bucket of its own: in no span of `t`
//! seconds are more than `rate × (t + BURST) + 1` revisions registered, in whatever order and however often workers ask.
//!
//! A worker that finds the bucket empty reserves a *slot*: the time at which to ask again. Slots are one interval apart (five
//! seconds at 0.2 a second), so the bucket holds something when a slot comes. A reservation promises no more than that. A
//! missed slot costs nothing, however long the queue: the bucket serves everybody who asks, and keeps a part for those whose
//! slot has come.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::text::hex;

/// How much a full bucket allows at once, as the time in which it fills: four revisions at 0.2 a second, sixteen at 1.
pub const BURST: SignedDuration = SignedDuration::from_secs(15);

/// How far ahead slots are reserved, and believed.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How many reservations are remembered. A family beyond these that asks twice gets two slots.
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

/// What the journal keeps of a limit. After `full` the bucket is full, so nothing has to clean up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RateLimit {
    pub schema: u32,
    #[serde(flatten)]
    pub name: RateLimitName,
    /// Counts the changes of this state; every change compares and swaps it.
    pub version: u32,
    /// The worker that was admitted or reserved a slot last. Without it two workers that ask in the same moment would write the
    /// same state, and each would find its own write in place.
    pub by: String,
    /// When the bucket is full again, if nobody else is admitted.
    pub full: Timestamp,
    /// The first slot that nobody has reserved.
    pub next: Timestamp,
    pub at: Timestamp,
    /// The reservations whose slot has not come. A family has one at most, however many of its events come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Reservation>,
}

/// A slot that a family has reserved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reservation {
    /// The beginning of the SHA-256 of the family's name, which may be long, and which others chose.
    family: String,
    slot: Timestamp,
}

/// Why nothing may be registered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A slot is reserved, and this is its time.
    Until(Timestamp),
    /// Every slot of the next [`AHEAD`] is reserved.
    Full,
}

/// How a registration comes to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Without a slot.
    First,
    /// In its reserved slot, or after it.
    InSlot,
}

impl RateLimit {
    pub const SCHEMA: u32 = 1;

    /// The state before anybody has asked, or the one after `standing`.
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

    /// Takes one registration out of the bucket. Returns `None` if it does not hold enough. `rate` is in registrations a second.
    pub fn admit(&self, arrival: Arrival, rate: f64) -> Option<Self> {
        let interval = interval(rate);
        let full = self.full_at(rate);
        let lacks = full.duration_since(self.at);
        // Half of the bucket is kept for those who are late, and something always for those who come in time.
        let kept = match arrival {
            Arrival::First if self.next > self.at => interval.max(BURST / 2),
            _ => SignedDuration::ZERO,
        };
        let enough = lacks <= BURST.saturating_sub(kept);
        enough.then(|| Self { full: later(full, interval), ..self.clone() })
    }

    /// Reserves the first free slot at which the bucket will hold something. Returns `None` if there is none within [`AHEAD`].
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

    /// When the bucket is full again at this rate. What a profile with a slower rate has taken counts as one registration for
    /// the others, and no more.
    fn full_at(&self, rate: f64) -> Timestamp {
        self.full.min(later(later(self.at, BURST), interval(rate)))
    }

    /// The slot to come that this source's family has reserved. Only the family's newest revision can use it. A family that
    /// is registered again and again has no more than one slot, so it keeps no other family waiting.
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

/// What a slot is worth that a message names. The queue takes messages from the stack's rules and its function alone, and no
/// rule names a slot. Whoever could forge one would be admitted before others, or have their own message wait for a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Come,
    ToCome,
    /// So far ahead that nobody can have reserved it.
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
