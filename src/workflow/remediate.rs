//! From a trigger to a report: the one way in which a live revision is corrected.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::claim::Halt;
use super::correct::{Ended, correct, opening};
use super::follow::{Follow, Hint};
use super::{Mode, family, observe};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::tool::Tool;
use crate::domain::event::{Cause, Consumer, Home, Ignored, Trigger, Which, is_own, is_service_linked};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::{BackoutBy, LogGroupReport, RESUME, Report, ServiceReport};
use crate::ports::{Clock, Described, Kind, PortError, Ports, TaskDefinitions};

/// How much older or newer than its event a revision may be to be the one that the event means.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(5);

/// What one decision is made with.
pub struct Order<'o> {
    /// How far it goes with what is new.
    pub mode: Mode,
    /// How far it goes with what was begun before. Above `mode` where nobody has confirmed the baseline: that decides about
    /// nothing, and what was begun by another one is brought to its end all the same.
    pub finishes: Mode,
    pub baseline: &'o Baseline,
    pub home: &'o Home,
    pub origin: Origin,
    /// Who registers through the ports, where that is no role of `home`: the command line's caller.
    pub registrar: Option<&'o str>,
    /// A name for this worker that no other has.
    pub worker: String,
    /// How long nobody else may go on with what this worker leaves. Longer than the worker can live.
    pub lease: SignedDuration,
    /// Who takes back what this worker does.
    pub backout: &'o BackoutBy,
}

/// What sets a remediation off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An event, delivered.
    Event,
    /// An event that was sent back to its queue, to come again at this slot of the budget.
    Delayed { slot: Timestamp },
    /// An event, handed in by somebody.
    Replay,
    /// The time to finish what somebody left.
    Resume,
    /// Somebody asks for it by name; `again` also for what was done before, taken back, held or stopped by the fuse.
    Apply { again: bool },
}

impl Origin {
    pub fn name(self) -> &'static str {
        match self {
            Self::Event | Self::Delayed { .. } => "event",
            Self::Replay => "replay",
            Self::Resume => RESUME,
            Self::Apply { .. } => "apply",
        }
    }

    /// Whether a correction of this source may be registered. The functions' roles may register nothing privileged, so that
    /// is not begun; a person acts in his own name.
    pub(super) fn may_register(self, source: &TaskDefinition) -> bool {
        matches!(self, Self::Apply { .. }) || !source.is_privileged()
    }
}

/// Decides about one trigger and acts as far as the mode allows. Never fails: whatever went wrong is in the report.
pub async fn remediate<P: Ports>(ports: &P, order: &Order<'_>, trigger: Trigger) -> Report {
    let started = ports.clock().now();
    let report = match trigger {
        Trigger::Remediate { which, cause } => {
            let mut report = fresh(order, &cause, started);
            match lifted(ports, order, &which, &mut report).await {
                Ok(()) => decide(ports, order, report, which, cause).await,
                Err(halt) => end(report, Err(halt)),
            }
        }
        Trigger::Service { service, change, cause } => {
            let hint = Hint { service: &service, change: &change, cause: &cause };
            Follow { ports, order }.follow(fresh(order, &cause, started), &hint).await
        }
        Trigger::Used { by, cause } => used(ports, order, fresh(order, &cause, started), by).await,
        Trigger::Ignore { why, cause } => {
            fresh(order, &cause, started).ends(Outcome::Skipped, Some(ignored(why)), None)
        }
    };
    timed(ports, report, started)
}

/// What stops a family goes where somebody asks for a revision of it by name and again: once, and not with each look at a
/// service, or what fails on the way would stop nothing.
async fn lifted<P: Ports>(ports: &P, order: &Order<'_>, which: &Which, report: &mut Report) -> Result<(), Halt> {
    let Which::Revision(revision) = which else { return Ok(()) };
    if order.origin != (Origin::Apply { again: true }) || order.mode == Mode::Observe {
        return Ok(());
    }
    if let Some(stopped) = family::go_on(ports, revision).await? {
        report.notes.push(format!("{stopped}; it may be corrected again"));
    }
    Ok(())
}

/// A report with its time and how long it took.
pub(super) fn timed<P: Ports>(ports: &P, report: Report, started: Timestamp) -> Report {
    let timestamp = ports.clock().now();
    Report { timestamp, duration_ms: millis(timestamp.duration_since(started)), ..report }
}

pub(super) fn fresh(order: &Order<'_>, cause: &Cause, now: Timestamp) -> Report {
    let mut report = Report::new(order.home, order.mode.name(), order.origin.name(), cause, now).by(order.baseline);
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
        Ignored::OutOfScope => Reason::OutOfScope,
        Ignored::OwnPrincipal => Reason::OwnRevision,
        Ignored::ServiceOwned => Reason::ServiceOwned,
    }
}

pub(super) async fn decide<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut report: Report,
    which: Which,
    cause: Cause,
) -> Report {
    let described = match look_up(ports, order.home, which, &mut report).await {
        Ok(described) => described,
        Err(NotFound::Because(reason, why)) => return report.ends(Outcome::Failed, Some(reason), Some(why)),
        Err(NotFound::Port(error)) => return failed(report, &error),
    };
    report.about(&described.arn);
    let tool = Tool::of(&cause, &described.tags);
    report.owner = tool.filter(|tool| tool.owns()).map(Tool::name);
    let ended = match judge(ports, order, &described, &mut report).await {
        Err(error) => return failed(report, &error),
        Ok(Verdict::Correct(plan)) => {
            let opening = opening(order, &described.arn, &report, cause, &plan);
            correct(ports, order, &mut report, &described, Some(opening)).await
        }
        Ok(Verdict::Ends(outcome, reason, why)) => {
            let ended = (outcome, reason, why);
            // What was begun is brought to its end, whatever is thought of the source by now. A compliant revision,
            // which is what most events are about, costs no look at the journal.
            match order.mode > Mode::Observe && outcome != Outcome::Compliant && reason != Some(Reason::OwnRevision) {
                true => correct(ports, order, &mut report, &described, None).await.map(|acted| acted.or(Some(ended))),
                false => Ok(Some(ended)),
            }
        }
    };
    end(report, ended)
}

/// Something else than a service uses revisions: what would block is named, and is somebody else's to change.
async fn used<P: Ports>(ports: &P, order: &Order<'_>, mut report: Report, by: Vec<Consumer>) -> Report {
    let (mut why, mut rules) = (None, BTreeSet::new());
    for Consumer { name, revision } in by {
        let note = match revision {
            None => "its log configuration lies outside task definitions".to_owned(),
            Some(revision) => match blocks(ports, order, &report, &revision).await {
                Ok(None) => {
                    if report.record.is_none() {
                        report.about(&revision);
                    }
                    continue;
                }
                Ok(Some(found)) => {
                    if rules.is_empty() {
                        report.about(&revision);
                    }
                    rules.extend(found);
                    format!("it names {} itself: point it at a corrected revision where it is kept", revision.short())
                }
                Err(report) => return *report,
            },
        };
        report.services.push(ServiceReport {
            service: name,
            action: "not-touched",
            reason: Some(Reason::NotTouched),
            note: Some(note.clone()),
        });
        why = Some(note);
    }
    report.rules = rules.into_iter().collect();
    match why {
        None => report.ends(Outcome::Compliant, None, None),
        Some(why) => report.ends(Outcome::Skipped, Some(Reason::NotTouched), Some(why)),
    }
}

/// The rules that find a revision wanting which something else than a service uses. None: there is nothing to say of it.
async fn blocks<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &Report,
    revision: &RevisionArn,
) -> Result<Option<Vec<String>>, Box<Report>> {
    // Nothing will be changed, so nothing of what would be is said.
    let mut unchanged = report.clone();
    unchanged.about(revision);
    let mut seen = unchanged.clone();
    let described = match look_up(ports, order.home, Which::Revision(revision.clone()), &mut seen).await {
        Ok(described) => described,
        Err(NotFound::Because(reason, why)) => {
            return Err(Box::new(unchanged.ends(Outcome::Failed, Some(reason), Some(why))));
        }
        Err(NotFound::Port(error)) => return Err(Box::new(failed(unchanged, &error))),
    };
    match judge(ports, order, &described, &mut seen).await {
        Err(error) => Err(Box::new(failed(unchanged, &error))),
        Ok(Verdict::Ends(Outcome::Failed, reason, why)) => Err(Box::new(unchanged.ends(Outcome::Failed, reason, why))),
        Ok(Verdict::Ends(Outcome::Compliant, ..))
        | Ok(Verdict::Ends(Outcome::Superseded, ..))
        | Ok(Verdict::Ends(_, Some(Reason::OwnRevision | Reason::ServiceOwned | Reason::OutOfScope), _)) => Ok(None),
        Ok(_) => Ok(Some(seen.rules)),
    }
}

/// Ends a report with what an attempt came to.
pub(super) fn end(report: Report, ended: Result<Option<Ended>, Halt>) -> Report {
    match ended {
        Ok(Some((outcome, reason, why))) => report.ends(outcome, reason, why),
        Ok(None) => report.ends(Outcome::Failed, Some(Reason::Unreadable), None),
        Err(Halt::Port(error)) => failed(report, &error),
        Err(Halt::LeaseLost) => {
            let why = Some(Halt::LeaseLost.to_string());
            Report { retry: true, ..report.ends(Outcome::Skipped, Some(Reason::LeaseHeld), why) }
        }
        Err(Halt::Waiting(why)) => report.ends(Outcome::Partial, Some(Reason::DeploymentUnderWay), Some(why)),
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
    if !order.home.scope.has_revision(&described.arn) {
        return ends(Outcome::Skipped, Some(Reason::OutOfScope), None);
    }
    if let Some(by) = &described.registered_by {
        if is_own(by, &order.home.own_roles) && !matches!(order.origin, Origin::Apply { .. }) {
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
        if let Some(error) = seen.unread.filter(|error| error.kind == Kind::Retry) {
            return Err(error);
        }
        // Live, everything can be read; what could not be is no verdict.
        let why = format!("could not be decided: {}", plan.not_checked.join(", "));
        return ends(Outcome::Failed, Some(Reason::Unreadable), Some(why));
    }
    if plan.is_compliant() {
        return ends(Outcome::Compliant, (!plan.findings.is_empty()).then_some(Reason::Exempt), None);
    }
    let refused = refusal(order, &plan, &described.definition);
    if order.mode == Mode::Observe {
        report.log_groups = planned_groups(&plan);
        return ends(Outcome::Observed, refused, None);
    }
    // What is privileged may have been corrected by somebody, which its record says.
    if refused.is_some_and(|reason| reason != Reason::Privileged) {
        return ends(Outcome::Refused, refused, None);
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

pub(super) fn failed(report: Report, error: &PortError) -> Report {
    let reason = error.reason.or((error.kind == Kind::Missing).then_some(Reason::Unreadable));
    Report { retry: error.kind == Kind::Retry, ..report.ends(Outcome::Failed, reason, Some(error.to_string())) }
}

fn refusal(order: &Order<'_>, plan: &Plan, source: &TaskDefinition) -> Option<Reason> {
    match plan.refusal {
        Some(Refusal::Sandboxed) => Some(Reason::Sandboxed),
        Some(Refusal::MissingExecutionRole) => Some(Reason::MissingExecutionRole),
        // What only its log group wants is not registered anew.
        None => (!plan.edits.is_empty() && !order.origin.may_register(source)).then_some(Reason::Privileged),
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
