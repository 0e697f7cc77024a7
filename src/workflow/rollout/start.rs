//! The start of a rollout, which updates a service from the source revision to the corrected revision. Logweir checks
//! the guards, takes the rollout turn, records the intent to update the service, and updates the service, in this
//! order.

use jiff::Timestamp;

use super::update_service::remember;
use super::{RolloutDriver, ServiceHint, StartOutcome};
use crate::domain::baseline::ImageGuard;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service, ServiceArn, Stage};
use crate::domain::edit::Edit;
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::limits::family::Stopped;
use crate::domain::limits::rollout_guards::{Candidate, Obstacle, obstacle};
use crate::domain::limits::service_history::{LastUpdate, ServiceHistory};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::{Ending, EntryKind, Record, Rollout, RolloutPhase, ServiceUpdate, Step};
use crate::domain::report::{Report, ServiceAction, ServiceReport};
use crate::ports::{Answer, Clock, Journal, Ports};
use crate::workflow::assess::described;
use crate::workflow::family_state::{self, LOOKS, TurnOutcome, take_turn};
use crate::workflow::lease::Halt;
use crate::workflow::order::Origin;
use crate::workflow::own_registration::{Registrars, unconfirmed};
use crate::workflow::summary::{left_alone, line, tell};

/// The corrected revision to which Logweir may update a service.
struct Destination {
    corrected: RevisionArn,
    edits: Vec<Edit>,
}

/// The facts about a service that Logweir has read while it checked the rollout guards, if no guard prevents the update
/// of the service.
struct Cleared {
    history: Option<ServiceHistory>,
    /// Whether the deployment of the source revision has completed.
    completed: bool,
    /// The time at which Logweir checked the guards.
    now: Timestamp,
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Updates the service to the corrected revision of the source revision `source`, unless a guard prevents the
    /// update. Adds the service to the report.
    pub(in crate::workflow) async fn start(
        &self,
        report: &mut Report,
        source: &RevisionArn,
        hint: &ServiceHint<'_>,
    ) -> Result<StartOutcome, Halt> {
        let service = hint.service;
        let Some(record) = self.ports.journal().read(source).await? else { return Ok(StartOutcome::Nowhere) };
        let Some(way) = way(&record)? else { return Ok(StartOutcome::Nowhere) };
        if record.head.is_held(self.ports.clock().now()) {
            return Err(Halt::LeaseLost);
        }
        let (outcome, record) = match self.may_run(&record, service).await? {
            Ok(found) => {
                self.shows_change(&found, hint)?;
                match self.finish_forgotten(record, &found, hint).await? {
                    (Some(outcome), record) => (outcome, record),
                    (None, record) => self.start_there(report, record, &way, &found, hint).await?,
                }
            }
            Err(way) => (StartOutcome::LeftAlone(way), record),
        };
        let (outcome, record) = match outcome {
            StartOutcome::LeftAlone(way) => self.left_alone(record, service, way).await?,
            outcome => (outcome, record),
        };
        match &outcome {
            StartOutcome::Nowhere => {}
            StartOutcome::LeftAlone(way) | StartOutcome::GivenUp(way) => {
                let said = left_alone(service, way.reason, Some(way.note.clone()));
                report.services.push(ServiceReport {
                    action: if way.passes { ServiceAction::Waits } else { said.action },
                    ..said
                });
            }
            StartOutcome::Updated | StartOutcome::Ended(_) => {
                let _ = tell(report, &record, self.order.backout);
                report.services.extend(line(&record, service));
            }
        }
        Ok(outcome)
    }

    /// Finishes an update of the service that only the record lists. The worker died between the record's entry and the
    /// service's history, so no later look at the history finds the update. Returns `None` if Logweir has to decide
    /// again whether to update the service.
    async fn finish_forgotten(
        &self,
        record: Record,
        found: &Service,
        hint: &ServiceHint<'_>,
    ) -> Result<(Option<StartOutcome>, Record), Halt> {
        let in_flight = |record: &Record| -> Result<bool, Halt> {
            Ok(rollout(record, &found.arn)?.is_some_and(|rollout| rollout.is_in_flight()))
        };
        if !in_flight(&record)? {
            return Ok((None, record));
        }
        // Boxed, because a rare case should not make the future of each rollout larger.
        let (ending, record) = Box::pin(self.finish(record, hint, Some(found))).await?;
        let outcome = match ending {
            Some(ending) => Some(StartOutcome::Ended(ending)),
            None => in_flight(&record)?.then_some(StartOutcome::Updated),
        };
        Ok((outcome, record))
    }

    /// Reads a service that may run the corrected revision. Returns an obstacle, without an AWS call, if another
    /// principal has deregistered the source.
    async fn may_run(&self, record: &Record, service: &ServiceArn) -> Result<Result<Service, Obstacle>, Halt> {
        if record.attempt()?.is_some_and(|attempt| attempt.source_withdrawn) {
            let source = record.head.source.short();
            let why = format!("{source} is deregistered, so Logweir updates no service to its corrected revision");
            return Ok(Err(Obstacle::for_good(Reason::SourceWithdrawn, why)));
        }
        Ok(self.seen(service).await?)
    }

    async fn start_there(
        &self,
        report: &mut Report,
        record: Record,
        to: &Destination,
        found: &Service,
        hint: &ServiceHint<'_>,
    ) -> Result<(StartOutcome, Record), Halt> {
        if found.service_connect_logs {
            let name = found.arn.short();
            report.notes.push(format!("Logweir does not change the log configuration of Service Connect in {name}"));
        }
        if found.revision == to.corrected {
            let rollout = rollout(&record, &found.arn)?;
            if !rollout.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))) {
                return Ok((StartOutcome::Nowhere, record));
            }
            // Another principal has deployed the corrected revision, so the service no longer waits.
            let (_, record) = self.ended(record, &found.arn, Ending::ServiceChanged).await?;
            return Ok((StartOutcome::Nowhere, record));
        }
        match self.cleared(report, &record, to, found, hint).await? {
            Err(obstacle) => Ok((StartOutcome::LeftAlone(obstacle), record)),
            Ok(cleared) => self.update(record, to, found, cleared, hint.cause).await,
        }
    }

    /// Checks every rollout guard, and begins with the guards that need no AWS call. If no guard prevents the update,
    /// takes the family's rollout turn for the service.
    async fn cleared(
        &self,
        report: &mut Report,
        record: &Record,
        to: &Destination,
        found: &Service,
        hint: &ServiceHint<'_>,
    ) -> Result<Result<Cleared, Obstacle>, Halt> {
        let source = &record.head.source;
        let again = self.order.origin == (Origin::Apply { again: true });
        if let Some(obstacle) = was_started(record, found, again)? {
            return Ok(Err(obstacle));
        }
        let (now, settings) = (self.ports.clock().now(), self.settings(found));
        let completed = match reported(found, hint, now) {
            Some(reported) => Some(reported),
            None => self.completed_at(found).await?,
        };
        let candidate = Candidate { service: found, source, edits: &to.edits, settings, completed, now };
        if let Some(obstacle) = self.in_the_way(&candidate, hint).await? {
            return Ok(Err(obstacle));
        }
        let mut history = self.ports.journal().read_state::<ServiceHistory>(&found.arn).await?;
        match &mut history {
            Some(history) if again => history.times.clear(),
            Some(history) if record.came_to_nothing(&found.arn) => history.uncount(source, &to.corrected),
            _ => {}
        }
        if let Some(times) = history.as_ref().filter(|times| times.too_many(now, &self.order.baseline.fuse())) {
            let (name, times) = (found.arn.short(), times.times.len());
            let why = format!(
                "service {name} was recently updated {times} times, and another principal keeps rolling it back"
            );
            family_state::end_turn(self.ports, source, &found.arn, Some(why.clone())).await?;
            return Ok(Err(Obstacle::for_good(Reason::FuseOpen, why)));
        }
        if let Some(why) = self.other_images(source, found, settings.image_guard).await? {
            if settings.image_guard == ImageGuard::Hold {
                return Ok(Err(Obstacle::for_good(Reason::ImageChanged, why)));
            }
            report.notes.push(format!("{}: {why}", found.arn.short()));
        }
        if let Some(why) = self.unconfirmed(record, &to.corrected).await? {
            return Ok(Err(Obstacle::for_good(Reason::Unreadable, why)));
        }
        let turn = take_turn(self.ports, self.order, source, &found.arn).await?;
        Ok(in_turn(turn).map(|()| Cleared { history, completed: completed.is_some(), now }))
    }

    /// Returns why ECS does not confirm that Logweir registered the corrected revision. Only rollouts by the command
    /// line need this check, because the command line may read the journal of another principal. The functions use the
    /// journal of their own stack.
    async fn unconfirmed(&self, record: &Record, corrected: &RevisionArn) -> Answer<Option<String>> {
        if !matches!(self.order.origin, Origin::Apply { .. } | Origin::Replay) {
            return Ok(None);
        }
        let own = Registrars::of(self.order.home, self.order.registrar, record);
        let found = described(self.ports.task_definitions(), corrected).await?;
        Ok(found.filter(|found| !own.confirm(found, &record.head.source)).map(|found| unconfirmed(&found)))
    }

    /// Records the intent to update the service, and then updates the service, unless an operator backs out the run that
    /// asks for the update.
    async fn update(
        &self,
        record: Record,
        to: &Destination,
        found: &Service,
        cleared: Cleared,
        cause: &Cause,
    ) -> Result<(StartOutcome, Record), Halt> {
        let Cleared { history, completed, now } = cleared;
        let source = record.head.source.clone();
        let update = ServiceUpdate {
            service: found.arn.clone(),
            from: source.clone(),
            to: to.corrected.clone(),
            seen: found.seen(),
            settled: completed,
        };
        let mut claimed = self.claim(record, EntryKind::UpdatingService(Box::new(update.clone()))).await?;
        if let Some(ending) = self.withheld(&mut claimed, &update, cause).await? {
            return Ok((StartOutcome::Ended(ending), claimed.record));
        }
        let before = found.primary().and_then(|newest| newest.created);
        let last = LastUpdate { from: source.clone(), source, to: to.corrected.clone(), before, at: now };
        let remembered = ServiceHistory::after(history, &found.arn, last);
        if let Err(error) = remember(self.ports, &remembered).await {
            // Logweir has not called UpdateService yet. The service waits, and Logweir checks the guards again at the
            // next try.
            let _ = claimed.append(EntryKind::Waiting { service: found.arn.clone(), why: Reason::InFlight }).await;
            return Err(Halt::Port(error));
        }
        let started = self.act(&mut claimed, &update).await?.map_or(StartOutcome::Updated, StartOutcome::Ended);
        Ok((started, claimed.record))
    }

    /// Records that a service waits for its update, if the obstacle ends automatically and no event will report its
    /// end. Records that a waiting service no longer waits, if the obstacle is permanent.
    async fn left_alone(
        &self,
        mut record: Record,
        service: &ServiceArn,
        way: Obstacle,
    ) -> Result<(StartOutcome, Record), Halt> {
        for _ in 0..LOOKS {
            let Some(entry) = said_of(&record, service, &way)? else {
                return Ok((StartOutcome::LeftAlone(way), record));
            };
            let given_up = matches!(entry, EntryKind::RolloutEnded { .. });
            match self.claim(record.clone(), entry).await {
                Ok(claimed) if given_up => return Ok((StartOutcome::GivenUp(way), claimed.record)),
                Ok(claimed) => return Ok((StartOutcome::LeftAlone(way), claimed.record)),
                Err(Halt::LeaseLost) => record = self.once_more(&record, service).await?,
                Err(halt) => return Err(halt),
            }
        }
        Err(Halt::LeaseLost)
    }

    /// Reads the record again. Returns [`Halt::LeaseLost`] if another worker holds the lease on the record, or if the
    /// rollout to the service has changed since the earlier read.
    async fn once_more(&self, record: &Record, service: &ServiceArn) -> Result<Record, Halt> {
        let now = self.ports.journal().read(&record.head.source).await?.ok_or(Halt::LeaseLost)?;
        let stands = way(&now)?.is_some() && !now.head.is_held(self.ports.clock().now());
        if stands && rollout(record, service)? == rollout(&now, service)? { Ok(now) } else { Err(Halt::LeaseLost) }
    }

    /// Returns the most severe obstacle to an update of the service. Reads the progress of the service's deployment
    /// only if the progress may change the obstacle: the deployment may be paused until an operator continues it, or
    /// may have completed earlier than the read of the service shows.
    pub(super) async fn in_the_way(
        &self,
        candidate: &Candidate<'_>,
        hint: &ServiceHint<'_>,
    ) -> Answer<Option<Obstacle>> {
        let (found, way) = (candidate.service, obstacle(candidate));
        match way.as_ref().map(|way| way.reason) {
            Some(Reason::DeploymentUnderWay) if self.is_paused(found).await? => {
                let name = found.arn.short();
                let why = format!("the deployment of service {name} is paused until an operator continues it");
                Ok(Some(Obstacle::for_good(Reason::DeploymentPaused, why)))
            }
            Some(Reason::Settling) if reported(found, hint, candidate.now).is_none() => {
                let progress = self.progress(found).await?.filter(|progress| progress.stage == Stage::Succeeded);
                let finished = progress.and_then(|progress| progress.finished);
                Ok(obstacle(&Candidate { completed: finished.or(candidate.completed), ..*candidate }))
            }
            _ => Ok(way),
        }
    }
}

/// Returns an obstacle if Logweir has already updated the service, because Logweir updates each service only once for a
/// record.
pub(super) fn was_started(record: &Record, found: &Service, again: bool) -> Result<Option<Obstacle>, Halt> {
    let Some(rollout) = rollout(record, &found.arn)? else { return Ok(None) };
    let may_start = rollout.is_free() || again && rollout.is_ended();
    if may_start || found.revision != record.head.source {
        return Ok(None);
    }
    Ok(Some(if rollout.is_ended() {
        let note = format!(
            "Logweir updated service {} to the corrected revision once, and ECS or another principal rolled it back",
            found.arn.short()
        );
        Obstacle::for_good(Reason::ServiceRolledBack, note)
    } else {
        let note = format!("Logweir is updating service {}", found.arn.short());
        Obstacle::for_good(Reason::DeploymentUnderWay, note)
    }))
}

/// Returns an obstacle if the service does not have the family's rollout turn.
fn in_turn(turn: TurnOutcome) -> Result<(), Obstacle> {
    match turn {
        TurnOutcome::Granted => Ok(()),
        TurnOutcome::Taken(other) => {
            let why = format!("service {} of the same family is being updated", other.short());
            Err(Obstacle::for_now(Reason::InFlight, why))
        }
        TurnOutcome::Stopped(stopped @ Stopped::Held(_)) => Err(Obstacle::for_now(Reason::OnHold, stopped.to_string())),
        TurnOutcome::Stopped(stopped @ Stopped::FuseOpen(_)) => {
            Err(Obstacle::for_good(Reason::FuseOpen, stopped.to_string()))
        }
    }
}

/// Returns the time at which the service's newest deployment completed, if the event reports its completion. A read of
/// the service may lag behind the event.
fn reported(found: &Service, hint: &ServiceHint<'_>, now: Timestamp) -> Option<Timestamp> {
    let newest = found.primary().map(|newest| &newest.id);
    match hint.change {
        ServiceChange::Deployment { id, state: RolloutState::Completed, .. } if Some(id) == newest => {
            Some(hint.cause.time.map_or(now, |at| at.min(now)))
        }
        _ => None,
    }
}

fn rollout<'r>(record: &'r Record, service: &ServiceArn) -> Result<Option<Rollout<'r>>, Halt> {
    Ok(record.attempt()?.and_then(|attempt| attempt.rollout(service)))
}

/// Returns the entry for a service that Logweir does not update now. Returns `None` if the record needs no new entry.
fn said_of(record: &Record, service: &ServiceArn, way: &Obstacle) -> Result<Option<EntryKind>, Halt> {
    let waits = rollout(record, service)?.and_then(|rollout| match rollout.state {
        RolloutPhase::Waiting(why) => Some(why),
        _ => None,
    });
    let service = service.clone();
    Ok(match waits {
        _ if way.passes && waits != Some(way.reason) => Some(EntryKind::Waiting { service, why: way.reason }),
        Some(_) => ending(way).map(|ending| EntryKind::RolloutEnded { service, ending }),
        None => None,
    })
}

/// Returns the ending for a waiting service, if the obstacle is permanent.
fn ending(way: &Obstacle) -> Option<Ending> {
    match way.reason {
        Reason::ServiceChanged | Reason::ServiceInactive => Some(Ending::ServiceChanged),
        _ if way.passes => None,
        // An open fuse and a deployment are not permanent: an operator can close the fuse, and every deployment ends.
        Reason::FuseOpen | Reason::DeploymentUnderWay | Reason::DeploymentPaused => None,
        reason => Some(Ending::NotDone { why: way.note.clone(), reason: Some(reason) }),
    }
}

/// Returns the corrected revision to which Logweir may update services, if the correction is still in effect.
fn way(record: &Record) -> Result<Option<Destination>, Halt> {
    if record.head.suppressed || record.head.open {
        return Ok(None);
    }
    let Some(attempt) = record.attempt()? else { return Ok(None) };
    let remediated = attempt.closing.is_some_and(|closing| closing.outcome == Outcome::Remediated);
    let (true, Some(corrected)) = (remediated, attempt.corrected()) else { return Ok(None) };
    let edits = attempt.opening.steps.iter().find_map(|step| match step {
        Step::Register { edits } => Some(edits.clone()),
        _ => None,
    });
    Ok(Some(Destination { corrected: corrected.clone(), edits: edits.unwrap_or_default() }))
}
