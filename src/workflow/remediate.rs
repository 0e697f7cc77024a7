//! From a trigger to a report: the one way in which a live revision is corrected.

use jiff::{SignedDuration, Timestamp};

use super::claim::{Claim, Halt, Worker, claim};
use super::drive::Drive;
use super::own::Own;
use super::{Mode, observe};
use crate::domain::baseline::Baseline;
use crate::domain::event::{Cause, Home, Ignored, Trigger, Which, is_own, is_service_linked};
use crate::domain::finding::LogGroupChange;
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::{LogGroupReport, Outcome, Reason, Report, changes};
use crate::domain::revision::RevisionArn;
use crate::domain::saga::{Attempt, Done, Opening, Record, Step};
use crate::domain::tags;
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
    /// Who registers through the ports, where that is no role of `home`: the command line's caller.
    pub registrar: Option<&'o str>,
    /// A name for this worker that no other has.
    pub worker: String,
    /// How long nobody else may go on with what this worker leaves. Longer than the worker can live.
    pub lease: SignedDuration,
}

/// Decides about one trigger and acts as far as the mode allows. Never fails: whatever went wrong is in the report.
pub async fn remediate<P: Ports>(ports: &P, order: &Order<'_>, trigger: Trigger) -> Report {
    let started = ports.clock().now();
    let report = match trigger {
        Trigger::Remediate { which, cause } => decide(ports, order, fresh(order, &cause, started), which, cause).await,
        Trigger::Ignore { why, cause } => {
            fresh(order, &cause, started).ends(Outcome::Skipped, Some(ignored(why)), None)
        }
    };
    let timestamp = ports.clock().now();
    Report { timestamp, duration_ms: millis(timestamp.duration_since(started)), ..report }
}

fn fresh(order: &Order<'_>, cause: &Cause, now: Timestamp) -> Report {
    let mut report = Report::new(order.home, order.mode.name(), order.trigger, cause, now);
    report.baseline_digest = order.baseline.digest().to_owned();
    report.event_age_ms = cause.time.map(|time| millis(now.duration_since(time)));
    report
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
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
        Err(NotFound::Because(reason, why)) => return report.ends(Outcome::Failed, Some(reason), Some(why)),
        Err(NotFound::Port(error)) => return failed(report, &error),
    };
    report.about(&described.arn);
    let ended = match judge(ports, order, &described, &mut report).await {
        Err(error) => return failed(report, &error),
        Ok(Verdict::Correct(plan)) => {
            let opening = opening(order, &described.arn, &report, cause, &plan);
            act(ports, order, &mut report, &described, Some(opening)).await
        }
        Ok(Verdict::Ends(outcome, reason, why)) => {
            let ended = (outcome, reason, why);
            // What was begun is brought to its end, whatever is thought of the source by now. A compliant revision,
            // which is what most events are about, costs no look at the journal.
            match order.mode > Mode::Observe && outcome != Outcome::Compliant && reason != Some(Reason::OwnRevision) {
                true => act(ports, order, &mut report, &described, None).await.map(|acted| acted.or(Some(ended))),
                false => Ok(Some(ended)),
            }
        }
    };
    match ended {
        Ok(Some((outcome, reason, why))) => report.ends(outcome, reason, why),
        Ok(None) => report.ends(Outcome::Failed, Some(Reason::Unreadable), None),
        Err(Halt::Port(error)) => failed(report, &error),
        Err(Halt::LeaseLost) => {
            let why = Some(Halt::LeaseLost.to_string());
            Report { retry: true, ..report.ends(Outcome::Skipped, Some(Reason::LeaseHeld), why) }
        }
        Err(halt) => report.ends(Outcome::NeedsOperator, Some(Reason::Unreadable), Some(halt.to_string())),
    }
}

/// What is thought of a revision before anything is done about it.
enum Verdict {
    Correct(Plan),
    Ends(Outcome, Option<Reason>, Option<String>),
}

async fn judge<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
    report: &mut Report,
) -> Result<Verdict, PortError> {
    let ends = |outcome, reason, why| Ok(Verdict::Ends(outcome, reason, why));
    if !described.active {
        let why = format!("{} is not ACTIVE any more", described.arn.short());
        return ends(Outcome::Superseded, Some(Reason::NotLatest), Some(why));
    }
    if let Some(by) = &described.registered_by {
        if is_own(by, &order.home.own_roles) {
            return ends(Outcome::Skipped, Some(Reason::OwnRevision), None);
        }
        if is_service_linked(by) {
            return ends(Outcome::Skipped, Some(Reason::ServiceOwned), None);
        }
    }
    let now = ports.clock().now();
    let seen = observe(described, order.baseline, ports.task_definitions(), ports.log_groups(), now).await?;
    let plan = seen.plan;
    report.planned(&plan);
    if !plan.not_checked.is_empty() {
        // Live, everything can be read; what could not be is no verdict.
        let why = format!("could not be decided: {}", plan.not_checked.join(", "));
        return ends(Outcome::Failed, Some(Reason::Unreadable), Some(why));
    }
    if plan.is_compliant() {
        return ends(Outcome::Compliant, (!plan.findings.is_empty()).then_some(Reason::Exempt), None);
    }
    if order.mode == Mode::Observe {
        report.log_groups = planned_groups(&plan);
        return ends(Outcome::Observed, refusal(&plan), None);
    }
    if let Some(reason) = refusal(&plan) {
        return ends(Outcome::Refused, Some(reason), None);
    }
    if !plan.changes_something() {
        return ends(Outcome::Skipped, Some(Reason::AdviceOnly), None);
    }
    Ok(Verdict::Correct(plan))
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
    let (family, at) = match which {
        Which::Revision(arn) => {
            report.about(&arn);
            let described = ports.task_definitions().describe(&arn.to_string()).await?;
            if described.arn != arn {
                let why = "ECS described another revision than it was asked for".into();
                return Err(NotFound::Because(Reason::Unreadable, why));
            }
            return Ok(described);
        }
        Which::NewestOf { family, at } => (family, at),
    };
    report.family = Some(family.clone());
    let newest = ports.task_definitions().describe(&family).await?;
    if (&newest.arn.account, &newest.arn.region) != (&home.account, &home.region) {
        let why = "the family's newest revision is not of this account and Region".into();
        return Err(NotFound::Because(Reason::ForeignAccount, why));
    }
    let is_meant = |revision: &Described| {
        revision.registered_at.is_some_and(|registered| registered.duration_since(at).abs() <= SAME_MOMENT)
    };
    let is_ours = newest.registered_by.as_deref().is_some_and(|by| is_own(by, &home.own_roles));
    if is_meant(&newest) && !is_ours {
        return Ok(newest);
    }
    // The newest may be our own correction of the one that is meant. Its tag is a hint where to look, and no more.
    let hint = newest.tags.iter().find(|tag| tag.key == tags::SOURCE).and_then(|tag| tag.value.parse::<u32>().ok());
    if let Some(revision) = hint {
        let source = ports.task_definitions().describe(&format!("{family}:{revision}")).await?;
        if source.arn.family == family && is_meant(&source) {
            return Ok(source);
        }
    }
    if is_meant(&newest) {
        return Ok(newest);
    }
    let why = format!("the event names no revision, and {} was not registered at its time", newest.arn.short());
    Err(NotFound::Because(Reason::Unreadable, why))
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

fn opening(order: &Order<'_>, source: &RevisionArn, report: &Report, cause: Cause, plan: &Plan) -> Opening {
    Opening {
        source: source.clone(),
        mode: order.mode.name().into(),
        trigger: order.trigger.into(),
        baseline_digest: order.baseline.digest().into(),
        rules: report.rules.clone(),
        cause,
        steps: Step::of(plan),
    }
}

/// Goes on with the source's record, or (with an `opening`) begins one. `None`: there is nothing to go on with.
async fn act<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    described: &Described,
    opening: Option<Opening>,
) -> Result<Option<Ended>, Halt> {
    let begins = opening.is_some();
    if begins && ports.journal().source_of(&described.arn).await?.is_some() {
        return Ok(Some((Outcome::Skipped, Some(Reason::OwnRevision), None)));
    }
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let mut claimed = match claim(ports.journal(), ports.clock(), worker, &described.arn, opening).await? {
        Claim::Won(claimed) => claimed,
        Claim::Held => {
            report.retry = true;
            return Ok(Some((Outcome::Skipped, Some(Reason::LeaseHeld), None)));
        }
        Claim::Finished(head, closing) if begins => {
            report.corrected = head.corrected.map(|corrected| corrected.to_string());
            report.changes.clear();
            let why = format!("its record ended {} before", closing.outcome.name());
            return Ok(Some((Outcome::Skipped, Some(Reason::Duplicate), Some(why))));
        }
        Claim::Finished(..) | Claim::Nothing => return Ok(None),
    };
    let own = Own { roles: &order.home.own_roles, registrar: order.registrar };
    let driven = Drive::new(ports, described, own).to_the_end(&mut claimed).await;
    let said = tell(report, &claimed.record);
    match driven {
        Ok(closing) => Ok(Some((closing.outcome, closing.reason, said))),
        Err(Halt::Port(error)) => {
            let message = said.map_or(error.message.clone(), |said| format!("{said}; {}", error.message));
            Err(Halt::Port(PortError { message, ..error }))
        }
        Err(halt) => Err(halt),
    }
}

/// Says in the report what the record says was done, and gives back what went wrong.
fn tell(report: &mut Report, record: &Record) -> Option<String> {
    let attempt = record.attempt().ok().flatten()?;
    report.corrected = attempt.corrected().map(ToString::to_string);
    report.changes = attempt.opening.steps.iter().flat_map(step_changes).collect();
    report.log_groups = done_groups(&attempt);
    let taken_back = attempt.withdrawals.iter().map(|(corrected, _, withdrawn)| {
        format!(
            "our revision {} {}",
            corrected.short(),
            if *withdrawn { "was withdrawn" } else { "has to be withdrawn" }
        )
    });
    let gone =
        attempt.vanished.iter().map(|corrected| format!("somebody deregistered our revision {}", corrected.short()));
    let said: Vec<String> = taken_back.chain(gone).collect();
    if !said.is_empty() {
        return Some(said.join("; "));
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
