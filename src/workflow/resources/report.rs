//! The report on a record of a resource.

use crate::domain::record::{ResourceEffects, ResourceRecord, ResourceStep, ResourceUndo};
use crate::domain::report::{BackoutBy, InsightsReport, ResourceReport};
use crate::domain::text::plain::shortened;

/// The maximum length of a text in a report, in characters.
const LONGEST: usize = 512;

/// Adds the steps that Logweir takes or would take.
pub(super) fn planned<'s>(report: &mut ResourceReport, steps: impl IntoIterator<Item = &'s ResourceStep>) {
    for step in steps {
        match step {
            ResourceStep::SetInsights { before, after, account } => {
                let (from, to) = (before.clone(), after.name().to_owned());
                report.insights = Some(InsightsReport { from, to, account: account.clone() });
            }
            ResourceStep::AddTags { tags } => report.tags = tags.clone(),
        }
    }
}

/// Adds the effects that a backout undoes or would undo.
pub(super) fn undone(report: &mut ResourceReport, effects: &ResourceEffects) {
    report.insights = effects.insights.as_ref().map(|change| InsightsReport {
        from: Some(change.after.name().to_owned()),
        to: change.former().to_owned(),
        account: change.account.clone(),
    });
    report.tags = effects.tags.clone();
    if effects.insights.as_ref().is_some_and(|change| change.before.is_none()) {
        report.notes.push(
            "the cluster did not show the setting before, and ECS cannot remove it: the backout sets the value of the \
             account setting, or `disabled`"
                .into(),
        );
    }
}

/// Adds the changes of a record, and the command that undoes them. Returns why the work ended as it did.
pub(super) fn tell(report: &mut ResourceReport, record: &ResourceRecord, by: &BackoutBy) -> Option<String> {
    let attempt = record.attempt()?;
    if let Some(backout) = &attempt.backout {
        if !backout.undone.contains(&ResourceUndo::Tags) {
            report.tags.clear();
        }
        if !backout.undone.contains(&ResourceUndo::Insights) {
            report.insights = None;
        }
        report.kept_tags = backout.kept_tags.iter().map(|key| (*key).to_owned()).collect();
        report.tags.retain(|key, _| !report.kept_tags.contains(key));
        report.notes.extend(backout.kept.iter().map(|kept| shortened(kept.why, LONGEST)));
        return backout.kept.iter().find(|kept| kept.open).map(|kept| kept.why.to_owned());
    }
    (report.insights, report.tags) = (None, Default::default());
    let steps = attempt.opening.steps.iter().zip(&attempt.done);
    planned(report, steps.filter(|(_, done)| **done).map(|(step, _)| step));
    report.backout =
        (!attempt.effects.is_nothing()).then(|| by.command_for(&ResourceRecord::name_of(&record.resource)));
    attempt.failed.map(|failed| failed.why.to_owned())
}
