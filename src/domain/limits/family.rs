//! The stored state of a task-definition family: its recent corrections, its fuse and its hold.
//!
//! Another tool may re-register the fault after each correction, so that the tool and Logweir would register revisions
//! without end (a drift loop). A family's fuse counts the corrections of the family, opens after too many corrections,
//! and stays open until an operator closes the fuse. While the fuse is open, Logweir does not correct the family.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::deferred::{Deferred, DeferredRevisions};
use crate::domain::baseline::FuseLimits;
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::revision::{RevisionArn, is_family};
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::event::tool::Tool;
use crate::domain::text::plain::plain;

/// The longer of the two periods in which the number of corrections is limited: seven days. The baseline sets the
/// shorter period.
pub(super) const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The maximum length of a stored text from another principal, in characters.
const LONGEST: usize = 256;

/// The name of a family, with its account and Region.
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

    /// Returns the name under which the journal stores the hold and the fuse of a cluster: `cluster/NAME`. No family has
    /// such a name, because the name of a family contains no slash.
    pub fn of_cluster(cluster: &ClusterArn) -> Self {
        let ClusterArn { account, region, .. } = cluster.clone();
        Self { account, region, family: cluster.short() }
    }
}

/// Whether the text names something that may be on hold: a family, or a cluster in the form `cluster/NAME`.
pub fn may_be_held(name: &str) -> bool {
    is_family(name.strip_prefix(CLUSTER).unwrap_or(name))
}

/// Whether the name of a stored state is the name of a cluster.
pub fn is_cluster(name: &str) -> bool {
    name.starts_with(CLUSTER)
}

/// The beginning of the name of a cluster. The names of clusters and families have the same form otherwise (source: ECS
/// API reference, CreateCluster and RegisterTaskDefinition).
const CLUSTER: &str = "cluster/";

impl fmt::Display for FamilyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.account, self.region, self.family)
    }
}

/// The state that the journal stores for a family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Family {
    pub schema: u32,
    #[serde(flatten)]
    pub name: FamilyName,
    /// The number of times that this state was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    /// The corrections of the last seven days, oldest first.
    pub corrections: Vec<Correction>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fuse: Option<Fuse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// The source revisions that the hold deferred.
    #[serde(flatten)]
    pub deferred: DeferredRevisions,
    /// The rollout turn of the one service of the family that may now be in a rollout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    pub at: Timestamp,
}

/// The rollout turn of a service: the right to be in a rollout while the family's other services wait. The turn ends
/// with Logweir's deployment of the service, or at `until` if the worker stopped before the deployment began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub service: ServiceArn,
    /// The revision number of the source. The record of the source shows the progress of the rollout.
    pub revision: u32,
    pub until: Timestamp,
}

/// A correction that was started, and the principal that registered the source revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    pub at: Timestamp,
    /// The revision number of the source.
    pub revision: u32,
    pub writer: Writer,
}

/// The principal and the tool that registered a revision, as far as the event names them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
}

/// The state of an open fuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuse {
    pub opened: Timestamp,
    /// The principal that last registered a revision with the fault.
    pub writer: Writer,
    /// The number of times that another tool registered the fault again: once for each correction that opened the fuse,
    /// and once for each later source revision with the fault.
    pub times: u32,
    /// The revision number of the last source that Logweir did not correct because of the fuse.
    pub last: u32,
    /// The failed rollout that opened the fuse, in words. `None` if too many corrections opened the fuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// A hold on a family, which Logweir does not correct before `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub until: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Why Logweir does not correct a family now: a hold or an open fuse.
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
            deferred: DeferredRevisions::default(),
            turn: None,
            at: now,
        }
    }

    /// Returns why Logweir may not correct the family now. Returns `None` if Logweir may correct the family.
    pub fn stopped(&self, now: Timestamp) -> Option<Stopped> {
        let hold = self.hold.clone().filter(|hold| now < hold.until).map(Stopped::Held);
        hold.or_else(|| self.fuse.clone().map(Stopped::FuseOpen))
    }

    /// Counts a correction that is about to start, unless the same source was counted before. Returns why the
    /// correction may not start, or `None` if the correction may start. In both cases the caller must store the
    /// family's state, because this method may have changed the state.
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

    /// Removes the correction of this source from the count, because the correction was started but changed nothing.
    pub fn uncount(&mut self, revision: u32) {
        self.corrections.retain(|correction| correction.revision != revision);
    }

    /// Opens the fuse because Logweir's deployment failed. The family gets no more corrections or rollouts until an
    /// operator closes the fuse.
    pub fn blow(&mut self, revision: u32, failed: String, now: Timestamp) {
        let writer = Writer::default();
        self.fuse.get_or_insert(Fuse { opened: now, writer, times: 0, last: revision, failed: Some(failed) });
    }

    /// Closes the fuse, ends the hold and resets the count of corrections, because an operator requested a new
    /// correction.
    pub fn go_on(&mut self) {
        (self.fuse, self.hold) = (None, None);
        self.corrections.clear();
    }

    /// Returns what the next scheduled run releases: the deferred revisions, newest first, if the hold has ended.
    pub fn due(&self, now: Timestamp) -> Vec<Deferred> {
        if self.is_held(now) { Vec::new() } else { self.deferred.portions() }
    }

    /// Removes a released portion of the deferred revisions, because the event queue contains messages about it. Also
    /// removes a hold that has ended.
    pub fn released(&mut self, portion: &Deferred, now: Timestamp) {
        self.deferred.sent(portion);
        if !self.is_held(now) {
            self.hold = None;
        }
    }

    fn is_held(&self, now: Timestamp) -> bool {
        self.hold.as_ref().is_some_and(|hold| now < hold.until)
    }

    /// Whether the family has an open fuse, a stored hold or a deferred revision. The hold may already have expired.
    pub fn is_stopped(&self) -> bool {
        self.fuse.is_some() || self.hold.is_some() || !self.deferred.is_empty()
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(hold) => {
                write!(f, "the family is on hold until {:.0}", hold.until)?;
                match &hold.reason {
                    Some(reason) => write!(f, ": {reason}"),
                    None => Ok(()),
                }
            }
            Self::FuseOpen(Fuse { opened, failed: Some(failed), .. }) => {
                write!(f, "the family's fuse has been open since {opened:.0}: {failed}")
            }
            Self::FuseOpen(Fuse { opened, writer, times, .. }) => {
                write!(
                    f,
                    "the family's fuse has been open since {opened:.0}: {writer} re-registered the fault {times} times"
                )
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
            "the family's fuse has been open since 2026-11-21T12:09:00Z: ci re-registered the fault 4 times"
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
        assert_eq!(stopped.to_string(), "the family is on hold until 2026-11-21T12:05:00Z: incident 7");
        assert_eq!(family.count(correction(5, 1), &LIMITS), None);
    }
}
