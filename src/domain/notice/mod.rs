//! The notifications about decisions: an event for an event bus, and a message for chat and e-mail. Logweir sends no
//! notification for compliant, skipped and observed revisions, and no notification for automatic retries.

mod chat;
mod digest;
mod foreign;
mod held;
mod message;
mod session;

use jiff::Timestamp;
use serde_json::Value;

use super::outcome::{Outcome, Reason, ReportMode, TriggerKind};
use super::report::Decision;

pub use digest::{Tally, Unconfirmed};

/// The member `source` of the events that Logweir sends to the event bus.
pub const SOURCE: &str = "logweir";

/// The kind of a notification. A rule on the event bus can filter Logweir's events by their kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    RemediationCompleted,
    /// A lifecycle hook has paused Logweir's deployment, and an operator has to continue the deployment or to roll it
    /// back.
    RemediationPaused,
    /// A guard refused the correction, or a newer revision superseded the source. Logweir leaves the source as it is.
    RemediationRefused,
    /// The correction is not complete: the outcome is partial, failed or needs-operator.
    RemediationFailed,
    BackoutCompleted,
    /// The backout is not complete, or undid nothing.
    BackoutFailed,
    /// Logweir deregistered a corrected revision, because its source is deregistered.
    RevisionRetired,
    /// Logweir retired a corrected revision, and a service began to use the revision at the same time.
    RetirementFailed,
    /// An operator has put a family on hold, or has ended its hold.
    HoldChanged,
    /// The daily digest of the revisions that Logweir would have corrected.
    ObservationDigest,
    /// A person opened a session of ECS Exec.
    SessionOpened,
    /// A session of ECS Exec has no transcript.
    SessionUnlogged,
    /// A principal opened a session on a container without ECS Exec.
    SessionBypass,
}

impl NoticeKind {
    /// Returns the `detail-type` of the event that Logweir sends to the event bus.
    pub fn name(self) -> &'static str {
        match self {
            Self::RemediationCompleted => "Remediation Completed",
            Self::RemediationPaused => "Remediation Paused",
            Self::RemediationRefused => "Remediation Refused",
            Self::RemediationFailed => "Remediation Failed",
            Self::BackoutCompleted => "Backout Completed",
            Self::BackoutFailed => "Backout Failed",
            Self::RevisionRetired => "Revision Retired",
            Self::RetirementFailed => "Retirement Failed",
            Self::HoldChanged => "Hold Changed",
            Self::ObservationDigest => "Observation Digest",
            Self::SessionOpened => "Session Opened",
            Self::SessionUnlogged => "Session Unlogged",
            Self::SessionBypass => "Session Bypass",
        }
    }

    /// Returns the kind of the notification for a decision. Returns `None` if Logweir sends no notification.
    fn of(decision: &Decision) -> Option<Self> {
        let Decision { report, notify, .. } = decision;
        if report.outcome == Outcome::Reported {
            return Self::of_session(report.reason?);
        }
        let backed_out = report.mode == ReportMode::Backout;
        // The decision changed nothing, and an earlier notification has already reported the result.
        let known = match report.reason {
            _ if notify.repeats == Some(true) => true,
            Some(Reason::Duplicate) => true,
            // The next reconciliation finds the revision again.
            Some(Reason::OnHold | Reason::NotLatest) => notify.is_overdue,
            Some(Reason::FuseOpen) => report.outcome == Outcome::Refused && !notify.opens_fuse,
            _ => false,
        };
        // If the schedule cannot read the open records, the schedule tries again within minutes, and an alarm fires.
        let is_lost = report.trigger == TriggerKind::Resume && report.source.is_none();
        // A backout with this reason waits until ECS has finished a deployment, and the schedule finishes the backout
        // later.
        let waits = (report.outcome, report.reason) == (Outcome::Partial, Some(Reason::DeploymentUnderWay));
        let is_retried = decision.is_retried() || is_lost || (backed_out && waits);
        if known || is_retried {
            return None;
        }
        match report.outcome {
            Outcome::Compliant | Outcome::Skipped | Outcome::Observed | Outcome::Reported => None,
            Outcome::BackedOut => Some(Self::BackoutCompleted),
            Outcome::Retired => Some(Self::RevisionRetired),
            Outcome::Held | Outcome::Released => Some(Self::HoldChanged),
            // The operator reads the answer to the request.
            _ if matches!(report.mode, ReportMode::Hold | ReportMode::Migration) => None,
            Outcome::Migrated => None,
            _ if report.mode == ReportMode::Retirement => Some(Self::RetirementFailed),
            _ if backed_out => Some(Self::BackoutFailed),
            Outcome::Remediated if report.reason == Some(Reason::DeploymentPaused) => Some(Self::RemediationPaused),
            Outcome::Remediated | Outcome::RolledOut => Some(Self::RemediationCompleted),
            Outcome::Superseded | Outcome::Refused => Some(Self::RemediationRefused),
            Outcome::Partial | Outcome::Failed | Outcome::NeedsOperator => Some(Self::RemediationFailed),
        }
    }
}

impl NoticeKind {
    /// Returns the kind of the notification about a session. The journal has stored the reason with a condition before, so
    /// the notification goes out even if the event is handled again.
    fn of_session(reason: Reason) -> Option<Self> {
        match reason {
            Reason::SessionOpened => Some(Self::SessionOpened),
            Reason::SessionUnlogged => Some(Self::SessionUnlogged),
            Reason::SessionBypass => Some(Self::SessionBypass),
            _ => None,
        }
    }
}

/// A notification, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub at: Timestamp,
    /// The task-definition family that the decision is about.
    pub family: Option<String>,
    /// The ARNs of the revisions that the decision is about.
    pub resources: Vec<String>,
    /// The member `detail` of the event on the event bus: a report, or a digest.
    pub detail: Value,
    /// The subject of the e-mail: ASCII text on one line, below 100 characters (source: SNS API reference, Publish).
    pub subject: String,
    /// The message for chat: a custom notification of Amazon Q Developer.
    pub chat: Value,
    /// The text for e-mail.
    pub text: String,
}

impl Notice {
    /// Returns the notification about a decision. Returns `None` if Logweir sends no notification. The size of the
    /// report is limited, so the size of the notification is limited too.
    pub fn of(decision: &Decision) -> Option<Self> {
        let kind = NoticeKind::of(decision)?;
        let report = decision.report.clone().bounded();
        let detail = serde_json::to_value(&report).ok()?;
        let resources = [&report.source, &report.corrected, &report.restored, &report.migrated]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        Some(message::of(kind, &report, resources, detail))
    }

    /// Returns the message for an SNS topic. Chat and e-mail subscribers get different texts (`MessageStructure` is
    /// `json`).
    pub fn message(&self) -> String {
        serde_json::json!({"default": self.chat.to_string(), "email": self.text}).to_string()
    }
}
