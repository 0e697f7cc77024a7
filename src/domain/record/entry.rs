//! The record of one source revision: its entries in order.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::step::{Done, Step, Undo};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason, TriggerKind};

/// The form of entries that this version writes. A new word of [`Mode`] or [`TriggerKind`] is a new form: a version that does
/// not know a word refuses the entry.
pub const SCHEMA: u32 = 1;

/// One line of the journal. Entries are appended and never changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub schema: u32,
    /// Counts from 0 within its record.
    pub sequence: u32,
    pub at: Timestamp,
    /// Which worker wrote it.
    pub by: String,
    #[serde(flatten)]
    pub what: EntryKind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum EntryKind {
    /// The claim on the source, and all that is intended.
    Opened(Box<Opening>),
    /// Step number `step` is about to be taken. Without a `Done` it counts as possibly done.
    Started {
        step: usize,
    },
    Done {
        step: usize,
        #[serde(flatten)]
        done: Done,
    },
    /// The step was not taken, or not to its end, and will not be.
    Failed {
        step: usize,
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// The worker stops for now and gives its lease back: another try can help.
    Released {
        why: String,
    },
    /// Another worker goes on where the last one stopped.
    Resumed {
        /// As whom it registers.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        registrars: Vec<String>,
    },
    /// Our own revision is about to be taken back.
    Withdrawing {
        corrected: RevisionArn,
        why: Reason,
    },
    Withdrawn {
        corrected: RevisionArn,
    },
    /// Our revision is not ACTIVE any more, and it was not us.
    Vanished {
        corrected: RevisionArn,
    },
    /// Somebody wants taken back what was done: all that is to be undone, and in which order.
    BackoutAsked(Box<BackoutRequest>),
    /// Number `step` of what is to be undone is about to be. Without an `Undone` it counts as possibly undone.
    Undoing {
        step: usize,
    },
    Undone {
        step: usize,
    },
    /// It stays as it is.
    Kept(NotUndone),
    /// The source is not ACTIVE any more: its document is about to be registered once more, from our revision with the
    /// edits reversed.
    Restoring {
        step: usize,
    },
    Restored {
        step: usize,
        restored: RevisionArn,
    },
    /// A service is to follow to our revision once what is in the way is gone.
    Waiting {
        service: ServiceArn,
        why: Reason,
    },
    /// A service is about to be pointed at our revision.
    Pointing(Box<Pointing>),
    /// It was, and this is the deployment: how that ends is told by ECS.
    Pointed {
        service: ServiceArn,
        deployment: String,
    },
    /// Somebody's deployment had come between: the service is about to be pointed at theirs.
    Yielding {
        service: ServiceArn,
        to: RevisionArn,
    },
    /// Our deployment failed: the service is about to be pointed back.
    Returning {
        service: ServiceArn,
        why: String,
    },
    /// A backout has pointed a service back: by this deployment.
    PointedBack {
        service: ServiceArn,
        deployment: String,
    },
    /// Nothing more is to be done about the service.
    Followed {
        service: ServiceArn,
        #[serde(flatten)]
        ending: Ending,
    },
    Closed(Conclusion),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    pub source: RevisionArn,
    pub mode: Mode,
    pub trigger: TriggerKind,
    pub baseline_digest: String,
    pub rules: Vec<String>,
    pub cause: Cause,
    pub steps: Vec<Step>,
    /// The function that takes it back when it is asked to; none where the command line acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// As whom its worker registers: what it registered without an answer is known by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackoutRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// Restore a source that was deregistered even where its family has a newer revision than ours.
    #[serde(default)]
    pub restore_stale: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrars: Vec<String>,
    pub steps: Vec<Undo>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotUndone {
    pub step: usize,
    pub why: String,
    /// It should have been undone, and may be when it is asked for again; else there is nothing left to wish for.
    pub open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What still runs our revision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

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
    pub fn conclusion(&self) -> Conclusion {
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
        Conclusion::new(outcome, reason, self.why())
    }

    /// Returns the text of the ending in addition to its reason.
    fn why(&self) -> Option<String> {
        match self {
            Self::Failed { why } | Self::Stuck { why } | Self::NotDone { why, .. } => Some(why.clone()),
            Self::Yielded { to } => {
                Some(format!("somebody's deployment had come between: it was pointed at their {}", to.short()))
            }
            Self::Overdue => Some("our deployment neither completed nor failed in its time".into()),
            Self::Completed | Self::MovedOn | Self::Returned => None,
        }
    }

    /// Whether the service runs, or may run, the corrected revision.
    pub fn runs_corrected(&self) -> bool {
        match self {
            Self::Completed | Self::Overdue | Self::Stuck { .. } => true,
            Self::Failed { .. } | Self::MovedOn | Self::Returned | Self::Yielded { .. } | Self::NotDone { .. } => false,
        }
    }
}

impl NotUndone {
    /// Something that should have been undone, and was not.
    pub fn open(step: usize, why: String, reason: Option<Reason>) -> Self {
        Self { step, why, open: true, reason, places: Vec::new() }
    }
}
