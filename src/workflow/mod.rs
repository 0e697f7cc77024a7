//! The use cases. All I/O goes through ports; no SDK, no file, no clock of their own.

mod back_out;
mod budget;
mod claim;
mod correct;
mod count;
mod drive;
mod family;
mod follow;
mod lead;
mod newest;
mod observe;
mod own;
mod point;
mod point_back;
mod remediate;
mod resume;
mod settle;
mod tell;
mod undo;
mod unseen;

pub use back_out::{Ask, BackoutOrder, back_out, preview};
pub use budget::put_off;
pub use count::gauges;
pub use observe::{Seen, observe};
pub use remediate::{Order, Origin, remediate};
pub use resume::{resume, resume_backouts};
pub use unseen::unseen;

use serde::{Deserialize, Serialize};

/// How far Logweir goes. Each mode includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Plan and report; nothing is written but the report.
    Observe,
    /// Make log groups, set retention, register corrected revisions.
    Register,
    /// Point services at corrected revisions.
    Rollout,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Register => "register",
            Self::Rollout => "rollout",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "observe" => Ok(Self::Observe),
            "register" => Ok(Self::Register),
            "rollout" => Ok(Self::Rollout),
            _ => Err(format!("`{text}` is not a mode: observe, register or rollout")),
        }
    }
}
