//! The verdict on one revision, and the correction of that revision.

use jiff::SignedDuration;

use super::correct::{correct, opening};
use super::lease::Halt;
use super::left_over::corrected_with_left_over;
use super::reporting::{end, failed};
use super::{Order, Origin, observe};
use crate::domain::ecs::lag::LONGEST_LAG;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::tool::Tool;
use crate::domain::event::{Cause, Home, RevisionRef, is_own, is_service_linked};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::{Decision, LogGroupAction, LogGroupReport, Report};
use crate::domain::rules::packs::LOGGING;
use crate::ports::{Clock, Described, ErrorKind, Journal, PortError, Ports, TaskDefinitions};

/// The maximum time between an event and the registration of the revision that the event is about.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn decide<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut decision: Decision,
    which: RevisionRef,
    cause: Cause,
) -> Decision {
    let described = match look_up(ports, order.home, which, &mut decision.report).await {
        Ok(described) => described,
        // An overdue revision is older than the lag of any read.
        Err(Undecided::Port(error)) if decision.notify.is_overdue && error.kind == ErrorKind::Missing => {
            let gone = no_longer_described(&error, decision.report.record.as_deref().unwrap_or_default());
            return decision.ends(gone);
        }
        Err(undecided) => return undecided.end(decision),
    };
    decide_described(ports, order, decision, described, cause).await
}

/// Gives the verdict on a described revision, and corrects this revision.
pub(super) async fn decide_described<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut decision: Decision,
    described: Described,
    cause: Cause,
) -> Decision {
    decision.report.about(&described.arn);
    let tool = Tool::of(&cause, &described.tags);
    decision.report.owner = tool.filter(|tool| tool.owns()).map(Tool::name);
    let ended = match judge(ports, order, &described, &mut decision.report).await {
        Err(error) => return failed(decision, &error),
        Ok(Judgement::Correct(plan)) => {
            let opening = opening(order, &described.arn, &decision, cause.clone(), &plan);
            let acted = correct(ports, order, &mut decision, &described, Some(opening)).await;
            match left_over(ports, order, &described, &plan, &acted).await {
                Ok(None) => acted,
                Ok(Some(corrected)) => {
                    let which = RevisionRef::Revision(corrected);
                    return Box::pin(decide(ports, order, decision, which, cause)).await;
                }
                Err(error) => Err(error.into()),
            }
        }
        // Logweir finishes a correction that it began earlier, even if Logweir would not begin to correct the revision
        // now. Logweir does not read the journal for a compliant revision, because most events are about compliant
        // revisions.
        Ok(Judgement::Ends(ended)) if order.mode > Mode::Observe && may_have_a_record(&ended) => {
            let acted = correct(ports, order, &mut decision, &described, None).await;
            acted.map(|acted| acted.or(Some(ended)))
        }
        Ok(Judgement::Ends(ended)) => Ok(Some(ended)),
    };
    end(decision, ended)
}

/// Returns the corrected revision of a source revision that was corrected before, if the correction left a container
/// unchanged whose log group exists now. In mode rollout, Logweir first updates the services to the corrected revision.
async fn left_over<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
    plan: &Plan,
    acted: &Result<Option<Conclusion>, Halt>,
) -> Result<Option<RevisionArn>, PortError> {
    let is_duplicate = matches!(acted, Ok(Some(ended)) if ended.reason == Some(Reason::Duplicate));
    let definition = &described.definition;
    if !is_duplicate || order.mode != Mode::Register || !definition.creates_log_groups() {
        return Ok(None);
    }
    let record = ports.journal().read(&described.arn).await?;
    Ok(record.and_then(|record| corrected_with_left_over(&record, order.baseline, definition, &plan.edits)))
}

fn may_have_a_record(ended: &Conclusion) -> bool {
    ended.outcome != Outcome::Compliant && ended.reason != Some(Reason::RegisteredByLogweir)
}

/// The verdict on a revision, before Logweir makes any change.
pub(super) enum Judgement {
    Correct(Plan),
    Ends(Conclusion),
}

/// Gives the verdict on a revision. A revision that Logweir itself registered needs no further correction, unless the
/// correction left a container unchanged whose log group was missing.
pub(super) async fn judge<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
    report: &mut Report,
) -> Result<Judgement, PortError> {
    let ends = |conclusion: Conclusion| Ok(Judgement::Ends(conclusion));
    if !described.is_active() {
        let why = format!("{} is not ACTIVE any more", described.arn.short());
        return ends(Outcome::Superseded.because(Reason::NotLatest).saying(why));
    }
    if !order.home.scope.has_revision(&described.arn) {
        return ends(Outcome::Skipped.because(Reason::OutOfScope));
    }
    let by = described.registered_by.as_deref();
    if by.is_some_and(is_service_linked) {
        return ends(Outcome::Skipped.because(Reason::ServiceOwned));
    }
    let is_by_logweir =
        by.is_some_and(|by| is_own(by, &order.home.own_roles)) && !matches!(order.origin, Origin::Apply { .. });
    let own = || ends(Outcome::Skipped.because(Reason::RegisteredByLogweir));
    if is_by_logweir && (order.mode == Mode::Observe || !described.definition.creates_log_groups()) {
        return own();
    }
    match verdict(ports, order, described, report).await? {
        Judgement::Ends(_) if is_by_logweir => own(),
        verdict => Ok(verdict),
    }
}

async fn verdict<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
    report: &mut Report,
) -> Result<Judgement, PortError> {
    let ends = |conclusion: Conclusion| Ok(Judgement::Ends(conclusion));
    let now = ports.clock().now();
    let seen = observe(described, order.baseline, LOGGING, ports.task_definitions(), ports.log_groups(), now).await?;
    let plan = seen.plan;
    report.planned(&plan);
    if let Some(error) = seen.unread_groups {
        return Err(error);
    }
    if !plan.not_checked.is_empty() {
        if let Some(error) = seen.unread.filter(|error| error.kind == ErrorKind::Retry) {
            return Err(error);
        }
        // AWS provides every fact that the rules need about a registered revision. If a rule lacks a fact, a read has
        // failed, and Logweir gives no verdict on the revision.
        let why = format!("Logweir could not read the facts that these rules need: {}", plan.not_checked.join(", "));
        return ends(Outcome::Failed.because(Reason::Unreadable).saying(why));
    }
    if plan.is_compliant() {
        let exempt = (!plan.findings.is_empty()).then_some(Reason::Exempt);
        return ends(Conclusion::new(Outcome::Compliant, exempt, None));
    }
    let refused = refusal(order, &plan, &described.definition);
    if order.mode == Mode::Observe {
        report.log_groups = planned_groups(&plan);
        let is_denied = note_roles(order.home, &plan, &described.definition, report);
        let refused = refused.or(is_denied.then_some(Reason::PassRoleDenied));
        return ends(Conclusion::new(Outcome::Observed, refused, None));
    }
    // Logweir does not refuse a revision with a privileged container yet, because an operator may have begun to correct
    // this revision. Only the revision's record in the journal shows whether an operator has begun a correction.
    if let Some(reason) = refused.filter(|reason| *reason != Reason::Privileged) {
        return ends(Outcome::Refused.because(reason));
    }
    if !plan.changes_something() {
        return ends(Outcome::Skipped.because(Reason::AdviceOnly));
    }
    Ok(Judgement::Correct(plan))
}

/// The reason why Logweir gives no verdict on a revision.
pub(super) enum Undecided {
    Because(Conclusion),
    Port(PortError),
}

impl From<PortError> for Undecided {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl Undecided {
    /// Returns the conclusion about an event that does not identify a revision.
    fn unknown(reason: Reason, why: impl Into<String>) -> Self {
        Self::Because(Outcome::Failed.because(reason).saying(why))
    }

    pub(super) fn end(self, decision: Decision) -> Decision {
        match self {
            Self::Because(conclusion) => decision.ends(conclusion),
            Self::Port(error) => failed(decision, &error),
        }
    }
}

pub(super) async fn look_up<P: Ports>(
    ports: &P,
    home: &Home,
    which: RevisionRef,
    report: &mut Report,
) -> Result<Described, Undecided> {
    let (family, at) = match which {
        RevisionRef::Revision(arn) => {
            report.about(&arn);
            let described = ports.task_definitions().describe(&arn.to_string()).await;
            let described = described.map_err(|error| not_described(error, &arn.short(), report))?;
            if described.arn != arn {
                let why = format!("ECS described {} instead of {arn}", described.arn);
                return Err(Undecided::unknown(Reason::Unreadable, why));
            }
            return Ok(described);
        }
        RevisionRef::NewestOf { family, at } => (family, at),
    };
    report.family = Some(family.clone());
    let newest = ports.task_definitions().describe(&family).await;
    let newest = newest.map_err(|error| not_described(error, &format!("family {family}"), report))?;
    if (&newest.arn.account, &newest.arn.region) != (&home.account, &home.region) {
        let why = format!("the newest revision of family {family} belongs to another account or Region");
        return Err(Undecided::unknown(Reason::ForeignAccount, why));
    }
    let is_meant = |revision: &Described| {
        revision.registered_at.is_some_and(|registered| registered.duration_since(at).abs() <= SAME_MOMENT)
    };
    let is_by_logweir = newest.registered_by.as_deref().is_some_and(|by| is_own(by, &home.own_roles));
    if is_meant(&newest) && !is_by_logweir {
        return Ok(newest);
    }
    // The newest revision may be a corrected revision, and the event may be about its source revision. Logweir uses the
    // tag of the newest revision only to find this source revision.
    let hint = newest.tags.iter().find(|tag| tag.key == tags::SOURCE).and_then(|tag| tag.value.parse::<u32>().ok());
    if let Some(revision) = hint {
        match ports.task_definitions().describe(&format!("{family}:{revision}")).await {
            Ok(source) if source.arn.family == family && is_meant(&source) => return Ok(source),
            // Any principal can write a tag that names no revision.
            Ok(_) | Err(PortError { kind: ErrorKind::Missing, .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if is_meant(&newest) {
        return Ok(newest);
    }
    let name = newest.arn.short();
    if newest.registered_at.is_some_and(|registered| registered < at) {
        let message = format!("no revision of family {family} since {name} is ACTIVE");
        let reason = Some(Reason::Unreadable);
        let error = PortError { kind: ErrorKind::Missing, call: "DescribeTaskDefinition", message, reason };
        return Err(not_described(error, "the revision of the event", report));
    }
    let why = format!(
        "the event names no revision, and the newest revision {name} was not registered when the event occurred"
    );
    Err(Undecided::unknown(Reason::Unreadable, why))
}

/// Returns why ECS does not describe the revision of an event. Soon after the event, ECS may not show the revision yet,
/// so a retry can succeed. Later, the revision was deregistered or deleted, and there is nothing left to correct.
fn not_described(error: PortError, name: &str, report: &Report) -> Undecided {
    match (error.kind, report.event_age_ms.map(SignedDuration::from_millis)) {
        (ErrorKind::Missing, Some(age)) if age >= LONGEST_LAG => Undecided::Because(no_longer_described(&error, name)),
        (ErrorKind::Missing, Some(_)) => {
            let reason = Some(Reason::NotVisibleYet);
            Undecided::Port(PortError { kind: ErrorKind::Retry, reason, ..error })
        }
        _ => Undecided::Port(error),
    }
}

fn no_longer_described(error: &PortError, name: &str) -> Conclusion {
    let why = format!("{name} was deregistered or deleted meanwhile: {error}");
    Outcome::Superseded.because(Reason::NotLatest).saying(why)
}

fn refusal(order: &Order<'_>, plan: &Plan, source: &TaskDefinition) -> Option<Reason> {
    match plan.refusal {
        Some(Refusal::Sandboxed) => Some(Reason::Sandboxed),
        Some(Refusal::MissingExecutionRole) => Some(Reason::MissingExecutionRole),
        // For a plan that changes only log groups, Logweir registers no revision.
        None => (!plan.edits.is_empty() && !order.origin.may_register(source)).then_some(Reason::Privileged),
    }
}

/// Adds a note to the report for each role that Logweir could not pass to ECS in another mode, so that an operator can
/// widen the parameters of the stack before the change of the mode. Returns whether there is such a role. Logweir
/// passes no role if it registers no revision.
fn note_roles(home: &Home, plan: &Plan, definition: &TaskDefinition, report: &mut Report) -> bool {
    let roles = if plan.edits.is_empty() { Vec::new() } else { home.scope.not_passed(definition, &home.account) };
    for role in &roles {
        report.notes.push(format!(
            "Logweir could not pass the role {role} to ECS, because the role matches neither ExecutionRoles nor TaskRoles: \
             widen one of these parameters of the stack before you change the mode"
        ));
    }
    !roles.is_empty()
}

fn planned_groups(plan: &Plan) -> Vec<LogGroupReport> {
    let line = |change: &LogGroupChange| match change {
        LogGroupChange::Create(group) => LogGroupReport {
            name: group.name.clone(),
            action: LogGroupAction::Create,
            retention_days: group.retention_days,
        },
        LogGroupChange::SetRetention { name, new, .. } => {
            LogGroupReport { name: name.clone(), action: LogGroupAction::SetRetention, retention_days: Some(*new) }
        }
    };
    plan.log_groups.iter().map(line).collect()
}
