//! The history of a service: how often Logweir updated the service to a corrected revision, and the last update.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::family::WEEK;
use crate::domain::baseline::FuseLimits;
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Service, ServiceArn};

/// The state that the journal stores for a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceHistory {
    pub schema: u32,
    pub service: ServiceArn,
    /// The number of times that this state was written. A write succeeds only if the stored number is still the number
    /// that the writer has read.
    pub version: u32,
    /// The times at which Logweir updated the service to a corrected revision in the last seven days, oldest first.
    pub times: Vec<Timestamp>,
    pub last: LastUpdate,
    pub at: Timestamp,
}

/// Logweir's last update of a service: the update to a corrected revision, or the rollback. `source` identifies the
/// record. `before` and `at` show whether the update replaced a deployment that another principal had just started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUpdate {
    pub source: RevisionArn,
    pub from: RevisionArn,
    pub to: RevisionArn,
    /// The time at which ECS created the service's newest deployment before the update. When Logweir decided on the
    /// update, Logweir knew all deployments of the service up to this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// The time at which Logweir recorded its intent to update the service.
    pub at: Timestamp,
}

/// The longest time between the recorded intent to update a service and the update itself. A worker updates a service
/// only during its lease, and no lease is longer than this time.
const ACT: SignedDuration = SignedDuration::from_mins(10);

impl LastUpdate {
    /// Whether a read of the service lags behind this update, which Logweir made a short time ago. Such a read shows an
    /// older deployment than the one that Logweir saw before the update. Or the read shows the revision before the
    /// update, and no deployment that is as new as the update. Another principal may have deployed the same revision
    /// again after the read on which the update is based.
    pub fn is_missing_in(&self, found: &Service, now: Timestamp) -> bool {
        let newest = found.primary().filter(|newest| !newest.is_rollback()).and_then(|newest| newest.created);
        let Some(newest) = newest.filter(|_| may_lag(self.at, now)) else { return false };
        // The clock of ECS may differ a little from the clock of Logweir.
        let is_before = newest.as_second() < self.at.as_second();
        Some(newest) < self.before || found.revision == self.from && (Some(newest) <= self.before || is_before)
    }

    /// Whether another principal requested a deployment of the revision `external` after Logweir had read the service
    /// and before Logweir's update. `at` is the time of the principal's request. If the result is `true` and Logweir's
    /// deployment is the service's newest, Logweir's deployment has replaced the requested deployment. CloudTrail
    /// records times in whole seconds, so a request in the same second as the deployment before it counts as known to
    /// Logweir.
    pub fn overtook(&self, external: &RevisionArn, at: Timestamp) -> bool {
        let other = *external != self.from && *external != self.to;
        let until = self.at.saturating_add(ACT).unwrap_or(self.at);
        other && self.before.is_some_and(|before| at > before) && at <= until
    }
}

impl ServiceHistory {
    pub const SCHEMA: u32 = 1;

    /// Whether the number of Logweir's recent updates of the service has reached a limit of the fuse. Logweir updates a
    /// service so often only if another principal rolls the service back after each update.
    pub fn too_many(&self, now: Timestamp, limits: &FuseLimits) -> bool {
        let since = |span: SignedDuration| self.times.iter().filter(|at| now.duration_since(**at) < span).count();
        since(limits.within) >= limits.corrections as usize || since(WEEK) >= limits.weekly as usize
    }

    /// Removes the last update from the count if it was the update from `source` to `to`. The caller calls this method
    /// if the last update had no effect and Logweir is about to repeat it.
    pub fn uncount(&mut self, source: &RevisionArn, to: &RevisionArn) {
        let (last, times) = (&self.last, &mut self.times);
        if (&last.source, &last.from, &last.to) == (source, source, to) {
            times.retain(|at| *at != last.at);
        }
    }

    /// Returns the state after the update `last`. A rollback does not count as an update to a corrected revision.
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
