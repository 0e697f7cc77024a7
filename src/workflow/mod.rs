//! The use cases. All I/O goes through ports; no SDK, no file, no clock of their own.

mod claim;
mod drive;
mod observe;
mod own;
mod remediate;

pub use observe::{Seen, observe};
pub use remediate::{Order, remediate};

use serde::{Deserialize, Serialize};

/// How far Logweir goes. Each mode includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Plan and report; nothing is written but the report.
    Observe,
    /// Make log groups, set retention, register corrected revisions.
    Register,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Register => "register",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "observe" => Ok(Self::Observe),
            "register" => Ok(Self::Register),
            _ => Err(format!("`{text}` is not a mode: observe or register")),
        }
    }
}
