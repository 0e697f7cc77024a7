//! What people and other programs are told of a decision: an event for a bus, and a message for chat and mail. Nothing is
//! told of what needs nobody: compliant, skipped and observed revisions, and what comes again by itself.

mod chat;
mod digest;
mod foreign;
mod message;

use jiff::Timestamp;
use serde_json::Value;

use super::outcome::{Outcome, Reason, ReportMode, TriggerKind};
use super::report::Decision;

pub use digest::{Tally, Unconfirmed};

/// The source of Logweir's own events.
pub const SOURCE: &str = "logweir";

/// What a rule on the bus tells notices by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    RemediationCompleted,
    /// Somebody was faster, or a guard said no: as it is, it stays.
    RemediationRefused,
    /// Not all of it was done: partial, failed, needs-operator.
    RemediationFailed,
    BackoutCompleted,
    /// Not all of it was taken back, or none.
    BackoutFailed,
    /// What mode `observe` would have corrected in a day.
    ObservationDigest,
}

impl NoticeKind {
    /// The event's `detail-type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::RemediationCompleted => "Remediation Completed",
            Self::RemediationRefused => "Remediation Refused",
            Self::RemediationFailed => "Remediation Failed",
            Self::BackoutCompleted => "Backout Completed",
            Self::BackoutFailed => "Backout Failed",
            Self::ObservationDigest => "Observation Digest",
        }
    }

    /// None: nobody is told.
    fn of(decision: &Decision) -> Option<Self> {
        let Decision { report, notify, .. } = decision;
        let taken_back = report.mode == ReportMode::Backout;
        // Nothing was done this time; who was told the first time knows.
        let known = match report.reason {
            _ if notify.repeats == Some(true) => true,
            Some(Reason::Duplicate) => true,
            Some(Reason::FuseOpen) => report.outcome == Outcome::Refused && !notify.opens_fuse,
            _ => false,
        };
        // A look at what was left that failed as a whole comes again in minutes, and an alarm sees it.
        let is_lost = report.trigger == TriggerKind::Resume && report.source.is_none();
        // ECS has something to finish, and the schedule looks until it has.
        let waits = (report.outcome, report.reason) == (Outcome::Partial, Some(Reason::DeploymentUnderWay));
        let comes_again = decision.comes_again() || is_lost || (taken_back && waits);
        if known || comes_again {
            return None;
        }
        match report.outcome {
            Outcome::Compliant | Outcome::Skipped | Outcome::Observed => None,
            Outcome::BackedOut => Some(Self::BackoutCompleted),
            _ if taken_back => Some(Self::BackoutFailed),
            Outcome::Remediated | Outcome::RolledOut => Some(Self::RemediationCompleted),
            Outcome::Superseded | Outcome::Refused => Some(Self::RemediationRefused),
            Outcome::Partial | Outcome::Failed | Outcome::NeedsOperator => Some(Self::RemediationFailed),
        }
    }
}

/// A notice, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub kind: NoticeKind,
    pub at: Timestamp,
    /// The family that it is about.
    pub family: Option<String>,
    /// The revisions that it is about, by ARN.
    pub resources: Vec<String>,
    /// The event's `detail`: a report, or a digest.
    pub detail: Value,
    /// ASCII, below 100 characters, on one line (source: SNS API reference, Publish).
    pub subject: String,
    /// For chat: a custom notification of Amazon Q Developer.
    pub chat: Value,
    /// For mail.
    pub text: String,
}

impl Notice {
    /// None where there is nothing to tell. The report is bounded by itself, and so is what is made of it.
    pub fn of(decision: &Decision) -> Option<Self> {
        let kind = NoticeKind::of(decision)?;
        let report = decision.report.clone().bounded();
        let detail = serde_json::to_value(&report).ok()?;
        let resources = [&report.source, &report.corrected, &report.restored].into_iter().flatten().cloned().collect();
        Some(message::of(kind, &report, resources, detail))
    }

    /// The message of an SNS topic whose subscribers each get their form of it (`MessageStructure` is `json`).
    pub fn message(&self) -> String {
        serde_json::json!({"default": self.chat.to_string(), "email": self.text}).to_string()
    }
}
