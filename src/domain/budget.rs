//! The budget for registering: one for an account and Region, which all workers share.
//!
//! ECS lets everybody there together register or deregister once a second, twenty times at once (source: the ECS
//! developer guide on request throttling). Logweir keeps to a part of that. Whoever registers for an event takes a *slot*:
//! slots lie one interval apart (five seconds at 0.2 a second), each is one worker's alone, and it is good from its time on
//! for [`GOOD_FOR`]. So in no span of `t` seconds more than `rate × (t + GOOD_FOR) + 1` revisions are registered, whoever
//! comes early, late or twice.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::revision::RevisionArn;

/// How long after its time a slot is good. A queue that nothing was asked of for so long has a burst of this: four revisions
/// at 0.2 a second, sixteen at 1.
pub const GOOD_FOR: SignedDuration = SignedDuration::from_secs(15);

/// How far ahead slots are taken, and believed.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How many are remembered that wait. Of the others one that comes twice takes two slots.
const MOST_WAITING: usize = 200;

/// Whose budget it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BudgetName {
    pub account: String,
    pub region: String,
}

impl BudgetName {
    pub fn of(revision: &RevisionArn) -> Self {
        let RevisionArn { account, region, .. } = revision.clone();
        Self { account, region }
    }
}

impl fmt::Display for BudgetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.account, self.region)
    }
}

/// What the journal keeps of a budget. One whose time has passed is a full one: nothing has to clean up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    pub schema: u32,
    #[serde(flatten)]
    pub name: BudgetName,
    /// Counts the changes of this state; every change compares and swaps it.
    pub version: u32,
    /// Who has taken the last slot. Two who take one in the same moment would write the same state otherwise, and each
    /// find it put.
    pub by: String,
    /// The first slot that nobody has taken.
    pub next: Timestamp,
    pub at: Timestamp,
    /// For whom slots are taken that have not come. An event may come twice, and is to wait for one slot only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The beginning of its ARN's SHA-256: a name may be long, and is somebody else's.
    source: String,
    slot: Timestamp,
}

/// Why nothing may be registered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A slot is taken, and this is its time.
    Until(Timestamp),
    /// Every slot is taken for [`AHEAD`].
    Full,
}

impl Budget {
    pub const SCHEMA: u32 = 1;

    /// Takes the first slot that is free and good, now or later; none: there is none for [`AHEAD`]. `rate` is in slots a
    /// second.
    pub fn take(
        standing: Option<Self>,
        name: &BudgetName,
        by: &str,
        rate: f64,
        now: Timestamp,
    ) -> Option<(Self, Timestamp)> {
        let version = standing.as_ref().map_or(0, |standing| standing.version);
        // What a clock wrote that was far ahead would keep everybody waiting for it.
        let standing = standing.filter(|standing| standing.at <= later(now, AHEAD));
        let next = standing.as_ref().map(|standing| standing.next);
        let oldest = now.saturating_sub(GOOD_FOR).unwrap_or(now);
        let slot = next.map_or(oldest, |next| next.max(oldest));
        if slot > later(now, AHEAD) {
            return None;
        }
        let interval = SignedDuration::try_from_secs_f64(1.0 / rate).unwrap_or(SignedDuration::MAX);
        let (schema, next) = (Self::SCHEMA, later(slot, interval));
        let mut waiting = standing.map(|standing| standing.waiting).unwrap_or_default();
        waiting.retain(|other| other.slot > now);
        let (name, by, version) = (name.clone(), by.to_owned(), version + 1);
        Some((Self { schema, name, version, by, next, at: now, waiting }, slot))
    }

    /// The slot to come that was taken for this source.
    pub fn slot_of(&self, source: &RevisionArn, now: Timestamp) -> Option<Timestamp> {
        let source = digest(source);
        let waits = self.waiting.iter().find(|waiting| waiting.source == source);
        waits.map(|waiting| waiting.slot).filter(|slot| Slot::at(*slot, now) == Slot::ToCome)
    }

    /// Remembers for whom a slot to come was taken.
    pub fn remembers(mut self, source: &RevisionArn, slot: Timestamp) -> Self {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push(Waiting { source: digest(source), slot });
        }
        self
    }
}

fn digest(source: &RevisionArn) -> String {
    Sha256::digest(source.to_string())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// What a slot is worth that a message brings with it. The queue takes messages from the stack's rules and its function
/// alone, and a rule writes none; somebody who could all the same gets a revision registered out of turn, or has his own
/// message wait for a day, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Good,
    ToCome,
    /// Missed, or so far ahead that nobody can have taken it.
    Worthless,
}

impl Slot {
    pub fn at(slot: Timestamp, now: Timestamp) -> Self {
        match slot {
            _ if slot > later(now, AHEAD) => Self::Worthless,
            _ if slot > now => Self::ToCome,
            _ if now <= later(slot, GOOD_FOR) => Self::Good,
            _ => Self::Worthless,
        }
    }
}
