//! Taking a service off our revision, when somebody asks for it.

use super::context::{ServiceUndo, UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service, Stage, Status};
use crate::domain::edit::Edit;
use crate::domain::outcome::Reason;
use crate::domain::record::{Backout, EntryKind, NotUndone, Undo};
use crate::ports::{Answer, ErrorKind, Ports, Services};
use crate::workflow::assess::described;
use crate::workflow::lease::{Claim, Halt, give_up};
use crate::workflow::rollout::update_service::{Pointed, last_back, point, remember, yields};

impl<P: Ports> UndoDriver<'_, P> {
    /// Points the service back if it still runs ours.
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
                return Ok(UndoAction::Write(now.done_with(format!("service {name} is not there any more"))));
            }
            Err(error) => return Err(error),
        };
        if found.status != Status::Active {
            return Ok(UndoAction::Write(now.done_with(format!("service {name} is being deleted, or was"))));
        }
        let overtaken = backout.yielding.iter().rev().find(|(service, _)| *service == back.service);
        if let Some((_, theirs)) = overtaken {
            return Ok(if found.revision == **theirs {
                now.keep(left_with(&name, theirs), Some(Reason::ServiceMovedOn))
            } else {
                UndoAction::Yield { found: Box::new(found), theirs: (*theirs).clone() }
            });
        }
        if found.revision != *back.to {
            let is_back = found.revision == *back.from || Some(&found.revision) == now.restored.as_ref();
            return Ok(UndoAction::Write(if is_back && now.started {
                EntryKind::Undone { step: now.step }
            } else if is_back {
                now.done_with(format!("somebody has pointed service {name} back already"))
            } else {
                now.done_with(format!("service {name} runs {} since", found.revision.short()))
            }));
        }
        let target = match self.target(now, backout, back).await? {
            Ok(target) => target,
            Err(then) => return Ok(then),
        };
        if let Some(then) = self.rolled_back(now, back, &found, &target).await? {
            return Ok(then);
        }
        Ok(UndoAction::Point { found: Box::new(found), to: target })
    }

    /// What the service goes back to. The source may have to be restored before: a service cannot be pointed at a revision
    /// that is not ACTIVE.
    async fn target(
        &self,
        now: &UndoContext<'_>,
        backout: &Backout<'_>,
        back: &ServiceUndo<'_>,
    ) -> Answer<Result<RevisionArn, UndoAction>> {
        if back.from != now.source || self.active(back.from).await?.is_some() {
            return Ok(Ok(back.from.clone()));
        }
        let edits = backout.asked.steps.iter().find_map(|undo| match undo {
            Undo::Deregister { corrected, edits } if corrected == back.to => Some(edits),
            _ => None,
        });
        let ours = described(self.ports.task_definitions(), back.to).await?;
        let (Some(ours), Some(edits)) = (ours, edits) else {
            let why = format!("neither {} nor {} is ACTIVE any more", back.from.short(), back.to.short());
            return Ok(Err(now.keep(why, Some(Reason::Unreadable))));
        };
        let reversed: Vec<Edit> = crate::workflow::ownership::reversed(edits);
        if now.restoring
            && now.restored.is_none()
            && let Some(then) = self.unanswered(now, back.to, Some(&ours), &reversed).await?
        {
            return Ok(Err(then));
        }
        if let Some(then) = self.restored(now, &ours, &reversed).await? {
            return Ok(Err(then));
        }
        match &now.restored {
            Some(restored) => Ok(Ok(restored.clone())),
            None => {
                let why = format!("{} is not ACTIVE any more, and was not restored", back.from.short());
                Ok(Err(now.keep(why, None)))
            }
        }
    }

    /// Has ECS roll our deployment back while it is under way, where that leads to the source. None: it is to be pointed.
    async fn rolled_back(
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
        let under_way = newest.state == Some(RolloutState::InProgress);
        let leads_back = back.settled && target == back.from;
        Ok((under_way && leads_back).then(|| UndoAction::Stop {
            deployment: deployment.clone(),
            found: Box::new(found.clone()),
            to: target.clone(),
        }))
    }

    /// Carries out what [`UndoDriver::service`] decided.
    pub(in crate::workflow) async fn point_back(
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
        match point(self.ports, &found.arn, &found.seen(), &found.revision, to).await {
            Ok(Pointed::Stands(deployment)) => {
                claimed.append(EntryKind::PointedBack { service: found.arn.clone(), deployment }).await?;
                claimed.append(EntryKind::Undone { step }).await
            }
            Ok(Pointed::Other(theirs)) => {
                let why = format!("service {} runs {} since", found.arn.short(), theirs.short());
                let kept = NotUndone { open: false, ..NotUndone::open(step, why, Some(Reason::ServiceMovedOn)) };
                claimed.append(EntryKind::Kept(kept)).await
            }
            Ok(Pointed::Overtook(theirs)) => {
                let found = self.ports.services().service(&found.arn).await?;
                self.yield_to(claimed, step, &found, theirs).await
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(give_up(claimed, error, "").await),
            Err(error) => claimed.append(EntryKind::Kept(NotUndone::open(step, error.to_string(), error.reason))).await,
        }
    }

    pub(in crate::workflow) async fn yield_to(
        &self,
        claimed: &mut Claim<'_, P>,
        step: usize,
        found: &Service,
        theirs: RevisionArn,
    ) -> Result<(), Halt> {
        match yields(self.ports, claimed, found, &found.revision, theirs).await {
            Ok(Some(theirs)) => {
                let why = left_with(&found.arn.short(), &theirs);
                claimed.append(EntryKind::Kept(NotUndone::open(step, why, Some(Reason::ServiceMovedOn)))).await
            }
            Ok(None) => {
                let why = format!("somebody has deployed service {} since", found.arn.short());
                let kept = NotUndone { open: false, ..NotUndone::open(step, why, Some(Reason::ServiceMovedOn)) };
                claimed.append(EntryKind::Kept(kept)).await
            }
            Err(Halt::Port(error)) => Err(give_up(claimed, error, "").await),
            Err(halt) => Err(halt),
        }
    }
}

fn left_with(service: &str, theirs: &RevisionArn) -> String {
    format!("somebody deployed {} to service {service} while it was pointed back: it is left with that", theirs.short())
}
