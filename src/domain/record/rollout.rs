//! The rollout of a corrected revision to the services that run the source. Each attempt of a record updates a service
//! at most once.

use jiff::{SignedDuration, Timestamp};

use super::entry::{Ending, ServiceUpdate};
use super::topic::ServiceEntry;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Reason;

/// The rollout to one service, computed from the entries about the service.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout<'r> {
    pub service: &'r ServiceArn,
    pub update: Option<&'r ServiceUpdate>,
    /// The id of the last known deployment of the corrected revision.
    pub deployment: Option<&'r str>,
    /// Whether `deployment` has replaced Logweir's deployment. Another principal started it, with the corrected revision.
    pub is_replaced: bool,
    /// The time at which Logweir recorded its intent to update the service.
    pub begun: Option<Timestamp>,
    /// The time since which a lifecycle hook has paused the deployment. `None` if the deployment is not paused.
    pub paused: Option<Timestamp>,
    /// The total duration of the earlier pauses of the deployment.
    pub paused_for: SignedDuration,
    pub state: RolloutPhase<'r>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RolloutPhase<'r> {
    /// The update of the service waits until the obstacle with this reason is gone.
    Waiting(Reason),
    /// Logweir was about to update the service to the corrected revision, and may have updated the service.
    Updating,
    /// The deployment with this id, the last known deployment of the corrected revision, is in progress.
    Updated(&'r str),
    /// Logweir was about to update the service to this revision, because another principal deployed it and Logweir's
    /// first update replaced that deployment.
    Yielding(&'r RevisionArn),
    /// Logweir's deployment failed for this reason, and Logweir was about to roll the service back to the source.
    RollingBack(&'r str),
    Ended(&'r Ending),
}

impl<'r> Rollout<'r> {
    pub fn is_ended(&self) -> bool {
        matches!(self.state, RolloutPhase::Ended(_))
    }

    /// Whether Logweir may update the service, because no earlier update in this attempt has changed the service.
    pub fn is_free(&self) -> bool {
        self.update.is_none() || matches!(self.state, RolloutPhase::Ended(Ending::NotDone { .. }))
    }

    /// Returns how long the deployment has been in progress, without its pauses. Returns `None` if Logweir has not
    /// recorded an intent to update the service.
    pub fn running_for(&self, now: Timestamp) -> Option<SignedDuration> {
        let until = self.paused.unwrap_or(now);
        self.begun.map(|begun| until.duration_since(begun) - self.paused_for)
    }

    /// Whether Logweir has updated or may have updated the service, and the record does not yet say how the rollout
    /// ended.
    pub fn is_in_flight(&self) -> bool {
        !matches!(self.state, RolloutPhase::Ended(_) | RolloutPhase::Waiting(_))
    }
}

impl Rollout<'_> {
    /// Ends a pause of the deployment at the time `at`.
    fn continues(&mut self, at: Timestamp) {
        if let Some(since) = self.paused.take() {
            self.paused_for += at.duration_since(since);
        }
    }
}

/// Updates the rollouts with an entry about a service.
pub(super) fn fold<'r>(
    rollouts: &mut Vec<Rollout<'r>>,
    at: Timestamp,
    service: &'r ServiceArn,
    entry: ServiceEntry<'r>,
) {
    let index = match rollouts.iter().position(|rollout| rollout.service == service) {
        Some(index) => index,
        None => {
            let state = RolloutPhase::Waiting(Reason::InFlight);
            rollouts.push(Rollout {
                service,
                update: None,
                deployment: None,
                is_replaced: false,
                begun: None,
                paused: None,
                paused_for: SignedDuration::ZERO,
                state,
            });
            rollouts.len() - 1
        }
    };
    let rollout = &mut rollouts[index];
    if entry != ServiceEntry::DeploymentPaused {
        rollout.continues(at);
    }
    rollout.state = match entry {
        ServiceEntry::Waiting(why) => {
            (rollout.update, rollout.deployment) = (None, None);
            RolloutPhase::Waiting(why)
        }
        ServiceEntry::UpdatingService(update) => {
            (rollout.update, rollout.deployment, rollout.begun) = (Some(update), None, Some(at));
            (rollout.is_replaced, rollout.paused_for) = (false, SignedDuration::ZERO);
            RolloutPhase::Updating
        }
        ServiceEntry::DeploymentPaused => {
            rollout.paused.get_or_insert(at);
            rollout.state
        }
        ServiceEntry::DeploymentContinued => rollout.state,
        ServiceEntry::ServiceUpdated { deployment, .. } => {
            rollout.is_replaced |= rollout.deployment.is_some_and(|before| before != deployment);
            rollout.deployment = Some(deployment);
            RolloutPhase::Updated(deployment)
        }
        ServiceEntry::Yielding { to } => RolloutPhase::Yielding(to),
        ServiceEntry::RollingBack { why } => RolloutPhase::RollingBack(why),
        // The deployment that rolls the service back is in progress. A later entry records how the rollout ended.
        ServiceEntry::ServiceRolledBack { .. } => rollout.state,
        ServiceEntry::RolloutEnded(ending) => RolloutPhase::Ended(ending),
    };
}
