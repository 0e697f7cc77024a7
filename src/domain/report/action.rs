//! The words for what was done about a log group or a service.

use serde::{Serialize, Serializer};

/// What was done about a log group, or (planned) would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogGroupAction {
    Created,
    NotCreated,
    RetentionSet,
    LeftAlone,
    /// By a backout: it may hold log data.
    Kept,
    RetentionRestored,
    /// Planned.
    Create,
    SetRetention,
    RestoreRetention,
}

/// What was done about a service, or about something else that uses a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceAction {
    /// The deployment of the corrected revision is under way.
    Updated,
    RolledOut,
    Waits,
    LeftAlone,
    Returned,
    Failed,
    NeedsOperator,
    /// By a backout.
    PointedBack,
    StillRunsOurs,
    /// It is no service.
    NotTouched,
}

impl LogGroupAction {
    /// The word that stands for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::NotCreated => "not-created",
            Self::RetentionSet => "retention-set",
            Self::LeftAlone => "left-alone",
            Self::Kept => "kept",
            Self::RetentionRestored => "retention-restored",
            Self::Create => "create",
            Self::SetRetention => "set-retention",
            Self::RestoreRetention => "restore-retention",
        }
    }
}

impl ServiceAction {
    /// The word that stands for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Updated => "updated",
            Self::RolledOut => "rolled-out",
            Self::Waits => "waits",
            Self::LeftAlone => "left-alone",
            Self::Returned => "returned",
            Self::Failed => "failed",
            Self::NeedsOperator => "needs-operator",
            Self::PointedBack => "pointed-back",
            Self::StillRunsOurs => "still-runs-ours",
            Self::NotTouched => "not-touched",
        }
    }
}

impl Serialize for LogGroupAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Serialize for ServiceAction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
