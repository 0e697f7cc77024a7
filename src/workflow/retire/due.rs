//! Finds out whether a source revision was deregistered or deleted, and records that the retirement of its corrected
//! revision is due.

use jiff::Timestamp;

use super::purge;
use crate::domain::baseline::{Retire, Workload};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{Cause, ServiceChange, is_own};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::record::{EntryKind, Record, RolloutPhase, SourceWithdrawn};
use crate::domain::report::{Decision, FollowUp, Report};
use crate::ports::{Clock, Described, ErrorKind, Journal, PortError, Ports, RevisionStatus};
use crate::workflow::Order;
use crate::workflow::assess::described;
use crate::workflow::lease::{Claim, Halt, Worker, take};
use crate::workflow::registration_state::{Registration, read, registered_at};
use crate::workflow::reporting::{end, failed};
use crate::workflow::rollout::{RolloutDriver, ServiceHint};

/// The maximum number of waiting rollouts that Logweir ends at once. The schedule ends the others.
const MOST: usize = 20;

/// The event of a deregistration or deletion. An event alone is no evidence, because an event may be forged.
#[derive(Clone, Copy, Debug)]
pub(in crate::workflow) struct WithdrawalEvent {
    pub(in crate::workflow) at: Option<Timestamp>,
    pub(in crate::workflow) deleted: bool,
}

/// What the journal says about a deregistered or deleted revision.
enum Withdrawal {
    NoRecord,
    /// No corrected revision is in place, but another delivery of an event may begin a correction.
    NotCorrected(Conclusion),
    Recorded(Conclusion),
}

/// Handles the event of a deregistration or deletion of these revisions. If a read of ECS may still show one of them as
/// ACTIVE, so that Logweir may still begin to correct it, the event is handled once more after the longest lag.
pub(in crate::workflow) async fn withdrawn<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut decision: Decision,
    revisions: &[RevisionArn],
    event: WithdrawalEvent,
) -> Decision {
    let sources = revisions.iter().filter(|source| order.home.scope.has_revision(source));
    if order.mode == Mode::Observe {
        return observed(ports, order, decision, sources).await;
    }
    let (mut ended, mut is_uncorrected) = (None, false);
    for source in sources {
        match source_withdrawn(ports, order, &mut decision.report, source, Some(event)).await {
            Ok(Withdrawal::NoRecord) => is_uncorrected = true,
            Ok(Withdrawal::NotCorrected(found)) => (ended, is_uncorrected) = (Some(found), true),
            Ok(Withdrawal::Recorded(found)) => ended = Some(found),
            Err(halt) => {
                decision.report.about(source);
                return end(decision, Err(halt));
            }
        }
    }
    let ended = ended.unwrap_or_else(|| Outcome::Skipped.because(Reason::NoRecord));
    if is_uncorrected && event.at.is_some_and(|at| may_lag(at, ports.clock().now())) {
        decision.next = FollowUp::Later;
        let why = "a correction may still begin with a read that does not show the deregistration, so Logweir handles \
                   the event again";
        decision.report.notes.push(why.into());
    }
    decision.ends(ended)
}

/// Handles the event in mode observe. While the baseline is unconfirmed, the event of a corrected source waits, because
/// only a confirmed baseline says whether Logweir may retire the corrected revision.
async fn observed<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    mut decision: Decision,
    sources: impl Iterator<Item = &RevisionArn>,
) -> Decision {
    let skipped = |why: &str| Outcome::Skipped.because(Reason::OtherEvent).saying(why);
    if order.finishes == Mode::Observe {
        return decision.ends(skipped("in mode observe, Logweir retires no corrected revision"));
    }
    for source in sources {
        match ports.journal().read(source).await {
            Ok(Some(record)) if record.head.open || record.head.corrected.is_some() => {
                decision.report.about(source);
                decision.next = FollowUp::Later;
                return decision.ends(skipped("the event waits until an operator confirms the baseline"));
            }
            Ok(_) => {}
            Err(error) => return failed(decision, &error),
        }
    }
    decision.ends(Outcome::Skipped.because(Reason::NoRecord))
}

/// Records that the retirement of the corrected revision of `source` is due, if ECS reports `source` as deregistered or
/// deleted. Makes no call to ECS if no corrected revision is in place.
///
/// The evidence is the description of the source. If ECS no longer describes the source, the event of its
/// deregistration (`event`) is necessary evidence too. `event` is `None` if no event led to this check.
async fn source_withdrawn<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    source: &RevisionArn,
    event: Option<WithdrawalEvent>,
) -> Result<Withdrawal, Halt> {
    let Some(record) = ports.journal().read(source).await? else { return Ok(Withdrawal::NoRecord) };
    report.about(source);
    let because = |why: String| Outcome::Skipped.because(Reason::SourceWithdrawn).saying(why);
    let ends = |why: String| Ok(Withdrawal::Recorded(because(why)));
    let is_deleted = event.is_some_and(|event| event.deleted);
    let attempt = record.attempt()?;
    if let Some((retired, _)) = attempt.as_ref().and_then(|attempt| attempt.retired.last()) {
        report.corrected = Some(retired.to_string());
        report.notes.extend(is_deleted.then(|| purge(source, retired)));
        return ends(format!("{} was retired before", retired.short()));
    }
    if record.head.open || record.head.is_held(ports.clock().now()) {
        return Err(Halt::LeaseLost);
    }
    let Some(corrected) = attempt.and_then(|attempt| attempt.corrected().cloned()) else {
        let why = because(format!("no corrected revision of {} is in place", source.short()));
        return Ok(if record.head.suppressed { Withdrawal::Recorded(why) } else { Withdrawal::NotCorrected(why) });
    };
    report.corrected = Some(corrected.to_string());
    let due = record.head.retirement.as_ref().filter(|retirement| retirement.cause.deleted || !is_deleted);
    if let Some(due) = due.map(|retirement| retirement.cause.clone()) {
        end_waiting(ports, order, report, &record).await?;
        later_corrections(ports, order, report, &due).await?;
        return ends(format!("the retirement of {} is due since an earlier event", corrected.short()));
    }
    let found = match evidence(ports, &record, event).await? {
        Ok(found) => found,
        Err(why) => return ends(why),
    };
    if let Some(why) = not_retired(ports, order, report, &record, &corrected, found.as_ref()).await? {
        report.notes.extend(is_deleted.then(|| purge(source, &corrected)));
        return ends(why);
    }
    let cause = cause_of(order, source, corrected.clone(), found.as_ref(), event, ports.clock().now());
    let claimed = retires(ports, order, record, cause.clone()).await?;
    end_waiting(ports, order, report, &claimed.record).await?;
    later_corrections(ports, order, report, &cause).await?;
    ends(format!(
        "{} is no longer ACTIVE, so Logweir retires {} as soon as nothing uses it",
        source.short(),
        corrected.short()
    ))
}

async fn retires<'p, P: Ports>(
    ports: &'p P,
    order: &Order<'_>,
    record: Record,
    cause: SourceWithdrawn,
) -> Result<Claim<'p, P>, Halt> {
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    take(ports.journal(), ports.clock(), &worker, record, EntryKind::SourceWithdrawn(cause)).await
}

/// Records that the retirement of each later correction is due too: Logweir may have corrected the corrected revision
/// once more, and such a later revision contains the code of the same source.
async fn later_corrections<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    cause: &SourceWithdrawn,
) -> Result<(), Halt> {
    let mut earlier = cause.corrected.clone();
    while let Some(record) = ports.journal().read(&earlier).await? {
        if record.head.open || record.head.is_held(ports.clock().now()) {
            return Err(Halt::LeaseLost);
        }
        let later = record.attempt()?.and_then(|attempt| attempt.corrected().cloned());
        let Some(later) = later.filter(|later| later.revision > earlier.revision) else { break };
        if record.head.retirement.is_none() {
            if let Some(why) = not_retired(ports, order, report, &record, &later, None).await? {
                report.notes.push(why);
                break;
            }
            let cause = SourceWithdrawn { corrected: later.clone(), ..cause.clone() };
            let claimed = retires(ports, order, record, cause).await?;
            end_waiting(ports, order, report, &claimed.record).await?;
        }
        earlier = later;
    }
    Ok(())
}

/// Returns the description of the deregistered source, or `None` if ECS no longer describes the source. If there is not
/// enough evidence of the deregistration, returns the reason in words. If the read may lag behind the event, returns an
/// error that allows a retry.
async fn evidence<P: Ports>(
    ports: &P,
    record: &Record,
    event: Option<WithdrawalEvent>,
) -> Result<Result<Option<Described>, String>, Halt> {
    let (source, now) = (&record.head.source, ports.clock().now());
    let lags = |why: String| {
        Halt::Port(PortError { kind: ErrorKind::Retry, call: "DescribeTaskDefinition", message: why, reason: None })
    };
    let is_new = |at: Timestamp| may_lag(at, now);
    match described(ports.task_definitions(), source).await? {
        Some(found) if !found.is_active() => Ok(Ok(Some(found))),
        Some(_) => {
            let why = format!("ECS describes {} as ACTIVE", source.short());
            if event.and_then(|event| event.at).is_some_and(is_new) { Err(lags(why)) } else { Ok(Err(why)) }
        }
        None if event.is_none() => {
            Ok(Err(format!("ECS does not describe {}, and no event reports its deregistration", source.short())))
        }
        // Logweir opened the record after the registration of the source.
        None if is_new(record.head.opened_at) => Err(lags(format!("ECS does not describe {} yet", source.short()))),
        None => Ok(Ok(None)),
    }
}

/// Returns the reason in words if Logweir does not retire the corrected revision automatically.
async fn not_retired<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    record: &Record,
    corrected: &RevisionArn,
    source: Option<&Described>,
) -> Result<Option<String>, Halt> {
    let name = corrected.short();
    let Registration::Active(copy) = read(ports, corrected, registered_at(record, corrected)).await? else {
        return Ok(Some(format!("{name} is not ACTIVE any more")));
    };
    let undo = order.backout.command(&record.head.source);
    let by_the_roles = match &copy.registered_by {
        Some(by) => is_own(by, &order.home.own_roles),
        // ECS does not name the principal of every revision. Then the record must name only the roles.
        None => record.registrars().iter().all(|by| is_own(by, &order.home.own_roles)),
    };
    if !by_the_roles {
        report.backout = Some(undo.clone());
        return Ok(Some(format!(
            "an operator registered {name}, so Logweir does not retire it automatically; to deregister it, run: {undo}"
        )));
    }
    if retire_setting(order, &record.head.source, source) == Retire::Never {
        report.backout = Some(undo.clone());
        return Ok(Some(format!("the baseline sets retire = \"never\"; to deregister {name}, run: {undo}")));
    }
    Ok(None)
}

pub(super) fn retire_setting(order: &Order<'_>, source: &RevisionArn, found: Option<&Described>) -> Retire {
    with_workload(source, found, |workload| order.baseline.settings(workload).correct.retire)
}

fn with_workload<T>(source: &RevisionArn, found: Option<&Described>, act: impl FnOnce(&Workload<'_>) -> T) -> T {
    let tags = found.map_or(&[][..], |found| &found.tags);
    let tags: Vec<_> = tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    act(&Workload {
        family: Some(&source.family),
        account: Some(&source.account),
        region: Some(&source.region),
        tags: &tags,
        ..Workload::default()
    })
}

fn cause_of(
    order: &Order<'_>,
    source: &RevisionArn,
    corrected: RevisionArn,
    found: Option<&Described>,
    event: Option<WithdrawalEvent>,
    now: Timestamp,
) -> SourceWithdrawn {
    // A time in the future would delay the retirement.
    let withdrawn_at = found.and_then(|found| found.deregistered_at).or(event.and_then(|event| event.at));
    SourceWithdrawn {
        corrected,
        withdrawn_at: withdrawn_at.unwrap_or(now).min(now),
        deleted: event.is_some_and(|event| event.deleted)
            || found.is_some_and(|found| found.status == RevisionStatus::DeleteInProgress),
        registers_per_second: with_workload(source, found, |it| order.baseline.rollout(it).registers_per_second),
    }
}

/// Ends the rollouts that still wait, because Logweir no longer updates a service to the corrected revision.
async fn end_waiting<P: Ports>(ports: &P, order: &Order<'_>, report: &mut Report, record: &Record) -> Result<(), Halt> {
    let attempt = record.attempt()?;
    let rollouts = attempt.iter().flat_map(|attempt| &attempt.rollouts);
    let waiting = rollouts.filter(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))).take(MOST);
    for rollout in waiting {
        let hint = ServiceHint { service: rollout.service, change: &ServiceChange::Look, cause: &Cause::default() };
        RolloutDriver { ports, order }.start(report, &record.head.source, &hint).await?;
    }
    Ok(())
}
