//! The results of `logweir check` and of `logweir check --against` as data. Every output format shows these data, and
//! the JSON output contains all of them. Each JSON output has a versioned schema.

mod against;
mod baseline;
mod check;
mod finding;
mod fingerprint;
mod fix;
mod known;
mod passed_over;
mod place;
mod references;
mod replacements;
mod summary;
mod target;

use serde_json::Value;

pub use against::{AgainstOutput, AgainstSummary, Compared};
pub use baseline::{BaselineLine, WorkloadLine};
pub use check::CheckOutput;
pub use finding::{FindingLine, PlacedFinding, State};
pub use fingerprint::{Fingerprints, Subject};
pub use fix::{FixLine, fix_text};
pub use known::{KnownFindings, NotAReport};
pub use passed_over::PassedOver;
pub use place::Place;
pub use references::documentation;
pub use replacements::{Replacement, Splice, replacements};
pub use summary::{Severities, Summary};
pub use target::{CheckedTarget, LiveLine, LogGroupLine, ResourceLine, Scope, TargetOutput, UnknownLine};

/// Returns the JSON Patch (RFC 6902) that changes `before` into `after`, with `prefix` before each pointer. For a
/// removed value, the patch contains only the pointer and not the value.
pub fn patch(before: &Value, after: &Value, prefix: &str) -> Value {
    let mut patch = serde_json::json!(json_patch::diff(before, after));
    for operation in patch.as_array_mut().into_iter().flatten() {
        let path = format!("{prefix}{}", operation["path"].as_str().unwrap_or_default());
        operation["path"] = path.into();
    }
    patch
}
