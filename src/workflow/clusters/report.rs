//! The part of a report about a cluster.

use crate::domain::ecs::cluster::{ClusterConfiguration, ExecLogging};
use crate::domain::outcome::Reason;
use crate::domain::record::{ClusterAttempt, ClusterEntryKind, ClusterRecord, ClusterStep};
use crate::domain::report::{BackoutBy, ClusterAction, ClusterReport, LogGroupAction, LogGroupReport, Report};
use crate::domain::text::plain::shortened;

use super::plan::ClusterPlan;

/// The maximum length of a text in a report, in characters.
const LONGEST: usize = 512;

/// Adds the planned change.
pub(super) fn planned(report: &mut Report, plan: &ClusterPlan) {
    report.cluster = Some(ClusterReport {
        action: ClusterAction::Configure,
        from: plan.cluster.configuration.exec().words(),
        to: plan.after.exec().words(),
    });
}

/// Adds the changes of a record, and the command that undoes them. Returns why the work ended as it did.
pub(super) fn tell(report: &mut Report, record: &ClusterRecord, by: &BackoutBy) -> Option<String> {
    let attempt = record.attempt()?;
    report.log_groups = log_groups(&attempt);
    if let Some(backout) = &attempt.backout {
        report.log_groups.retain(|group| group.action == LogGroupAction::Created);
        for group in &mut report.log_groups {
            (group.action, group.retention_days) = (LogGroupAction::Kept, None);
        }
        let action = if backout.undone { ClusterAction::Restored } else { ClusterAction::NotChanged };
        if let Some((before, after)) = newest_change(record) {
            report.cluster = Some(back(action, before, after));
            if backout.undone && before.exec().logging == ExecLogging::Unset {
                report.notes.push(FORMERLY_UNSET.into());
            }
        }
        let (why, open, _) = backout.kept?;
        report.notes.push(shortened(why, LONGEST));
        return open.then(|| why.to_owned());
    }
    report.backout = record.effect().map(|_| by.command_for(&record.cluster.to_string()));
    report.cluster = newest_change(record).map(|(before, after)| ClusterReport {
        action: if is_configured(&attempt) { ClusterAction::Configured } else { ClusterAction::NotChanged },
        from: before.exec().words(),
        to: after.exec().words(),
    });
    attempt.failed.map(|(_, why, _)| why.to_owned())
}

const FORMERLY_UNSET: &str = "the cluster had no `logging` before, and ECS cannot remove it: the cluster now has \
                              `logging: DEFAULT`, which has the same effect";

/// Adds what a backout would undo.
pub(super) fn would_undo(report: &mut Report, record: &ClusterRecord, by: &BackoutBy) {
    let _ = tell(report, record, by);
    report.backout = None;
    report.cluster = record.effect().map(|effect| back(ClusterAction::Restore, effect.before, effect.after));
    if report.cluster.is_none() {
        report.notes.push(format!("there is nothing to undo in the record of {}", record.cluster.short()));
    }
    if record.effect().is_some_and(|effect| effect.before.exec().logging == ExecLogging::Unset) {
        report.notes.push("the cluster had no `logging` before; a backout sets `logging: DEFAULT`".into());
    }
}

/// Returns the report about a backout, which leads from the corrected configuration to the former one.
fn back(action: ClusterAction, before: &ClusterConfiguration, after: &ClusterConfiguration) -> ClusterReport {
    let to = match before.exec().logging {
        ExecLogging::Unset => ExecLogging::Default.name().to_owned(),
        _ => before.exec().words(),
    };
    ClusterReport { action, from: after.exec().words(), to }
}

/// Returns the configurations before and after the newest change that the record plans.
fn newest_change(record: &ClusterRecord) -> Option<(&ClusterConfiguration, &ClusterConfiguration)> {
    record.entries.iter().rev().find_map(|entry| match &entry.what {
        ClusterEntryKind::Opened(opening) => opening.steps.iter().find_map(ClusterStep::change),
        ClusterEntryKind::Resumed
        | ClusterEntryKind::Started { .. }
        | ClusterEntryKind::Done { .. }
        | ClusterEntryKind::Failed { .. }
        | ClusterEntryKind::Released { .. }
        | ClusterEntryKind::BackoutRequested { .. }
        | ClusterEntryKind::Undoing
        | ClusterEntryKind::Undone
        | ClusterEntryKind::Kept { .. }
        | ClusterEntryKind::Closed(_) => None,
    })
}

fn is_configured(attempt: &ClusterAttempt<'_>) -> bool {
    let mut steps = attempt.opening.steps.iter().zip(&attempt.done);
    steps.any(|(step, done)| step.change().is_some() && *done == Some(true))
}

fn log_groups(attempt: &ClusterAttempt<'_>) -> Vec<LogGroupReport> {
    let mut groups: Vec<LogGroupReport> = Vec::new();
    for (step, done) in attempt.opening.steps.iter().zip(&attempt.done) {
        match step {
            ClusterStep::EnsureLogGroup(group) => {
                let action = match done {
                    Some(true) => LogGroupAction::Created,
                    Some(false) => LogGroupAction::NotChanged,
                    None => LogGroupAction::NotCreated,
                };
                groups.push(LogGroupReport { name: group.name.clone(), action, retention_days: None });
            }
            ClusterStep::SetRetention { name, new } if *done == Some(true) => {
                let group = groups.iter_mut().find(|group| group.name == *name);
                group.into_iter().for_each(|group| group.retention_days = Some(*new));
            }
            ClusterStep::SetRetention { .. } | ClusterStep::ConfigureCluster { .. } => {}
        }
    }
    groups
}

/// Marks the planned change as not carried out.
pub(super) fn not_changed(report: &mut Report) {
    if let Some(cluster) = &mut report.cluster {
        cluster.action = ClusterAction::NotChanged;
    }
}

/// Whether the newest attempt ended for the same reason as the attempt before it, so that subscribers already know.
pub(super) fn repeats(record: &ClusterRecord) -> bool {
    let endings = record.entries.iter().rev().filter_map(|entry| match &entry.what {
        ClusterEntryKind::Closed(conclusion) => Some((conclusion.outcome.name(), conclusion.reason)),
        ClusterEntryKind::Released { why } => Some((why.as_str(), None::<Reason>)),
        ClusterEntryKind::Opened(_)
        | ClusterEntryKind::Resumed
        | ClusterEntryKind::Started { .. }
        | ClusterEntryKind::Done { .. }
        | ClusterEntryKind::Failed { .. }
        | ClusterEntryKind::BackoutRequested { .. }
        | ClusterEntryKind::Undoing
        | ClusterEntryKind::Undone
        | ClusterEntryKind::Kept { .. } => None,
    });
    let mut newest = endings.take(2);
    newest.next().is_some_and(|last| last.0 != "remediated" && last.0 != "backed-out" && newest.next() == Some(last))
}
