//! Finishes a rollout. Logweir carries out the steps that `domain::record::next_step` returns, and records each step.

use jiff::{SignedDuration, Timestamp};

use super::update_service::{
    UpdateResult, is_deployed, last_back, not_deployed, nothing_yet, remember, update_and_verify, yields,
};
use super::{RolloutDriver, ServiceHint};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{DeploymentProgress, Service, ServiceArn, Stage, Status};
use crate::domain::outcome::{Mode, Reason};
use crate::domain::record::{
    Ending, EntryKind, Fact, Facts, FinishStep, Record, Rollout, ServiceUpdate, Sighting, next_step, words,
};
use crate::ports::{Answer, Clock, ErrorKind, PortError, Ports, Services};
use crate::workflow::family_state;
use crate::workflow::lease::{Claim, Claimed, Halt, give_up};
use crate::workflow::order::Origin;
use crate::workflow::own_registration::Registrars;

/// The time before Logweir's update in which another principal may have started the deployment that the update replaced.
const RECENT: SignedDuration = SignedDuration::from_mins(15);

/// How much the clock of ECS may differ from the clock of Logweir.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_secs(5);

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Finishes a rollout that is in progress, if the rollout's deployment has ended. `found` is `None` if the service
    /// no longer exists.
    pub(in crate::workflow) async fn finish(
        &self,
        mut record: Record,
        hint: &ServiceHint<'_>,
        found: Option<&Service>,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let service = hint.service;
        // A service that is being deleted completes no deployment.
        let Some(found) = found.filter(|found| found.status == Status::Active) else {
            return self.ended(record, service, Ending::ServiceChanged).await;
        };
        let mut facts = Facts::default();
        loop {
            let attempt = record.attempt()?;
            let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(service));
            let Some((rollout, update)) = rollout.and_then(|rollout| rollout.update.map(|update| (rollout, update)))
            else {
                return Ok((None, record));
            };
            let seen = Sighting {
                service: found,
                change: hint.change,
                facts: &facts,
                may_start_again: self.order.finishes == Mode::Rollout,
                leaves_rollback_to_ecs: found.rolls_back && self.order.origin != Origin::Resume,
                is_overdue: self.is_overdue(found, &rollout),
                may_lag: self.may_lag(&rollout),
            };
            match next_step(&rollout, &seen) {
                FinishStep::Ask(fact) => facts = self.ask(facts, fact, found, &rollout).await?,
                FinishStep::TryAgain => return Err(nothing_yet(service).into()),
                FinishStep::Wait => return Ok((None, record)),
                FinishStep::StartAgain => {
                    family_state::end_turn(self.ports, &record.head.source, service, None).await?;
                    let waiting = EntryKind::Waiting { service: service.clone(), why: Reason::InFlight };
                    return Ok((None, self.claim(record, waiting).await?.record));
                }
                FinishStep::Adopt(deployment) => {
                    let updated = EntryKind::ServiceUpdated { service: service.clone(), deployment, stoppable: false };
                    record = self.claim(record, updated).await?.record;
                }
                FinishStep::Pause => {
                    let paused = EntryKind::DeploymentPaused { service: service.clone() };
                    return Ok((None, self.claim(record, paused).await?.record));
                }
                FinishStep::Continue => {
                    let continued = EntryKind::DeploymentContinued { service: service.clone() };
                    record = self.claim(record, continued).await?.record;
                }
                FinishStep::Yield(external) => {
                    let corrected = update.to.clone();
                    return self.yield_and_close(record, found, &corrected, external).await;
                }
                FinishStep::RollBack(why) => {
                    let update = update.clone();
                    return self.roll_back(record, found, &update, why).await;
                }
                FinishStep::End(ending) => return self.ended(record, service, ending).await,
            }
        }
    }

    /// Returns whether the deployment has exceeded its deadline. Returns `false` while the baseline is unconfirmed,
    /// because the deadline is a setting of the baseline.
    fn is_overdue(&self, found: &Service, rollout: &Rollout<'_>) -> bool {
        let decides = self.order.mode == self.order.finishes;
        let (now, deadline) = (self.ports.clock().now(), self.settings(found).deadline);
        decides && rollout.running_for(now).is_some_and(|running| running > deadline)
    }

    /// Returns whether a read of the service may still lag behind Logweir's update.
    fn may_lag(&self, rollout: &Rollout<'_>) -> bool {
        let now = self.ports.clock().now();
        rollout.begun.is_some_and(|begun| may_lag(begun, now))
    }

    /// Reads one more fact about the rollout from ECS, because `next_step` needs the fact to determine the next step.
    async fn ask(&self, facts: Facts, fact: Fact, found: &Service, rollout: &Rollout<'_>) -> Answer<Facts> {
        Ok(match fact {
            Fact::Completed => Facts { completed: Some(self.completed_at(found).await?.is_some()), ..facts },
            Fact::Paused => Facts { paused: Some(self.is_paused(found).await?), ..facts },
            Fact::Rollback => Facts { rollback: Some(self.rolled_back(found).await?), ..facts },
            Fact::Overtaken => Facts { overtaken: Some(self.is_overtaken(found, rollout).await?), ..facts },
            Fact::Deployed => Facts { deployed: Some(self.is_deployed(found, rollout).await?), ..facts },
        })
    }

    /// Returns the reason that ECS gives, if ECS itself rolled back the service's last deployment. A finished rollback
    /// looks like any other deployment. However, a rollback belongs to the same service deployment as the deployment
    /// that failed, and every later deployment belongs to a new service deployment.
    async fn rolled_back(&self, found: &Service) -> Answer<Option<String>> {
        if let Some(newest) = found.primary().filter(|newest| newest.is_rollback()) {
            return Ok(newest.reason.clone());
        }
        let Some(deployment) = &found.service_deployment else { return Ok(None) };
        match self.ports.services().progress(deployment).await {
            Ok(DeploymentProgress { stage: Stage::RollingBack | Stage::Over, reason, .. }) => {
                Ok(Some(words(reason.as_ref())))
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            _ => Ok(None),
        }
    }

    /// Returns whether another principal has deployed a third revision since Logweir's update. A third revision is
    /// neither the source revision nor the corrected revision. Returns `false` if ECS refuses to list the deployments.
    async fn is_overtaken(&self, found: &Service, rollout: &Rollout<'_>) -> Answer<bool> {
        let (Some(begun), Some(update)) = (rollout.begun, rollout.update) else { return Ok(false) };
        let deployed = self.deployed_since(found, begun).await?;
        Ok(deployed.iter().any(|it| *it != update.from && *it != update.to))
    }

    /// Returns whether ECS lists a deployment of the corrected revision since Logweir recorded its intent to update the
    /// service. Returns `false` if ECS refuses to list the deployments.
    async fn is_deployed(&self, found: &Service, rollout: &Rollout<'_>) -> Answer<bool> {
        let (Some(begun), Some(update)) = (rollout.begun, rollout.update) else { return Ok(false) };
        let since = begun.checked_sub(CLOCKS_DIFFER).unwrap_or(begun);
        Ok(self.deployed_since(found, since).await?.contains(&update.to))
    }

    /// Returns the revisions that were deployed to the service at the time `since` or later. Returns no revision if ECS
    /// refuses to list the deployments.
    async fn deployed_since(&self, found: &Service, since: Timestamp) -> Answer<Vec<RevisionArn>> {
        match self.ports.services().deployed_since(&found.arn, since).await {
            Err(error) if error.kind != ErrorKind::Retry => Ok(Vec::new()),
            answer => answer,
        }
    }

    /// Returns whether Logweir may update the service to the revision `external` of another principal's deployment. ECS
    /// may no longer show a deployment that Logweir's update has replaced, so Logweir also reads the list of the recent
    /// deployments.
    async fn may_yield(&self, record: &Record, found: &Service, external: &RevisionArn) -> Result<bool, Halt> {
        if is_deployed(found, external, &record.head.source) {
            return Ok(true);
        }
        let rollout = record.attempt()?.and_then(|attempt| attempt.rollout(&found.arn));
        let begun = rollout.and_then(|rollout| rollout.begun);
        let since = begun.and_then(|begun| begun.checked_sub(RECENT).ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        match self.ports.services().deployed_since(&found.arn, since).await {
            Ok(deployed) => Ok(deployed.contains(external)),
            Err(error) if error.kind == ErrorKind::Retry => Err(error.into()),
            Err(_) => Ok(false),
        }
    }

    /// Updates a service, after the caller has recorded the intent to update the service. Returns the ending of the
    /// rollout, or `None` if Logweir's deployment is in progress.
    pub(in crate::workflow) async fn act(
        &self,
        claimed: &mut Claim<'_, P>,
        update: &ServiceUpdate,
    ) -> Result<Option<Ending>, Halt> {
        let ServiceUpdate { service, from, to, seen, .. } = update;
        let ending = match update_and_verify(self.ports, service, seen, from, to).await {
            Ok(UpdateResult::Stands { deployment, stoppable }) => {
                let updated = EntryKind::ServiceUpdated { service: service.clone(), deployment, stoppable };
                claimed.append(updated).await?;
                return Ok(None);
            }
            Ok(UpdateResult::Other(external)) if external == *from => Ending::RolledBack,
            Ok(UpdateResult::Other(_)) => Ending::ServiceChanged,
            Ok(UpdateResult::Overtook { external, seen }) => {
                self.yielding(claimed, service, seen, to, external).await?
            }
            Err(error) if error.kind == ErrorKind::Retry => return Err(given_up(claimed, error).await),
            Err(error) => Ending::NotDone { why: error.to_string(), reason: error.reason },
        };
        self.close(claimed, service, ending.clone()).await?;
        Ok(Some(ending))
    }

    /// Claims the record, updates the service to the revision `external`, and records the ending of the rollout.
    /// Logweir's earlier update has replaced another principal's deployment of `external`.
    pub(in crate::workflow) async fn yield_and_close(
        &self,
        record: Record,
        found: &Service,
        corrected: &RevisionArn,
        external: RevisionArn,
    ) -> Result<(Option<Ending>, Record), Halt> {
        if !self.may_yield(&record, found, &external).await? {
            let why = not_deployed(&found.arn.short(), &external);
            return self.ended(record, &found.arn, Ending::Stuck { why }).await;
        }
        let mut claimed = self.claim(record, Registrars::resumes(self.order.home, self.order.registrar)).await?;
        let ending = self.yielding(&mut claimed, &found.arn, found.seen(), corrected, external).await?;
        self.close(&mut claimed, &found.arn, ending.clone()).await?;
        Ok((Some(ending), claimed.record))
    }

    /// Updates a service to the revision `external`, because Logweir's earlier update has replaced another principal's
    /// deployment of this revision.
    pub(in crate::workflow) async fn yielding(
        &self,
        claimed: &mut Claim<'_, P>,
        service: &ServiceArn,
        seen: Vec<String>,
        corrected: &RevisionArn,
        external: RevisionArn,
    ) -> Result<Ending, Halt> {
        match yields(self.ports, claimed, service, seen, corrected, external.clone()).await {
            Ok(Some(to)) => Ok(Ending::Yielded { to }),
            Ok(None) => Ok(Ending::ServiceChanged),
            Err(Halt::Port(error)) if error.kind == ErrorKind::Retry => Err(given_up(claimed, error).await),
            Err(Halt::Port(error)) => Ok(Ending::Stuck {
                why: format!(
                    "another principal had deployed {1}, but service {0} could not be updated to this revision: {error}",
                    service.short(),
                    external.short()
                ),
            }),
            Err(halt) => Err(halt),
        }
    }

    /// Rolls the service back to the source revision, because Logweir's deployment failed and ECS does not roll back
    /// that deployment.
    async fn roll_back(
        &self,
        record: Record,
        found: &Service,
        update: &ServiceUpdate,
        why: String,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let ServiceUpdate { service, from, .. } = update;
        let returning = EntryKind::RollingBack { service: service.clone(), why: why.clone() };
        let mut claimed = self.claim(record, returning).await?;
        let last = match last_back(self.ports, claimed.source(), found, from).await {
            Ok(last) => last,
            Err(error) => return Err(given_up(&mut claimed, error).await),
        };
        if let Err(error) = remember(self.ports, &last).await {
            return Err(given_up(&mut claimed, error).await);
        }
        let ending = match update_and_verify(self.ports, service, &found.seen(), &found.revision, from).await {
            Ok(UpdateResult::Stands { deployment, .. }) => {
                claimed.append(EntryKind::ServiceRolledBack { service: service.clone(), deployment }).await?;
                Ending::Failed { why }
            }
            // Another principal has deployed another revision meanwhile. Logweir's deployment still counts as failed.
            Ok(UpdateResult::Other(_)) => Ending::Failed { why },
            Ok(UpdateResult::Overtook { external, seen }) => {
                self.yielding(&mut claimed, service, seen, from, external).await?
            }
            Err(error) if error.kind == ErrorKind::Retry => return Err(given_up(&mut claimed, error).await),
            Err(error) => Ending::Stuck { why: format!("{why}; {error}") },
        };
        self.close(&mut claimed, service, ending.clone()).await?;
        Ok((Some(ending), claimed.record))
    }
}

async fn given_up<P>(claimed: &mut Claimed<'_, P, impl Clock>, error: PortError) -> Halt
where
    P: crate::ports::Journal,
{
    let kind = if error.kind == ErrorKind::Missing { ErrorKind::Retry } else { error.kind };
    give_up(claimed, PortError { kind, ..error }, "").await
}
