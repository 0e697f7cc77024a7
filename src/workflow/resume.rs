//! Finishing what a worker left: on a schedule, as the event that began it may never come again.

use jiff::{SignedDuration, Timestamp};

use super::Mode;
use super::back_out::{BackoutOrder, drive_back};
use super::claim::{Halt, Way, Worker, take};
use super::correct::{Ended, drive};
use super::observe::described;
use super::own::Own;
use super::remediate::{Order, end, fresh, timed};
use super::tell::tell;
use crate::domain::event::Cause;
use crate::domain::report::{BACKOUT, Outcome, Reason, Report};
use crate::domain::saga::{Head, Record};
use crate::ports::{Answer, Clock, Filter, Journal, Ports};

/// How many records one call goes on with: what is left comes with the next one.
const MOST: usize = 20;

/// Brings forward records to their end whose worker is gone. A report for each; none: there was nothing to do. Whoever is
/// to observe finishes nothing either.
pub async fn resume<P: Ports>(ports: &P, order: &Order<'_>) -> Answer<Vec<Report>> {
    let mut reports = Vec::new();
    if order.mode == Mode::Observe {
        return Ok(reports);
    }
    for head in left(ports, false).await? {
        let started = ports.clock().now();
        let mut report = fresh(order, &Cause::default(), started);
        report.about(&head.source);
        let ended = go_on(ports, order, &mut report, &head).await;
        reports.extend(finished(ports, report, ended, started));
    }
    Ok(reports)
}

/// The same for records that are being taken back.
pub async fn resume_backouts<P: Ports>(ports: &P, order: &BackoutOrder<'_>) -> Answer<Vec<Report>> {
    let mut reports = Vec::new();
    for head in left(ports, true).await? {
        let started = ports.clock().now();
        let mut report = Report::new(order.home, BACKOUT, "resume", &Cause::default(), started);
        report.about(&head.source);
        let ended = go_back(ports, order, &mut report, &head).await;
        reports.extend(finished(ports, report, ended, started));
    }
    Ok(reports)
}

/// The heads of open records that nobody is at. They may lag behind: each is read again before anything is done.
async fn left<P: Ports>(ports: &P, backing_out: bool) -> Answer<Vec<Head>> {
    let now = ports.clock().now();
    let filter = Filter { open: true, ..Filter::all(now) };
    let mut heads = ports.journal().list(&filter, usize::MAX).await?;
    heads.retain(|head| {
        head.backing_out == backing_out
            && head.lease_until.max(head.at.saturating_add(pause(head.tries)).unwrap_or(now)) <= now
    });
    heads.reverse();
    heads.truncate(MOST);
    Ok(heads)
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
    report: Report,
    ended: Result<Option<Ended>, Halt>,
    started: Timestamp,
) -> Option<Report> {
    let report = match ended {
        Ok(None) | Err(Halt::LeaseLost) => return None,
        ended => end(report, ended),
    };
    Some(timed(ports, report, started))
}

async fn go_on<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &mut Report,
    head: &Head,
) -> Result<Option<Ended>, Halt> {
    let (journal, clock) = (ports.journal(), ports.clock());
    let Way::GoOn(record) = Way::to(journal.read(&head.source).await?, false, clock.now()) else { return Ok(None) };
    caused(report, &record);
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let source = described(ports.task_definitions(), &head.source).await?;
    let mut claimed = take(journal, clock, &worker, record, Own::resumes(order.home, order.registrar)).await?;
    let Some(source) = source else {
        let why = "ECS does not describe the source any more: take the record back, which needs it no more".to_owned();
        let _ = tell(report, &claimed.record, order.backout);
        claimed.release(&why).await;
        return Ok(Some((Outcome::NeedsOperator, Some(Reason::Unreadable), Some(why))));
    };
    drive(ports, order, report, &source, &mut claimed).await.map(Some)
}

async fn go_back<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    report: &mut Report,
    head: &Head,
) -> Result<Option<Ended>, Halt> {
    let (journal, clock) = (ports.journal(), ports.clock());
    let way = Way::to(journal.read(&head.source).await?, false, clock.now());
    let Way::BackingOut(record) = way else { return Ok(None) };
    caused(report, &record);
    let attempt = record.attempt()?;
    report.actor = attempt.and_then(|attempt| attempt.backout).and_then(|backout| backout.asked.requested_by.clone());
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let mut claimed = take(journal, clock, &worker, record, Own::resumes(order.home, order.registrar)).await?;
    drive_back(ports, order, report, &mut claimed).await.map(Some)
}

/// Says who began what is finished now.
fn caused(report: &mut Report, record: &Record) {
    let Ok(Some(attempt)) = record.attempt() else { return };
    let Cause { event_id, actor, actor_type, user_agent, source_ip, .. } = attempt.opening.cause.clone();
    (report.actor, report.actor_type, report.user_agent) = (actor, actor_type, user_agent);
    (report.source_ip, report.cloudtrail_event_id) = (source_ip, event_id);
    report.rules.clone_from(&attempt.opening.rules);
}
