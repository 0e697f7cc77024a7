//! Services follow: from an event about a service to what is done about it. The event is a hint; what counts is what a
//! look at the service finds.

use super::{RolloutDriver, ServiceHint, StartOutcome};
use crate::domain::baseline::RolloutWhen;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service};
use crate::domain::event::{Cause, RevisionRef, ServiceChange};
use crate::domain::limits::rollout_guards::Obstacle;
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::record::{Ending, Record, Rollout, RolloutPhase, words};
use crate::domain::report::{Decision, Report};
use crate::ports::{Clock, ErrorKind, Journal, Ports, Services};
use crate::workflow::decide::decide;
use crate::workflow::lease::Halt;
use crate::workflow::order::Origin;
use crate::workflow::ownership::Registrars;
use crate::workflow::reporting::end;
use crate::workflow::summary::{left_alone, line, tell};

/// How far a pointing is that was made before.
enum EarlierRollout {
    /// There is none that matters.
    Nothing,
    /// It is under way.
    UnderWay,
    Ended(Ending),
    /// An event tells of what ECS does not know.
    Doubtful(String),
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    pub(in crate::workflow) async fn follow(&self, mut decision: Decision, hint: &ServiceHint<'_>) -> Decision {
        if self.order.finishes == Mode::Observe {
            return self.observed(decision, hint).await;
        }
        let (mut found, mut finished) = (None, decision.clone());
        finished.report.mode = self.order.finishes.into();
        match self.finish_before(&mut finished.report, hint, &mut found).await {
            Ok(EarlierRollout::UnderWay) => {
                let why = "our deployment is under way";
                return finished.ends(Outcome::Skipped.because(Reason::DeploymentUnderWay).saying(why));
            }
            // Whoever has moved on may have deployed what can follow in its turn.
            Ok(EarlierRollout::Nothing | EarlierRollout::Ended(Ending::MovedOn)) => {
                decision.report.services = finished.report.services;
            }
            Ok(EarlierRollout::Ended(ending)) => return finished.ends(ending.conclusion()),
            Ok(EarlierRollout::Doubtful(why)) => {
                return finished.ends(Outcome::NeedsOperator.because(Reason::ServiceMovedOn).saying(why));
            }
            Err(halt) => return end(finished, Err(halt)),
        }
        if self.order.mode == Mode::Observe {
            return self.observed(decision, hint).await;
        }
        match self.source(&mut decision.report, hint, found).await {
            Ok(Ok(source)) => self.correct_and_start(decision, hint, source).await,
            Ok(Err(left_alone)) => decision.ends(left_alone),
            Err(halt) => end(decision, Err(halt)),
        }
    }

    async fn observed(&self, decision: Decision, hint: &ServiceHint<'_>) -> Decision {
        let ServiceChange::Asked { revision: Some(revision) } = hint.change else {
            let why = "mode observe looks at what somebody asks for, not at deployments";
            return decision.ends(Outcome::Skipped.because(Reason::OtherEvent).saying(why));
        };
        let which = RevisionRef::Revision(revision.clone());
        decide(self.ports, self.order, decision, which, hint.cause.clone()).await
    }

    async fn correct_and_start(&self, mut decision: Decision, hint: &ServiceHint<'_>, source: RevisionArn) -> Decision {
        let finished = std::mem::take(&mut decision.report.services);
        let which = RevisionRef::Revision(source.clone());
        let mut decision = decide(self.ports, self.order, decision, which, hint.cause.clone()).await;
        decision.report.services.splice(0..0, finished);
        if decision.outcome == Outcome::Superseded {
            // A service that runs an old revision does so at each of its events.
            decision.notify.repeats.get_or_insert(true);
        }
        let is_corrected =
            matches!((decision.outcome, decision.reason), (Outcome::Remediated, _) | (_, Some(Reason::Duplicate)));
        if self.order.mode < Mode::Rollout || !is_corrected {
            return decision;
        }
        match self.start(&mut decision.report, &source, hint).await {
            Ok(started) => ended(decision, started),
            Err(halt) => end(decision, Err(halt)),
        }
    }

    /// The revision that may have to be corrected, or why there is nothing to do.
    async fn source(
        &self,
        report: &mut Report,
        hint: &ServiceHint<'_>,
        found: Option<Service>,
    ) -> Result<Result<RevisionArn, Conclusion>, Halt> {
        let mut leave = |obstacle: Obstacle| {
            report.services.push(left_alone(hint.service, obstacle.reason, Some(obstacle.note.clone())));
            Ok(Err(obstacle.conclusion()))
        };
        if let ServiceChange::Asked { revision: Some(revision) } = hint.change {
            return Ok(Ok(revision.clone()));
        }
        if self.order.mode < Mode::Rollout && matches!(hint.change, ServiceChange::Deployment { .. }) {
            return leave(Obstacle::for_good(Reason::OtherEvent, "mode register follows no deployments"));
        }
        let service = match found {
            Some(service) => Ok(service),
            None => self.seen(hint.service).await?,
        };
        let service = match service {
            Ok(service) => service,
            Err(obstacle) => return leave(obstacle),
        };
        if matches!(hint.change, ServiceChange::Deployment { state: RolloutState::InProgress, .. })
            && self.settings(&service).when == RolloutWhen::Deployed
        {
            return leave(Obstacle::for_good(Reason::DeploymentUnderWay, "its deployment has not completed yet"));
        }
        Ok(Ok(service.revision))
    }

    /// Brings what was begun for this service to its end, if it has one by now.
    async fn finish_before(
        &self,
        report: &mut Report,
        hint: &ServiceHint<'_>,
        found: &mut Option<Service>,
    ) -> Result<EarlierRollout, Halt> {
        let Some(last) = self.ports.journal().pointings(hint.service).await? else {
            return Ok(EarlierRollout::Nothing);
        };
        let Some(record) = self.ports.journal().read(&last.last.source).await? else {
            return Ok(EarlierRollout::Nothing);
        };
        if record.head.open && !record.head.backing_out {
            return Ok(EarlierRollout::Nothing);
        }
        let theirs = match (hint.change, hint.cause.time) {
            (ServiceChange::Asked { revision: Some(theirs) }, Some(at)) if last.last.overtook(theirs, at) => {
                Some(theirs)
            }
            _ => None,
        };
        let attempt = record.attempt()?;
        let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(hint.service));
        let rollout = rollout.filter(|_| !record.head.suppressed);
        let in_flight = rollout.as_ref().is_some_and(Rollout::is_in_flight);
        let late = rollout.as_ref().and_then(|rollout| late(rollout, hint.change));
        // Somebody who asks is told how it ended.
        let ended = match rollout.as_ref().filter(|rollout| !rollout.is_free()).map(|rollout| rollout.state) {
            Some(RolloutPhase::Ended(ending)) if *hint.change == ServiceChange::Look => Some(ending.clone()),
            _ => None,
        };
        if !in_flight && late.is_none() && theirs.is_none() && ended.is_none() {
            return Ok(EarlierRollout::Nothing);
        }
        if record.head.is_held(self.ports.clock().now()) {
            return Err(Halt::LeaseLost);
        }
        *found = self.look(hint.service).await?;
        let (mut ending, mut record) = match late {
            _ if in_flight => self.finish(record, hint, found.as_ref()).await?,
            Some(late) => self.ended(record, hint.service, late).await?,
            None => (None, record),
        };
        let waits = record.attempt()?.and_then(|attempt| attempt.rollout(hint.service));
        if waits.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))) {
            // What was intended is to be decided anew.
            return Ok(EarlierRollout::Nothing);
        }
        let ours = found.as_ref().filter(|found| {
            let newest = found.primary().map(|newest| newest.id.as_str());
            found.revision == last.last.to && newest.is_some() && newest == record.last_deployment(hint.service)
        });
        if let (Some(theirs), Some(ours)) = (theirs, ours) {
            let since = last.last.before.unwrap_or(last.last.at);
            let known = match self.ports.services().deployed_since(hint.service, since).await {
                Ok(deployed) => deployed.contains(theirs),
                Err(error) if error.kind == ErrorKind::Retry => return Err(error.into()),
                Err(_) => false,
            };
            if !known {
                return Ok(EarlierRollout::Doubtful(format!(
                    "an event says that somebody had {} deployed just before our act, and ECS knows nothing of it",
                    theirs.short()
                )));
            }
            (ending, record) = self.give_way(record, ours, theirs.clone()).await?;
        } else if let (Some(ended), Some(found)) = (&ended, &found) {
            let tells = match ended {
                Ending::Completed => found.revision == last.last.to,
                _ => found.revision == last.last.source,
            };
            if self.order.origin == (Origin::Apply { again: true }) || !tells {
                return Ok(EarlierRollout::Nothing);
            }
            ending = Some(ended.clone());
        } else if !in_flight && ending.is_none() {
            return Ok(EarlierRollout::Nothing);
        }
        report.about(&record.head.source);
        let _ = tell(report, &record, self.order.backout);
        report.services.extend(line(&record, hint.service));
        let Some(ending) = ending else { return Ok(EarlierRollout::UnderWay) };
        if matches!(ending, Ending::Completed)
            && ended.is_none()
            && let Err(halt) = self.next_waiting(report, &record).await
        {
            report.notes.push(format!("the next service could not be led yet: {halt}"));
        }
        Ok(EarlierRollout::Ended(ending))
    }

    /// The next service of the same record that waits for its turn, past those that follow no more.
    async fn next_waiting(&self, report: &mut Report, record: &Record) -> Result<(), Halt> {
        if self.order.mode < Mode::Rollout {
            return Ok(());
        }
        let attempt = record.attempt()?;
        let rollouts = attempt.iter().flat_map(|attempt| &attempt.rollouts);
        for Rollout { service, .. } in rollouts.filter(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))) {
            let hint = ServiceHint { service, change: &ServiceChange::Look, cause: &Cause::default() };
            match self.start(report, &record.head.source, &hint).await? {
                StartOutcome::GivenUp(_) => {}
                _ => break,
            }
        }
        Ok(())
    }

    /// Somebody's decision came after our look and before our act, which has overtaken it: it is taken up again.
    async fn give_way(
        &self,
        record: Record,
        found: &Service,
        theirs: RevisionArn,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let ours = found.revision.clone();
        let mut claimed = self.claim(record, Registrars::resumes(self.order.home, self.order.registrar)).await?;
        let ending = self.yielding(&mut claimed, found, &ours, theirs).await?;
        match claimed.record.head.suppressed {
            // Of a record that is taken back nothing is left to be said but the intent.
            true => claimed.release("given way to what somebody had deployed").await,
            false => self.close(&mut claimed, &found.arn, ending.clone()).await?,
        }
        Ok((Some(ending), claimed.record))
    }
}

/// What ECS says of a deployment of ours after its record was closed: that one had failed which somebody seemed to have
/// taken back, or that one has ended which was overdue.
fn late(rollout: &Rollout<'_>, change: &ServiceChange) -> Option<Ending> {
    let ServiceChange::Deployment { id, state, reason } = change else { return None };
    let RolloutPhase::Ended(ending) = rollout.state else { return None };
    match (state, ending) {
        _ if rollout.deployment != Some(id) => None,
        (RolloutState::Failed, Ending::Returned | Ending::MovedOn) => {
            Some(Ending::Failed { why: words(reason.as_ref()) })
        }
        (RolloutState::Completed, Ending::Overdue) => Some(Ending::Completed),
        _ => None,
    }
}

/// The decision after a rollout was started, or not. What was corrected in the same run stands before what the service
/// waits for.
fn ended(decision: Decision, started: StartOutcome) -> Decision {
    match started {
        StartOutcome::Nowhere => decision,
        StartOutcome::Pointed => decision.ends(Outcome::Remediated),
        StartOutcome::Ended(ending) => decision.ends(ending.conclusion()),
        StartOutcome::LeftAlone(_) | StartOutcome::GivenUp(_) if decision.outcome == Outcome::Remediated => decision,
        StartOutcome::LeftAlone(obstacle) | StartOutcome::GivenUp(obstacle) => decision.ends(obstacle.conclusion()),
    }
}
