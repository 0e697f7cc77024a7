//! Fills a report from the record of a correction or a migration.

use crate::domain::ecs::service::ServiceArn;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::{
    Attempt, Backout, Done, Effects, Ending, Record, RecordKind, RolloutPhase, Settled, Step, Undo,
};
use crate::domain::report::{
    BackoutBy, LogGroupAction, LogGroupReport, Report, ReportedChange, ServiceAction, ServiceReport, changes,
};
use crate::domain::text::plain::{plain, shortened};
use crate::workflow::own_registration::MOST_DESCRIBED;

/// The maximum length of a note in a report, in characters.
const LONGEST: usize = 512;

/// Copies the changes that a record lists to the report. Returns a description of the failure, if the record contains a
/// failure.
pub(super) fn tell(report: &mut Report, record: &Record, backout: &BackoutBy) -> Option<String> {
    let attempt = record.attempt().ok().flatten()?;
    let standing = Effects::of(record);
    report.restored = record.head.restored.as_ref().map(ToString::to_string);
    report.baseline_digest.clone_from(&attempt.opening.baseline_digest);
    if !standing.is_nothing() {
        report.backout = Some(backout.command(record.head.named_by()));
    }
    let said = match &attempt.backout {
        Some(backed_out) => back(report, &standing, backed_out),
        None => forward(report, &attempt),
    };
    match record.head.kind {
        RecordKind::Correction => {}
        RecordKind::Migration => report.migrated = report.corrected.take(),
    }
    said
}

fn forward(report: &mut Report, attempt: &Attempt<'_>) -> Option<String> {
    report.corrected = attempt.corrected().map(ToString::to_string);
    // Without a corrected revision, the planned changes were not made.
    report.changes.clear();
    if report.corrected.is_some() {
        report.changes.extend(attempt.opening.steps.iter().flat_map(step_changes));
    }
    report.log_groups = done_groups(attempt);
    let backed_out = attempt.withdrawals.iter().map(|(corrected, _, withdrawn)| {
        format!(
            "Logweir's revision {} {}",
            corrected.short(),
            if *withdrawn { "was withdrawn" } else { "still has to be withdrawn" }
        )
    });
    let kind = match attempt.opening.kind() {
        RecordKind::Correction => "corrected",
        RecordKind::Migration => "migrated",
    };
    let gone = attempt
        .vanished
        .iter()
        .map(|revision| format!("another principal deregistered the {kind} revision {}", revision.short()));
    let said: Vec<String> = backed_out.chain(gone).collect();
    if !said.is_empty() {
        return Some(said.join("; "));
    }
    if let Some(unverified) = unverified(attempt) {
        return Some(unverified);
    }
    attempt.failed.map(|(_, why, _)| why.to_owned())
}

/// Returns why Logweir could not verify the new revision, which stays registered. Returns `None` if Logweir has verified
/// the new revision.
fn unverified(attempt: &Attempt<'_>) -> Option<String> {
    let (source, corrected) = (attempt.opening.source.short(), attempt.corrected()?.short());
    match attempt.closing.map(|closing| (closing.outcome, closing.reason))? {
        (Outcome::NeedsOperator, Some(Reason::NewerRevision)) => Some(format!(
            "{corrected} is registered, but more than {MOST_DESCRIBED} revisions have a number between {source} and \
             {corrected}, so Logweir did not describe them: if one of them is ACTIVE, back {corrected} out"
        )),
        (Outcome::NeedsOperator, Some(Reason::NotLatest)) => Some(format!(
            "{corrected} is registered, but its source {source} was deregistered or deleted before Logweir could \
             verify {corrected}: back {corrected} out, unless something uses it"
        )),
        (Outcome::NeedsOperator, Some(Reason::Unreadable)) => Some(format!(
            "{corrected} is registered, but ECS does not describe it: find out whether it was deregistered and deleted"
        )),
        _ => None,
    }
}

fn back(report: &mut Report, standing: &Effects<'_>, backout: &Backout<'_>) -> Option<String> {
    report.changes.clear();
    report.log_groups = standing.made.iter().map(|group| kept_group(group)).collect();
    for (step, settled) in backout.steps.iter().zip(&backout.settled) {
        match (step, settled) {
            (Undo::Deregister { corrected, edits }, settled) => {
                report.corrected = Some(corrected.to_string());
                if *settled == Some(Settled::Undone) {
                    report
                        .changes
                        .extend(edits.iter().map(crate::domain::edit::Edit::reversed).flat_map(|edit| changes(&edit)));
                }
            }
            (Undo::RollBackService { service, .. }, settled) => {
                let action = match settled {
                    Some(Settled::Undone) => ServiceAction::BackedOut,
                    Some(Settled::Kept(_)) => ServiceAction::NotChanged,
                    None => ServiceAction::Waits,
                };
                let (reason, note) = match settled {
                    Some(Settled::Kept(kept)) => (kept.reason, Some(shortened(&kept.why, LONGEST))),
                    _ => (None, None),
                };
                report.services.push(ServiceReport { service: service.short(), action, reason, note });
            }
            (Undo::RestoreRetention { name, old, new }, settled) => {
                let undone = *settled == Some(Settled::Undone);
                report.log_groups.push(LogGroupReport {
                    name: name.clone(),
                    action: if undone { LogGroupAction::RetentionRestored } else { LogGroupAction::NotChanged },
                    retention_days: if undone { *old } else { Some(*new) },
                });
            }
        }
    }
    let mut wrong = None;
    for kept in backout.kept() {
        report.notes.push(shortened(&kept.why, LONGEST));
        let runs = |place: &String| ServiceReport {
            service: plain(place, LONGEST),
            action: ServiceAction::StillRunsCorrected,
            reason: None,
            note: None,
        };
        report.services.extend(kept.places.iter().map(runs));
        if kept.open {
            wrong.get_or_insert_with(|| kept.why.clone());
        }
    }
    wrong
}

/// Returns the part of a report about one service. Returns `None` if the record contains no rollout to the service.
pub(super) fn line(record: &Record, service: &ServiceArn) -> Option<ServiceReport> {
    let attempt = record.attempt().ok().flatten()?;
    let rollout = attempt.rollout(service)?;
    let (action, reason, note) = match rollout.state {
        RolloutPhase::Waiting(why) => (ServiceAction::Waits, Some(why), None),
        RolloutPhase::Updating | RolloutPhase::Updated(_) => {
            let note = rollout.paused.map(|since| {
                format!(
                    "a lifecycle hook has paused the deployment since {since:.0}; to continue the deployment or to \
                     roll it back, run `aws ecs continue-service-deployment`"
                )
            });
            (ServiceAction::Updated, note.as_ref().map(|_| Reason::DeploymentPaused), note)
        }
        RolloutPhase::Yielding(external) => {
            (ServiceAction::NeedsOperator, Some(Reason::ServiceChanged), Some(external.short()))
        }
        RolloutPhase::RollingBack(why) => (ServiceAction::Failed, Some(Reason::DeploymentFailed), Some(why.to_owned())),
        RolloutPhase::Ended(ending) => {
            let conclusion = ending.conclusion();
            let action = match ending {
                Ending::Completed => ServiceAction::RolledOut,
                Ending::Failed { .. } => ServiceAction::Failed,
                Ending::RolledBack => ServiceAction::RolledBack,
                Ending::ServiceChanged | Ending::NotDone { .. } => ServiceAction::NotChanged,
                Ending::Yielded { .. } | Ending::Overdue | Ending::Stuck { .. } => ServiceAction::NeedsOperator,
            };
            (action, conclusion.reason, conclusion.why)
        }
    };
    let note = note.map(|note| shortened(&note, LONGEST));
    Some(ServiceReport { service: service.short(), action, reason, note })
}

/// Returns the part of a report about a service that Logweir does not change.
pub(super) fn left_alone(service: &ServiceArn, reason: Reason, note: Option<String>) -> ServiceReport {
    let note = note.map(|note| shortened(&note, LONGEST));
    ServiceReport { service: service.short(), action: ServiceAction::NotChanged, reason: Some(reason), note }
}

/// Returns the part of a report about a log group that Logweir created. Logweir does not delete the log group, because
/// the log group may contain data.
pub(super) fn kept_group(name: &str) -> LogGroupReport {
    LogGroupReport { name: name.to_owned(), action: LogGroupAction::Kept, retention_days: None }
}

fn step_changes(step: &Step) -> Vec<ReportedChange> {
    match step {
        Step::Register { edits } => edits.iter().flat_map(changes).collect(),
        Step::EnsureLogGroup(_) | Step::SetRetention { .. } | Step::Migrate { .. } => Vec::new(),
    }
}

/// Returns the part of a report about each log group that Logweir changed or intended to change.
fn done_groups(attempt: &Attempt<'_>) -> Vec<LogGroupReport> {
    let mut groups: Vec<LogGroupReport> = Vec::new();
    for (step, done) in attempt.opening.steps.iter().zip(&attempt.done) {
        match (step, done) {
            (Step::EnsureLogGroup(group), done) => {
                let action = match done {
                    Some(Done::LogGroup { made: true }) => LogGroupAction::Created,
                    Some(_) => LogGroupAction::NotChanged,
                    None => LogGroupAction::NotCreated,
                };
                groups.push(LogGroupReport { name: group.name.clone(), action, retention_days: None });
            }
            (Step::SetRetention { name, old, new, .. }, done) => {
                let set = matches!(done, Some(Done::Retention { set: true }));
                match groups.iter_mut().find(|group| group.name == *name) {
                    Some(group) => group.retention_days = set.then_some(*new),
                    None => groups.push(LogGroupReport {
                        name: name.clone(),
                        action: if set { LogGroupAction::RetentionSet } else { LogGroupAction::NotChanged },
                        retention_days: if set { Some(*new) } else { *old },
                    }),
                }
            }
            (Step::Register { .. } | Step::Migrate { .. }, _) => {}
        }
    }
    groups
}
