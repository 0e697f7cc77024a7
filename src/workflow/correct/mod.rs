//! Correcting one source that was found wanting: the guards, the claim, the steps, and the truth about them.

mod newest;
mod rate;
mod steps;

use super::assess::described;
use super::family_state;
use super::lease::{ClaimState, Claimed, Halt, Worker, open, take};
use super::order::{Order, Origin};
use super::ownership::{NEWEST, Registrars};
use super::summary::tell;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::event::Cause;
use crate::domain::limits::family::Stopped;
use crate::domain::limits::rate::Wait;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::plan::Plan;
use crate::domain::record::{EntryKind, Head, Opening, Record, Step};
use crate::domain::report::{BackoutBy, Decision, FollowUp, Report};
use crate::ports::{Clock, Described, Journal, PortError, Ports, TaskDefinitions};
use newest::overtaken;
use rate::{SlotClaim, waits};
use steps::StepDriver;

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

/// Goes on with the source's record, or (with an `opening`) begins one. `None`: there is nothing to go on with.
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
    let again = order.origin == (Origin::Apply { again: true }) && !stands(ports, standing.as_ref()).await?;
    if standing.is_none()
        && opening.is_some()
        && let Some((reason, why)) = own_revision(ports, order, described).await?
    {
        if reason == Reason::LeaseHeld {
            decision.next = FollowUp::Retry;
        }
        return skipped(reason, why);
    }
    let mut claimed = match (ClaimState::to(standing, again, clock.now()), opening) {
        (ClaimState::Held, _) => {
            decision.next = FollowUp::Retry;
            return skipped(Reason::LeaseHeld, None);
        }
        (ClaimState::BackingOut(_), _) => return skipped(Reason::Suppressed, Some("it is being taken back".into())),
        (ClaimState::Finished(head, closing), Some(_)) => {
            decision.report.corrected = head.corrected.as_ref().map(ToString::to_string);
            decision.report.changes.clear();
            let why = format!("its record ended {} before", closing.outcome.name());
            let reason = if head.suppressed { Reason::Suppressed } else { Reason::Duplicate };
            return skipped(reason, Some(why));
        }
        (ClaimState::New | ClaimState::Again(_) | ClaimState::Finished(..), None) => return Ok(None),
        (ClaimState::GoOn(record), _) => {
            take(journal, clock, &worker, record, Registrars::resumes(order.home, order.registrar)).await?
        }
        (way @ (ClaimState::New | ClaimState::Again(_)), Some(opening)) => {
            let registers = opening.steps.iter().any(|step| matches!(step, Step::Register { .. }));
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
            "{owner} keeps a description of its own of {}: its next run registers the fault again, until it is mended there",
            described.arn.family
        ));
    }
    Ok(Some(ended))
}

/// Why a corrected revision may not be registered now; none: it may. Nothing of the budget is taken for what would come to
/// nothing, or a family that somebody registers again and again would keep all others waiting; and what waits for its slot
/// is not counted as a correction before it comes.
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
    if let Some(why) = overtaken(ports, source, &newest).await? {
        decision.report.changes.clear();
        return Ok(Some(Outcome::Superseded.because(Reason::NotLatest).saying(why)));
    }
    if let Some(stopped) = family_state::stopped(ports, order, described, cause).await? {
        return Ok(Some(refused(decision, &stopped)));
    }
    Ok(rate::take(ports, order, described, asks).await?.map(|wait| waits(decision, wait)))
}

/// Drives a claimed record forward to its end, and says in the report what became of it.
pub(in crate::workflow) async fn drive<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: &mut Decision,
    described: &Described,
    claimed: &mut Claimed<'_, P::Journal, P::Clock>,
) -> Result<Conclusion, Halt> {
    let own = Registrars::of(order.home, order.registrar, &claimed.record);
    let driven = StepDriver::new(ports, described, own, order.origin).to_the_end(claimed).await;
    decision.notify.repeats = Some(claimed.record.repeats());
    let said = tell(&mut decision.report, &claimed.record, order.backout);
    match driven {
        Ok(closing) => {
            if closing.outcome != Outcome::Remediated {
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

/// Why a revision of our own is left alone. Somebody who asks for it by name gets it looked at again once the baseline
/// has changed; one that was restored is suppressed as its source is.
async fn own_revision<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    described: &Described,
) -> Result<Option<(Reason, Option<String>)>, PortError> {
    let Some(source) = ports.journal().source_of(&described.arn).await? else {
        let restoring = is_being_restored(ports, described).await?;
        return Ok(restoring.then(|| (Reason::LeaseHeld, Some("it looks like one that is being restored".into()))));
    };
    let Some(record) = ports.journal().read(&source).await? else { return Ok(Some((Reason::OwnRevision, None))) };
    let why = Some(format!("it was registered for {}", source.short()));
    match order.origin {
        Origin::Apply { again: true } => Ok(None),
        _ if record.head.suppressed => Ok(Some((Reason::Suppressed, why))),
        Origin::Apply { .. } if !is_of(&record, order.baseline.digest()) => Ok(None),
        _ => Ok(Some((Reason::OwnRevision, why))),
    }
}

/// Whether a backout may have registered the revision a moment ago, and not yet have written so. The tag is a hint which
/// record to look at, and the record decides: whoever copies it has to wait for as long as that backout lasts.
async fn is_being_restored<P: Ports>(ports: &P, described: &Described) -> Result<bool, PortError> {
    let hint = described.tags.iter().find(|tag| tag.key == tags::RESTORES).and_then(|tag| tag.value.parse().ok());
    let Some(revision) = hint else { return Ok(false) };
    let record = ports.journal().read(&RevisionArn { revision, ..described.arn.clone() }).await?;
    let attempt = record.as_ref().filter(|record| record.head.open).and_then(|record| record.attempt().ok().flatten());
    let backout = attempt.and_then(|attempt| attempt.backout);
    Ok(backout.is_some_and(|backout| backout.restoring && backout.restored.is_none()))
}

/// Whether the correction is there: another one beside it would help nobody, and ECS's newest revision is ours already.
async fn stands<P: Ports>(ports: &P, record: Option<&Record>) -> Result<bool, PortError> {
    let Some(Head { closing: Some(closing), corrected: Some(ours), open: false, suppressed: false, .. }) =
        record.map(|record| &record.head)
    else {
        return Ok(false);
    };
    let found = described(ports.task_definitions(), ours).await?;
    Ok(closing.outcome == Outcome::Remediated && found.is_some_and(|found| found.active))
}

/// Whether the newest attempt of the record was made by this baseline.
fn is_of(record: &Record, digest: &str) -> bool {
    record.attempt().ok().flatten().is_some_and(|attempt| attempt.opening.baseline_digest == digest)
}

fn refused(decision: &mut Decision, stopped: &Stopped) -> Conclusion {
    decision.report.changes.clear();
    let reason = match stopped {
        Stopped::Held(_) => Reason::Held,
        Stopped::FuseOpen(fuse) => {
            // What opened it by failing was told then.
            decision.notify.opens_fuse = fuse.failed.is_none() && fuse.opened >= decision.timestamp;
            Reason::FuseOpen
        }
    };
    Outcome::Refused.because(reason).saying(stopped.to_string())
}
