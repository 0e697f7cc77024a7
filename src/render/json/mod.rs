//! The results of `logweir check` and of `logweir check --against` as data. Every output format shows these data, and
//! the JSON output contains all of them. Each JSON output has a versioned schema.

mod against;
mod audit;
mod audited_target;
mod baseline;
mod check;
mod coverage;
mod family_sources;
mod finding;
mod fingerprint;
mod firelens;
mod fix;
mod known;
mod parts;
mod passed_over;
mod place;
mod references;
mod replacements;
mod runbook;
mod runbook_result;
mod runbook_results;
mod summary;
mod target;
mod usage;

pub use against::{AgainstOutput, AgainstSummary, Compared};
pub use audit::{AccountLine, AuditFindingLine, AuditFixLine, AuditOutput, RevisionLine, UserLine, arn};
pub use baseline::{BaselineLine, WorkloadLine};
pub use check::CheckOutput;
pub use coverage::{FleetCoverage, NOT_DECIDABLE};
pub use family_sources::{FamilySource, OwnedFamily};
pub use finding::{FindingLine, PlacedFinding, State};
pub use fingerprint::{Fingerprints, Subject};
pub use firelens::FirelensPlan;
pub use fix::{FixLine, fix_text};
pub use known::{KnownFindings, NotAReport};
pub use parts::JsonParts;
pub use passed_over::PassedOver;
pub use place::Place;
pub use references::documentation;
pub use replacements::{Replacement, replacements};
pub use runbook::{
    AccountCoverage, ControlsOutput, Coverage, FailedRead, MissingRight, RequirementLine, RunbookOutput, UnreadTarget,
};
pub use runbook_result::ResultLine;
pub use runbook_results::{Kept, ResultLines};
pub use summary::{Severities, Summary};
pub use target::{
    CheckedResource, CheckedTarget, LiveLine, LogGroupLine, ResourceLine, Scope, TargetOutput, UnknownLine,
};
pub use usage::UsageLine;
