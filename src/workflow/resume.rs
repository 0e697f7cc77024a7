//! Finishing what a worker left: on a schedule, as the event that began it may never come again.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::assess::described;
use super::backout::{BackoutOrder, drive_back};
use super::correct::drive;
use super::lease::{ClaimState, Halt, Worker, take};
use super::order::Order;
use super::ownership::Registrars;
use super::reporting::{end, fresh, timed};
use super::rollout::{RolloutDriver, ServiceHint, StartOutcome};
use super::summary::{line, tell};
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::record::{Head, Record, RolloutPhase};
use crate::domain::report::{Decision, Report};
use crate::ports::{Answer, Clock, Filter, Journal, Ports};

/// How many records one call goes on with, and how many services of each it looks at. The next call comes to others: what
/// only waits, and may for days, keeps nothing back.
const MOST: usize = 20;

/// Brings forward records to their end whose worker is gone. A report for each; none: there was nothing to do. Whoever is
/// to observe finishes nothing either; whoever only observes until somebody confirms the baseline does.
pub async fn resume<P: Ports>(ports: &P, order: &Order<'_>) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    if order.finishes == Mode::Observe {
        return Ok(decisions);
    }
    for head in left(ports, false, &order.worker).await? {
        let started = ports.clock().now();
        let mut decision = fresh(order, &Cause::default(), started);
        decision.report.mode = order.finishes.into();
        decision.report.about(&head.source);
        let ended = if head.open {
            go_on(ports, order, &mut decision, &head).await
        } else {
            follow_on(ports, order, &mut decision.report, &head).await
        };
        if let (None, Err(Halt::Stuck(_))) = (decision.notify.repeats, &ended) {
            let record = ports.journal().read(&head.source).await;
            decision.notify.repeats = record.ok().flatten().map(|record| record.repeats());
        }
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

/// Looks at the services that are on their way or wait: an event may be lost, and a window opens without one. A look that
/// finds nothing new writes nothing.
async fn follow_on<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    head: &Head,
) -> Result<Option<Conclusion>, Halt> {
    let (journal, follow) = (ports.journal(), RolloutDriver { ports, order });
    let mut news: Option<Conclusion> = None;
    let Some(record) = journal.read(&head.source).await? else { return Ok(None) };
    let attempt = record.attempt()?;
    let is_under_way = |service: &ServiceArn| {
        attempt.as_ref().and_then(|attempt| attempt.rollout(service)).is_some_and(|rollout| rollout.is_in_flight())
    };
    // The others wait for the one that is under way.
    let (mut services, mut wait): (Vec<_>, Vec<_>) = record.head.following.iter().partition(|it| is_under_way(it));
    begin_elsewhere(&mut wait, &order.worker);
    services.extend(wait);
    for service in services.into_iter().take(MOST) {
        let Some(record) = journal.read(&head.source).await? else { return Ok(None) };
        if record.head.open || record.head.suppressed || record.head.is_held(ports.clock().now()) {
            return Ok(news);
        }
        caused(report, &record);
        let before = record.head.next;
        let attempt = record.attempt()?;
        let in_flight =
            attempt.is_some_and(|attempt| attempt.rollout(service).is_some_and(|rollout| rollout.is_in_flight()));
        let hint = ServiceHint { service, change: &ServiceChange::Look, cause: &Cause::default() };
        let mut waits = !in_flight;
        if in_flight {
            let found = follow.look(service).await?;
            let (ending, record) = follow.finish(record, &hint, found.as_ref()).await?;
            let attempt = record.attempt()?;
            let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(service));
            // What was intended and not done is decided anew.
            waits = rollout.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_)));
            if record.head.next > before && !waits {
                let said = tell(report, &record, order.backout);
                report.services.extend(line(&record, service));
                let ended = ending.map(|ending| ending.conclusion().without_words());
                let under_way = || Conclusion { why: said, ..Outcome::Remediated.into() };
                news = graver(news, ended.unwrap_or_else(under_way));
            }
        }
        if waits && order.mode == Mode::Rollout {
            match follow.start(report, &head.source, &hint).await? {
                StartOutcome::Pointed => news = graver(news, Outcome::Remediated.into()),
                StartOutcome::Ended(ending) => news = graver(news, ending.conclusion().without_words()),
                StartOutcome::GivenUp(obstacle) => news = graver(news, obstacle.conclusion()),
                StartOutcome::Nowhere | StartOutcome::LeftAlone(_) => {}
            }
        }
    }
    Ok(news)
}

/// What a report about several services is to end with: the newest, unless one before it was graver.
fn graver(before: Option<Conclusion>, found: Conclusion) -> Option<Conclusion> {
    Some(before.filter(|before| before.outcome.gravity() > found.outcome.gravity()).unwrap_or(found))
}

/// The same for records that are being taken back.
pub async fn resume_backouts<P: Ports>(ports: &P, order: &BackoutOrder<'_>) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    for head in left(ports, true, &order.worker).await? {
        let started = ports.clock().now();
        let mut report = Report::new(order.home, ReportMode::Backout, TriggerKind::Resume, &Cause::default(), started);
        report.about(&head.source);
        let mut decision = Decision::from(report);
        let ended = go_back(ports, order, &mut decision, &head).await;
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

/// The heads of records that nobody is at: the open ones, the oldest first, then those that services follow. They may lag
/// behind: each is read again before anything is done.
async fn left<P: Ports>(ports: &P, backing_out: bool, worker: &str) -> Answer<Vec<Head>> {
    let now = ports.clock().now();
    let filter = Filter { open: true, ..Filter::all(now) };
    let mut heads = ports.journal().list(&filter, usize::MAX).await?;
    heads.retain(|head| {
        head.backing_out == backing_out
            && head.lease_until.max(head.at.saturating_add(pause(head.tries)).unwrap_or(now)) <= now
    });
    heads.reverse();
    let (mut heads, mut followed): (Vec<_>, Vec<_>) = heads.into_iter().partition(|head| head.open);
    begin_elsewhere(&mut followed, worker);
    heads.extend(followed);
    heads.truncate(MOST);
    Ok(heads)
}

/// Of more than one call looks at, each worker begins at another one.
fn begin_elsewhere<T>(items: &mut [T], worker: &str) {
    if items.len() > MOST {
        let mut hasher = DefaultHasher::new();
        worker.hash(&mut hasher);
        items.rotate_left((hasher.finish() % items.len() as u64) as usize);
    }
}

/// How long a record is left that could not be finished so often: it waits for a human, and each try writes to it.
fn pause(tries: u32) -> SignedDuration {
    match tries {
        0..=2 => SignedDuration::ZERO,
        tries => SignedDuration::from_mins(5 << (tries - 2).min(8)),
    }
}

/// None where somebody else was faster, or has finished it meanwhile.
fn finished<P: Ports>(
    ports: &P,
    mut decision: Decision,
    ended: Result<Option<Conclusion>, Halt>,
    started: Timestamp,
) -> Option<Decision> {
    match &ended {
        Ok(None) | Err(Halt::LeaseLost) => return None,
        // A try that did not even begin writes nothing that the next one could know it by.
        Err(_) => _ = decision.notify.repeats.get_or_insert(true),
        Ok(Some(_)) => {}
    }
    Some(timed(ports, end(decision, ended), started))
}

async fn go_on<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: &mut Decision,
    head: &Head,
) -> Result<Option<Conclusion>, Halt> {
    let (journal, clock) = (ports.journal(), ports.clock());
    let ClaimState::GoOn(record) = ClaimState::to(journal.read(&head.source).await?, false, clock.now()) else {
        return Ok(None);
    };
    caused(&mut decision.report, &record);
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let source = described(ports.task_definitions(), &head.source).await?;
    let mut claimed = take(journal, clock, &worker, record, Registrars::resumes(order.home, order.registrar)).await?;
    let Some(source) = source else {
        let why = "ECS does not describe the source any more: take the record back, which needs it no more".to_owned();
        let _ = tell(&mut decision.report, &claimed.record, order.backout);
        claimed.release(&why).await;
        decision.notify.repeats = Some(claimed.record.repeats());
        return Ok(Some(Outcome::NeedsOperator.because(Reason::Unreadable).saying(why)));
    };
    drive(ports, order, decision, &source, &mut claimed).await.map(Some)
}

async fn go_back<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    decision: &mut Decision,
    head: &Head,
) -> Result<Option<Conclusion>, Halt> {
    let (journal, clock) = (ports.journal(), ports.clock());
    let way = ClaimState::to(journal.read(&head.source).await?, false, clock.now());
    let ClaimState::BackingOut(record) = way else { return Ok(None) };
    caused(&mut decision.report, &record);
    let attempt = record.attempt()?;
    decision.report.actor =
        attempt.and_then(|attempt| attempt.backout).and_then(|backout| backout.asked.requested_by.clone());
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let mut claimed = take(journal, clock, &worker, record, Registrars::resumes(order.home, order.registrar)).await?;
    drive_back(ports, order, decision, &mut claimed).await.map(Some)
}

/// Says who began what is finished now.
fn caused(report: &mut Report, record: &Record) {
    let Ok(Some(attempt)) = record.attempt() else { return };
    let Cause { event_id, actor, actor_type, user_agent, source_ip, .. } = attempt.opening.cause.clone();
    (report.actor, report.actor_type, report.user_agent) = (actor, actor_type, user_agent);
    (report.source_ip, report.cloudtrail_event_id) = (source_ip, event_id);
    report.rules.clone_from(&attempt.opening.rules);
}
