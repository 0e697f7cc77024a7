//! Reports: how one begins, how it ends, and one on an event that is not looked into.

use jiff::{SignedDuration, Timestamp};

use super::Order;
use super::lease::Halt;
use super::order::Ended;
use crate::domain::event::{Cause, RevisionRef, ServiceChange, Trigger};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::Report;
use crate::ports::{Clock, ErrorKind, PortError, Ports};

/// A report with its time and how long it took.
pub(super) fn timed<P: Ports>(ports: &P, report: Report, started: Timestamp) -> Report {
    let timestamp = ports.clock().now();
    Report { timestamp, duration_ms: millis(timestamp.duration_since(started)), ..report }
}

pub(super) fn fresh(order: &Order<'_>, cause: &Cause, now: Timestamp) -> Report {
    let mut report = Report::new(order.home, order.mode.name(), order.origin.name(), cause, now).by(order.baseline);
    report.event_age_ms = cause.time.map(|time| millis(now.duration_since(time)));
    report
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// What an event is about and who caused it, for whoever says why it is left at that.
pub fn unseen<P: Ports>(ports: &P, order: &Order<'_>, trigger: &Trigger) -> Report {
    let (Trigger::Remediate { cause, .. }
    | Trigger::Service { cause, .. }
    | Trigger::Used { cause, .. }
    | Trigger::Ignore { cause, .. }) = trigger;
    let mut report = fresh(order, cause, ports.clock().now());
    match trigger {
        Trigger::Remediate { which: RevisionRef::Revision(revision), .. }
        | Trigger::Service { change: ServiceChange::Asked { revision: Some(revision) }, .. } => report.about(revision),
        Trigger::Remediate { which: RevisionRef::NewestOf { family, .. }, .. } => report.family = Some(family.clone()),
        _ => {}
    }
    report
}

/// Ends a report with what an attempt came to.
pub(super) fn end(report: Report, ended: Result<Option<Ended>, Halt>) -> Report {
    match ended {
        Ok(Some((outcome, reason, why))) => report.ends(outcome, reason, why),
        Ok(None) => report.ends(Outcome::Failed, Some(Reason::Unreadable), None),
        Err(Halt::Port(error)) => failed(report, &error),
        Err(Halt::LeaseLost) => {
            let why = Some(Halt::LeaseLost.to_string());
            Report { retry: true, ..report.ends(Outcome::Skipped, Some(Reason::LeaseHeld), why) }
        }
        Err(Halt::Waiting(why)) => report.ends(Outcome::Partial, Some(Reason::DeploymentUnderWay), Some(why)),
        Err(halt) => report.ends(Outcome::NeedsOperator, Some(Reason::Unreadable), Some(halt.to_string())),
    }
}

pub(super) fn failed(report: Report, error: &PortError) -> Report {
    let reason = error.reason.or((error.kind == ErrorKind::Missing).then_some(Reason::Unreadable));
    Report { retry: error.kind == ErrorKind::Retry, ..report.ends(Outcome::Failed, reason, Some(error.to_string())) }
}
