//! The rollback of a service that a worker of a backout was about to make. If the worker stopped before it recorded the
//! result, the next worker finds out what has become of the rollback.

use jiff::{SignedDuration, Timestamp};

use super::entry::ServiceRollback;
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Deployment, Service};

/// The longest time between the recorded intent to roll a service back and the update of the service. Logweir makes two
/// calls in between. Each of the three calls takes at most 30 seconds, and the clock of ECS may differ a little.
const ACT: SignedDuration = SignedDuration::from_mins(2);

/// A rollback of a service that Logweir may have made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rollback<'r> {
    /// The last recorded intent to roll the service back.
    pub intent: &'r ServiceRollback,
    /// The time at which Logweir recorded the first such intent.
    first: Timestamp,
    /// The time at which Logweir recorded the last such intent.
    last: Timestamp,
}

impl<'r> Rollback<'r> {
    pub(super) fn announced(intent: &'r ServiceRollback, at: Timestamp, earlier: Option<Self>) -> Self {
        Self { intent, first: earlier.map_or(at, |earlier| earlier.first), last: at }
    }

    /// Returns the time after which another principal may have started a deployment that Logweir had not seen when it
    /// decided to roll the service back.
    pub fn known_until(&self) -> Timestamp {
        self.intent.before.unwrap_or(self.first)
    }

    /// Whether a read of the service may show the service before the rollback, although Logweir has rolled it back from
    /// the revision `from`. Such a read shows an older deployment than the one that Logweir saw before the rollback. Or
    /// it shows another principal's deployment that is older than the rollback.
    pub fn is_missing_in(&self, found: &Service, from: &RevisionArn, now: Timestamp) -> bool {
        let Some(newest) = found.primary().filter(|newest| !newest.is_rollback()) else { return false };
        let Some(created) = newest.created.filter(|_| may_lag(self.last, now)) else { return false };
        let is_other = newest.revision != *from && newest.revision != self.intent.to;
        // The clock of ECS may differ a little from the clock of Logweir.
        Some(created) < self.intent.before || is_other && created.as_second() < self.last.as_second()
    }

    /// Returns the id of the service's newest deployment, if Logweir's rollback has started this deployment. ECS does not
    /// name the principal of a deployment, so the time of the deployment decides.
    pub fn started<'s>(&self, found: &'s Service) -> Option<&'s str> {
        let until = self.last.saturating_add(ACT).unwrap_or(self.last);
        let is_own = |other: &&Deployment| {
            let is_then = |at: Timestamp| at.as_second() >= self.first.as_second() && at <= until;
            other.revision == self.intent.to
                && !other.is_rollback()
                && !self.intent.seen.contains(&other.id)
                && other.created.is_some_and(is_then)
        };
        let own = found.deployments.iter().filter(is_own).min_by_key(|other| other.created)?;
        own.primary.then_some(own.id.as_str())
    }
}
