//! The result of a run: what happened to each item and to each service.

use serde::Serialize;

use super::id::RunId;
use super::record::RunState;

/// What a run did about an item or a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    Done,
    /// There was nothing to do, or an earlier backout forbids it.
    Skipped,
    /// The deployment is still in progress.
    UnderWay,
    /// The present state of the account differs from the plan, or a guard forbids the change.
    Refused,
    /// The run did not reach the item.
    Left,
    Failed,
}

/// One line of the result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunLine {
    /// The short name of the source revision (`web:1`) or of the service (`prod/web`), or `services of web:1` if the plan
    /// does not know the services.
    pub about: String,
    pub fate: Fate,
    /// The outcome and the reason, as reports name them.
    pub outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The short name of the corrected revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// The result of a run, or of the backout of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunResult {
    pub run: RunId,
    pub state: RunState,
    pub lines: Vec<RunLine>,
}

impl Fate {
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::UnderWay => "in progress",
            Self::Refused => "refused",
            Self::Left => "not done",
            Self::Failed => "failed",
        }
    }
}

impl RunResult {
    /// The number of lines with this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.lines.iter().filter(|line| line.fate == fate).count()
    }

    /// Returns the exit code of the command line: 0 if everything is done, 1 if something is left, 2 for an error.
    pub fn exit_code(&self) -> u8 {
        let worst = self.lines.iter().map(|line| line.fate).max();
        match worst {
            Some(Fate::Failed) => 2,
            Some(Fate::Left | Fate::Refused | Fate::UnderWay) => 1,
            Some(Fate::Done | Fate::Skipped) | None if self.state == RunState::CanaryFailed => 2,
            Some(Fate::Done | Fate::Skipped) | None => 0,
        }
    }
}
