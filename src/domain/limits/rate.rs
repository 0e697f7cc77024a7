//! The budget for registering: one for an account and Region, which all workers share.
//!
//! ECS lets everybody there together register or deregister once a second, twenty times at once (source: the ECS
//! developer guide on request throttling). Logweir keeps to a part of that, by a bucket of its own: in no span of `t`
//! seconds more than `rate × (t + BURST) + 1` revisions are registered, whoever comes early, late or twice.
//!
//! Whoever finds it empty is promised a *slot*, which is when to come again: slots lie one interval apart (five seconds at
//! 0.2 a second), so whoever comes in his slot finds something in the bucket. A promise is no more than that. A slot that is
//! missed, as a queue is long, costs nothing: what is in the bucket is there for whoever comes, and some of it for those
//! alone whose slot has come.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::ecs::revision::RevisionArn;

/// What a budget that nothing was asked of allows at once, in what it allows in this time: four revisions at 0.2 a second,
/// sixteen at 1.
pub const BURST: SignedDuration = SignedDuration::from_secs(15);

/// How far ahead slots are promised, and believed.
pub const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// How many are remembered that wait. Of the others one that comes twice is promised two slots.
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
    /// Who was let through or promised a slot last. Two who ask in the same moment would write the same state otherwise, and
    /// each find it put.
    pub by: String,
    /// When the bucket is full again, if nobody else is let through.
    pub full: Timestamp,
    /// The first slot that nobody is promised.
    pub next: Timestamp,
    pub at: Timestamp,
    /// Which families are promised slots that have not come. A family waits for one slot only, however many events of it
    /// come, and how often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The beginning of the SHA-256 of its name, which may be long, and is somebody else's.
    family: String,
    slot: Timestamp,
}

/// Why nothing may be registered now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A slot is promised, and this is its time.
    Until(Timestamp),
    /// Every slot is promised for [`AHEAD`].
    Full,
}

/// Who asks to be let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    ForTheFirstTime,
    /// In the slot that was promised, or after it.
    InTurn,
}

impl Budget {
    pub const SCHEMA: u32 = 1;

    /// The state before anybody has asked, or after that of `standing`.
    pub fn after(standing: Option<Self>, name: &BudgetName, by: &str, now: Timestamp) -> Self {
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

    /// Takes out of the bucket for one registration; none: there is not enough in it. `rate` is in registrations a second.
    pub fn lets_through(&self, asks: Asks, rate: f64) -> Option<Self> {
        let interval = interval(rate);
        let full = self.full_at(rate);
        let lacks = full.duration_since(self.at);
        // Half of it is kept for those who are late, and something always for who comes in time.
        let kept = match asks {
            Asks::ForTheFirstTime if self.next > self.at => interval.max(BURST / 2),
            _ => SignedDuration::ZERO,
        };
        let enough = lacks <= BURST.saturating_sub(kept);
        enough.then(|| Self { full: later(full, interval), ..self.clone() })
    }

    /// Promises the first slot that nobody has and in which there will be something in the bucket; none: there is none for
    /// [`AHEAD`].
    pub fn promises(self, source: &RevisionArn, rate: f64) -> Option<(Self, Timestamp)> {
        let full = self.full_at(rate);
        let slot = self.next.max(full.saturating_sub(BURST).unwrap_or(full));
        if slot > later(self.at, AHEAD) {
            return None;
        }
        let mut promised = Self { full, next: later(slot, interval(rate).min(AHEAD)), ..self };
        if promised.waiting.len() < MOST_WAITING {
            promised.waiting.push(Waiting { family: digest(source), slot });
        }
        Some((promised, slot))
    }

    /// When it is full again by this rate. What a profile with a slower one has taken is no more to the others than one
    /// registration.
    fn full_at(&self, rate: f64) -> Timestamp {
        self.full.min(later(later(self.at, BURST), interval(rate)))
    }

    /// The slot to come that this source's family was promised. Only its newest revision can use it, and a family that
    /// somebody registers again and again keeps nobody else waiting by having more than one.
    pub fn slot_of(&self, source: &RevisionArn) -> Option<Timestamp> {
        let family = digest(source);
        let waits = self.waiting.iter().find(|waiting| waiting.family == family);
        waits.map(|waiting| waiting.slot).filter(|slot| Slot::at(*slot, self.at) == Slot::ToCome)
    }
}

fn interval(rate: f64) -> SignedDuration {
    SignedDuration::try_from_secs_f64(1.0 / rate).unwrap_or(SignedDuration::MAX)
}

fn digest(source: &RevisionArn) -> String {
    Sha256::digest(&source.family)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// What a slot is worth that a message brings with it. The queue takes messages from the stack's rules and its function
/// alone, and a rule writes none; somebody who could all the same is let through before others, or has his own message wait
/// for a day, and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Come,
    ToCome,
    /// So far ahead that nobody was promised it.
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
