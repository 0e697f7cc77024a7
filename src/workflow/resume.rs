//! Finishes the corrections, rollouts and backouts that other workers left unfinished. Logweir does this work on a
//! schedule, because the event that began the unfinished work may never be delivered again.

mod deleted_source;

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{SignedDuration, Timestamp};

use super::backout::{BackoutOptions, BackoutOrder, claim_open, drive_back};
use super::correct::drive;
use super::family_state;
use super::lag::described_after;
use super::lease::{ClaimState, Halt, Worker, take};
use super::order::Order;
use super::own_registration::Registrars;
use super::reporting::{end, fresh, timed};
use super::rollout::{RolloutDriver, ServiceHint, StartOutcome};
use super::summary::{line, tell};
use super::withdraw::deregister_unclaimed;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::record::{Head, Record, RecordKind, RolloutPhase};
use crate::domain::report::{Decision, Report};
use crate::ports::{Answer, Clock, Filter, Journal, Ports};
use deleted_source::{superseded, unverifiable};

/// The maximum number of records that one scheduled run resumes, and the maximum number of services that it reads for
/// each record. The next run starts with another record, so that records that wait for days do not delay the other
/// records.
const MOST: usize = 20;

/// The time after the last entry of an unfinished migration, after which a scheduled run backs the migration out.
const ABANDONED: SignedDuration = SignedDuration::from_mins(15);

/// The time after which a scheduled run begins no more work, counted from its start. The rest of the function's timeout of 60 seconds, which
/// `template.yaml` sets, is for the end of the work that has begun.
const WORK: SignedDuration = SignedDuration::from_secs(40);

/// The time after which a scheduled run of the backout function begins no more backouts. The timeout of this function
/// is 300 seconds.
const BACKOUT_WORK: SignedDuration = SignedDuration::from_secs(200);

/// Finishes corrections and rollouts whose worker stopped. Returns a decision for each record that has changed, and for
/// each failure. If the deployed mode is `observe`, finishes no correction or rollout. A function that only observes
/// because its baseline is unconfirmed still finishes its earlier work. The run began at `begun`.
pub async fn resume<P: Ports>(ports: &P, order: &Order<'_>, begun: Timestamp) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    if order.finishes == Mode::Observe {
        return Ok(decisions);
    }
    let work = Work::since(begun, WORK);
    for head in left(ports, false, &order.worker).await? {
        if work.is_over(ports) {
            break;
        }
        let started = ports.clock().now();
        let mut decision = fresh(order, &Cause::default(), started);
        decision.report.mode = order.finishes.into();
        decision.report.about(&head.source);
        let own = |record: &Record| Registrars::of(order.home, order.registrar, record);
        let ended = match unclaimed(ports, &order.worker, own, &mut decision.report, &head).await {
            Err(halt) => Err(halt),
            Ok(withdrawn) => {
                let ended = if head.open {
                    go_on(ports, order, &mut decision, &head).await
                } else {
                    follow_on(ports, order, &mut decision.report, &head, work).await
                };
                ended.map(|ended| ended.or(withdrawn))
            }
        };
        if let (None, Err(Halt::Stuck(_))) = (decision.notify.repeats, &ended) {
            let record = ports.journal().read(&head.source).await;
            decision.notify.repeats = record.ok().flatten().map(|record| record.repeats());
        }
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

/// Deregisters the revisions of a record that workers without the lease on the record registered, and names them in the
/// report. Returns `None` if there is no such revision.
async fn unclaimed<P: Ports>(
    ports: &P,
    worker: &str,
    own: impl Fn(&Record) -> Registrars,
    report: &mut Report,
    head: &Head,
) -> Result<Option<Conclusion>, Halt> {
    if head.unclaimed.is_empty() {
        return Ok(None);
    }
    let Some(record) = ports.journal().read_record(&head.key()).await? else { return Ok(None) };
    let own = own(&record);
    for registered in &head.unclaimed {
        deregister_unclaimed(ports, worker, &own, &head.key(), registered).await?;
        report.notes.push(format!(
            "Logweir deregistered {}, which a worker had registered after another worker took over the record",
            registered.short()
        ));
    }
    Ok(Some(Outcome::Skipped.because(Reason::Duplicate)))
}

/// Reads each service in a record if the update of the service is in progress or has to wait, and continues the update
/// if possible. Logweir reads these services on a schedule, because an event about a service may be lost, and no event
/// reports the end of a freeze window. Writes nothing to the journal if no service has changed.
async fn follow_on<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    head: &Head,
    work: Work,
) -> Result<Option<Conclusion>, Halt> {
    let (journal, follow) = (ports.journal(), RolloutDriver { ports, order });
    let mut news: Option<Conclusion> = None;
    let Some(record) = journal.read(&head.source).await? else { return Ok(None) };
    let attempt = record.attempt()?;
    let is_under_way = |service: &ServiceArn| {
        attempt.as_ref().and_then(|attempt| attempt.rollout(service)).is_some_and(|rollout| rollout.is_in_flight())
    };
    // Logweir first reads the service whose update is in progress, because the other services of the family wait for
    // the end of this update.
    let (mut services, mut wait): (Vec<_>, Vec<_>) = record.head.following.iter().partition(|it| is_under_way(it));
    begin_elsewhere(&mut wait, &order.worker);
    services.extend(wait);
    for service in services.into_iter().take(MOST) {
        let Some(record) = journal.read(&head.source).await? else { return Ok(None) };
        if record.head.open || record.head.suppressed || record.head.is_held(ports.clock().now()) || work.is_over(ports)
        {
            return Ok(news);
        }
        caused(report, &record);
        let (before, was_paused) = (record.head.next, record.is_paused(service));
        let attempt = record.attempt()?;
        let is_withdrawn = attempt.as_ref().is_some_and(|attempt| attempt.source_withdrawn);
        let in_flight =
            attempt.is_some_and(|attempt| attempt.rollout(service).is_some_and(|rollout| rollout.is_in_flight()));
        let hint = ServiceHint { service, change: &ServiceChange::Look, cause: &Cause::default() };
        let mut waits = !in_flight;
        if in_flight {
            let found = follow.look(service).await?;
            let (ending, record) = follow.finish(record, &hint, found.as_ref()).await?;
            let attempt = record.attempt()?;
            let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(service));
            // If ECS did not carry out an update, Logweir decides again whether to update the service.
            waits = rollout.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_)));
            let is_paused = record.is_paused(service);
            // The end of a pause needs no report, because the rollout continues.
            let has_continued = ending.is_none() && was_paused && !is_paused;
            if record.head.next > before && !waits && !has_continued {
                let said = tell(report, &record, order.backout);
                report.services.extend(line(&record, service));
                let ended = ending.map(|ending| ending.conclusion().without_words());
                let reason = is_paused.then_some(Reason::DeploymentPaused);
                let under_way = || Conclusion { why: said, reason, ..Outcome::Remediated.into() };
                news = graver(news, ended.unwrap_or_else(under_way));
            }
        }
        // If the source is withdrawn, `start` only ends the rollout.
        if waits && (order.mode == Mode::Rollout || is_withdrawn) {
            match follow.start(report, &head.source, &hint).await? {
                StartOutcome::Updated => news = graver(news, Outcome::Remediated.into()),
                StartOutcome::Ended(ending) => news = graver(news, ending.conclusion().without_words()),
                StartOutcome::GivenUp(obstacle) => news = graver(news, obstacle.conclusion()),
                StartOutcome::Nowhere | StartOutcome::LeftAlone(_) => {}
            }
        }
    }
    Ok(news)
}

/// Returns the conclusion of a report about several services. This is the newest conclusion `found`, unless the earlier
/// conclusion `before` is more serious.
fn graver(before: Option<Conclusion>, found: Conclusion) -> Option<Conclusion> {
    Some(before.filter(|before| before.outcome.gravity() > found.outcome.gravity()).unwrap_or(found))
}

/// Finishes backouts whose worker stopped. Also backs out the migrations whose command stopped before it had verified the
/// migrated revision, because only a command has the planned document.
pub async fn resume_backouts<P: Ports>(ports: &P, order: &BackoutOrder<'_>) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    let work = Work::since(ports.clock().now(), BACKOUT_WORK);
    for head in left(ports, true, &order.worker).await? {
        if work.is_over(ports) {
            break;
        }
        let started = ports.clock().now();
        let mut report = Report::new(order.home, ReportMode::Backout, TriggerKind::Resume, &Cause::default(), started);
        report.about(&head.source);
        let mut decision = Decision::from(report);
        let own = |record: &Record| Registrars::of(order.home, order.registrar, record);
        let ended = match unclaimed(ports, &order.worker, own, &mut decision.report, &head).await {
            Err(halt) => Err(halt),
            Ok(withdrawn) => go_back(ports, order, &mut decision, &head).await.map(|ended| ended.or(withdrawn)),
        };
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

/// The time in which a scheduled run may begin work.
#[derive(Clone, Copy)]
struct Work {
    until: Timestamp,
}

impl Work {
    fn since(begun: Timestamp, time: SignedDuration) -> Self {
        Self { until: begun.saturating_add(time).unwrap_or(begun) }
    }

    fn is_over<P: Ports>(self, ports: &P) -> bool {
        ports.clock().now() >= self.until
    }
}

/// Returns the heads of the unfinished records on which no worker holds a lease. Open records come first, from the
/// oldest to the newest, and closed records with unfinished rollouts follow. A head may be stale, so the caller reads
/// each record again before it acts. Leaves out the records that this version of Logweir cannot read, which the
/// scheduled run reports with the counts of unfinished work.
async fn left<P: Ports>(ports: &P, backing_out: bool, worker: &str) -> Answer<Vec<Head>> {
    let now = ports.clock().now();
    let filter = Filter { open: true, ..Filter::all(now) };
    let mut heads = ports.journal().list(&filter, usize::MAX).await?.readable;
    heads.retain(|head| {
        is_of_run(head, backing_out)
            && head.lease_until.max(head.at.saturating_add(pause(head.tries)).unwrap_or(now)) <= now
    });
    heads.reverse();
    let (mut heads, mut followed): (Vec<_>, Vec<_>) = heads.into_iter().partition(|head| head.open);
    begin_elsewhere(&mut heads, worker);
    begin_elsewhere(&mut followed, worker);
    heads.extend(followed);
    heads.truncate(MOST);
    Ok(heads)
}

/// Whether the run that finishes backouts, or the other run, handles the record. The run that finishes backouts handles
/// every unfinished migration.
fn is_of_run(head: &Head, backing_out: bool) -> bool {
    match head.kind {
        RecordKind::Correction => head.backing_out == backing_out,
        RecordKind::Migration => backing_out,
    }
}

/// Rotates a list, because the list may be too long for one run. Each worker, and so each run, begins at another item.
pub(super) fn begin_elsewhere<T>(items: &mut [T], worker: &str) {
    if !items.is_empty() {
        let mut hasher = DefaultHasher::new();
        worker.hash(&mut hasher);
        items.rotate_left((hasher.finish() % items.len() as u64) as usize);
    }
}

/// Returns the pause before Logweir tries to finish a record again, after this number of failed tries. The pause grows
/// with the number of tries, because each try writes to the record, and a record that fails often waits for an
/// operator.
fn pause(tries: u32) -> SignedDuration {
    match tries {
        0..=2 => SignedDuration::ZERO,
        tries => SignedDuration::from_mins(5 << (tries - 2).min(8)),
    }
}

/// Ends the decision about a record. Returns `None` if nothing about the record has changed, or if another worker
/// claimed or finished the record first.
pub(super) fn finished<P: Ports>(
    ports: &P,
    mut decision: Decision,
    ended: Result<Option<Conclusion>, Halt>,
    started: Timestamp,
) -> Option<Decision> {
    match &ended {
        Ok(None) | Err(Halt::LeaseLost) => return None,
        // A try that failed before it claimed the record wrote no entry, so the next try cannot detect that it failed
        // for the same reason. Logweir therefore treats each such failure as a repetition, and sends no notification.
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
    let source = described_after(ports, &head.source, head.opened_at).await?;
    let mut claimed = take(journal, clock, &worker, record, Registrars::resumes(order.home, order.registrar)).await?;
    let Some(source) = source else {
        let name = head.source.short();
        if let Some(ended) = superseded(&mut claimed).await? {
            let _ = tell(&mut decision.report, &claimed.record, order.backout);
            family_state::uncount(ports, &head.source).await;
            return Ok(Some(ended));
        }
        if let Some(ended) = unverifiable(ports, order, &mut claimed).await? {
            let why = tell(&mut decision.report, &claimed.record, order.backout);
            return Ok(Some(Conclusion { why: why.or(ended.why), ..ended }));
        }
        let why = format!("ECS no longer describes the source revision {name}; run `logweir backout {name}` instead");
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
    let way = ClaimState::to(journal.read_record(&head.key()).await?, false, clock.now());
    let record = match way {
        ClaimState::BackingOut(record) => record,
        ClaimState::GoOn(record) if is_abandoned(&record.head, clock.now()) => {
            return abandoned(ports, order, decision, record).await;
        }
        _ => return Ok(None),
    };
    caused(&mut decision.report, &record);
    let attempt = record.attempt()?;
    decision.report.actor =
        attempt.and_then(|attempt| attempt.backout).and_then(|backout| backout.asked.requested_by.clone());
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let mut claimed = take(journal, clock, &worker, record, Registrars::resumes(order.home, order.registrar)).await?;
    drive_back(ports, order, decision, &mut claimed).await.map(Some)
}

/// Whether the command that began the migration has certainly stopped. An operator has this time to run the command
/// again, which then finishes the migration.
fn is_abandoned(head: &Head, now: Timestamp) -> bool {
    head.kind == RecordKind::Migration && now.duration_since(head.at) >= ABANDONED
}

/// Backs out a migration whose command stopped.
async fn abandoned<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    decision: &mut Decision,
    record: Record,
) -> Result<Option<Conclusion>, Halt> {
    let why = "the command `logweir firelens apply` stopped before it had verified the migrated revision";
    let ask = BackoutOptions { reason: Some(why.into()), ..BackoutOptions::default() };
    let (name, lease) = (order.worker.clone(), order.lease);
    let worker = Worker { name: name.clone(), lease };
    let order = BackoutOrder { worker: name, ask, ..*order };
    let mut claimed = claim_open(ports, &order, &worker, record).await?;
    drive_back(ports, &order, decision, &mut claimed).await.map(Some)
}

/// Copies the cause of the record to the report.
fn caused(report: &mut Report, record: &Record) {
    let Ok(Some(attempt)) = record.attempt() else { return };
    let Cause { event_id, actor, actor_type, user_agent, source_ip, .. } = attempt.opening.cause.clone();
    (report.actor, report.actor_type, report.user_agent) = (actor, actor_type, user_agent);
    (report.source_ip, report.cloudtrail_event_id) = (source_ip, event_id);
    report.rules.clone_from(&attempt.opening.rules);
}
