//! Decides the next step of the rollout to a service, from the record and from the state of the service in ECS.

use super::entry::{Ending, ServiceUpdate};
use super::rollout::{Rollout, RolloutPhase};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{After, RolloutState, Service};
use crate::domain::event::ServiceChange;

/// The known facts about a service with an unfinished rollout.
#[derive(Clone, Copy, Debug)]
pub struct Sighting<'s> {
    /// The service, which is not deleted and is not being deleted.
    pub service: &'s Service,
    /// The change of the service that an event reports. A read of the service may still return the state from before
    /// this change.
    pub change: &'s ServiceChange,
    pub facts: &'s Facts,
    /// Whether Logweir may start the update again if ECS did not carry the update out.
    pub may_start_again: bool,
    /// Whether ECS rolls a failed deployment of the service back automatically, and an event will report this rollback
    /// to Logweir.
    pub leaves_rollback_to_ecs: bool,
    /// Whether Logweir's deployment has exceeded its deadline.
    pub is_overdue: bool,
    /// Whether Logweir updated the service so recently that a read may still show the service before this update.
    pub may_lag: bool,
}

/// The facts about a service that Logweir reads from ECS only on demand, because each fact needs a further call. A fact
/// is `None` if Logweir has not read the fact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub completed: Option<bool>,
    pub paused: Option<bool>,
    pub rollback: Option<Option<String>>,
    pub overtaken: Option<bool>,
    pub deployed: Option<bool>,
}

/// A fact about a service that [`next_step`] needs to choose the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Whether the service's newest deployment has completed.
    Completed,
    /// Whether a lifecycle hook has paused the service's newest deployment.
    Paused,
    /// Whether ECS rolled the service's last deployment back automatically, and the reason that ECS gives for the
    /// rollback.
    Rollback,
    /// Whether another principal has deployed another revision since Logweir's update.
    Overtaken,
    /// Whether ECS lists a deployment of the corrected revision since Logweir recorded its intent to update the
    /// service.
    Deployed,
}

/// The next step of a rollout.
#[derive(Clone, Debug, PartialEq)]
pub enum FinishStep {
    /// Read this fact from ECS, then call [`next_step`] again.
    Ask(Fact),
    /// Try again later, because ECS does not list Logweir's deployment yet.
    TryAgain,
    /// Do nothing now, because the rollout waits for ECS or for an obstacle to end, or because the rollout has ended.
    Wait,
    /// Record that the service waits, and decide again whether to update the service, because ECS did not carry out the
    /// update.
    StartAgain,
    /// Record that the deployment with this id is Logweir's, then call [`next_step`] again.
    Adopt(String),
    /// Record that the deployment is paused, and notify the operators.
    Pause,
    /// Record that the deployment is no longer paused, then call [`next_step`] again.
    Continue,
    /// Update the service to this revision, because another principal deployed it and Logweir's update replaced that
    /// deployment.
    Yield(RevisionArn),
    /// Update the service to the source revision, because Logweir's deployment failed for this reason.
    RollBack(String),
    End(Ending),
}

impl Facts {
    fn completed(&self) -> Result<bool, Fact> {
        self.completed.ok_or(Fact::Completed)
    }

    fn paused(&self) -> Result<bool, Fact> {
        self.paused.ok_or(Fact::Paused)
    }

    fn rollback(&self) -> Result<Option<&String>, Fact> {
        self.rollback.as_ref().map(Option::as_ref).ok_or(Fact::Rollback)
    }

    fn overtaken(&self) -> Result<bool, Fact> {
        self.overtaken.ok_or(Fact::Overtaken)
    }

    fn deployed(&self) -> Result<bool, Fact> {
        self.deployed.ok_or(Fact::Deployed)
    }
}

/// Returns the next step of a rollout. Returns [`FinishStep::Ask`] only for facts that affect this step.
pub fn next_step(rollout: &Rollout<'_>, seen: &Sighting<'_>) -> FinishStep {
    let Some(update) = rollout.update else { return FinishStep::Wait };
    let step = match rollout.state {
        RolloutPhase::Waiting(_) | RolloutPhase::Ended(_) => Ok(FinishStep::Wait),
        RolloutPhase::Updating => updating_step(rollout, update, seen),
        RolloutPhase::Updated(id) => updated_step(rollout, update, id, seen),
        RolloutPhase::Yielding(external) => Ok(yielding_step(update, external, seen)),
        RolloutPhase::RollingBack(why) => returning_step(update, why, seen),
    };
    step.unwrap_or_else(FinishStep::Ask)
}

/// Returns the next step if the record says that Logweir was about to update the service to the corrected revision.
fn updating_step(rollout: &Rollout<'_>, update: &ServiceUpdate, seen: &Sighting<'_>) -> Result<FinishStep, Fact> {
    let service = seen.service;
    Ok(match service.after(&update.seen, &update.from, &update.to) {
        // ECS carried out the update, but does not list the deployment of the update yet.
        After::AsBefore if service.revision == update.to => FinishStep::TryAgain,
        // The read shows the service as it was before the update, but ECS lists the deployment of the update.
        After::AsBefore if seen.may_lag && seen.facts.deployed()? => FinishStep::TryAgain,
        // ECS did not carry out the update. Logweir decides again whether to update the service, because its first
        // decision may be hours old.
        After::AsBefore if seen.may_start_again => FinishStep::StartAgain,
        After::AsBefore => {
            let why = "ECS did not carry out Logweir's update, and Logweir does not repeat it, because the mode is no \
                       longer rollout"
                .into();
            FinishStep::End(Ending::NotDone { why, reason: None })
        }
        After::Stands(deployment) => FinishStep::Adopt(deployment),
        After::Overtook(external) => FinishStep::Yield(external),
        // The read shows another principal's deployment from before the update, but ECS lists the deployment of the
        // update.
        After::Other(_) if seen.may_lag && is_before_update(rollout, update, service) && seen.facts.deployed()? => {
            FinishStep::TryAgain
        }
        After::Other(_) => FinishStep::End(left_corrected(update, None, seen)?),
    })
}

/// Returns the next step if the record says that `id` is Logweir's deployment.
fn updated_step(
    rollout: &Rollout<'_>,
    update: &ServiceUpdate,
    id: &str,
    seen: &Sighting<'_>,
) -> Result<FinishStep, Fact> {
    let service = seen.service;
    if seen.may_lag && is_before_update(rollout, update, service) {
        return Ok(FinishStep::TryAgain);
    }
    let Some(newest) = service.primary().filter(|newest| newest.revision == update.to) else {
        return Ok(match left_corrected(update, Some(id), seen)? {
            // ECS rolls a service back to the last revision whose deployment completed, and that revision may be older
            // than the source.
            Ending::Failed { why } if is_elsewhere_by_rollback(update, seen)? => FinishStep::RollBack(why),
            ending => FinishStep::End(ending),
        });
    };
    if newest.id != id && !newest.is_rollback() {
        // Another principal started a new deployment of the corrected revision, or changed another setting of the
        // service.
        return Ok(FinishStep::Adopt(newest.id.clone()));
    }
    if is_reported(seen.change, id, RolloutState::Completed).is_some() {
        return Ok(FinishStep::End(Ending::Completed));
    }
    if let Some(why) = reported_failure(seen.change, id).or_else(|| failure_listed(service, id)) {
        return Ok(if seen.leaves_rollback_to_ecs { FinishStep::Wait } else { FinishStep::RollBack(why) });
    }
    if seen.facts.completed()? {
        return Ok(FinishStep::End(Ending::Completed));
    }
    // Only a service with such a hook needs a further read to find a pause. The hook may have been removed from the
    // service during the deployment, so Logweir also reads before it concludes that the deployment is overdue.
    let is_paused = (service.pauses || seen.is_overdue || rollout.paused.is_some()) && seen.facts.paused()?;
    Ok(match (is_paused, rollout.paused) {
        (true, None) => FinishStep::Pause,
        (true, Some(_)) => FinishStep::Wait,
        (false, Some(_)) => FinishStep::Continue,
        (false, None) if seen.is_overdue => FinishStep::End(Ending::Overdue),
        (false, None) => FinishStep::Wait,
    })
}

/// Whether the read of the service shows no deployment that is as new as Logweir's update.
fn is_before_update(rollout: &Rollout<'_>, update: &ServiceUpdate, service: &Service) -> bool {
    let older = service.primary().filter(|newest| newest.revision != update.to && !newest.is_rollback());
    let created = older.and_then(|newest| newest.created);
    service.after(&update.seen, &update.from, &update.to) == After::AsBefore
        || created.zip(rollout.begun).is_some_and(|(created, begun)| created.as_second() < begun.as_second())
}

/// Returns the next step if Logweir was about to update the service to `external`. Another principal had deployed the
/// revision `external`, and Logweir's update to the corrected revision had replaced that deployment.
fn yielding_step(update: &ServiceUpdate, external: &RevisionArn, seen: &Sighting<'_>) -> FinishStep {
    let service = seen.service;
    let shows_update = service.deployments.iter().any(|deployment| deployment.revision == update.to);
    if service.revision == *external && seen.may_lag && !shows_update {
        // The read may show the service as it was before Logweir's first update.
        FinishStep::TryAgain
    } else if service.revision == *external {
        FinishStep::End(Ending::Yielded { to: external.clone() })
    } else if service.revision == update.to {
        FinishStep::Yield(external.clone())
    } else {
        FinishStep::End(Ending::ServiceChanged)
    }
}

/// Returns the next step if Logweir's deployment failed and Logweir was about to roll the service back to the source.
fn returning_step(update: &ServiceUpdate, why: &str, seen: &Sighting<'_>) -> Result<FinishStep, Fact> {
    let back = seen.service.revision == update.to || is_elsewhere_by_rollback(update, seen)?;
    let why = why.to_owned();
    // The rollout counts as failed, even if another principal has deployed another revision since Logweir's update.
    Ok(if back { FinishStep::RollBack(why) } else { FinishStep::End(Ending::Failed { why }) })
}

/// Whether ECS rolled the service back to a revision other than the source, and no other principal has deployed another
/// revision since Logweir's update.
fn is_elsewhere_by_rollback(update: &ServiceUpdate, seen: &Sighting<'_>) -> Result<bool, Fact> {
    Ok(seen.service.revision != update.from && seen.facts.rollback()?.is_some() && !seen.facts.overtaken()?)
}

/// Returns how a rollout ended if the service's newest deployment no longer runs the corrected revision. A rollback by
/// ECS counts as a failure of the rollout, but a rollback to the source by another principal does not. `id` is the id
/// of Logweir's deployment.
fn left_corrected(update: &ServiceUpdate, id: Option<&str>, seen: &Sighting<'_>) -> Result<Ending, Fact> {
    let service = seen.service;
    let runs = service.primary().map_or(&service.revision, |newest| &newest.revision);
    let is_back = *runs == update.from;
    let failed = id.and_then(|id| reported_failure(seen.change, id).or_else(|| failure_listed(service, id)));
    let why = match failed {
        None if is_back || !update.settled => seen.facts.rollback()?.cloned(),
        Some(why) if *runs != update.to => return Ok(Ending::Failed { why }),
        _ => None,
    };
    Ok(match why {
        // The failed deployment belongs to another principal.
        Some(_) if seen.facts.overtaken()? => Ending::ServiceChanged,
        Some(why) => Ending::Failed { why },
        None if is_back => Ending::RolledBack,
        None => Ending::ServiceChanged,
    })
}

/// Returns the reason in the event, if the event reports that the deployment `id` is in the state `wanted`.
fn is_reported<'c>(change: &'c ServiceChange, id: &str, wanted: RolloutState) -> Option<&'c Option<String>> {
    match change {
        ServiceChange::Deployment { id: of, state, reason } if of == id && *state == wanted => Some(reason),
        _ => None,
    }
}

fn reported_failure(change: &ServiceChange, id: &str) -> Option<String> {
    is_reported(change, id, RolloutState::Failed).map(|reason| words(reason.as_ref()))
}

fn failure_listed(service: &Service, id: &str) -> Option<String> {
    let failed = service.deployment(id).filter(|deployment| deployment.state == Some(RolloutState::Failed));
    failed.map(|deployment| words(deployment.reason.as_ref()))
}

/// Returns the reason that ECS gives, or a text that says that ECS gives no reason.
pub fn words(reason: Option<&String>) -> String {
    reason.cloned().unwrap_or_else(|| "ECS gives no reason".into())
}
