//! The mode of Logweir for clusters, apart from the mode for revisions.

use serde::{Deserialize, Serialize};

use super::outcome::ReportMode;

/// What Logweir does about clusters that log no sessions of ECS Exec.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecMode {
    /// Logweir ignores clusters.
    #[default]
    Off,
    /// Logweir reports the clusters, and changes nothing.
    Observe,
    /// Logweir also changes the configuration of the clusters.
    Correct,
}

impl ExecMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Observe => "observe",
            Self::Correct => "correct",
        }
    }
}

impl std::str::FromStr for ExecMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "observe" => Ok(Self::Observe),
            "correct" => Ok(Self::Correct),
            _ => Err(format!("`{text}` is not a mode for ECS Exec; use off, observe or correct")),
        }
    }
}

impl From<ExecMode> for ReportMode {
    fn from(mode: ExecMode) -> Self {
        match mode {
            ExecMode::Off | ExecMode::Observe => Self::Observe,
            ExecMode::Correct => Self::Correct,
        }
    }
}
