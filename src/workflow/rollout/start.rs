//! Leading one service from a source to our revision of it: the guards, the turn, the intent, the act.

use jiff::Timestamp;

use super::update_service::remember;
use super::{RolloutDriver, ServiceHint, StartOutcome};
use crate::domain::baseline::ImageGuard;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service, ServiceArn};
use crate::domain::edit::Edit;
use crate::domain::event::ServiceChange;
use crate::domain::limits::family::Stopped;
use crate::domain::limits::rollout_guards::{Candidate, Obstacle, obstacle};
use crate::domain::limits::service_history::{LastUpdate, ServiceHistory};
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::{Ending, EntryKind, Pointing, Record, Rollout, RolloutPhase, Step};
use crate::domain::report::{Report, ServiceAction, ServiceReport};
use crate::ports::{Answer, Clock, ErrorKind, Journal, Ports, Services};
use crate::workflow::family_state::{self, LOOKS, TurnOutcome, take_turn};
use crate::workflow::lease::Halt;
use crate::workflow::order::Origin;
use crate::workflow::summary::{left_alone, line, tell};

/// A record that a service may follow.
struct Destination {
    ours: RevisionArn,
    edits: Vec<Edit>,
}

/// The results of the guards for a service that Logweir may update.
struct Cleared {
    pointings: Option<ServiceHistory>,
    /// Whether the deployment of the source has completed.
    completed: bool,
    /// The time of the guards' checks.
    now: Timestamp,
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Leads the service to our revision of the source, if nothing is in the way. What is said of the service stands in the
    /// report.
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
        let (led, record) = match self.seen(service).await? {
            Ok(found) => self.start_there(report, record, &way, &found, hint.change).await?,
            Err(way) => (StartOutcome::LeftAlone(way), record),
        };
        let (led, record) = match led {
            StartOutcome::LeftAlone(way) => self.left_alone(record, service, way).await?,
            led => (led, record),
        };
        match &led {
            StartOutcome::Nowhere => {}
            StartOutcome::LeftAlone(way) | StartOutcome::GivenUp(way) => {
                let said = left_alone(service, way.reason, Some(way.note.clone()));
                report.services.push(ServiceReport {
                    action: if way.passes { ServiceAction::Waits } else { said.action },
                    ..said
                });
            }
            StartOutcome::Pointed | StartOutcome::Ended(_) => {
                let _ = tell(report, &record, self.order.backout);
                report.services.extend(line(&record, service));
            }
        }
        Ok(led)
    }

    async fn start_there(
        &self,
        report: &mut Report,
        record: Record,
        to: &Destination,
        found: &Service,
        change: &ServiceChange,
    ) -> Result<(StartOutcome, Record), Halt> {
        if found.service_connect_logs {
            let name = found.arn.short();
            report.notes.push(format!("Service Connect's own log configuration of {name} is not touched"));
        }
        if found.revision == to.ours {
            let rollout = rollout(&record, &found.arn)?;
            if !rollout.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))) {
                return Ok((StartOutcome::Nowhere, record));
            }
            // Somebody has deployed ours, and it waits for nothing any more.
            let (_, record) = self.ended(record, &found.arn, Ending::MovedOn).await?;
            return Ok((StartOutcome::Nowhere, record));
        }
        match self.cleared(report, &record, to, found, change).await? {
            Err(obstacle) => Ok((StartOutcome::LeftAlone(obstacle), record)),
            Ok(cleared) => self.update(record, to, found, cleared).await,
        }
    }

    /// Checks every guard, those without a call first, and takes the family's turn last.
    async fn cleared(
        &self,
        report: &mut Report,
        record: &Record,
        to: &Destination,
        found: &Service,
        change: &ServiceChange,
    ) -> Result<Result<Cleared, Obstacle>, Halt> {
        let source = &record.head.source;
        let again = self.order.origin == (Origin::Apply { again: true });
        if let Some(obstacle) = was_started(record, found, again)? {
            return Ok(Err(obstacle));
        }
        let (now, settings) = (self.ports.clock().now(), self.settings(found));
        let completed = is_told(found, change) || self.is_completed(found).await?;
        let candidate = Candidate { service: found, source, edits: &to.edits, settings, completed, now };
        if let Some(obstacle) = obstacle(&candidate) {
            return Ok(Err(self.paused(found, obstacle).await?));
        }
        let mut pointings = self.ports.journal().read_state::<ServiceHistory>(&found.arn).await?;
        match &mut pointings {
            Some(pointings) if again => pointings.times.clear(),
            Some(pointings) if record.came_to_nothing(&found.arn) => pointings.uncount(source, &to.ours),
            _ => {}
        }
        if let Some(times) = pointings.as_ref().filter(|times| times.too_many(now, &self.order.baseline.fuse())) {
            let (name, times) = (found.arn.short(), times.times.len());
            let why = format!("service {name} was pointed {times} times of late, and somebody keeps pointing it back");
            family_state::end_turn(self.ports, source, &found.arn, Some(why.clone())).await?;
            return Ok(Err(Obstacle::for_good(Reason::FuseOpen, why)));
        }
        if let Some(why) = self.other_images(source, found, settings.image_guard).await? {
            if settings.image_guard == ImageGuard::Hold {
                return Ok(Err(Obstacle::for_good(Reason::ImageChanged, why)));
            }
            report.notes.push(format!("{}: {why}", found.arn.short()));
        }
        let turn = take_turn(self.ports, self.order, source, &found.arn).await?;
        Ok(in_turn(turn).map(|()| Cleared { pointings, completed, now }))
    }

    /// Records the intent, and updates the service.
    async fn update(
        &self,
        record: Record,
        to: &Destination,
        found: &Service,
        cleared: Cleared,
    ) -> Result<(StartOutcome, Record), Halt> {
        let Cleared { pointings, completed, now } = cleared;
        let source = record.head.source.clone();
        let pointing = Pointing {
            service: found.arn.clone(),
            from: source.clone(),
            to: to.ours.clone(),
            seen: found.seen(),
            settled: completed,
        };
        let mut claimed = self.claim(record, EntryKind::Pointing(Box::new(pointing.clone()))).await?;
        let before = found.primary().and_then(|newest| newest.created);
        let last = LastUpdate { from: source.clone(), source, to: to.ours.clone(), before, at: now };
        let remembered = ServiceHistory::after(pointings, &found.arn, last);
        if let Err(error) = remember(self.ports, &remembered).await {
            // Nothing was done, and what was decided may not hold when it is tried again.
            let _ = claimed.append(EntryKind::Waiting { service: found.arn.clone(), why: Reason::InFlight }).await;
            return Err(Halt::Port(error));
        }
        let started = self.act(&mut claimed, &pointing).await?.map_or(StartOutcome::Pointed, StartOutcome::Ended);
        Ok((started, claimed.record))
    }

    /// Writes down that a service waits where nobody else will say when it may follow, or that it waits no more.
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
            let given_up = matches!(entry, EntryKind::Followed { .. });
            match self.claim(record.clone(), entry).await {
                Ok(claimed) if given_up => return Ok((StartOutcome::GivenUp(way), claimed.record)),
                Ok(claimed) => return Ok((StartOutcome::LeftAlone(way), claimed.record)),
                Err(Halt::LeaseLost) => record = self.once_more(&record, service).await?,
                Err(halt) => return Err(halt),
            }
        }
        Err(Halt::LeaseLost)
    }

    /// The record as it is now, if nobody is at it, and others have written of other services alone.
    async fn once_more(&self, record: &Record, service: &ServiceArn) -> Result<Record, Halt> {
        let now = self.ports.journal().read(&record.head.source).await?.ok_or(Halt::LeaseLost)?;
        let stands = way(&now)?.is_some() && !now.head.is_held(self.ports.clock().now());
        if stands && rollout(record, service)? == rollout(&now, service)? { Ok(now) } else { Err(Halt::LeaseLost) }
    }

    /// Says of a deployment that has not completed whether it waits for somebody.
    async fn paused(&self, found: &Service, way: Obstacle) -> Answer<Obstacle> {
        let Some(deployment) = found.service_deployment.as_ref().filter(|_| way.reason == Reason::DeploymentUnderWay)
        else {
            return Ok(way);
        };
        match self.ports.services().progress(deployment).await {
            Ok(progress) if progress.paused => {
                let why = "its deployment is paused until somebody lets it go on";
                Ok(Obstacle::for_good(Reason::DeploymentPaused, why))
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            _ => Ok(way),
        }
    }
}

/// Returns why Logweir leaves a service alone that this record has already updated. A record updates each service once.
fn was_started(record: &Record, found: &Service, again: bool) -> Result<Option<Obstacle>, Halt> {
    let Some(rollout) = rollout(record, &found.arn)? else { return Ok(None) };
    let may_start = rollout.is_free() || again && rollout.is_ended();
    if may_start || found.revision != record.head.source {
        return Ok(None);
    }
    Ok(Some(if rollout.is_ended() {
        let note = "it was pointed at our revision once, and somebody or ECS decided otherwise";
        Obstacle::for_good(Reason::Returned, note)
    } else {
        Obstacle::for_good(Reason::DeploymentUnderWay, "it is on its way")
    }))
}

/// Returns what the family's turn allows for a service.
fn in_turn(turn: TurnOutcome) -> Result<(), Obstacle> {
    match turn {
        TurnOutcome::Ours => Ok(()),
        TurnOutcome::Taken(other) => {
            let why = format!("service {} of the same family is on its way", other.short());
            Err(Obstacle::for_now(Reason::InFlight, why))
        }
        TurnOutcome::Stopped(stopped @ Stopped::Held(_)) => Err(Obstacle::for_now(Reason::Held, stopped.to_string())),
        TurnOutcome::Stopped(stopped @ Stopped::FuseOpen(_)) => {
            Err(Obstacle::for_good(Reason::FuseOpen, stopped.to_string()))
        }
    }
}

/// Whether ECS says in an event that the service's newest deployment has completed: a look may lag behind that.
fn is_told(found: &Service, change: &ServiceChange) -> bool {
    let newest = found.primary().map(|newest| &newest.id);
    matches!(change, ServiceChange::Deployment { id, state: RolloutState::Completed, .. } if Some(id) == newest)
}

fn rollout<'r>(record: &'r Record, service: &ServiceArn) -> Result<Option<Rollout<'r>>, Halt> {
    Ok(record.attempt()?.and_then(|attempt| attempt.rollout(service)))
}

/// What is to be written of a service that does not follow now; none: nothing new.
fn said_of(record: &Record, service: &ServiceArn, way: &Obstacle) -> Result<Option<EntryKind>, Halt> {
    let waits = rollout(record, service)?.and_then(|rollout| match rollout.state {
        RolloutPhase::Waiting(why) => Some(why),
        _ => None,
    });
    let service = service.clone();
    Ok(match waits {
        _ if way.passes && waits != Some(way.reason) => Some(EntryKind::Waiting { service, why: way.reason }),
        Some(_) => ending(way).map(|ending| EntryKind::Followed { service, ending }),
        None => None,
    })
}

/// How the waiting of a service ends, if what is in its way stays there.
fn ending(way: &Obstacle) -> Option<Ending> {
    match way.reason {
        Reason::ServiceMovedOn | Reason::ServiceInactive => Some(Ending::MovedOn),
        _ if way.passes => None,
        // A human closes the fuse, and deployments end.
        Reason::FuseOpen | Reason::DeploymentUnderWay | Reason::DeploymentPaused => None,
        reason => Some(Ending::NotDone { why: way.note.clone(), reason: Some(reason) }),
    }
}

/// Where services may follow to, if the record stands.
fn way(record: &Record) -> Result<Option<Destination>, Halt> {
    if record.head.suppressed || record.head.open {
        return Ok(None);
    }
    let Some(attempt) = record.attempt()? else { return Ok(None) };
    let remediated = attempt.closing.is_some_and(|closing| closing.outcome == Outcome::Remediated);
    let (true, Some(ours)) = (remediated, attempt.corrected()) else { return Ok(None) };
    let edits = attempt.opening.steps.iter().find_map(|step| match step {
        Step::Register { edits } => Some(edits.clone()),
        _ => None,
    });
    Ok(Some(Destination { ours: ours.clone(), edits: edits.unwrap_or_default() }))
}
