//! The path from a trigger to a decision. Every new correction of a registered revision takes this path.

use super::clusters::configure_cluster;
use super::consumers::report_consumers;
use super::decide::decide;
use super::lease::Halt;
use super::pins::remember;
use super::reporting::{end, fresh, timed};
use super::retire::{WithdrawalEvent, withdrawn};
use super::rollout::{RolloutDriver, ServiceHint};
use super::session::watch_session;
use super::{Order, Origin, family_state};
use crate::domain::event::{Cause, Consumer, Ignored, RevisionRef, Trigger};
use crate::domain::limits::family::Stopped;
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::pins::PinChange;
use crate::domain::report::{Decision, Report};
use crate::ports::{Clock, Ports};

/// Decides how to handle one trigger, and acts as far as the mode allows. This function returns no error, because the
/// report of the decision contains every error.
pub async fn remediate<P: Ports>(ports: &P, order: &Order<'_>, trigger: Trigger) -> Decision {
    let started = ports.clock().now();
    let decision = match trigger {
        Trigger::Remediate { which, cause } => {
            let mut decision = fresh(order, &cause, started);
            match lifted(ports, order, &which, &mut decision.report).await {
                Ok(()) => decide(ports, order, decision, which, cause).await,
                Err(halt) => end(decision, Err(halt)),
            }
        }
        Trigger::Overdue { revision } => {
            let mut decision = fresh(order, &Cause::default(), started);
            decision.notify.is_overdue = true;
            decision.report.notes.push(
                "the daily reconciliation found this revision: its event did not arrive, or its log group was missing"
                    .into(),
            );
            decide(ports, order, decision, RevisionRef::Revision(revision), Cause::default()).await
        }
        Trigger::Service { service, change, cause } => {
            let hint = ServiceHint { service: &service, change: &change, cause: &cause };
            RolloutDriver { ports, order }.follow(fresh(order, &cause, started), &hint).await
        }
        Trigger::Used { by, cause } => report_consumers(ports, order, fresh(order, &cause, started), by).await,
        Trigger::Pinned { change, by, cause } => pinned(ports, order, fresh(order, &cause, started), change, by).await,
        Trigger::Withdrawn { revisions, deleted, cause } => {
            let event = WithdrawalEvent { at: cause.time, deleted };
            withdrawn(ports, order, fresh(order, &cause, started), &revisions, event).await
        }
        Trigger::Session { session, cause } => watch_session(ports, order, &session, &cause).await,
        Trigger::Cluster { cluster, cause, .. } => configure_cluster(ports, order, &cluster, cause).await,
        Trigger::Ignore { why, cause } => fresh(order, &cause, started).ends(Outcome::Skipped.because(ignored(why))),
    };
    timed(ports, decision, started)
}

/// Stores the pins of a rule or schedule, and reports each target whose revision has a fault. In mode observe, Logweir
/// stores no pins. While the baseline is unconfirmed, Logweir stores pins, because a retirement does not wait for the
/// confirmation.
async fn pinned<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    decision: Decision,
    change: PinChange,
    by: Vec<Consumer>,
) -> Decision {
    if order.finishes > Mode::Observe
        && let Err(halt) = remember(ports, &change).await
    {
        return end(decision, Err(halt));
    }
    if by.is_empty() {
        return decision.ends(Outcome::Skipped.because(Reason::OtherEvent));
    }
    report_consumers(ports, order, decision, by).await
}

/// Ends the hold and closes the fuse of a family if an operator names a revision of the family in
/// `logweir apply --force`. Logweir closes the fuse only once for each request. If Logweir closed the fuse at each
/// check of a service, Logweir would also close a fuse that opens during the rollout.
async fn lifted<P: Ports>(ports: &P, order: &Order<'_>, which: &RevisionRef, report: &mut Report) -> Result<(), Halt> {
    let RevisionRef::Revision(revision) = which else { return Ok(()) };
    if order.origin != (Origin::Apply { again: true }) || order.mode == Mode::Observe {
        return Ok(());
    }
    if let Some(stopped) = family_state::go_on(ports, revision).await? {
        let family = &revision.family;
        report.notes.push(match stopped {
            Stopped::Held(hold) => {
                format!("`--force` ended the hold on family {family} (the hold would have ended at {:.0})", hold.until)
            }
            Stopped::FuseOpen(fuse) => {
                format!("`--force` closed the fuse of family {family} (the fuse was open since {:.0})", fuse.opened)
            }
        });
    }
    Ok(())
}

fn ignored(why: Ignored) -> Reason {
    match why {
        Ignored::OtherEvent => Reason::OtherEvent,
        Ignored::FailedCall => Reason::FailedCall,
        Ignored::ForeignAccount => Reason::ForeignAccount,
        Ignored::ForeignRegion => Reason::ForeignRegion,
        Ignored::OutOfScope => Reason::OutOfScope,
        Ignored::OwnPrincipal => Reason::RegisteredByLogweir,
        Ignored::ServiceOwned => Reason::ServiceOwned,
    }
}
