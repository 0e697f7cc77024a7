//! The guards of a rollout: whether the state of a service allows an update of the service from the source to the
//! corrected revision.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::baseline::{RolloutSettings, RolloutWhen};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Controller, RolloutState, Service, Status};
use crate::domain::edit::{Change, Edit};
use crate::domain::outcome::{Conclusion, Reason};

/// A service that runs the source revision, or that ran the source revision at the time of an event.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'c> {
    pub service: &'c Service,
    pub source: &'c RevisionArn,
    /// The edits that distinguish the corrected revision from the source.
    pub edits: &'c [Edit],
    pub settings: &'c RolloutSettings,
    /// The time at which the service's deployment of the source completed. `None` if the deployment has not completed.
    pub completed: Option<Timestamp>,
    pub now: Timestamp,
}

/// Why Logweir does not update a service now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub reason: Reason,
    /// Whether the obstacle ends without an event that reports its end, such as a freeze window.
    pub passes: bool,
    pub note: String,
}

impl Obstacle {
    pub fn for_good(reason: Reason, note: impl Into<String>) -> Self {
        Self { reason, passes: false, note: note.into() }
    }

    pub fn for_now(reason: Reason, note: impl Into<String>) -> Self {
        Self { reason, passes: true, note: note.into() }
    }

    /// Returns the conclusion of the decision not to update the service because of this obstacle.
    pub fn conclusion(&self) -> Conclusion {
        self.reason.leaves_alone().because(self.reason).saying(&self.note)
    }
}

/// Returns the most severe obstacle to an update of the service. Returns `None` if Logweir may update the service.
pub fn obstacle(candidate: &Candidate<'_>) -> Option<Obstacle> {
    let Candidate { service, source, settings, now, .. } = *candidate;
    let for_good = |reason, note: &str| Some(Obstacle::for_good(reason, note));
    match service.status {
        Status::Active => {}
        Status::Draining => return for_good(Reason::ServiceInactive, "the service is being deleted"),
        Status::Inactive => return for_good(Reason::ServiceInactive, "the service was deleted"),
    }
    match service.controller {
        Controller::Ecs => {}
        Controller::CodeDeploy => return for_good(Reason::UnsupportedController, "CodeDeploy deploys the service"),
        Controller::External => {
            return for_good(Reason::UnsupportedController, "an external controller deploys the service");
        }
        Controller::Other => {
            return for_good(
                Reason::UnsupportedController,
                "Logweir does not know the deployment controller of the service",
            );
        }
    }
    if service.managed {
        return for_good(Reason::ServiceOwned, "ECS manages the service for an Express service");
    }
    if service.revision != *source {
        return Some(Obstacle::for_good(
            Reason::ServiceChanged,
            format!("the service runs {} now", service.revision.short()),
        ));
    }
    if let Some((key, value)) = &settings.require_service_tag
        && !service.tags.iter().any(|(other, says)| (other, says) == (key, value))
    {
        return Some(Obstacle::for_good(Reason::NotOptedIn, format!("the service lacks the tag {key}={value}")));
    }
    let newest = service.primary();
    if newest.is_some_and(|newest| newest.state == Some(RolloutState::Failed)) {
        return for_good(Reason::DeploymentFailed, "the deployment of the source revision failed");
    }
    if settings.when == RolloutWhen::Deployed && candidate.completed.is_none() {
        return for_good(Reason::DeploymentUnderWay, "the deployment of the source revision has not completed yet");
    }
    if candidate.edits.iter().any(changes_driver) && !service.rolls_back {
        let why = "the edits add or replace a log driver, and the service has no circuit breaker with rollback";
        return for_good(Reason::NoCircuitBreaker, why);
    }
    if let Some(window) = settings.frozen(now) {
        return Some(Obstacle::for_now(Reason::Frozen, format!("a freeze window is active: {window}")));
    }
    settling(candidate)
}

/// Returns the obstacle to an update of a service whose deployment of the source has completed a short time ago.
fn settling(candidate: &Candidate<'_>) -> Option<Obstacle> {
    let Candidate { settings, now, .. } = *candidate;
    let completed = candidate.completed.filter(|_| settings.when == RolloutWhen::Deployed)?;
    let until = completed.saturating_add(settings.settle).unwrap_or(Timestamp::MAX);
    let why = format!(
        "the deployment of the source revision completed at {completed:.0}; Logweir updates the service after {until:.0} \
         (settle-minutes)"
    );
    (now < until).then(|| Obstacle::for_now(Reason::Settling, why))
}

/// Whether an edit adds or replaces a container's log driver.
fn changes_driver(edit: &Edit) -> bool {
    let driver = |configuration: &Option<Value>| {
        configuration.as_ref().and_then(|value| value["logDriver"].as_str()).map(String::from)
    };
    match &edit.change {
        Change::Options { .. } => false,
        Change::Configuration { old, new } => driver(old) != driver(new),
    }
}
