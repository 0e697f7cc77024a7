//! The rollback of a service from the corrected revision to the source revision, as part of a backout.

use super::context::{ServiceUndo, UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service, ServiceArn, Stage, Status};
use crate::domain::limits::service_history::ServiceHistory;
use crate::domain::outcome::Reason;
use crate::domain::record::{Backout, Effects, EntryKind, NotUndone, Record, ServiceUpdate};
use crate::ports::{Answer, Clock, ErrorKind, Journal, PortError, Ports, Services};
use crate::workflow::lease::{Claim, Halt, give_up};
use crate::workflow::registration_state::read;
use crate::workflow::rollout::update_service::{
    UpdateResult, is_deployed, last_back, not_deployed, nothing_yet, remember, update_and_verify, yields,
};

impl<P: Ports> UndoDriver<'_, P> {
    /// Returns the next action to roll the service back. Logweir rolls a service back only if the service still runs
    /// the corrected revision.
    pub(in crate::workflow) async fn service(
        &self,
        now: &UndoContext<'_>,
        backout: &Backout<'_>,
        back: &ServiceUndo<'_>,
    ) -> Answer<UndoAction> {
        let name = back.service.short();
        let found = match self.ports.services().service(back.service).await {
            Ok(found) => found,
            Err(error) if error.kind == ErrorKind::Missing => {
                return Ok(UndoAction::Write(now.done_with(format!("service {name} no longer exists"))));
            }
            Err(error) => return Err(error),
        };
        if found.status != Status::Active {
            return Ok(UndoAction::Write(now.done_with(format!("service {name} is being deleted, or was deleted"))));
        }
        let clock = self.ports.clock();
        if now.rollback.is_some_and(|rollback| rollback.is_missing_in(&found, back.to, clock.now())) {
            return Err(nothing_yet(back.service));
        }
        let overtaken = backout.yielding.iter().rev().find(|(service, _)| *service == back.service);
        if let Some((_, external)) = overtaken {
            return Ok(if !self.may_yield(now, &found, external).await? {
                now.keep(not_deployed(&name, external), None)
            } else if found.revision == **external {
                now.keep(left_with(&name, external), Some(Reason::ServiceChanged))
            } else {
                UndoAction::Yield { found: Box::new(found), external: (*external).clone() }
            });
        }
        if found.revision != *back.to {
            if self.lags(&found, back).await? {
                return Err(nothing_yet(back.service));
            }
            let is_back = found.revision == *back.from || Some(&found.revision) == now.restored;
            if !is_back && let Some(later) = self.later_source(back, &found.revision).await? {
                let (runs, later) = (found.revision.short(), later.short());
                let why =
                    format!("service {name} runs the later correction {runs}: run `logweir backout {later}` first");
                return Ok(now.keep(why, Some(Reason::NewerRevision)));
            }
            if is_back && now.started {
                return self.rolled_back(now, back, found).await;
            }
            return Ok(UndoAction::Write(if is_back {
                now.done_with(format!("ECS or another principal has already rolled service {name} back"))
            } else {
                now.done_with(format!("service {name} runs {} by now", found.revision.short()))
            }));
        }
        if !is_deployed(&found, back.from, now.source) {
            return Ok(now.keep(not_deployed(&name, back.from), None));
        }
        let target = match self.target(now, back).await? {
            Ok(target) => target,
            Err(then) => return Ok(then),
        };
        if let Some(then) = self.rolled_back_by_ecs(now, back, &found, &target).await? {
            return Ok(then);
        }
        Ok(UndoAction::Point { found: Box::new(found), to: target })
    }

    /// Returns the source of the revision `runs`, if Logweir corrected the corrected revision again and also updated the
    /// service to such a later correction. The service runs the corrected revision again after the backout of all later
    /// corrections, and this backout can then roll the service back.
    async fn later_source(&self, back: &ServiceUndo<'_>, runs: &RevisionArn) -> Answer<Option<RevisionArn>> {
        let journal = self.ports.journal();
        let (mut newer, mut first) = (runs.clone(), None);
        while newer.family == back.to.family && newer.revision > back.to.revision {
            let Some(source) = journal.source_of(&newer).await? else { return Ok(None) };
            let Some(record) = journal.read(&source).await? else { return Ok(None) };
            let effects = Effects::of(&record);
            let of_it = |(update, _): &&(&ServiceUpdate, _)| update.service == *back.service && update.to == newer;
            let Some(earlier) = effects.services.iter().find(of_it).map(|(_, back)| (*back).clone()) else {
                return Ok(None);
            };
            if earlier.revision >= newer.revision {
                return Ok(None);
            }
            first.get_or_insert(source);
            newer = earlier;
        }
        Ok(first.filter(|_| newer == *back.to))
    }

    /// Returns the revision to which Logweir rolls the service back. If the source revision is not ACTIVE, returns the
    /// action that first restores the source revision, because ECS does not update a service to a revision that is not
    /// ACTIVE.
    async fn target(&self, now: &UndoContext<'_>, back: &ServiceUndo<'_>) -> Answer<Result<RevisionArn, UndoAction>> {
        if back.from != now.source || self.source_is_active(now).await? {
            return Ok(Ok(back.from.clone()));
        }
        let registered = now.record.registered().into_iter().find(|registered| registered.revision == back.to);
        let corrected = read(self.ports, back.to, registered.map(|registered| registered.at)).await?.described();
        let (Some(corrected), Some(registered)) = (corrected, registered) else {
            let why = format!("neither {} nor {} is ACTIVE any more", back.from.short(), back.to.short());
            return Ok(Err(now.keep(why, Some(Reason::Unreadable))));
        };
        if let Some(then) = self.restored(now, &corrected, registered.edits).await? {
            return Ok(Err(then));
        }
        match now.restored {
            Some(restored) => Ok(Ok(restored.clone())),
            None => {
                let why = format!("{} is not ACTIVE any more, and was not restored", back.from.short());
                Ok(Err(now.keep(why, None)))
            }
        }
    }

    /// Returns whether the read of the service still shows the service before Logweir's update to the corrected
    /// revision. Such a read does not show that another principal rolled the service back.
    async fn lags(&self, found: &Service, back: &ServiceUndo<'_>) -> Answer<bool> {
        let history = self.ports.journal().read_state::<ServiceHistory>(back.service).await?;
        let last = history.map(|history| history.last).filter(|last| last.to == *back.to);
        Ok(last.is_some_and(|last| last.is_missing_in(found, self.ports.clock().now())))
    }

    /// Returns the action that lets ECS roll back the service's newest deployment, if Logweir started this deployment,
    /// the deployment is in progress, and ECS would roll the service back to the source revision. Returns `None` if
    /// Logweir has to update the service itself. An update to another revision keeps all other settings of the service,
    /// which another principal may have changed. A rollback by ECS restores the earlier settings as well (source: ECS
    /// developer guide, stop-service-deployment).
    async fn rolled_back_by_ecs(
        &self,
        now: &UndoContext<'_>,
        back: &ServiceUndo<'_>,
        found: &Service,
        target: &RevisionArn,
    ) -> Answer<Option<UndoAction>> {
        let (Some(deployment), Some(newest)) = (&found.service_deployment, found.primary()) else { return Ok(None) };
        if now.started {
            let stage = match self.ports.services().progress(deployment).await {
                Ok(progress) => Some(progress.stage),
                Err(error) if error.kind == ErrorKind::Retry => return Err(error),
                Err(_) => None,
            };
            let why = format!("ECS is rolling service {} back", back.service.short());
            return Ok((stage == Some(Stage::RollingBack)).then_some(UndoAction::Wait(why)));
        }
        let is_own = back.stoppable.as_ref() == Some(&newest.id);
        let under_way = newest.state == Some(RolloutState::InProgress);
        let rolls_back_to_source = back.settled && target == back.from;
        Ok((is_own && under_way && rolls_back_to_source).then(|| UndoAction::Stop(deployment.clone())))
    }

    /// Rolls the service back by an update to the revision `to`, as [`UndoDriver::service`] has decided, and records
    /// the result.
    pub(in crate::workflow) async fn roll_back(
        &self,
        claimed: &mut Claim<'_, P>,
        step: usize,
        found: &Service,
        to: &RevisionArn,
    ) -> Result<(), Halt> {
        let remembered = match last_back(self.ports, claimed.source(), found, to).await {
            Ok(last) => remember(self.ports, &last).await,
            Err(error) => Err(error),
        };
        if let Err(error) = remembered {
            return Err(give_up(claimed, error, "").await);
        }
        match update_and_verify(self.ports, &found.arn, &found.seen(), &found.revision, to).await {
            Ok(UpdateResult::Stands { deployment, .. }) => {
                claimed.append(EntryKind::ServiceRolledBack { service: found.arn.clone(), deployment }).await?;
                claimed.append(EntryKind::Undone { step }).await
            }
            Ok(UpdateResult::Other(external)) => {
                let why = format!("service {} runs {} by now", found.arn.short(), external.short());
                let kept = NotUndone { open: false, ..NotUndone::open(step, why, Some(Reason::ServiceChanged)) };
                claimed.append(EntryKind::Kept(kept)).await
            }
            Ok(UpdateResult::Overtook { external, seen }) => {
                self.yield_to(claimed, step, &found.arn, seen, to, external).await
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(give_up(claimed, error, "").await),
            // The read that showed the revision as ACTIVE lagged behind. A later read shows that it is INACTIVE, and
            // Logweir then restores the source revision.
            Err(error) if is_inactive(&error) && restores_if_inactive(&claimed.record, to) => {
                let error = PortError { kind: ErrorKind::Retry, ..error };
                Err(give_up(claimed, error, "").await)
            }
            Err(error) => claimed.append(EntryKind::Kept(NotUndone::open(step, error.to_string(), error.reason))).await,
        }
    }

    pub(in crate::workflow) async fn yield_to(
        &self,
        claimed: &mut Claim<'_, P>,
        step: usize,
        service: &ServiceArn,
        seen: Vec<String>,
        runs: &RevisionArn,
        external: RevisionArn,
    ) -> Result<(), Halt> {
        match yields(self.ports, claimed, service, seen, runs, external).await {
            Ok(Some(external)) => {
                let why = left_with(&service.short(), &external);
                claimed.append(EntryKind::Kept(NotUndone::open(step, why, Some(Reason::ServiceChanged)))).await
            }
            Ok(None) => {
                let why =
                    format!("another principal has since deployed another revision to service {}", service.short());
                let kept = NotUndone { open: false, ..NotUndone::open(step, why, Some(Reason::ServiceChanged)) };
                claimed.append(EntryKind::Kept(kept)).await
            }
            Err(Halt::Port(error)) => Err(give_up(claimed, error, "").await),
            Err(halt) => Err(halt),
        }
    }
}

fn left_with(service: &str, external: &RevisionArn) -> String {
    format!(
        "another principal deployed {} to service {service} during the rollback; the service keeps this revision",
        external.short()
    )
}

/// Whether ECS refused to start a revision, because the revision is INACTIVE ("TaskDefinition is inactive", source:
/// Cloud-CV/EvalAI, issue 5167). A revision never becomes ACTIVE again.
fn is_inactive(error: &PortError) -> bool {
    error.kind == ErrorKind::Refused && error.message.to_ascii_lowercase().contains("taskdefinition is inactive")
}

/// Whether a backout restores the source revision if `to` is INACTIVE.
fn restores_if_inactive(record: &Record, to: &RevisionArn) -> bool {
    record.head.source == *to || record.head.restored.as_ref() == Some(to)
}
