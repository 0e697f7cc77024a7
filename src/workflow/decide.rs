//! What is thought of one revision, and what is done about it.

use jiff::SignedDuration;

use super::correct::{correct, opening};
use super::reporting::{end, failed};
use super::{Order, Origin, observe};
use crate::domain::ecs::tags;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::LogGroupChange;
use crate::domain::event::tool::Tool;
use crate::domain::event::{Cause, Home, RevisionRef, is_own, is_service_linked};
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::plan::{Plan, Refusal};
use crate::domain::report::{LogGroupReport, Report};
use crate::ports::{Clock, Described, ErrorKind, PortError, Ports, TaskDefinitions};

/// How much older or newer than its event a revision may be to be the one that the event means.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(5);

pub(super) async fn decide<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut report: Report,
    which: RevisionRef,
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
        Ok(Judgement::Correct(plan)) => {
            let opening = opening(order, &described.arn, &report, cause, &plan);
            correct(ports, order, &mut report, &described, Some(opening)).await
        }
        Ok(Judgement::Ends(outcome, reason, why)) => {
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

/// What is thought of a revision before anything is done about it.
pub(super) enum Judgement {
    Correct(Plan),
    Ends(Outcome, Option<Reason>, Option<String>),
}

pub(super) async fn judge<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
    report: &mut Report,
) -> Result<Judgement, PortError> {
    let ends = |outcome, reason, why| Ok(Judgement::Ends(outcome, reason, why));
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
        if let Some(error) = seen.unread.filter(|error| error.kind == ErrorKind::Retry) {
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
    Ok(Judgement::Correct(plan))
}

pub(super) enum NotFound {
    Because(Reason, String),
    Port(PortError),
}

impl From<PortError> for NotFound {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

pub(super) async fn look_up<P: Ports>(
    ports: &P,
    home: &Home,
    which: RevisionRef,
    report: &mut Report,
) -> Result<Described, NotFound> {
    let (family, at) = match which {
        RevisionRef::Revision(arn) => {
            report.about(&arn);
            let described = ports.task_definitions().describe(&arn.to_string()).await?;
            if described.arn != arn {
                let why = "ECS described another revision than it was asked for".into();
                return Err(NotFound::Because(Reason::Unreadable, why));
            }
            return Ok(described);
        }
        RevisionRef::NewestOf { family, at } => (family, at),
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
