//! What was done about the services that run a source: each is pointed at our revision once, and what became of that.

use jiff::Timestamp;

use super::entry::{Ending, Pointing};
use super::topic::ServiceEntry;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::Reason;

/// What the entries say about one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout<'r> {
    pub service: &'r ServiceArn,
    pub pointing: Option<&'r Pointing>,
    /// The deployment that we made.
    pub deployment: Option<&'r str>,
    /// When we were about to make it.
    pub begun: Option<Timestamp>,
    pub state: RolloutPhase<'r>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RolloutPhase<'r> {
    /// It is to follow when what is in the way is gone.
    Waiting(Reason),
    /// Our act was about to be made, and may have been.
    Pointing,
    /// Our deployment is under way.
    Pointed(&'r str),
    /// It was about to be pointed at somebody's revision that we had overtaken.
    Yielding(&'r RevisionArn),
    /// Our deployment failed, and it was about to be pointed back: at the source.
    Returning(&'r str),
    Ended(&'r Ending),
}

impl<'r> Rollout<'r> {
    pub fn is_ended(&self) -> bool {
        matches!(self.state, RolloutPhase::Ended(_))
    }

    /// Whether the service may be pointed (still, or once more): nothing was ever done about it.
    pub fn is_free(&self) -> bool {
        self.pointing.is_none() || matches!(self.state, RolloutPhase::Ended(Ending::NotDone { .. }))
    }

    /// Whether something of it was done or may have been, and no end is known.
    pub fn is_in_flight(&self) -> bool {
        !matches!(self.state, RolloutPhase::Ended(_) | RolloutPhase::Waiting(_))
    }
}

/// Takes in what an entry says of a service.
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
            rollouts.push(Rollout { service, pointing: None, deployment: None, begun: None, state });
            rollouts.len() - 1
        }
    };
    let rollout = &mut rollouts[index];
    rollout.state = match entry {
        ServiceEntry::Waiting(why) => {
            (rollout.pointing, rollout.deployment) = (None, None);
            RolloutPhase::Waiting(why)
        }
        ServiceEntry::Pointing(pointing) => {
            (rollout.pointing, rollout.begun) = (Some(pointing), Some(at));
            RolloutPhase::Pointing
        }
        ServiceEntry::Pointed { deployment } => {
            rollout.deployment = Some(deployment);
            RolloutPhase::Pointed(deployment)
        }
        ServiceEntry::Yielding { to } => RolloutPhase::Yielding(to),
        ServiceEntry::Returning { why } => RolloutPhase::Returning(why),
        // The deployment that rolls the service back is in progress. The ending follows it.
        ServiceEntry::PointedBack { .. } => rollout.state,
        ServiceEntry::Followed(ending) => RolloutPhase::Ended(ending),
    };
}
