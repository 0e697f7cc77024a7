//! Reads from an incoming event the revision, service or session that Logweir has to check, and the cause of the event.
//! Logweir treats an event only as a hint, because every member of an event may be missing or forged.

mod call;
mod cloudtrail;
mod cluster;
mod consumer;
mod deployment;
mod home;
pub mod overdue;
pub mod own_message;
mod pin;
mod principal;
pub mod scope;
mod service;
mod session;
pub mod tool;
mod withdrawal;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ecs::cluster::ClusterArn;
use super::ecs::revision::RevisionArn;
use super::ecs::service::{RolloutState, ServiceArn};
use super::pins::PinChange;

pub use home::Home;
pub use principal::{is_own, is_service_linked};
pub use session::SessionCall;

#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// A revision was registered. Logweir checks the revision.
    Remediate { which: RevisionRef, cause: Cause },
    /// The daily reconciliation found a faulty revision whose event is overdue. Logweir checks the revision.
    Overdue { revision: RevisionArn },
    /// A service was created or changed, or a deployment of the service progressed. Logweir checks which revision the
    /// service runs.
    Service { service: ServiceArn, change: ServiceChange, cause: Cause },
    /// At least one consumer that is not a service uses a revision. Logweir reports such consumers and does not change
    /// them.
    Used { by: Vec<Consumer>, cause: Cause },
    /// The targets of an EventBridge rule or an EventBridge Scheduler schedule changed. The targets in `by` name a
    /// revision by its number.
    Pinned { change: PinChange, by: Vec<Consumer>, cause: Cause },
    /// Revisions were deregistered or deleted. If Logweir has corrected one of them, Logweir retires its corrected
    /// revision.
    Withdrawn { revisions: Vec<RevisionArn>, deleted: bool, cause: Cause },
    /// A principal opened a shell in a container. Logweir notifies subscribers, and looks for the transcript later.
    Session { session: Box<SessionCall>, cause: Cause },
    /// A principal created a cluster (`is_new`) or changed its configuration. Logweir checks where the cluster logs the
    /// sessions of ECS Exec.
    Cluster { cluster: ClusterArn, is_new: bool, cause: Cause },
    /// The event requires no action, for the reason `why`.
    Ignore { why: Ignored, cause: Cause },
}

/// The change of a service, as far as an event reports the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceChange {
    /// A caller created or updated the service with this revision. `None` if the event does not name the revision.
    Asked {
        revision: Option<RevisionArn>,
    },
    Deployment {
        id: String,
        state: RolloutState,
        reason: Option<String>,
    },
    /// The event reports no change of the service, so Logweir only checks the service.
    Look,
}

/// A consumer of a revision that is not a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// The name of the consumer for people, sanitized: `RunTask by arn:…`, `EventBridge rule RULE, target ID`,
    /// `EventBridge Scheduler schedule GROUP/NAME`, `task set of service NAME` or `managed daemon NAME`.
    pub name: String,
    /// The revision that the consumer uses. `None` if the consumer does not use task definitions.
    pub revision: Option<RevisionArn>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RevisionRef {
    Revision(RevisionArn),
    /// The family's newest revision, if it was registered within a few seconds of the event's time `at`. Logweir uses
    /// this reference if CloudTrail left out the response of the call, which would name the revision.
    NewestOf {
        family: String,
        at: Timestamp,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// The event is not about a registration, a service or another consumer of a revision.
    OtherEvent,
    /// The event reports a call that failed, so the call changed nothing.
    FailedCall,
    ForeignAccount,
    ForeignRegion,
    /// The family or cluster is outside the scope of this Logweir stack.
    OutOfScope,
    /// Logweir itself made the call that the event reports.
    OwnPrincipal,
    /// An AWS service manages the revision or the ECS service, and would not use the corrected revision.
    ServiceOwned,
}

/// The cause of an event: the caller, the time and the origin of the call. A member is `None` if the event does not
/// contain this fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    pub event_id: Option<String>,
    pub time: Option<Timestamp>,
    pub actor: Option<String>,
    pub actor_type: Option<String>,
    pub user_agent: Option<String>,
    pub source_ip: Option<String>,
    /// The ID of the run of `logweir apply --all` that corrected the revision. `None` for an event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// Why Logweir could not read an event. The error messages contain no text from the event, because the event is
/// untrusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("not an EventBridge event: {0} is missing or not an object")]
    NotAnEvent(&'static str),
    #[error(
        "the event names no task definition: neither responseElements.taskDefinition.taskDefinitionArn nor requestParameters.family can be read"
    )]
    NoTaskDefinition,
    #[error("the event names no revision: neither responseElements nor requestParameters can be read")]
    NoRevision,
    #[error("the event has no time, so Logweir cannot tell whether the event is about the family's newest revision")]
    NoTime,
    #[error(
        "the event names no service: neither resources, responseElements.service.serviceArn nor requestParameters.service can be read"
    )]
    NoService,
    #[error("the event names no session: the cluster or the ID of the event cannot be read")]
    NoSession,
    #[error(
        "the event names no cluster: neither responseElements.cluster.clusterArn nor requestParameters can be read"
    )]
    NoCluster,
}

/// Why an event triggers no work of Logweir.
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

/// The maximum length of a text that Logweir keeps from an event, in characters. Logweir cuts longer texts, such as
/// user agents, for which CloudTrail allows 1 KB.
const LONGEST: usize = 256;

/// Reads an event of one of four forms: a CloudTrail record in an EventBridge envelope, a CloudTrail record without an
/// envelope, an event from ECS about a deployment, or Logweir's own message about an overdue revision.
pub fn read(event: &Value, home: &Home) -> Result<Trigger, Unreadable> {
    let envelope = event.as_object().ok_or(Unreadable::NotAnEvent("the event"))?;
    let is_bare = envelope.contains_key("eventName") && envelope.contains_key("eventSource");
    let (cause, found) = match (event["source"].as_str(), event["detail-type"].as_str()) {
        _ if is_bare => cloudtrail::read_bare(event, home),
        (None, _) => return Err(Unreadable::NotAnEvent("source")),
        (Some("aws.ecs" | "aws.events" | "aws.scheduler" | "aws.ssm"), Some("AWS API Call via CloudTrail")) => {
            cloudtrail::read_enveloped(event, home)
        }
        (Some("aws.ecs"), Some("ECS Deployment State Change")) => deployment::read(event, home),
        (Some(overdue::SOURCE), Some(overdue::DETAIL_TYPE)) => (Cause::default(), overdue::read(event, home)),
        _ => (call::cause(&event["detail"]), Err(Ignored::OtherEvent.into())),
    };
    match found {
        Ok(trigger) if !home.is_for(&trigger) => Ok(Trigger::Ignore { why: Ignored::OutOfScope, cause }),
        Ok(trigger) => Ok(trigger),
        Err(Nothing::Ignored(why)) => Ok(Trigger::Ignore { why, cause }),
        Err(Nothing::Unreadable(why)) => Err(why),
    }
}
