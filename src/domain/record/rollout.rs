//! What was done about the services that run a source: each is pointed at our revision once, and what became of that.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attempt::Attempt;
use super::entry::{Closing, What};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Outcome, Reason};

/// The intent to point a service at our revision, and what the service was like when that was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pointing {
    pub service: ServiceArn,
    pub from: RevisionArn,
    pub to: RevisionArn,
    /// The deployments that ECS listed then. One that is not among them is somebody's who came between.
    pub seen: Vec<String>,
    /// Whether the deployment of `from` had completed: only then does a rollback lead back to `from`.
    pub settled: bool,
}

/// How the pointing of a service ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ending")]
pub enum Ending {
    /// Our deployment completed.
    Completed,
    /// Our deployment failed, and the service is off our revision again.
    Failed { why: String },
    /// Somebody has deployed something else since.
    MovedOn,
    /// Somebody has pointed it back at the source.
    Returned,
    /// Somebody's deployment had come between our look and our act: the service was pointed at theirs.
    Yielded { to: RevisionArn },
    /// It was not carried out, and will not be.
    NotDone {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// Neither completed nor failed in its time.
    Overdue,
    /// Our deployment failed, and the service could not be pointed back.
    Stuck { why: String },
}

impl Ending {
    /// What it means for the record.
    pub fn closing(&self) -> Closing {
        let (outcome, reason) = match self {
            Self::Completed => (Outcome::RolledOut, None),
            Self::Failed { .. } => (Outcome::Failed, Some(Reason::DeploymentFailed)),
            Self::MovedOn => (Outcome::Skipped, Some(Reason::ServiceMovedOn)),
            Self::Returned => (Outcome::Skipped, Some(Reason::Returned)),
            Self::Yielded { .. } => (Outcome::NeedsOperator, Some(Reason::ServiceMovedOn)),
            Self::NotDone { reason, .. } => (reason.map_or(Outcome::Failed, Reason::leaves_alone), *reason),
            Self::Overdue => (Outcome::NeedsOperator, Some(Reason::Overdue)),
            Self::Stuck { .. } => (Outcome::NeedsOperator, Some(Reason::DeploymentFailed)),
        };
        Closing { outcome, reason }
    }
}

/// What became of the services that followed since the newest opening: of how each of them ended the gravest. One that is
/// pointed once more has not ended.
pub(super) fn rolled<'r>(entries: impl Iterator<Item = &'r What>) -> Option<Closing> {
    let mut ends: Vec<(&ServiceArn, Option<&Ending>)> = Vec::new();
    for what in entries {
        let (service, ending) = match what {
            What::Opened(_) => {
                ends.clear();
                continue;
            }
            What::Pointing(pointing) => (&pointing.service, None),
            What::Followed { service, ending } => (service, Some(ending)),
            _ => continue,
        };
        ends.retain(|(other, _)| *other != service);
        ends.push((service, ending));
    }
    ends.into_iter()
        .filter_map(|(_, ending)| ending.map(Ending::closing))
        .max_by_key(|closing| closing.outcome.gravity())
}

/// What the entries say about one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout<'r> {
    pub service: &'r ServiceArn,
    pub pointing: Option<&'r Pointing>,
    /// The deployment that we made.
    pub deployment: Option<&'r str>,
    /// When we were about to make it.
    pub begun: Option<Timestamp>,
    pub state: State<'r>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum State<'r> {
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
    /// The newest word on this service of the record's newest attempt.
    pub fn of(attempt: &Attempt<'r>, service: &ServiceArn) -> Option<Self> {
        attempt.rollouts.iter().find(|rollout| rollout.service == service).cloned()
    }

    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// Whether the service may be pointed (still, or once more): nothing was ever done about it.
    pub fn is_free(&self) -> bool {
        self.pointing.is_none() || matches!(self.state, State::Ended(Ending::NotDone { .. }))
    }

    /// Whether something of it was done or may have been, and no end is known.
    pub fn is_in_flight(&self) -> bool {
        !matches!(self.state, State::Ended(_) | State::Waiting(_))
    }
}

/// Takes in what an entry says of a service.
pub(super) fn fold<'r>(rollouts: &mut Vec<Rollout<'r>>, at: Timestamp, what: &'r What) {
    let Some(service) = what.service() else { return };
    let index = match rollouts.iter().position(|rollout| rollout.service == service) {
        Some(index) => index,
        None => {
            let state = State::Waiting(Reason::InFlight);
            rollouts.push(Rollout { service, pointing: None, deployment: None, begun: None, state });
            rollouts.len() - 1
        }
    };
    let rollout = &mut rollouts[index];
    rollout.state = match what {
        What::Waiting { why, .. } => {
            (rollout.pointing, rollout.deployment) = (None, None);
            State::Waiting(*why)
        }
        What::Pointing(pointing) => {
            (rollout.pointing, rollout.begun) = (Some(pointing.as_ref()), Some(at));
            State::Pointing
        }
        What::Pointed { deployment, .. } => {
            rollout.deployment = Some(deployment.as_str());
            State::Pointed(deployment)
        }
        What::Yielding { to, .. } => State::Yielding(to),
        What::Returning { why, .. } => State::Returning(why),
        What::Followed { ending, .. } => State::Ended(ending),
        _ => rollout.state,
    };
}
