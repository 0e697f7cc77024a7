//! What became of a service that was pointed at our revision: told by ECS, found by looking, and written down.

use super::update_service::{Pointed, last_back, nothing_yet, point, remember, yields};
use super::{RolloutDriver, ServiceHint};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{After, Deployment, DeploymentProgress, RolloutState, Service, Stage, Status};
use crate::domain::event::ServiceChange;
use crate::domain::outcome::{Mode, Reason};
use crate::domain::record::{Ending, EntryKind, Pointing, Record, Rollout, RolloutPhase};
use crate::ports::{Answer, Clock, ErrorKind, PortError, Ports, Services};
use crate::workflow::family_state;
use crate::workflow::lease::{Claim, Claimed, Halt, give_up};
use crate::workflow::order::Origin;
use crate::workflow::ownership::Registrars;

/// What ECS says of our deployment.
enum DeploymentVerdict {
    UnderWay,
    Completed,
    Failed(String),
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Brings a pointing that is in flight to its end, if it has one. `found` is none where the service is gone.
    pub(in crate::workflow) async fn settle(
        &self,
        record: Record,
        hint: &ServiceHint<'_>,
        found: Option<&Service>,
    ) -> Result<(Option<Ending>, Record), Halt> {
        // Of one that is being deleted no deployment completes any more.
        let Some(found) = found.filter(|found| found.status == Status::Active) else {
            return self.ended(record, hint.service, Ending::MovedOn).await;
        };
        let attempt = record.attempt()?;
        let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(hint.service));
        let Some((rollout, pointing)) =
            rollout.and_then(|rollout| rollout.pointing.map(|pointing| (rollout, pointing)))
        else {
            return Ok((None, record));
        };
        let pointing = pointing.clone();
        match rollout.state {
            RolloutPhase::Pointing => match found.after(&pointing.seen, &pointing.from, &pointing.to) {
                // It was carried out, and its deployment is not listed yet.
                After::AsBefore if found.revision == pointing.to => Err(nothing_yet(hint.service).into()),
                // Not carried out, and decided on a look that may be hours old: it is to be decided anew.
                After::AsBefore if self.order.finishes == Mode::Rollout => {
                    family_state::end_turn(self.ports, &record.head.source, hint.service, None).await?;
                    let waiting = EntryKind::Waiting { service: hint.service.clone(), why: Reason::InFlight };
                    Ok((None, self.claim(record, waiting).await?.record))
                }
                After::AsBefore => {
                    let why = "it was not carried out, and the mode is not rollout any more".into();
                    self.ended(record, hint.service, Ending::NotDone { why, reason: None }).await
                }
                After::Stands(deployment) => {
                    let pointed = EntryKind::Pointed { service: hint.service.clone(), deployment };
                    let record = self.claim(record, pointed).await?.record;
                    Box::pin(self.settle(record, hint, Some(found))).await
                }
                After::Overtook(theirs) => {
                    let resumed = Registrars::resumes(self.order.home, self.order.registrar);
                    let mut claimed = self.claim(record, resumed).await?;
                    let ending = self.yielding(&mut claimed, found, &pointing.to, theirs).await?;
                    self.close(&mut claimed, hint.service, ending.clone()).await?;
                    Ok((Some(ending), claimed.record))
                }
                After::Other(_) => {
                    let ending = self.off_ours(found, &rollout, hint.change).await?;
                    self.ended(record, hint.service, ending).await
                }
            },
            RolloutPhase::Pointed(id) => {
                let id = id.to_owned();
                let newest = found.primary().filter(|newest| newest.revision == pointing.to);
                if let Some(newest) = newest.filter(|newest| newest.id != id && !newest.is_rollback()) {
                    // Somebody has ours deployed anew, or changed something else about the service: that goes on.
                    let (service, deployment) = (hint.service.clone(), newest.id.clone());
                    let record = self.claim(record, EntryKind::Pointed { service, deployment }).await?.record;
                    return Box::pin(self.settle(record, hint, Some(found))).await;
                }
                if newest.is_none() {
                    return match self.off_ours(found, &rollout, hint.change).await? {
                        // ECS rolls back to what had completed before, which need not be what was deployed last.
                        Ending::Failed { why }
                            if found.revision != pointing.from
                                && self.rolled_back(found).await?.is_some()
                                && !self.is_overtaken(found, &rollout).await? =>
                        {
                            self.back(record, found, &pointing, why).await
                        }
                        ending => self.ended(record, hint.service, ending).await,
                    };
                }
                let begun = rollout.begun;
                match self.said(found, &id, hint.change).await? {
                    DeploymentVerdict::Completed => self.ended(record, hint.service, Ending::Completed).await,
                    // ECS rolls it back, and says so.
                    DeploymentVerdict::Failed(_) if found.rolls_back && self.order.origin != Origin::Resume => {
                        Ok((None, record))
                    }
                    DeploymentVerdict::Failed(why) => self.back(record, found, &pointing, why).await,
                    DeploymentVerdict::UnderWay => {
                        let deadline = self.settings(found).deadline;
                        let now = self.ports.clock().now();
                        // A baseline that nobody has confirmed decides nothing, not even that it took too long.
                        let decides = self.order.mode == self.order.finishes;
                        match decides && begun.is_some_and(|begun| now.duration_since(begun) > deadline) {
                            true => self.ended(record, hint.service, Ending::Overdue).await,
                            false => Ok((None, record)),
                        }
                    }
                }
            }
            RolloutPhase::Yielding(theirs) => {
                let theirs = theirs.clone();
                if found.revision == theirs {
                    return self.ended(record, hint.service, Ending::Yielded { to: theirs }).await;
                }
                if found.revision != pointing.to {
                    return self.ended(record, hint.service, Ending::MovedOn).await;
                }
                let resumed = Registrars::resumes(self.order.home, self.order.registrar);
                let mut claimed = self.claim(record, resumed).await?;
                let ending = self.yielding(&mut claimed, found, &pointing.to, theirs).await?;
                self.close(&mut claimed, hint.service, ending.clone()).await?;
                Ok((Some(ending), claimed.record))
            }
            RolloutPhase::Returning(why) => {
                let why = why.to_owned();
                let by_ecs = found.revision != pointing.from
                    && self.rolled_back(found).await?.is_some()
                    && !self.is_overtaken(found, &rollout).await?;
                if found.revision == pointing.to || by_ecs {
                    return self.back(record, found, &pointing, why).await;
                }
                // Whatever somebody has deployed meanwhile, ours failed.
                self.ended(record, hint.service, Ending::Failed { why }).await
            }
            RolloutPhase::Waiting(_) | RolloutPhase::Ended(_) => Ok((None, record)),
        }
    }

    /// What ECS says of our deployment, which is the service's newest.
    async fn said(&self, found: &Service, id: &str, change: &ServiceChange) -> Answer<DeploymentVerdict> {
        if let ServiceChange::Deployment { id: of, state, reason } = change
            && of == id
        {
            match state {
                RolloutState::Completed => return Ok(DeploymentVerdict::Completed),
                RolloutState::Failed => return Ok(DeploymentVerdict::Failed(words(reason.as_ref()))),
                RolloutState::InProgress => {}
            }
        }
        match found.deployment(id) {
            Some(Deployment { state: Some(RolloutState::Failed), reason, .. }) => {
                Ok(DeploymentVerdict::Failed(words(reason.as_ref())))
            }
            _ => Ok(if self.is_completed(found).await? {
                DeploymentVerdict::Completed
            } else {
                DeploymentVerdict::UnderWay
            }),
        }
    }

    /// How it ended where the service's newest deployment is ours no more. ECS's own rollback is a failure, somebody's return
    /// is a decision.
    async fn off_ours(&self, found: &Service, rollout: &Rollout<'_>, change: &ServiceChange) -> Answer<Ending> {
        let Some(pointing) = rollout.pointing else { return Ok(Ending::MovedOn) };
        let id = match rollout.state {
            RolloutPhase::Pointed(id) => Some(id),
            _ => None,
        };
        let runs = found.primary().map_or(&found.revision, |newest| &newest.revision);
        let failed = id.and_then(|id| found.deployment(id)).filter(|ours| ours.state == Some(RolloutState::Failed));
        let told = match change {
            ServiceChange::Deployment { id: of, state: RolloutState::Failed, reason } if Some(of.as_str()) == id => {
                Some(words(reason.as_ref()))
            }
            _ => None,
        };
        let is_back = *runs == pointing.from;
        let why = match told.or(failed.map(|ours| words(ours.reason.as_ref()))) {
            None if is_back || !pointing.settled => self.rolled_back(found).await?,
            Some(why) if *runs != pointing.to => return Ok(Ending::Failed { why }),
            _ => None,
        };
        Ok(match why {
            // It was somebody else's that failed.
            Some(_) if self.is_overtaken(found, rollout).await? => Ending::MovedOn,
            Some(why) => Ending::Failed { why },
            None if is_back => Ending::Returned,
            None => Ending::MovedOn,
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
    async fn back(
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

fn words(reason: Option<&String>) -> String {
    reason.cloned().unwrap_or_else(|| "ECS gives no reason".into())
}
