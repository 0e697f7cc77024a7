//! From a trigger to a report: the one way in which a live revision is corrected.

use std::collections::BTreeSet;

use super::decide::{Judgement, NotFound, decide, judge, look_up};
use super::lease::Halt;
use super::reporting::{end, failed, fresh, timed};
use super::rollout::{RolloutDriver, ServiceHint};
use super::{Order, Origin, family_state};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::{Consumer, Ignored, RevisionRef, Trigger};
use crate::domain::outcome::{Mode, Outcome, Reason};
use crate::domain::report::{Report, ServiceReport};
use crate::ports::{Clock, Ports};

/// Decides about one trigger and acts as far as the mode allows. Never fails: whatever went wrong is in the report.
pub async fn remediate<P: Ports>(ports: &P, order: &Order<'_>, trigger: Trigger) -> Report {
    let started = ports.clock().now();
    let report = match trigger {
        Trigger::Remediate { which, cause } => {
            let mut report = fresh(order, &cause, started);
            match lifted(ports, order, &which, &mut report).await {
                Ok(()) => decide(ports, order, report, which, cause).await,
                Err(halt) => end(report, Err(halt)),
            }
        }
        Trigger::Service { service, change, cause } => {
            let hint = ServiceHint { service: &service, change: &change, cause: &cause };
            RolloutDriver { ports, order }.follow(fresh(order, &cause, started), &hint).await
        }
        Trigger::Used { by, cause } => used(ports, order, fresh(order, &cause, started), by).await,
        Trigger::Ignore { why, cause } => {
            fresh(order, &cause, started).ends(Outcome::Skipped, Some(ignored(why)), None)
        }
    };
    timed(ports, report, started)
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

/// Something else than a service uses revisions: what would block is named, and is somebody else's to change.
async fn used<P: Ports>(ports: &P, order: &Order<'_>, mut report: Report, by: Vec<Consumer>) -> Report {
    let (mut why, mut rules) = (None, BTreeSet::new());
    for Consumer { name, revision } in by {
        let note = match revision {
            None => "its log configuration lies outside task definitions".to_owned(),
            Some(revision) => match blocks(ports, order, &report, &revision).await {
                Ok(None) => {
                    if report.record.is_none() {
                        report.about(&revision);
                    }
                    continue;
                }
                Ok(Some(found)) => {
                    if rules.is_empty() {
                        report.about(&revision);
                    }
                    rules.extend(found);
                    format!("it names {} itself: point it at a corrected revision where it is kept", revision.short())
                }
                Err(report) => return *report,
            },
        };
        report.services.push(ServiceReport {
            service: name,
            action: "not-touched",
            reason: Some(Reason::NotTouched),
            note: Some(note.clone()),
        });
        why = Some(note);
    }
    report.rules = rules.into_iter().collect();
    match why {
        None => report.ends(Outcome::Compliant, None, None),
        Some(why) => report.ends(Outcome::Skipped, Some(Reason::NotTouched), Some(why)),
    }
}

/// The rules that find a revision wanting which something else than a service uses. None: there is nothing to say of it.
async fn blocks<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    report: &Report,
    revision: &RevisionArn,
) -> Result<Option<Vec<String>>, Box<Report>> {
    // Nothing will be changed, so nothing of what would be is said.
    let mut unchanged = report.clone();
    unchanged.about(revision);
    let mut seen = unchanged.clone();
    let described = match look_up(ports, order.home, RevisionRef::Revision(revision.clone()), &mut seen).await {
        Ok(described) => described,
        Err(NotFound::Because(reason, why)) => {
            return Err(Box::new(unchanged.ends(Outcome::Failed, Some(reason), Some(why))));
        }
        Err(NotFound::Port(error)) => return Err(Box::new(failed(unchanged, &error))),
    };
    match judge(ports, order, &described, &mut seen).await {
        Err(error) => Err(Box::new(failed(unchanged, &error))),
        Ok(Judgement::Ends(Outcome::Failed, reason, why)) => {
            Err(Box::new(unchanged.ends(Outcome::Failed, reason, why)))
        }
        Ok(Judgement::Ends(Outcome::Compliant, ..))
        | Ok(Judgement::Ends(Outcome::Superseded, ..))
        | Ok(Judgement::Ends(_, Some(Reason::OwnRevision | Reason::ServiceOwned | Reason::OutOfScope), _)) => Ok(None),
        Ok(_) => Ok(Some(seen.rules)),
    }
}
