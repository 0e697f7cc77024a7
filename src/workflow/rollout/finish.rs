//! The end of a rollout: carries out the steps of `domain::record::next_step`, and records them.

use jiff::Timestamp;

use super::update_service::{Pointed, last_back, nothing_yet, point, remember, yields};
use super::{RolloutDriver, ServiceHint};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{DeploymentProgress, Service, Stage, Status};
use crate::domain::outcome::{Mode, Reason};
use crate::domain::record::{
    Ending, EntryKind, Fact, Facts, FinishStep, Pointing, Record, Rollout, Sighting, next_step, words,
};
use crate::ports::{Answer, Clock, ErrorKind, PortError, Ports, Services};
use crate::workflow::family_state;
use crate::workflow::lease::{Claim, Claimed, Halt, give_up};
use crate::workflow::order::Origin;
use crate::workflow::ownership::Registrars;

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Finishes a rollout that is in progress, if ECS reports its end. `found` is `None` where the service is gone.
    pub(in crate::workflow) async fn finish(
        &self,
        mut record: Record,
        hint: &ServiceHint<'_>,
        found: Option<&Service>,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let service = hint.service;
        // Of one that is being deleted no deployment completes any more.
        let Some(found) = found.filter(|found| found.status == Status::Active) else {
            return self.ended(record, service, Ending::MovedOn).await;
        };
        let mut facts = Facts::default();
        loop {
            let attempt = record.attempt()?;
            let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(service));
            let Some((rollout, pointing)) =
                rollout.and_then(|rollout| rollout.pointing.map(|pointing| (rollout, pointing)))
            else {
                return Ok((None, record));
            };
            let seen = Sighting {
                service: found,
                change: hint.change,
                facts: &facts,
                may_start_again: self.order.finishes == Mode::Rollout,
                leaves_rollback_to_ecs: found.rolls_back && self.order.origin != Origin::Resume,
                is_overdue: self.is_overdue(found, rollout.begun),
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
                    let pointed = EntryKind::Pointed { service: service.clone(), deployment };
                    record = self.claim(record, pointed).await?.record;
                }
                FinishStep::Yield(theirs) => {
                    let ours = pointing.to.clone();
                    return self.yield_and_close(record, found, &ours, theirs).await;
                }
                FinishStep::RollBack(why) => {
                    let pointing = pointing.clone();
                    return self.roll_back(record, found, &pointing, why).await;
                }
                FinishStep::End(ending) => return self.ended(record, service, ending).await,
            }
        }
    }

    /// Whether the deployment has exceeded its deadline. An unconfirmed baseline decides nothing, including this.
    fn is_overdue(&self, found: &Service, begun: Option<Timestamp>) -> bool {
        let decides = self.order.mode == self.order.finishes;
        let (now, deadline) = (self.ports.clock().now(), self.settings(found).deadline);
        decides && begun.is_some_and(|begun| now.duration_since(begun) > deadline)
    }

    /// Reads one more fact from ECS.
    async fn ask(&self, facts: Facts, fact: Fact, found: &Service, rollout: &Rollout<'_>) -> Answer<Facts> {
        Ok(match fact {
            Fact::Completed => Facts { completed: Some(self.is_completed(found).await?), ..facts },
            Fact::Rollback => Facts { rollback: Some(self.rolled_back(found).await?), ..facts },
            Fact::Overtaken => Facts { overtaken: Some(self.is_overtaken(found, rollout).await?), ..facts },
        })
    }

    /// ECS's words, if it took the service's last deployment back itself. Once a rollback is over, its deployment looks like
    /// any other; but it belongs to the service deployment that it ends, and whoever deploys makes another one.
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

    /// Whether somebody has deployed something else since we pointed the service. What nobody may list was not.
    async fn is_overtaken(&self, found: &Service, rollout: &Rollout<'_>) -> Answer<bool> {
        let (Some(begun), Some(pointing)) = (rollout.begun, rollout.pointing) else { return Ok(false) };
        match self.ports.services().deployed_since(&found.arn, begun).await {
            Ok(deployed) => Ok(deployed.iter().any(|it| *it != pointing.from && *it != pointing.to)),
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Points the service, as was written down. None: our deployment is under way.
    pub(in crate::workflow) async fn act(
        &self,
        claimed: &mut Claim<'_, P>,
        pointing: &Pointing,
    ) -> Result<Option<Ending>, Halt> {
        let Pointing { service, from, to, seen, .. } = pointing;
        let ending = match point(self.ports, service, seen, from, to).await {
            Ok(Pointed::Stands(deployment)) => {
                claimed.append(EntryKind::Pointed { service: service.clone(), deployment }).await?;
                return Ok(None);
            }
            Ok(Pointed::Other(theirs)) if theirs == *from => Ending::Returned,
            Ok(Pointed::Other(_)) => Ending::MovedOn,
            Ok(Pointed::Overtook(theirs)) => match self.ports.services().service(service).await {
                Ok(found) => self.yielding(claimed, &found, to, theirs).await?,
                Err(error) => return Err(given_up(claimed, error).await),
            },
            Err(error) if error.kind == ErrorKind::Retry => return Err(given_up(claimed, error).await),
            Err(error) => Ending::NotDone { why: error.to_string(), reason: error.reason },
        };
        self.close(claimed, service, ending.clone()).await?;
        Ok(Some(ending))
    }

    /// Claims a record, updates the service to the overtaken revision, and closes the record.
    pub(in crate::workflow) async fn yield_and_close(
        &self,
        record: Record,
        found: &Service,
        ours: &RevisionArn,
        theirs: RevisionArn,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let mut claimed = self.claim(record, Registrars::resumes(self.order.home, self.order.registrar)).await?;
        let ending = self.yielding(&mut claimed, found, ours, theirs).await?;
        self.close(&mut claimed, &found.arn, ending.clone()).await?;
        Ok((Some(ending), claimed.record))
    }

    /// Points a service at what somebody had deployed and we have overtaken.
    pub(in crate::workflow) async fn yielding(
        &self,
        claimed: &mut Claim<'_, P>,
        found: &Service,
        ours: &RevisionArn,
        theirs: RevisionArn,
    ) -> Result<Ending, Halt> {
        match yields(self.ports, claimed, found, ours, theirs.clone()).await {
            Ok(Some(to)) => Ok(Ending::Yielded { to }),
            Ok(None) => Ok(Ending::MovedOn),
            Err(Halt::Port(error)) if error.kind == ErrorKind::Retry => Err(given_up(claimed, error).await),
            Err(Halt::Port(error)) => Ok(Ending::Stuck {
                why: format!("it could not be pointed at {}, which somebody had deployed: {error}", theirs.short()),
            }),
            Err(halt) => Err(halt),
        }
    }

    /// Our deployment failed, and ECS does not roll it back: the service is pointed at the source again.
    async fn roll_back(
        &self,
        record: Record,
        found: &Service,
        pointing: &Pointing,
        why: String,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let Pointing { service, from, .. } = pointing;
        let returning = EntryKind::Returning { service: service.clone(), why: why.clone() };
        let mut claimed = self.claim(record, returning).await?;
        let last = match last_back(self.ports, claimed.source(), found, from).await {
            Ok(last) => last,
            Err(error) => return Err(given_up(&mut claimed, error).await),
        };
        if let Err(error) = remember(self.ports, &last).await {
            return Err(given_up(&mut claimed, error).await);
        }
        let ending = match point(self.ports, service, &found.seen(), &found.revision, from).await {
            Ok(Pointed::Stands(deployment)) => {
                claimed.append(EntryKind::PointedBack { service: service.clone(), deployment }).await?;
                Ending::Failed { why }
            }
            // Somebody has deployed meanwhile; ours failed all the same.
            Ok(Pointed::Other(_)) => Ending::Failed { why },
            Ok(Pointed::Overtook(theirs)) => match self.ports.services().service(service).await {
                Ok(found) => self.yielding(&mut claimed, &found, from, theirs).await?,
                Err(error) => return Err(given_up(&mut claimed, error).await),
            },
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
