//! The next step of a service's rollout: a table over its record and the state in ECS.

use super::entry::{Ending, Pointing};
use super::rollout::{Rollout, RolloutPhase};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{After, RolloutState, Service};
use crate::domain::event::ServiceChange;

/// The known facts about a service with an unfinished rollout.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'s> {
    /// The service, which is neither being deleted nor gone.
    pub service: &'s Service,
    /// The change that an event reports. A look may lag behind that.
    pub change: &'s ServiceChange,
    pub facts: &'s Facts,
    /// Whether Logweir may decide again about an update that ECS did not carry out.
    pub may_start_again: bool,
    /// Whether ECS rolls a failed deployment back by itself, and an event will say so.
    pub leaves_rollback_to_ecs: bool,
    /// Whether the deployment has exceeded its deadline.
    pub is_overdue: bool,
}

/// The facts that need another call to ECS. `None` means that Logweir has not made the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub completed: Option<bool>,
    pub rollback: Option<Option<String>>,
    pub overtaken: Option<bool>,
}

/// A fact that the table needs to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Whether the service's newest deployment is over and well.
    Completed,
    /// The reason from ECS, if ECS rolled the service's last deployment back automatically.
    Rollback,
    /// Whether another principal has deployed something else since.
    Overtaken,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum FinishStep {
    /// Ask ECS for a fact, then decide again.
    Ask(Fact),
    /// ECS does not list the deployment yet.
    TryAgain,
    /// The deployment is under way, or there is nothing to finish.
    Wait,
    /// ECS did not carry out the update. Record that the service waits, and decide about it again.
    StartAgain,
    /// Record that this deployment is Logweir's, then decide again.
    Adopt(String),
    /// Update the service to the revision that Logweir's update has overtaken.
    Yield(RevisionArn),
    /// Update the service to the source revision, because the deployment failed for this reason.
    RollBack(String),
    End(Ending),
}

impl Facts {
    fn completed(&self) -> Result<bool, Fact> {
        self.completed.ok_or(Fact::Completed)
    }

    fn rollback(&self) -> Result<Option<&String>, Fact> {
        self.rollback.as_ref().map(Option::as_ref).ok_or(Fact::Rollback)
    }

    fn overtaken(&self) -> Result<bool, Fact> {
        self.overtaken.ok_or(Fact::Overtaken)
    }
}

/// Returns the next step of a rollout. Requests only facts that affect the decision.
pub fn next_step(rollout: &Rollout<'_>, seen: &Sighting<'_>) -> FinishStep {
    let Some(pointing) = rollout.pointing else { return FinishStep::Wait };
    let step = match rollout.state {
        RolloutPhase::Waiting(_) | RolloutPhase::Ended(_) => Ok(FinishStep::Wait),
        RolloutPhase::Pointing => pointing_step(pointing, seen),
        RolloutPhase::Pointed(id) => pointed_step(pointing, id, seen),
        RolloutPhase::Yielding(theirs) => Ok(yielding_step(pointing, theirs, seen.service)),
        RolloutPhase::Returning(why) => returning_step(pointing, why, seen),
    };
    step.unwrap_or_else(FinishStep::Ask)
}

/// The update was about to be made.
fn pointing_step(pointing: &Pointing, seen: &Sighting<'_>) -> Result<FinishStep, Fact> {
    let service = seen.service;
    Ok(match service.after(&pointing.seen, &pointing.from, &pointing.to) {
        // It was carried out, and its deployment is not listed yet.
        After::AsBefore if service.revision == pointing.to => FinishStep::TryAgain,
        // Not carried out, and decided on a look that may be hours old.
        After::AsBefore if seen.may_start_again => FinishStep::StartAgain,
        After::AsBefore => {
            let why = "it was not carried out, and the mode is not rollout any more".into();
            FinishStep::End(Ending::NotDone { why, reason: None })
        }
        After::Stands(deployment) => FinishStep::Adopt(deployment),
        After::Overtook(theirs) => FinishStep::Yield(theirs),
        After::Other(_) => FinishStep::End(off_ours(pointing, None, seen)?),
    })
}

/// The deployment `id` was made.
fn pointed_step(pointing: &Pointing, id: &str, seen: &Sighting<'_>) -> Result<FinishStep, Fact> {
    let service = seen.service;
    let Some(newest) = service.primary().filter(|newest| newest.revision == pointing.to) else {
        return Ok(match off_ours(pointing, Some(id), seen)? {
            // ECS rolls back to what had completed before, which need not be what was deployed last.
            Ending::Failed { why } if is_elsewhere_by_rollback(pointing, seen)? => FinishStep::RollBack(why),
            ending => FinishStep::End(ending),
        });
    };
    if newest.id != id && !newest.is_rollback() {
        // Another principal has the corrected revision deployed anew, or changed something else about the service.
        return Ok(FinishStep::Adopt(newest.id.clone()));
    }
    if is_told(seen.change, id, RolloutState::Completed).is_some() {
        return Ok(FinishStep::End(Ending::Completed));
    }
    if let Some(why) = failure_told(seen.change, id).or_else(|| failure_listed(service, id)) {
        return Ok(if seen.leaves_rollback_to_ecs { FinishStep::Wait } else { FinishStep::RollBack(why) });
    }
    Ok(if seen.facts.completed()? {
        FinishStep::End(Ending::Completed)
    } else if seen.is_overdue {
        FinishStep::End(Ending::Overdue)
    } else {
        FinishStep::Wait
    })
}

/// The service was about to be updated to what Logweir's update had overtaken.
fn yielding_step(pointing: &Pointing, theirs: &RevisionArn, service: &Service) -> FinishStep {
    if service.revision == *theirs {
        FinishStep::End(Ending::Yielded { to: theirs.clone() })
    } else if service.revision == pointing.to {
        FinishStep::Yield(theirs.clone())
    } else {
        FinishStep::End(Ending::MovedOn)
    }
}

/// The deployment failed, and the service was about to be rolled back.
fn returning_step(pointing: &Pointing, why: &str, seen: &Sighting<'_>) -> Result<FinishStep, Fact> {
    let back = seen.service.revision == pointing.to || is_elsewhere_by_rollback(pointing, seen)?;
    let why = why.to_owned();
    // Whatever another principal has deployed since, Logweir's deployment failed.
    Ok(if back { FinishStep::RollBack(why) } else { FinishStep::End(Ending::Failed { why }) })
}

/// Whether ECS itself has rolled the service back to something else than the source.
fn is_elsewhere_by_rollback(pointing: &Pointing, seen: &Sighting<'_>) -> Result<bool, Fact> {
    Ok(seen.service.revision != pointing.from && seen.facts.rollback()?.is_some() && !seen.facts.overtaken()?)
}

/// Returns how a rollout ended if the service's newest deployment is no longer of the corrected revision. A rollback by
/// ECS is a failure, and a return to the source by another principal is a decision. `id` is Logweir's deployment.
fn off_ours(pointing: &Pointing, id: Option<&str>, seen: &Sighting<'_>) -> Result<Ending, Fact> {
    let service = seen.service;
    let runs = service.primary().map_or(&service.revision, |newest| &newest.revision);
    let is_back = *runs == pointing.from;
    let failed = id.and_then(|id| failure_told(seen.change, id).or_else(|| failure_listed(service, id)));
    let why = match failed {
        None if is_back || !pointing.settled => seen.facts.rollback()?.cloned(),
        Some(why) if *runs != pointing.to => return Ok(Ending::Failed { why }),
        _ => None,
    };
    Ok(match why {
        // The failed deployment belongs to another principal.
        Some(_) if seen.facts.overtaken()? => Ending::MovedOn,
        Some(why) => Ending::Failed { why },
        None if is_back => Ending::Returned,
        None => Ending::MovedOn,
    })
}

/// Returns the reason if the event reports this state of the deployment.
fn is_told<'c>(change: &'c ServiceChange, id: &str, wanted: RolloutState) -> Option<&'c Option<String>> {
    match change {
        ServiceChange::Deployment { id: of, state, reason } if of == id && *state == wanted => Some(reason),
        _ => None,
    }
}

fn failure_told(change: &ServiceChange, id: &str) -> Option<String> {
    is_told(change, id, RolloutState::Failed).map(|reason| words(reason.as_ref()))
}

fn failure_listed(service: &Service, id: &str) -> Option<String> {
    let failed = service.deployment(id).filter(|deployment| deployment.state == Some(RolloutState::Failed));
    failed.map(|deployment| words(deployment.reason.as_ref()))
}

/// Returns the reason from ECS, in words for a report.
pub fn words(reason: Option<&String>) -> String {
    reason.cloned().unwrap_or_else(|| "ECS gives no reason".into())
}
