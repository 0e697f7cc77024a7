//! Whether a service may follow from a source to our revision, as far as a look at it says.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::baseline::{RolloutSettings, RolloutWhen};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Controller, RolloutState, Service, Status};
use crate::domain::edit::{Change, Edit};
use crate::domain::outcome::{Conclusion, Reason};

/// A service that runs a source, or did when an event was made.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'c> {
    pub service: &'c Service,
    pub source: &'c RevisionArn,
    /// Those that made our revision of the source.
    pub edits: &'c [Edit],
    pub settings: &'c RolloutSettings,
    /// Whether the deployment of the source has completed.
    pub completed: bool,
    pub now: Timestamp,
}

/// Why a service does not follow now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub reason: Reason,
    /// Whether it goes by itself, and nobody else will say when.
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

    /// Returns the conclusion of a decision that leaves the service alone.
    pub fn conclusion(&self) -> Conclusion {
        self.reason.leaves_alone().because(self.reason).saying(&self.note)
    }
}

/// What keeps it from following, the gravest first.
pub fn obstacle(candidate: &Candidate<'_>) -> Option<Obstacle> {
    let Candidate { service, source, settings, now, .. } = *candidate;
    let for_good = |reason, note: &str| Some(Obstacle::for_good(reason, note));
    match service.status {
        Status::Active => {}
        Status::Draining => return for_good(Reason::ServiceInactive, "it is being deleted"),
        Status::Inactive => return for_good(Reason::ServiceInactive, "it was deleted"),
    }
    match service.controller {
        Controller::Ecs => {}
        Controller::CodeDeploy => return for_good(Reason::UnsupportedController, "CodeDeploy deploys it"),
        Controller::External => return for_good(Reason::UnsupportedController, "an external controller deploys it"),
        Controller::Other => return for_good(Reason::UnsupportedController, "Logweir does not know its controller"),
    }
    if service.managed {
        return for_good(Reason::ServiceOwned, "ECS keeps it for an Express service");
    }
    if service.revision != *source {
        return Some(Obstacle::for_good(Reason::ServiceMovedOn, format!("it runs {} now", service.revision.short())));
    }
    if let Some((key, value)) = &settings.require_service_tag
        && !service.tags.iter().any(|(other, says)| (other, says) == (key, value))
    {
        return Some(Obstacle::for_good(Reason::NotOptedIn, format!("it does not carry the tag {key}={value}")));
    }
    let newest = service.primary();
    if newest.is_some_and(|newest| newest.state == Some(RolloutState::Failed)) {
        return for_good(Reason::DeploymentFailed, "the deployment of the source itself failed");
    }
    if settings.when == RolloutWhen::Deployed && !candidate.completed {
        return for_good(Reason::DeploymentUnderWay, "the deployment of the source has not completed yet");
    }
    if candidate.edits.iter().any(changes_driver) && !service.rolls_back {
        let why = "a log driver was added or replaced, and the service has no circuit breaker with rollback";
        return for_good(Reason::NoCircuitBreaker, why);
    }
    let window = settings.frozen(now)?;
    Some(Obstacle::for_now(Reason::Frozen, format!("nothing is rolled out during {window}")))
}

/// Whether an edit gives a container a driver, or another one.
fn changes_driver(edit: &Edit) -> bool {
    let driver = |configuration: &Option<Value>| {
        configuration.as_ref().and_then(|value| value["logDriver"].as_str()).map(String::from)
    };
    match &edit.change {
        Change::Options { .. } => false,
        Change::Configuration { old, new } => driver(old) != driver(new),
    }
}
