//! The correction of one source revision: the guards, the claim of the record, the steps and the report.

mod newest;
mod rate;
mod steps;
mod verify;

use super::backed_out_run;
use super::family_state;
use super::lag::described_after;
use super::lease::{ClaimState, Claimed, Halt, Worker, open, take};
use super::left_over::{self, is_of};
use super::order::{Order, Origin};
use super::own_registration::{NEWEST, Registrars};
use super::summary::tell;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::event::{Cause, is_own};
use crate::domain::limits::family::Stopped;
use crate::domain::limits::rate::Wait;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::plan::Plan;
use crate::domain::record::{EntryKind, Head, Opening, Record, Step};
use crate::domain::report::{BackoutBy, Decision, FollowUp, Report};
use crate::ports::{Clock, Described, Journal, PortError, Ports, TaskDefinitions};
pub(in crate::workflow) use newest::overtaken;
use rate::{SlotClaim, waits};
pub(in crate::workflow) use rate::{admits, admits_name, take as take_slot};
pub(in crate::workflow) use steps::StepDriver;

pub use rate::put_off;

pub(in crate::workflow) fn opening(
    order: &Order<'_>,
    source: &RevisionArn,
    report: &Report,
    cause: Cause,
    plan: &Plan,
) -> Opening {
    Opening {
        source: source.clone(),
        mode: order.mode,
        trigger: order.origin.kind(),
        baseline_digest: order.baseline.digest().into(),
        rules: report.rules.clone(),
        cause,
        steps: Step::of(plan),
        function: match order.backout {
            BackoutBy::Function { name, .. } => Some(name.clone()),
            BackoutBy::Journal(_) => None,
        },
        registrars: Registrars::registrars(order.home, order.registrar),
    }
}

/// Resumes the unfinished correction of a source revision. If there is no unfinished correction, begins a new attempt
/// with `opening`. Returns `None` if there is no unfinished correction and `opening` is `None`.
pub(in crate::workflow) async fn correct<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: &mut Decision,
    described: &Described,
    opening: Option<Opening>,
) -> Result<Option<Conclusion>, Halt> {
    let skipped = |reason, why| Ok(Some(Conclusion::new(Outcome::Skipped, Some(reason), why)));
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let (journal, clock) = (ports.journal(), ports.clock());
    let standing = journal.read(&described.arn).await?;
    let again = match &standing {
        // The earlier correction changed only log groups, and a container has created its log group since.
        Some(record) if is_left_over(record, order, described, opening.as_ref()) => true,
        standing => order.origin == (Origin::Apply { again: true }) && !stands(ports, standing.as_ref()).await?,
    };
    if standing.is_none()
        && let Some(opening) = &opening
        && let Some((reason, why)) = own_revision(ports, order, described, opening).await?
    {
        if reason == Reason::Locked {
            decision.next = FollowUp::Retry;
        }
        return skipped(reason, why);
    }
    let mut claimed = match (ClaimState::to(standing, again, clock.now()), opening) {
        (ClaimState::Held, _) => {
            decision.next = FollowUp::Retry;
            return skipped(Reason::Locked, None);
        }
        (ClaimState::BackingOut(_), _) => {
            let why = format!("a backout of {} is in progress", described.arn.short());
            return skipped(Reason::BackedOutBefore, Some(why));
        }
        (ClaimState::Finished(head, closing), Some(_)) => {
            decision.report.corrected = head.corrected.as_ref().map(ToString::to_string);
            decision.report.changes.clear();
            let why = format!(
                "the last correction of {} ended with the outcome {}",
                described.arn.short(),
                closing.outcome.name()
            );
            let reason = if head.suppressed { Reason::BackedOutBefore } else { Reason::Duplicate };
            return skipped(reason, Some(why));
        }
        (ClaimState::New | ClaimState::Again(_) | ClaimState::Finished(..), None) => return Ok(None),
        (ClaimState::GoOn(record), _) => {
            take(journal, clock, &worker, record, Registrars::resumes(order.home, order.registrar)).await?
        }
        (ClaimState::Again(record), Some(_)) if record.source_is_withdrawn() => {
            decision.report.changes.clear();
            let why = format!("the journal says that {} was deregistered or deleted", described.arn.short());
            return Ok(Some(Outcome::Superseded.because(Reason::NotLatest).saying(why)));
        }
        (way @ (ClaimState::New | ClaimState::Again(_)), Some(opening)) => {
            let registers = opening.steps.iter().any(Step::registers);
            if registers && !order.origin.may_register(&described.definition) {
                return Ok(Some(Outcome::Refused.because(Reason::Privileged)));
            }
            if registers && let Some(ended) = may_not_yet(ports, order, decision, described, &opening.cause).await? {
                return Ok(Some(ended));
            }
            if let Some(stopped) = family_state::count(ports, order, described, &opening.cause).await? {
                return Ok(Some(refused(decision, &stopped)));
            }
            match way {
                ClaimState::Again(record) => {
                    take(journal, clock, &worker, record, EntryKind::Opened(Box::new(opening))).await?
                }
                _ => open(journal, clock, &worker, opening).await?,
            }
        }
    };
    let ended = drive(ports, order, decision, described, &mut claimed).await?;
    if let (Outcome::Remediated, Some(owner)) = (ended.outcome, decision.owner) {
        decision.report.notes.push(format!(
            "{owner} has its own definition of family {}; fix the fault in that definition, or the next run of {owner} \
             registers the fault again",
            described.arn.family
        ));
    }
    Ok(Some(ended))
}

/// Returns the conclusion of a correction if Logweir may not register the corrected revision now, and otherwise `None`.
/// A correction that Logweir refuses takes no slot of the registration rate limit, because otherwise a family whose
/// fault another tool registers again and again would delay all other families. A correction counts toward the family's
/// fuse only when Logweir may register the revision.
async fn may_not_yet<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: &mut Decision,
    described: &Described,
    cause: &Cause,
) -> Result<Option<Conclusion>, Halt> {
    let asks = match SlotClaim::of(order, ports.clock().now()) {
        SlotClaim::Free => return Ok(None),
        SlotClaim::ToCome(slot) => return Ok(Some(waits(decision, Wait::Until(slot)))),
        SlotClaim::Asks(asks) => asks,
    };
    let source = &described.arn;
    let newest = ports.task_definitions().newest(&source.family, NEWEST).await?;
    let own = Registrars::own(order.home, order.registrar);
    if let Some(why) = overtaken(ports, &own, described, &newest).await? {
        decision.report.changes.clear();
        return Ok(Some(Outcome::Superseded.because(Reason::NotLatest).saying(why)));
    }
    if let Some(stopped) = family_state::stopped(ports, order, described, cause).await? {
        return Ok(Some(refused(decision, &stopped)));
    }
    Ok(rate::take(ports, order, described, asks).await?.map(|wait| waits(decision, wait)))
}

/// Completes the steps of a claimed record, and adds the result to the report. If an operator backs out the run of the
/// record, begins no step.
pub(in crate::workflow) async fn drive<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: &mut Decision,
    described: &Described,
    claimed: &mut Claimed<'_, P::Journal, P::Clock>,
) -> Result<Conclusion, Halt> {
    if let Some(ended) = backed_out_run::withheld(ports, claimed).await? {
        return Ok(ended);
    }
    let own = Registrars::of(order.home, order.registrar, &claimed.record);
    let driven = StepDriver::new(ports, described, own, order.origin).to_the_end(claimed).await;
    decision.notify.repeats = Some(claimed.record.repeats());
    let said = tell(&mut decision.report, &claimed.record, order.backout);
    match driven {
        Ok(closing) => {
            if closing.outcome != Outcome::Remediated && claimed.record.head.corrected.is_none() {
                family_state::uncount(ports, claimed.source()).await;
            }
            Ok(Conclusion { why: said, ..closing })
        }
        Err(Halt::Port(error)) => {
            let message = said.map_or(error.message.clone(), |said| format!("{said}; {}", error.message));
            Err(Halt::Port(PortError { message, ..error }))
        }
        Err(halt) => Err(halt),
    }
}

/// Returns the reason to skip a revision that Logweir registered itself, or `None` if Logweir may correct the revision.
/// Logweir corrects a revision that it registered itself in two cases: a container that the correction left unchanged
/// has created its log group since, or an operator names the revision in `logweir apply`, and either the baseline has
/// changed since or the operator uses `--force`. Without `--force`, Logweir skips a restored
/// revision, because an operator backed out the correction of its source revision.
async fn own_revision<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
    opening: &Opening,
) -> Result<Option<(Reason, Option<String>)>, PortError> {
    let Some(source) = ports.journal().source_of(&described.arn).await? else {
        let by = described.registered_by.as_deref();
        if by.is_some_and(|by| is_own(by, &order.home.own_roles)) && !matches!(order.origin, Origin::Apply { .. }) {
            return Ok(Some((Reason::RegisteredByLogweir, None)));
        }
        let restoring = is_being_restored(ports, described).await?;
        let why = format!("a backout may just have registered {} to restore another revision", described.arn.short());
        return Ok(restoring.then_some((Reason::Locked, Some(why))));
    };
    let Some(record) = ports.journal().read(&source).await? else {
        return Ok(Some((Reason::RegisteredByLogweir, None)));
    };
    let why =
        Some(format!("Logweir itself registered {} for the source revision {}", described.arn.short(), source.short()));
    match order.origin {
        Origin::Apply { again: true } => Ok(None),
        _ if record.head.suppressed => Ok(Some((Reason::BackedOutBefore, why))),
        Origin::Apply { .. } if !is_of(&record, order.baseline) => Ok(None),
        _ if is_left_over(&record, order, described, Some(opening)) => Ok(None),
        _ => Ok(Some((Reason::RegisteredByLogweir, why))),
    }
}

/// Returns whether a backout may have just registered the revision, and has not recorded the revision yet. Logweir uses
/// the revision's tag only to find the record of the backout. If another principal copies the tag to a revision, that
/// revision has to wait until the backout has ended.
async fn is_being_restored<P: Ports>(ports: &P, described: &Described) -> Result<bool, PortError> {
    let hint = described.tags.iter().find(|tag| tag.key == tags::RESTORES).and_then(|tag| tag.value.parse().ok());
    let Some(revision) = hint else { return Ok(false) };
    let record = ports.journal().read(&RevisionArn { revision, ..described.arn.clone() }).await?;
    let attempt = record.as_ref().filter(|record| record.head.open).and_then(|record| record.attempt().ok().flatten());
    let backout = attempt.and_then(|attempt| attempt.backout);
    Ok(backout.is_some_and(|backout| backout.restoring && backout.restored.is_none()))
}

/// Returns whether the correction is in effect and the corrected revision is ACTIVE, so that a second correction of the
/// source revision would change nothing.
async fn stands<P: Ports>(ports: &P, record: Option<&Record>) -> Result<bool, PortError> {
    let Some(Head { closing: Some(closing), corrected: Some(corrected), open: false, suppressed: false, .. }) =
        record.map(|record| &record.head)
    else {
        return Ok(false);
    };
    let registered = record.and_then(|record| record.registered_at(corrected)).unwrap_or_default();
    let found = described_after(ports, corrected, registered).await?;
    Ok(closing.outcome == Outcome::Remediated && found.is_some_and(|found| found.is_active()))
}

/// Returns whether the opening would only correct containers that the correction of `record` left unchanged.
fn is_left_over(record: &Record, order: &Order<'_>, described: &Described, opening: Option<&Opening>) -> bool {
    let edits = opening.and_then(|opening| opening.steps.iter().find_map(Step::edits));
    edits.is_some_and(|edits| {
        left_over::is_left_over(record, order.baseline, &described.arn, &described.definition, edits)
    })
}

fn refused(decision: &mut Decision, stopped: &Stopped) -> Conclusion {
    decision.report.changes.clear();
    let reason = match stopped {
        Stopped::Held(_) => Reason::OnHold,
        Stopped::FuseOpen(fuse) => {
            // If a failure opened the fuse, Logweir already sent a notification when the failure happened.
            decision.notify.opens_fuse = fuse.failed.is_none() && fuse.opened >= decision.timestamp;
            Reason::FuseOpen
        }
    };
    Outcome::Refused.because(reason).saying(stopped.to_string())
}
