//! What an incoming event asks for. An event is a hint: all that is taken from it is which revision or service to look
//! at, and who caused it. Every member of it may be missing or forged.

mod call;
mod cloudtrail;
mod consumer;
mod deployment;
mod home;
mod principal;
pub mod scope;
mod service;
pub mod tool;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ecs::revision::RevisionArn;
use super::ecs::service::{RolloutState, ServiceArn};

pub use home::Home;
pub use principal::{is_own, is_service_linked};

#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A revision was registered: look at it.
    Remediate { which: RevisionRef, cause: Cause },
    /// A service was made or changed, or one of its deployments went on: look what it runs.
    Service { service: ServiceArn, change: ServiceChange, cause: Cause },
    /// Something else than services, at least one thing, uses revisions: it is named in a report, and left as it is.
    Used { by: Vec<Consumer>, cause: Cause },
    /// Nothing to do, and why.
    Ignore { why: Ignored, cause: Cause },
}

/// What happened to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceChange {
    /// Somebody asked for it to run this revision; none: the event does not say which.
    Asked {
        revision: Option<RevisionArn>,
    },
    Deployment {
        id: String,
        state: RolloutState,
        reason: Option<String>,
    },
    /// Nothing: somebody wants it looked at.
    Look,
}

/// Something that uses a revision and is no service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// For people to read, made plain: `RunTask by arn:…`, `EventBridge rule RULE, target ID`, `managed daemon NAME`.
    pub name: String,
    /// None: it lies outside task definitions.
    pub revision: Option<RevisionArn>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RevisionRef {
    Revision(RevisionArn),
    /// The body was left out: the family's newest revision, if it was registered within moments of the event.
    NewestOf {
        family: String,
        at: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// None that says anything about what is registered, or about what services run and others use.
    OtherEvent,
    /// The call failed; nothing came of it.
    FailedCall,
    ForeignAccount,
    ForeignRegion,
    /// This deployment is for other families or clusters.
    OutOfScope,
    /// Logweir itself called.
    OwnPrincipal,
    /// An AWS service looks after its own revisions and services, and would not follow ours.
    ServiceOwned,
}

/// Who or what caused an event, as far as the event says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub event_id: Option<String>,
    pub time: Option<Timestamp>,
    pub actor: Option<String>,
    pub actor_type: Option<String>,
    pub user_agent: Option<String>,
    pub source_ip: Option<String>,
}

/// Why no event could be read. Says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("not an EventBridge event: {0} is missing or no object")]
    NotAnEvent(&'static str),
    #[error(
        "the event names no task definition: neither responseElements.taskDefinition.taskDefinitionArn nor requestParameters.family can be read"
    )]
    NoTaskDefinition,
    #[error("the event has no time, so the family's newest revision cannot be told to be the one that it means")]
    NoTime,
    #[error(
        "the event names no service: neither resources, responseElements.service.serviceArn nor requestParameters.service can be read"
    )]
    NoService,
}

/// Why an event leads to nothing.
enum Nothing {
    Ignored(Ignored),
    Unreadable(Unreadable),
}

impl From<Ignored> for Nothing {
    fn from(why: Ignored) -> Self {
        Self::Ignored(why)
    }
}

impl From<Unreadable> for Nothing {
    fn from(why: Unreadable) -> Self {
        Self::Unreadable(why)
    }
}

/// The longest text that is taken from an event; CloudTrail allows 1 KB for a user agent.
const LONGEST: usize = 256;

/// Takes an EventBridge envelope around a CloudTrail record, the bare record, or ECS's own event about a deployment.
pub fn read(event: &Value, home: &Home) -> Result<Trigger, Unreadable> {
    let envelope = event.as_object().ok_or(Unreadable::NotAnEvent("the event"))?;
    let is_bare = envelope.contains_key("eventName") && envelope.contains_key("eventSource");
    let (cause, found) = match (event["source"].as_str(), event["detail-type"].as_str()) {
        _ if is_bare => cloudtrail::read_bare(event, home),
        (None, _) => return Err(Unreadable::NotAnEvent("source")),
        (Some("aws.ecs" | "aws.events"), Some("AWS API Call via CloudTrail")) => {
            cloudtrail::read_enveloped(event, home)
        }
        (Some("aws.ecs"), Some("ECS Deployment State Change")) => deployment::read(event, home),
        _ => (call::cause(&event["detail"]), Err(Ignored::OtherEvent.into())),
    };
    match found {
        Ok(trigger) if !home.is_for(&trigger) => Ok(Trigger::Ignore { why: Ignored::OutOfScope, cause }),
        Ok(trigger) => Ok(trigger),
        Err(Nothing::Ignored(why)) => Ok(Trigger::Ignore { why, cause }),
        Err(Nothing::Unreadable(why)) => Err(why),
    }
}
