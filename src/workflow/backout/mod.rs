//! The backout of a correction or a migration. Logweir backs out a record only on request, and only once. A backout does not
//! change an effect that another principal has changed since the correction.

mod context;
mod interrupted;
mod pinned;
mod preview;
mod remaining;
mod request;
mod restore;
mod services;
mod undo;

pub use request::{BackoutOptions, BackoutOrder, BackoutWord, Request};

use jiff::Timestamp;

use super::family_state;
use super::lease::{Claimed, Halt, Worker, give_up, take};
use super::own_registration::{Registrars, lost_registration};
use super::reporting::{end, failed, timed};
use super::request_text::bounded;
use super::summary::tell;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Cause;
use crate::domain::limits::family::Hold;
use crate::domain::outcome::{Conclusion, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::record::{BackoutRequest, Effects, EntryKind, Record, RecordKind, Undo};
use crate::domain::report::{BackoutBy, Decision, Report};
use crate::ports::{Answer, Clock, CommitError, Journal, Ports};
use context::UndoDriver;
use preview::previewed;
use remaining::requested;

/// Backs out the record of `revision`, which is a source, corrected or restored revision. This function returns no
/// error, because the report of the decision contains every error.
pub async fn back_out<P: Ports>(ports: &P, order: &BackoutOrder<'_>, revision: &RevisionArn) -> Decision {
    let started = ports.clock().now();
    let decision = match found(ports, order, revision, started).await {
        Ok((decision, record)) => try_back_out(ports, order, decision, record).await,
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

/// Reports the effects that [`back_out`] would undo. Writes nothing to the journal.
pub async fn preview<P: Ports>(ports: &P, order: &BackoutOrder<'_>, revision: &RevisionArn) -> Decision {
    let started = ports.clock().now();
    let decision = match found(ports, order, revision, started).await {
        Ok((decision, record)) => previewed(ports, order, decision, &record).await,
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

/// Backs out the correction of this source, or only reports what the backout would undo. Unlike [`back_out`], never turns
/// to a migration of the source, because a run only corrects.
pub(in crate::workflow) async fn back_out_correction<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    source: &RevisionArn,
    is_preview: bool,
) -> Decision {
    let started = ports.clock().now();
    let decision = match found_as(order, source, ports.journal().read(source).await, started) {
        Ok((decision, record)) if is_preview => previewed(ports, order, decision, &record).await,
        Ok((decision, record)) => try_back_out(ports, order, decision, record).await,
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

/// Returns the requested record and an unfinished decision about this record. If there is no such record, returns a
/// finished decision with the reason as the error.
async fn found<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    revision: &RevisionArn,
    now: Timestamp,
) -> Result<(Decision, Record), Box<Decision>> {
    found_as(order, revision, record_named(ports.journal(), revision).await, now)
}

fn found_as(
    order: &BackoutOrder<'_>,
    revision: &RevisionArn,
    read: Answer<Option<Record>>,
    now: Timestamp,
) -> Result<(Decision, Record), Box<Decision>> {
    let cause = Cause { actor: bounded(order.ask.requested_by.as_ref()), ..Cause::default() };
    let mut report = Report::new(order.home, ReportMode::Backout, TriggerKind::Backout, &cause, now);
    report.about(revision);
    let mut decision = Decision::from(report);
    if revision.account != order.home.account {
        let why = format!(
            "the record belongs to account {}, but the current account is {}",
            revision.account, order.home.account
        );
        return Err(Box::new(decision.ends(Outcome::Refused.because(Reason::ForeignAccount).saying(why))));
    }
    if revision.region != order.home.region {
        let why = format!(
            "the record belongs to Region {}, but the current Region is {}",
            revision.region, order.home.region
        );
        return Err(Box::new(decision.ends(Outcome::Refused.because(Reason::ForeignRegion).saying(why))));
    }
    match read {
        Err(error) => Err(Box::new(failed(decision, &error))),
        Ok(None) => {
            let why = format!("the journal has no record of {}", revision.short());
            Err(Box::new(decision.ends(Outcome::Failed.because(Reason::NoRecord).saying(why))))
        }
        Ok(Some(record)) => {
            decision.report.about(&record.head.source);
            Ok((decision, record))
        }
    }
}

/// Returns the record that `revision` names. A source revision names the record of its correction or, if there is nothing
/// to undo in that record, the record of its migration. A migrated revision, or a revision without a record of its own,
/// names the record that says that Logweir registered the revision.
pub async fn record_named(journal: &impl Journal, revision: &RevisionArn) -> Answer<Option<Record>> {
    // A revision that Logweir registered has its own record if an operator corrected this revision with
    // `logweir apply`.
    let correction = journal.read(revision).await?;
    if correction.as_ref().is_some_and(is_in_place) {
        return Ok(correction);
    }
    let migration = journal.read_record(&RecordKind::Migration.of(revision)).await?;
    if migration.as_ref().is_some_and(is_in_place) {
        return Ok(migration);
    }
    match (correction, journal.record_of(revision).await?) {
        (None, Some(key)) => journal.read_record(&key).await,
        (Some(_), Some(key)) if !key.kind.is_correction() => journal.read_record(&key).await,
        (correction, _) => Ok(correction.or(migration)),
    }
}

/// Whether the record is unfinished, or a backout of the record would undo something.
fn is_in_place(record: &Record) -> bool {
    record.head.open || !Effects::of(record).is_nothing()
}

async fn try_back_out<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    mut decision: Decision,
    record: Record,
) -> Decision {
    if let Some(until) = order.ask.hold_until {
        if until <= ports.clock().now() {
            let why = format!(
                "cannot put the family on hold until {until:.0}, because this time has passed; give a time in the future"
            );
            return decision.ends(Outcome::Failed.because(Reason::Unreadable).saying(why));
        }
        let hold =
            Hold { until, reason: bounded(order.ask.reason.as_ref()), by: bounded(order.ask.requested_by.as_ref()) };
        match family_state::hold(ports, &record.head.source, hold).await {
            Ok(()) => {
                let note = format!("family {} is on hold until {until:.0}", record.head.source.family);
                decision.report.notes.push(note);
            }
            Err(CommitError::Lost) => {
                return lease_held(decision, "another worker changed the family's state at the same time; try again");
            }
            Err(CommitError::Port(error)) => return failed(decision, &error),
        }
    }
    if record.head.is_held(ports.clock().now()) {
        return lease_held(decision, "another worker holds the lease on this record");
    }
    let worker = Worker { name: order.worker.clone(), lease: order.lease };
    let claimed = if record.head.open {
        claim_open(ports, order, &worker, record).await
    } else {
        match requested(ports, &order.ask, &record).await {
            Ok(left) if is_backed_out(&record, &left) => return again(decision, &record, order.backout),
            Ok(left) => {
                let asked = EntryKind::BackoutRequested(Box::new(asked(order, left)));
                take(ports.journal(), ports.clock(), &worker, record, asked).await
            }
            Err(error) => Err(Halt::Port(error)),
        }
    };
    let ended = match claimed {
        Err(halt) => Err(halt),
        Ok(mut claimed) => drive_back(ports, order, &mut decision, &mut claimed).await,
    };
    end(decision, ended.map(Some))
}

/// Completes the backout of a claimed record, and adds the result to the report.
pub(in crate::workflow) async fn drive_back<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    decision: &mut Decision,
    claimed: &mut Claimed<'_, P::Journal, P::Clock>,
) -> Result<Conclusion, Halt> {
    let own = Registrars::of(order.home, order.registrar, &claimed.record);
    let driven = UndoDriver::new(ports, own).to_the_end(claimed).await;
    decision.notify.repeats = Some(claimed.record.repeats());
    let why = tell(&mut decision.report, &claimed.record, order.backout);
    Ok(Conclusion { why, ..driven? })
}

fn lease_held(decision: Decision, why: &str) -> Decision {
    decision.ends_for_now(Outcome::Skipped.because(Reason::Locked).saying(why))
}

/// Returns whether the record is backed out and has no effects `left` to undo.
fn is_backed_out(record: &Record, left: &[Undo]) -> bool {
    !record.head.open && record.head.suppressed && left.is_empty()
}

/// Returns the decision about a record that was already backed out. Changes nothing.
fn again(mut decision: Decision, record: &Record, backout: &BackoutBy) -> Decision {
    let _ = tell(&mut decision.report, record, backout);
    decision.report.notes.push(format!("the record was backed out before, at {:.0}", record.head.at));
    decision.ends(Outcome::BackedOut.because(Reason::Duplicate))
}

/// Claims a record whose correction, migration or backout is unfinished. If the response to RegisterTaskDefinition was lost, first
/// looks for the registered revision, so that the backout request in the journal names that revision.
pub(in crate::workflow) async fn claim_open<'p, P: Ports>(
    ports: &'p P,
    order: &BackoutOrder<'_>,
    worker: &Worker,
    record: Record,
) -> Result<Claimed<'p, P::Journal, P::Clock>, Halt> {
    let (journal, clock) = (ports.journal(), ports.clock());
    let mut claimed = take(journal, clock, worker, record, Registrars::resumes(order.home, order.registrar)).await?;
    let own = Registrars::of(order.home, order.registrar, &claimed.record);
    match lost_registration(ports, &own, &claimed.record).await {
        Ok(None) => {}
        Ok(Some(what)) => claimed.append(what).await?,
        Err(error) => {
            return Err(give_up(&mut claimed, error, "Logweir could not search for the registered revision").await);
        }
    }
    match requested(ports, &order.ask, &claimed.record).await {
        Ok(left) => claimed.append(EntryKind::BackoutRequested(Box::new(asked(order, left)))).await?,
        Err(error) => {
            let about = "Logweir could not read the revisions that it registered";
            return Err(give_up(&mut claimed, error, about).await);
        }
    }
    Ok(claimed)
}

/// Returns the request for the undo steps `left`. If one entry cannot contain all of them, a later entry continues the
/// request.
fn asked(order: &BackoutOrder<'_>, left: Vec<Undo>) -> BackoutRequest {
    BackoutRequest {
        reason: bounded(order.ask.reason.as_ref()),
        requested_by: bounded(order.ask.requested_by.as_ref()),
        restore_over_newer: order.ask.restore_over_newer,
        restore_source: order.ask.restore_source,
        continues: false,
        ignore_pins: order.ask.ignore_pins,
        registrars: Registrars::registrars(order.home, order.registrar),
        steps: BackoutRequest::first(left),
    }
}
