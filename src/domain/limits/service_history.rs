//! The history of a service: how often Logweir updated the service to a corrected revision, and the last update.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::family::WEEK;
use crate::domain::baseline::FuseLimits;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;

/// What the journal keeps of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceHistory {
    pub schema: u32,
    pub service: ServiceArn,
    /// Counts the changes of this state; every change compares and swaps it.
    pub version: u32,
    /// When it was pointed at a revision of ours within the last seven days, oldest first.
    pub times: Vec<Timestamp>,
    pub last: LastUpdate,
    pub at: Timestamp,
}

/// The last update of a service by Logweir, to a corrected revision or back. Names its record, and the evidence of a
/// later deployment by another principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUpdate {
    pub source: RevisionArn,
    pub from: RevisionArn,
    pub to: RevisionArn,
    /// When the deployment was made that ran before. A decision that is older was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// When it was about to be pointed.
    pub at: Timestamp,
}

/// How long after its intent an act may have been carried out: no lease lasts longer.
const ACT: SignedDuration = SignedDuration::from_mins(10);

impl LastUpdate {
    /// Whether somebody who asked for `theirs` at this time decided after the look on which we acted: then our act, if it
    /// is the service's newest deployment, has overtaken theirs. CloudTrail's times are whole seconds, so one within the
    /// second of that look's deployment counts as known.
    pub fn overtook(&self, theirs: &RevisionArn, at: Timestamp) -> bool {
        let other = *theirs != self.from && *theirs != self.to;
        let until = self.at.saturating_add(ACT).unwrap_or(self.at);
        other && self.before.is_some_and(|before| at > before) && at <= until
    }
}

impl ServiceHistory {
    pub const SCHEMA: u32 = 1;

    /// Whether it was pointed so often that somebody must be putting it back.
    pub fn too_many(&self, now: Timestamp, limits: &FuseLimits) -> bool {
        let since = |span: SignedDuration| self.times.iter().filter(|at| now.duration_since(**at) < span).count();
        since(limits.within) >= limits.corrections as usize || since(WEEK) >= limits.weekly as usize
    }

    /// What is tried once more, as nothing came of it, does not count twice.
    pub fn uncount(&mut self, source: &RevisionArn, to: &RevisionArn) {
        let (last, times) = (&self.last, &mut self.times);
        if (&last.source, &last.from, &last.to) == (source, source, to) {
            times.retain(|at| *at != last.at);
        }
    }

    /// The state after one more. What is pointed back does not count.
    pub fn after(standing: Option<Self>, service: &ServiceArn, last: LastUpdate) -> Self {
        let now = last.at;
        let (version, mut times) = standing.map_or((0, Vec::new()), |standing| (standing.version, standing.times));
        times.retain(|at| now.duration_since(*at) < WEEK);
        if last.from == last.source {
            times.push(now);
        }
        Self { schema: Self::SCHEMA, service: service.clone(), version: version + 1, times, last, at: now }
    }
}
