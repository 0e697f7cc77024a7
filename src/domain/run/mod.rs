//! A run of `logweir apply --all`: one plan for an account and Region, and the journal's record of its application.
//!
//! A plan contains ARNs, changes of log options, and digests. A plan contains no task definition. Logweir computes each
//! item of a plan again before it acts, so a changed plan file cannot make Logweir do anything else.

mod digest;
mod id;
mod item;
mod plan;
mod read;
mod record;
mod result;

pub use digest::{source_digest, value_digest};
pub use id::{NotARunId, RunId};
pub use item::{LeftService, PlannedChange, RunItem, Unlike};
pub use plan::{LeftFamily, OlderService, PlanHead, PlanSummary, RunPlan, UnreadFamily};
pub use read::{PlanError, is_changed, read};
pub use record::{Run, RunName, RunPage, RunPageName, RunState};
pub use result::{Fate, RunLine, RunResult};
