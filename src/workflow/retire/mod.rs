//! The retirement of corrected revisions. After another principal has deregistered a source revision, the corrected
//! revision would keep the same code ACTIVE. The remediator only records that the retirement is due
//! ([`withdrawn`]). The schedule of the backout function deregisters the corrected revision as soon as nothing
//! uses it ([`retire_unused`]), because only the role of the backout function may search the clusters. The remediator's
//! schedule ends the retirements that a later baseline forbids ([`forbid_retirements`]).

mod due;
mod forbidden;
mod unused;

pub(super) use due::{WithdrawalEvent, withdrawn};
pub use forbidden::forbid_retirements;
pub use unused::retire_unused;

use crate::domain::ecs::revision::RevisionArn;

/// Returns the note about a deleted source: the command with which an operator deletes the corrected revision too.
fn purge(source: &RevisionArn, corrected: &RevisionArn) -> String {
    format!(
        "{} was deleted, and {} is a copy of it; to delete the copy too, run: aws ecs delete-task-definitions \
         --task-definitions {corrected} --region {}",
        source.short(),
        corrected.short(),
        corrected.region
    )
}
