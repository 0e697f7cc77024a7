//! What is remembered of a task-definition family: how often it was corrected, its fuse, and a hold.
//!
//! Another writer that puts the fault back after each correction would make an endless duel of it. The fuse counts
//! corrections, opens when there are too many, and stays open until a human closes it.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::baseline::FuseLimits;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::event::tool::Tool;
use crate::domain::text::plain::plain;

/// How far back corrections count for the longer of the two limits.
pub(super) const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The longest text that is kept of what somebody says.
const LONGEST: usize = 256;

/// A family of one account and Region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FamilyName {
    pub account: String,
    pub region: String,
    pub family: String,
}

impl FamilyName {
    pub fn of(revision: &RevisionArn) -> Self {
        let RevisionArn { account, region, family, .. } = revision.clone();
        Self { account, region, family }
    }
}

impl fmt::Display for FamilyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.region, self.family)
    }
}

/// What the journal keeps of a family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Family {
    pub schema: u32,
    #[serde(flatten)]
    pub name: FamilyName,
    /// Counts the changes of this state; every change compares and swaps it.
    pub version: u32,
    /// The corrections of the last seven days, oldest first.
    pub corrections: Vec<Correction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuse: Option<Fuse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The one service of the family that may be on its way to a revision of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    pub at: Timestamp,
}

/// Whose turn it is. It ends with the deployment; of a worker that died before it began, with this time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub service: ServiceArn,
    /// The source's number, whose record tells how far it is.
    pub revision: u32,
    pub until: Timestamp,
}

/// A correction that was begun, and who had registered its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub at: Timestamp,
    /// The source's number.
    pub revision: u32,
    pub writer: Writer,
}

/// Who registers revisions, as far as events say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
}

/// An open fuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuse {
    pub opened: Timestamp,
    /// The newest of the other side.
    pub writer: Writer,
    /// How often the fault was put back: after each correction that counted, and since then.
    pub times: u32,
    /// The last source that was left alone because of it.
    pub last: u32,
    /// The deployment of ours that failed, where that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// Nothing of the family is corrected until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Why a family's source is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    Held(Hold),
    FuseOpen(Fuse),
}

impl Writer {
    pub fn of(cause: &Cause, tool: Option<Tool>) -> Self {
        let bounded = |text: &Option<String>| text.as_deref().map(|text| plain(text, LONGEST));
        Self { principal: bounded(&cause.actor), user_agent: bounded(&cause.user_agent), tool }
    }
}

impl fmt::Display for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let principal = self.principal.as_deref().unwrap_or("an unknown principal");
        match (&self.tool, &self.user_agent) {
            (Some(tool), _) => write!(f, "{principal} with {}", tool.name()),
            (None, Some(agent)) => write!(f, "{principal} with {agent}"),
            (None, None) => f.write_str(principal),
        }
    }
}

impl Family {
    pub const SCHEMA: u32 = 1;

    pub fn new(name: FamilyName, now: Timestamp) -> Self {
        Self {
            schema: Self::SCHEMA,
            name,
            version: 0,
            corrections: Vec::new(),
            fuse: None,
            hold: None,
            turn: None,
            at: now,
        }
    }

    /// What keeps the family from being corrected.
    pub fn stopped(&self, now: Timestamp) -> Option<Stopped> {
        let hold = self.hold.clone().filter(|hold| now < hold.until).map(Stopped::Held);
        hold.or_else(|| self.fuse.clone().map(Stopped::FuseOpen))
    }

    /// Counts a correction that is about to begin, once for each source; or says why there is to be none. Either way the
    /// state may have changed, and is to be kept.
    pub fn count(&mut self, correction: Correction, limits: &FuseLimits) -> Option<Stopped> {
        let now = correction.at;
        self.corrections.retain(|other| now.duration_since(other.at) < WEEK);
        if let Some(fuse) = &mut self.fuse
            && fuse.last < correction.revision
        {
            (fuse.times, fuse.last, fuse.writer) = (fuse.times + 1, correction.revision, correction.writer.clone());
        }
        if let Some(stopped) = self.stopped(now) {
            return Some(stopped);
        }
        if self.corrections.iter().any(|other| other.revision == correction.revision) {
            return None;
        }
        let lately = self.corrections.iter().filter(|other| now.duration_since(other.at) < limits.within).count();
        if lately >= limits.corrections as usize || self.corrections.len() >= limits.weekly as usize {
            let times = if lately >= limits.corrections as usize { lately } else { self.corrections.len() };
            let Correction { revision, writer, .. } = correction;
            let times = u32::try_from(times).unwrap_or(u32::MAX);
            self.fuse = Some(Fuse { opened: now, writer, times, last: revision, failed: None });
            return self.stopped(now);
        }
        self.corrections.push(correction);
        None
    }

    /// A correction that was begun and came to nothing.
    pub fn uncount(&mut self, revision: u32) {
        self.corrections.retain(|correction| correction.revision != revision);
    }

    /// A deployment of ours failed: nothing more of the family is corrected or rolled out before a human has looked.
    pub fn blow(&mut self, revision: u32, failed: String, now: Timestamp) {
        let writer = Writer::default();
        self.fuse.get_or_insert(Fuse { opened: now, writer, times: 0, last: revision, failed: Some(failed) });
    }

    /// A human says that it may go on: fuse, hold and count begin anew.
    pub fn go_on(&mut self) {
        (self.fuse, self.hold) = (None, None);
        self.corrections.clear();
    }

    /// Whether there is something to show.
    pub fn is_stopped(&self) -> bool {
        self.fuse.is_some() || self.hold.is_some()
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(hold) => {
                write!(f, "the family is held until {:.0}", hold.until)?;
                match &hold.reason {
                    Some(reason) => write!(f, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::FuseOpen(Fuse { opened, failed: Some(failed), .. }) => {
                write!(f, "the family's fuse is open since {opened:.0}: {failed}")
            }
            Self::FuseOpen(Fuse { opened, writer, times, .. }) => {
                write!(f, "the family's fuse is open since {opened:.0}: {writer} put the fault back {times} times")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FuseLimits = FuseLimits { corrections: 3, within: SignedDuration::from_mins(10), weekly: 5 };

    fn start() -> Timestamp {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    fn family() -> Family {
        let name = FamilyName { account: "1".into(), region: "r".into(), family: "web".into() };
        Family::new(name, start())
    }

    fn correction(minute: i64, revision: u32) -> Correction {
        let writer = Writer { principal: Some("ci".into()), ..Writer::default() };
        Correction { at: start() + SignedDuration::from_mins(minute), revision, writer }
    }

    #[test]
    fn the_fuse_opens_at_the_fourth_correction_within_ten_minutes_and_counts_on() {
        let mut family = family();
        for revision in 1..=3 {
            assert_eq!(family.count(correction(0, revision), &LIMITS), None);
            assert_eq!(family.count(correction(1, revision), &LIMITS), None, "a redelivery counts once");
        }
        assert!(matches!(family.count(correction(9, 4), &LIMITS), Some(Stopped::FuseOpen(Fuse { times: 3, .. }))));
        let later = family.count(correction(60 * 24 * 30, 5), &LIMITS).unwrap();
        assert_eq!(
            later.to_string(),
            "the family's fuse is open since 2026-11-21T12:09:00Z: ci put the fault back 4 times"
        );
        family.go_on();
        assert_eq!(family.count(correction(60 * 24 * 30, 5), &LIMITS), None);
    }

    #[test]
    fn slower_duels_open_it_within_a_week() {
        let mut family = family();
        for revision in 1..=5 {
            assert_eq!(family.count(correction(60 * i64::from(revision), revision), &LIMITS), None);
        }
        assert!(family.count(correction(600, 6), &LIMITS).is_some());
        let mut slow = self::family();
        for revision in 1..=20 {
            assert_eq!(slow.count(correction(60 * 48 * i64::from(revision), revision), &LIMITS), None, "{revision}");
        }
    }

    #[test]
    fn a_hold_ends_by_itself() {
        let mut family = family();
        let until = start() + SignedDuration::from_mins(5);
        family.hold = Some(Hold { until, reason: Some("incident 7".into()), by: None });
        let stopped = family.count(correction(4, 1), &LIMITS).unwrap();
        assert_eq!(stopped.to_string(), "the family is held until 2026-11-21T12:05:00Z: incident 7");
        assert_eq!(family.count(correction(5, 1), &LIMITS), None);
    }
}
