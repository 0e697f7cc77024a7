//! The path from a trigger to a decision. Every correction of a registered revision takes it.

use super::consumers::report_consumers;
use super::decide::decide;
use super::lease::Halt;
use super::reporting::{end, fresh, timed};
use super::rollout::{RolloutDriver, ServiceHint};
use super::{Order, Origin, family_state};
use crate::domain::event::{Ignored, RevisionRef, Trigger};
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::report::{Decision, Report};
use crate::ports::{Clock, Ports};

/// Decides about one trigger and acts as far as the mode allows. Never fails: whatever went wrong is in the report.
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
        Trigger::Service { service, change, cause } => {
            let hint = ServiceHint { service: &service, change: &change, cause: &cause };
            RolloutDriver { ports, order }.follow(fresh(order, &cause, started), &hint).await
        }
        Trigger::Used { by, cause } => report_consumers(ports, order, fresh(order, &cause, started), by).await,
        Trigger::Ignore { why, cause } => fresh(order, &cause, started).ends(Outcome::Skipped.because(ignored(why))),
    };
    timed(ports, decision, started)
}

/// What stops a family goes where somebody asks for a revision of it by name and again: once, and not with each look at a
/// service, or what fails on the way would stop nothing.
async fn lifted<P: Ports>(ports: &P, order: &Order<'_>, which: &RevisionRef, report: &mut Report) -> Result<(), Halt> {
    let RevisionRef::Revision(revision) = which else { return Ok(()) };
    if order.origin != (Origin::Apply { again: true }) || order.mode == Mode::Observe {
        return Ok(());
    }
    if let Some(stopped) = family_state::go_on(ports, revision).await? {
        report.notes.push(format!("{stopped}; it may be corrected again"));
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
        Ignored::OwnPrincipal => Reason::OwnRevision,
        Ignored::ServiceOwned => Reason::ServiceOwned,
    }
}
