//! The use cases. All I/O goes through ports; no SDK, no file, no clock of their own.

mod back_out;
mod claim;
mod correct;
mod drive;
mod family;
mod observe;
mod own;
mod remediate;
mod resume;
mod tell;
mod undo;

pub use back_out::{Ask, BackoutOrder, back_out, preview};
pub use observe::{Seen, observe};
pub use remediate::{Order, Origin, remediate};
pub use resume::{resume, resume_backouts};

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
