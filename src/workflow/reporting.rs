//! Begins and ends the decision about an event or a request, and makes the decision about an event that Logweir does
//! not examine.

use jiff::{SignedDuration, Timestamp};

use super::lease::Halt;
use super::order::Order;
use crate::domain::event::{Cause, RevisionRef, ServiceChange, Trigger};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::report::{Decision, Report};
use crate::ports::{Clock, ErrorKind, PortError, Ports};

/// Sets the time and the duration of a decision.
pub(super) fn timed<P: Ports>(ports: &P, decision: Decision, started: Timestamp) -> Decision {
    let timestamp = ports.clock().now();
    let duration_ms = millis(timestamp.duration_since(started));
    Decision { report: Report { timestamp, duration_ms, ..decision.report }, ..decision }
}

pub(super) fn fresh(order: &Order<'_>, cause: &Cause, now: Timestamp) -> Decision {
    let mut report = Report::new(order.home, order.mode, order.origin.kind(), cause, now).by(order.baseline);
    report.event_age_ms = cause.time.map(|time| millis(now.duration_since(time)));
    report.into()
}

fn millis(duration: SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Returns an unfinished decision, which contains the cause of an event and, if the event names one, a revision or a
/// family. Makes no AWS call.
pub fn unseen<P: Ports>(ports: &P, order: &Order<'_>, trigger: &Trigger) -> Decision {
    let no_cause = Cause::default();
    let cause = match trigger {
        Trigger::Remediate { cause, .. }
        | Trigger::Service { cause, .. }
        | Trigger::Used { cause, .. }
        | Trigger::Withdrawn { cause, .. }
        | Trigger::Pinned { cause, .. }
        | Trigger::Session { cause, .. }
        | Trigger::Cluster { cause, .. }
        | Trigger::Ignore { cause, .. } => cause,
        Trigger::Overdue { .. } => &no_cause,
    };
    let mut decision = fresh(order, cause, ports.clock().now());
    let report = &mut decision.report;
    match trigger {
        Trigger::Remediate { which: RevisionRef::Revision(revision), .. }
        | Trigger::Overdue { revision }
        | Trigger::Service { change: ServiceChange::Asked { revision: Some(revision) }, .. } => report.about(revision),
        Trigger::Withdrawn { revisions, .. } => revisions.iter().take(1).for_each(|revision| report.about(revision)),
        Trigger::Remediate { which: RevisionRef::NewestOf { family, .. }, .. } => report.family = Some(family.clone()),
        Trigger::Cluster { cluster, .. } => report.about_cluster(cluster),
        _ => {}
    }
    decision
}

/// Ends a decision with the result of an attempt to correct a revision, to update a service or to back out a record.
pub(super) fn end(decision: Decision, ended: Result<Option<Conclusion>, Halt>) -> Decision {
    match ended {
        Ok(Some(conclusion)) => decision.ends(conclusion),
        Ok(None) => decision.ends(Outcome::Failed.because(Reason::Unreadable)),
        Err(Halt::Port(error)) => failed(decision, &error),
        Err(halt @ Halt::LeaseLost) => {
            decision.ends_for_now(Outcome::Skipped.because(Reason::Locked).saying(halt.to_string()))
        }
        Err(Halt::Waiting(why)) => decision.ends(Outcome::Partial.because(Reason::DeploymentUnderWay).saying(why)),
        Err(halt) => decision.ends(Outcome::NeedsOperator.because(Reason::Unreadable).saying(halt.to_string())),
    }
}

/// Ends a decision with the error of a failed call.
pub(super) fn failed(mut decision: Decision, error: &PortError) -> Decision {
    // The report of a failed act lists no change that was only planned.
    if decision.report.corrected.is_none() {
        decision.report.changes.clear();
    }
    let reason = error.reason.or((error.kind == ErrorKind::Missing).then_some(Reason::Unreadable));
    let conclusion = Conclusion::new(Outcome::Failed, reason, Some(error.to_string()));
    match error.kind {
        ErrorKind::Retry => decision.ends_for_now(conclusion),
        ErrorKind::Refused | ErrorKind::Missing => decision.ends(conclusion),
    }
}
