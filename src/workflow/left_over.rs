//! The containers that a correction left unchanged because their log groups were missing. Such a container may create
//! its own log group when it starts, and Logweir then corrects this container too.

use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::Edit;
use crate::domain::outcome::Outcome;
use crate::domain::record::{Attempt, Record, Step};

/// Returns whether the correction of `record` is in effect, and left each container of `edits` unchanged. `revision` is
/// the revision that needs the edits: the corrected revision of the record, or the source if the correction registered
/// no revision.
pub(super) fn is_left_over(
    record: &Record,
    baseline: &Baseline,
    revision: &RevisionArn,
    definition: &TaskDefinition,
    edits: &[Edit],
) -> bool {
    let Some(unchanged) = unchanged(record, baseline, definition) else { return false };
    let is_newest_of_record = record.head.corrected.as_ref().unwrap_or(&record.head.source) == revision;
    is_newest_of_record && !edits.is_empty() && edits.iter().all(unchanged)
}

/// Returns the corrected revision of `record`, if its correction left a container of `edits` unchanged. `definition`
/// and `edits` are about the source of the record.
pub(super) fn corrected_with_left_over(
    record: &Record,
    baseline: &Baseline,
    definition: &TaskDefinition,
    edits: &[Edit],
) -> Option<RevisionArn> {
    let unchanged = unchanged(record, baseline, definition)?;
    record.head.corrected.clone().filter(|_| edits.iter().any(unchanged))
}

/// Whether the newest attempt of the record used this baseline.
pub(super) fn is_of(record: &Record, baseline: &Baseline) -> bool {
    let newest = record.attempt().ok().flatten();
    newest.is_some_and(|attempt| baseline.is_named(&attempt.opening.baseline_digest))
}

/// Returns a test for edits of containers that create their own log groups and that the correction of `record` left
/// unchanged. Returns `None` if the correction is not in effect, or if the baseline has changed since.
fn unchanged<'r>(
    record: &'r Record,
    baseline: &Baseline,
    definition: &'r TaskDefinition,
) -> Option<impl Fn(&Edit) -> bool + use<'r>> {
    let head = &record.head;
    let is_remediated = head.closing.as_ref().is_some_and(|closing| closing.outcome == Outcome::Remediated);
    if head.open || head.suppressed || head.retirement.is_some() || !is_remediated || !is_of(record, baseline) {
        return None;
    }
    let corrected = record.attempt().ok().flatten().map(edits_of).unwrap_or_default();
    Some(move |edit: &Edit| {
        corrected.iter().all(|earlier| earlier.container != edit.container)
            && definition
                .containers()
                .any(|container| container.name() == Some(&edit.container) && container.creates_log_group())
    })
}

fn edits_of(attempt: Attempt<'_>) -> &[Edit] {
    attempt.opening.steps.iter().find_map(Step::edits).unwrap_or_default()
}
