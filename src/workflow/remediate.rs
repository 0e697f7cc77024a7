//! From a trigger to a report: the one way in which a live revision is corrected.

use jiff::{SignedDuration, Timestamp};

use super::claim::{Claim, Halt, Worker, claim};
use super::drive::Drive;
use super::{Mode, Seen, observe};
use crate::domain::baseline::Baseline;
use crate::domain::event::{Cause, Home, Ignored, Trigger, Which, is_own, is_service_linked};
use crate::domain::finding::LogGroupChange;
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::{LogGroupReport, Outcome, Reason, Report, changes};
use crate::domain::saga::{Attempt, Done, Opening, Record, Step};
use crate::ports::{Clock, Described, Journal, Kind, PortError, Ports, TaskDefinitions};

/// How much older or newer than its event a revision may be to be the one that the event means.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// What one decision is made with.
pub struct Order<'o> {
    pub mode: Mode,
    pub baseline: &'o Baseline,
    pub home: &'o Home,
    /// What set it off: `event`, `replay`.
    pub trigger: &'o str,
    /// A name for this worker that no other has.
    pub worker: String,
    /// How long nobody else may go on with what this worker leaves. Longer than the worker can live.
    pub lease: SignedDuration,
}

/// Decides about one trigger and acts as far as the mode allows. Never fails: whatever went wrong is in the report.
pub async fn remediate<P: Ports>(ports: &P, order: &Order<'_>, trigger: Trigger) -> Report {
    let started = ports.clock().now();
    let (which, cause) = match trigger {
        Trigger::Remediate { which, cause } => (which, cause),
        Trigger::Ignore { why, cause } => {
            let report = fresh(order, &cause, started);
            return ended(report, ignored(why), ports.clock().now().duration_since(started));
        }
    };
    let report = decide(ports, order, fresh(order, &cause, started), which, cause).await;
    let took = ports.clock().now().duration_since(started);
    Report { duration_ms: millis(took), ..report }
}

fn fresh(order: &Order<'_>, cause: &Cause, now: Timestamp) -> Report {
    let mut report = Report::new(&order.home.account, &order.home.region, order.mode.name(), order.trigger, cause);
    report.baseline_digest = order.baseline.digest().to_owned();
    report.event_age_ms = cause.time.map(|time| millis(now.duration_since(time)));
    report
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn ended(report: Report, reason: Reason, took: SignedDuration) -> Report {
    Report { duration_ms: millis(took), ..report.ends(Outcome::Skipped, Some(reason), None) }
}

fn ignored(why: Ignored) -> Reason {
    match why {
        Ignored::OtherEvent => Reason::OtherEvent,
        Ignored::FailedCall => Reason::FailedCall,
        Ignored::ForeignAccount => Reason::ForeignAccount,
        Ignored::ForeignRegion => Reason::ForeignRegion,
        Ignored::OwnPrincipal => Reason::OwnRevision,
        Ignored::ServiceOwned => Reason::ServiceOwned,
    }
}

async fn decide<P: Ports>(ports: &P, order: &Order<'_>, mut report: Report, which: Which, cause: Cause) -> Report {
    let described = match look_up(ports, order.home, which, &mut report).await {
        Ok(described) => described,
        Err(NotFound::Because(reason, why)) => {
            return report.ends(Outcome::Failed, Some(reason), Some(why));
        }
        Err(NotFound::Port(error)) => return failed(report, &error),
    };
    report.about(&described.arn);
    if !described.active {
        let why = format!("{} is not ACTIVE any more", described.arn.short());
        return report.ends(Outcome::Superseded, Some(Reason::NotLatest), Some(why));
    }
    if let Some(by) = &described.registered_by {
        if is_own(by, &order.home.own_roles) {
            return report.ends(Outcome::Skipped, Some(Reason::OwnRevision), None);
        }
        if is_service_linked(by) {
            return report.ends(Outcome::Skipped, Some(Reason::ServiceOwned), None);
        }
    }
    let seen =
        match observe(described, order.baseline, ports.task_definitions(), ports.log_groups(), ports.clock().now())
            .await
        {
            Ok(seen) => seen,
            Err(error) => return failed(report, &error),
        };
    report.planned(&seen.plan);
    if !seen.plan.not_checked.is_empty() {
        // Live, everything can be read; what could not be is no verdict.
        let why = format!("could not be decided: {}", seen.plan.not_checked.join(", "));
        return report.ends(Outcome::Failed, Some(Reason::Unreadable), Some(why));
    }
    if seen.plan.is_compliant() {
        let reason = (!seen.plan.findings.is_empty()).then_some(Reason::Exempt);
        return report.ends(Outcome::Compliant, reason, None);
    }
    if order.mode == Mode::Observe {
        report.log_groups = planned_groups(&seen.plan);
        return report.ends(Outcome::Observed, refusal(&seen.plan), None);
    }
    if let Some(reason) = refusal(&seen.plan) {
        return report.ends(Outcome::Refused, Some(reason), None);
    }
    if !seen.plan.changes_something() {
        return report.ends(Outcome::Skipped, Some(Reason::AdviceOnly), None);
    }
    match act(ports, order, &mut report, &seen, cause).await {
        Ok((outcome, reason, error)) => report.ends(outcome, reason, error),
        Err(Halt::Port(error)) => failed(report, &error),
        Err(halt @ Halt::LeaseLost) => {
            Report { retry: true, ..report.ends(Outcome::Skipped, Some(Reason::LeaseHeld), Some(halt.to_string())) }
        }
        Err(halt @ Halt::Illegal(_)) => {
            report.ends(Outcome::NeedsOperator, Some(Reason::Unreadable), Some(halt.to_string()))
        }
    }
}

enum NotFound {
    Because(Reason, String),
    Port(PortError),
}

impl From<PortError> for NotFound {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

async fn look_up<P: Ports>(ports: &P, home: &Home, which: Which, report: &mut Report) -> Result<Described, NotFound> {
    match which {
        Which::Revision(arn) => {
            report.about(&arn);
            let described = ports.task_definitions().describe(&arn.to_string()).await?;
            if described.arn != arn {
                return Err(NotFound::Because(
                    Reason::Unreadable,
                    "ECS described another revision than it was asked for".into(),
                ));
            }
            Ok(described)
        }
        Which::NewestOf { family, at } => {
            report.family = Some(family.clone());
            let described = ports.task_definitions().describe(&family).await?;
            if (&described.arn.account, &described.arn.region) != (&home.account, &home.region) {
                return Err(NotFound::Because(
                    Reason::ForeignAccount,
                    "the family's newest revision is not of this account and Region".into(),
                ));
            }
            match described.registered_at {
                Some(registered) if registered.duration_since(at).abs() <= SAME_MOMENT => Ok(described),
                _ => {
                    let why = format!(
                        "the event names no revision, and {} was not registered at its time",
                        described.arn.short()
                    );
                    Err(NotFound::Because(Reason::Unreadable, why))
                }
            }
        }
    }
}

fn failed(report: Report, error: &PortError) -> Report {
    let reason = error.reason.or((error.kind == Kind::Missing).then_some(Reason::Unreadable));
    Report { retry: error.kind == Kind::Retry, ..report.ends(Outcome::Failed, reason, Some(error.to_string())) }
}

fn refusal(plan: &Plan) -> Option<Reason> {
    plan.refusal.map(|refusal| match refusal {
        Refusal::Sandboxed => Reason::Sandboxed,
        Refusal::MissingExecutionRole => Reason::MissingExecutionRole,
    })
}

type Ended = (Outcome, Option<Reason>, Option<String>);

async fn act<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    seen: &Seen,
    cause: Cause,
) -> Result<Ended, Halt> {
    let source = &seen.described.arn;
    if ports.journal().source_of(source).await?.is_some() {
        return Ok((Outcome::Skipped, Some(Reason::OwnRevision), None));
    }
    let opening = Opening {
        source: source.clone(),
        mode: order.mode.name().into(),
        trigger: order.trigger.into(),
        baseline_digest: order.baseline.digest().into(),
        rules: report.rules.clone(),
        cause,
        steps: Step::of(&seen.plan),
    };
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let mut claimed = match claim(ports.journal(), ports.clock(), worker, opening).await? {
        Claim::Won(claimed) => claimed,
        Claim::Held => {
            report.retry = true;
            return Ok((Outcome::Skipped, Some(Reason::LeaseHeld), None));
        }
        Claim::Finished(head, closing) => {
            report.corrected = head.corrected.map(|corrected| corrected.to_string());
            report.changes.clear();
            let error = format!("its record ended {} before", closing.outcome.name());
            return Ok((Outcome::Skipped, Some(Reason::Duplicate), Some(error)));
        }
    };
    let drive = Drive {
        ports,
        source: &seen.described,
        baseline_digest: order.baseline.digest(),
        own_roles: &order.home.own_roles,
    };
    let driven = drive.to_the_end(&mut claimed).await;
    let error = tell(report, &claimed.record);
    driven.map(|closing| (closing.outcome, closing.reason, error))
}

/// Says in the report what the record says was done, and gives back what went wrong.
fn tell(report: &mut Report, record: &Record) -> Option<String> {
    let attempt = record.attempt().ok().flatten()?;
    report.corrected = attempt.corrected().map(ToString::to_string);
    report.changes = attempt.opening.steps.iter().flat_map(step_changes).collect();
    report.log_groups = done_groups(&attempt);
    if let Some((corrected, _, withdrawn)) = attempt.withdrawal {
        let state = if withdrawn { "was withdrawn" } else { "has to be withdrawn" };
        return Some(format!("our revision {} {state}", corrected.short()));
    }
    attempt.failed.map(|(_, why, _)| why.to_owned())
}

fn step_changes(step: &Step) -> Vec<crate::domain::report::Change> {
    match step {
        Step::Register { edits } => edits.iter().flat_map(changes).collect(),
        _ => Vec::new(),
    }
}

fn planned_groups(plan: &Plan) -> Vec<LogGroupReport> {
    let line = |change: &LogGroupChange| match change {
        LogGroupChange::Create(group) => {
            LogGroupReport { name: group.name.clone(), action: "create", retention_days: Some(group.retention_days) }
        }
        LogGroupChange::SetRetention { name, new, .. } => {
            LogGroupReport { name: name.clone(), action: "set-retention", retention_days: Some(*new) }
        }
    };
    plan.log_groups.iter().map(line).collect()
}

/// One line for each group that was touched or was to be.
fn done_groups(attempt: &Attempt<'_>) -> Vec<LogGroupReport> {
    let mut groups: Vec<LogGroupReport> = Vec::new();
    for (step, done) in attempt.opening.steps.iter().zip(&attempt.done) {
        match (step, done) {
            (Step::EnsureLogGroup(group), done) => {
                let action = match done {
                    Some(Done::LogGroup { made: true }) => "created",
                    Some(_) => "left-alone",
                    None => "not-created",
                };
                groups.push(LogGroupReport { name: group.name.clone(), action, retention_days: None });
            }
            (Step::SetRetention { name, old, new, .. }, done) => {
                let set = matches!(done, Some(Done::Retention { set: true }));
                match groups.iter_mut().find(|group| group.name == *name) {
                    Some(group) => group.retention_days = set.then_some(*new),
                    None => groups.push(LogGroupReport {
                        name: name.clone(),
                        action: if set { "retention-set" } else { "left-alone" },
                        retention_days: if set { Some(*new) } else { *old },
                    }),
                }
            }
            (Step::Register { .. }, _) => {}
        }
    }
    groups
}
