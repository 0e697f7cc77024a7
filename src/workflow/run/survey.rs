//! Plans the run: judges the newest revision of each family, and finds the services that follow.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Place, ServiceArn};
use crate::domain::edit::Edit;
use crate::domain::event::Cause;
use crate::domain::limits::family::{Family, FamilyName, Stopped};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::plan::Plan;
use crate::domain::record::{Record, Step};
use crate::domain::run::{LeftFamily, LeftService, RunItem};
use crate::ports::{Answer, Clock, Described, ErrorKind, Journal, Ports, RevisionUsers, Services, TaskDefinitions};
use crate::workflow::decide::{Judgement, judge};
use crate::workflow::family_walk::{self, AtOnce};
use crate::workflow::lease::Halt;
use crate::workflow::order::Order;
use crate::workflow::reporting::fresh;
use crate::workflow::rollout::RolloutDriver;
use crate::workflow::rollout::planned::PlannedService;

/// The part of a plan that is about one family.
#[derive(Clone, Debug)]
pub struct FamilyPlan {
    /// The family's newest revision.
    pub newest: RevisionArn,
    pub planned: PlannedFamily,
}

/// What the run does about a family.
#[derive(Clone, Debug)]
pub enum PlannedFamily {
    /// The newest revision has no fault, or only exempt ones.
    Compliant,
    /// The run corrects the newest revision, or updates services to its corrected revision.
    Item {
        item: Box<RunItem>,
        edits: Vec<Edit>,
    },
    Left(LeftFamily),
}

/// Plans the correction of a family's newest revision. Returns `None` if the family has no ACTIVE revision any more.
pub async fn plan_family<P: Ports>(ports: &P, order: &Order<'_>, family: &str) -> Answer<Option<FamilyPlan>> {
    let calls = AtOnce(ports.task_definitions());
    let described = match family_walk::newest(&calls, family, |arn| order.home.has(arn)).await {
        Err(error) if error.kind == ErrorKind::Missing => return Ok(None),
        described => described?,
    };
    let newest = described.arn.clone();
    let mut decision = fresh(order, &Cause::default(), ports.clock().now());
    let planned = match judge(ports, order, &described, &mut decision.report).await? {
        Judgement::Correct(plan) => correctable(ports, &described, plan).await?,
        Judgement::Ends(ended) => match standing(ports, order, &newest).await? {
            Some(item) => PlannedFamily::Item { item: Box::new(item), edits: Vec::new() },
            None => left(&newest, &decision.report.rules, &ended),
        },
    };
    Ok(Some(FamilyPlan { newest, planned }))
}

/// Returns the item for a revision with a fault, unless a backout, a hold or a fuse forbids the correction.
async fn correctable<P: Ports>(ports: &P, described: &Described, plan: Plan) -> Answer<PlannedFamily> {
    let item = RunItem::of(described, &plan);
    let why = |reason, why: String| {
        PlannedFamily::Left(LeftFamily {
            source: described.arn.clone(),
            rules: item.rules.clone(),
            reason: Reason::name(reason),
            why,
        })
    };
    let (journal, name) = (ports.journal(), described.arn.short());
    let record = journal.read(&described.arn).await?;
    if record.as_ref().is_some_and(|record| record.head.suppressed) {
        let text = format!(
            "the correction of {name} was backed out earlier; `logweir apply ecs:{name} --force` corrects it anyway"
        );
        return Ok(why(Reason::BackedOutBefore, text));
    }
    if let Some(corrected) = record.as_ref().and_then(corrected) {
        let text = format!(
            "{name} was corrected by {}, which is not the newest revision any more; `logweir apply ecs:{name} --force` \
             corrects it again",
            corrected.short()
        );
        return Ok(why(Reason::Duplicate, text));
    }
    let family = journal.read_state::<Family>(&FamilyName::of(&described.arn)).await?;
    Ok(match family.and_then(|family| family.stopped(ports.clock().now())) {
        Some(stopped @ Stopped::Held(_)) => why(Reason::OnHold, stopped.to_string()),
        Some(stopped @ Stopped::FuseOpen(_)) => why(Reason::FuseOpen, stopped.to_string()),
        None => PlannedFamily::Item { item: Box::new(item), edits: plan.edits },
    })
}

/// Returns the item for a family that was corrected before, and whose services may still have to follow.
async fn standing<P: Ports>(ports: &P, order: &Order<'_>, newest: &RevisionArn) -> Answer<Option<RunItem>> {
    if order.mode < Mode::Rollout {
        return Ok(None);
    }
    let Some(source) = ports.journal().source_of(newest).await? else { return Ok(None) };
    let record = ports.journal().read(&source).await?;
    let stands = record.as_ref().and_then(corrected).is_some_and(|corrected| corrected == newest);
    if !stands {
        return Ok(None);
    }
    let described = match ports.task_definitions().describe(&source.to_string()).await {
        Err(error) if error.kind == ErrorKind::Missing => return Ok(None),
        described => described?,
    };
    Ok(described.is_active().then(|| RunItem::corrected(&described, Some(newest.clone()))))
}

/// Returns the corrected revision of a record whose correction is complete and in effect.
pub(super) fn corrected(record: &Record) -> Option<&RevisionArn> {
    let head = &record.head;
    let is_complete = head.closing.as_ref().is_some_and(|closing| closing.outcome == Outcome::Remediated);
    head.corrected.as_ref().filter(|_| is_complete && !head.open && !head.suppressed)
}

fn left(newest: &RevisionArn, rules: &[String], ended: &Conclusion) -> PlannedFamily {
    let is_settled = ended.outcome == Outcome::Compliant || ended.reason == Some(Reason::RegisteredByLogweir);
    if is_settled || ended.reason == Some(Reason::NotLatest) {
        return PlannedFamily::Compliant;
    }
    let why = ended.why.clone().unwrap_or_else(|| match ended.reason {
        Some(Reason::AdviceOnly) => "Logweir cannot correct these faults; `logweir check` says what to do".into(),
        _ => "Logweir does not correct this revision".into(),
    });
    PlannedFamily::Left(LeftFamily {
        source: newest.clone(),
        rules: rules.to_vec(),
        reason: ended.reason.map_or_else(|| ended.outcome.name().into(), Reason::name),
        why,
    })
}

/// Returns the services and tasks that run the source revisions of these items. Reads every cluster of the account and
/// Region once. Makes no call in mode register.
pub async fn followers<'i, P: Ports>(
    ports: &P,
    order: &Order<'_>,
    items: impl Iterator<Item = &'i RunItem>,
) -> Answer<RevisionUsers> {
    let sources: Vec<RevisionArn> = items.map(|item| item.source.clone()).collect();
    if order.mode < Mode::Rollout || sources.is_empty() {
        return Ok(RevisionUsers::new());
    }
    ports.services().users_of(&sources).await
}

/// Returns the item with its services: those that follow, and those that Logweir leaves alone. `edits` are the edits of
/// the correction. Makes no call in mode register.
pub async fn place_services<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    users: &RevisionUsers,
    item: &RunItem,
    edits: &[Edit],
) -> Answer<RunItem> {
    let mut item = item.clone();
    if order.mode < Mode::Rollout || !item.registers() && item.corrected.is_none() {
        return Ok(item);
    }
    let record = ports.journal().read(&item.source).await?;
    let earlier = record.as_ref().filter(|_| edits.is_empty()).map(edits_of).unwrap_or_default();
    let edits = if edits.is_empty() { &earlier } else { edits };
    let places = users.get(&item.source).into_iter().flatten().map(|user| &user.place);
    let services = places.filter_map(|place| match place {
        Place::Service(service) => Some(service),
        Place::Task(_) => None,
    });
    for service in services {
        let planned = PlannedService { service, source: &item.source, edits, record: record.as_ref() };
        match foreseen(ports, order, &planned).await? {
            None => item.services.push(service.clone()),
            Some(left) => item.left.push(left),
        }
    }
    Ok(item)
}

/// Returns the edits of an earlier correction.
fn edits_of(record: &Record) -> Vec<Edit> {
    let attempt = record.attempt().ok().flatten();
    attempt
        .and_then(|attempt| attempt.opening.steps.iter().find_map(Step::edits).map(<[Edit]>::to_vec))
        .unwrap_or_default()
}

async fn foreseen<P: Ports>(ports: &P, order: &Order<'_>, planned: &PlannedService<'_>) -> Answer<Option<LeftService>> {
    let service: ServiceArn = planned.service.clone();
    let left = |reason: Reason, why: String| Some(LeftService { service, reason: reason.name(), why });
    match (RolloutDriver { ports, order }).foresee(planned).await {
        Ok(None) => Ok(None),
        Ok(Some(obstacle)) => Ok(left(obstacle.reason, obstacle.note)),
        Err(Halt::Port(error)) if error.kind == ErrorKind::Retry => Err(error),
        Err(halt) => Ok(left(Reason::Unreadable, halt.to_string())),
    }
}
