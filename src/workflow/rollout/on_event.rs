//! Handles an event about a service. The event is only a hint: Logweir bases each decision on the state of the service
//! that it reads from ECS.

use super::earlier::EarlierRollout;
use super::{RolloutDriver, ServiceHint, StartOutcome};
use crate::domain::baseline::RolloutWhen;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service};
use crate::domain::event::{RevisionRef, ServiceChange};
use crate::domain::limits::rollout_guards::Obstacle;
use crate::domain::outcome::{Conclusion, Mode, Outcome, Reason};
use crate::domain::record::Ending;
use crate::domain::report::{Decision, Report};
use crate::ports::Ports;
use crate::workflow::decide::{decide, decide_described, look_up};
use crate::workflow::family_state;
use crate::workflow::lease::Halt;
use crate::workflow::reporting::end;
use crate::workflow::summary::left_alone;

impl<P: Ports> RolloutDriver<'_, '_, P> {
    pub(in crate::workflow) async fn follow(&self, mut decision: Decision, hint: &ServiceHint<'_>) -> Decision {
        if self.order.finishes == Mode::Observe {
            return self.observed(decision, hint).await;
        }
        let (mut found, mut finished) = (None, decision.clone());
        finished.report.mode = self.order.finishes.into();
        match self.finish_before(&mut finished.report, hint, &mut found).await {
            Ok(EarlierRollout::UnderWay) => {
                let why = "Logweir's deployment is in progress";
                return finished.ends(Outcome::Skipped.because(Reason::DeploymentUnderWay).saying(why));
            }
            Ok(EarlierRollout::Paused { is_new: true }) => {
                return finished.ends(Outcome::Remediated.because(Reason::DeploymentPaused));
            }
            Ok(EarlierRollout::Paused { is_new: false }) => {
                let why = "a lifecycle hook has paused Logweir's deployment";
                return finished.ends(Outcome::Skipped.because(Reason::DeploymentPaused).saying(why));
            }
            // The revision that another principal has deployed since may need a rollout as well.
            Ok(EarlierRollout::Nothing | EarlierRollout::Ended(Ending::ServiceChanged)) => {
                decision.report.services = finished.report.services;
            }
            Ok(EarlierRollout::Ended(ending)) => return finished.ends(ending.conclusion()),
            Ok(EarlierRollout::Doubtful(why)) => {
                return finished.ends(Outcome::NeedsOperator.because(Reason::ServiceChanged).saying(why));
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
            let why = "in mode observe, Logweir only handles calls that name a revision";
            return decision.ends(Outcome::Skipped.because(Reason::OtherEvent).saying(why));
        };
        let which = RevisionRef::Revision(revision.clone());
        decide(self.ports, self.order, decision, which, hint.cause.clone()).await
    }

    async fn correct_and_start(&self, mut decision: Decision, hint: &ServiceHint<'_>, source: RevisionArn) -> Decision {
        let finished = std::mem::take(&mut decision.report.services);
        let which = RevisionRef::Revision(source.clone());
        let is_deployed = matches!(hint.change, ServiceChange::Deployment { .. });
        let mut decision = if self.order.mode < Mode::Rollout && is_deployed {
            self.correct_deployed(decision, hint, which).await
        } else {
            decide(self.ports, self.order, decision, which, hint.cause.clone()).await
        };
        decision.report.services.splice(0..0, finished);
        if decision.outcome == Outcome::Superseded {
            // Every event about a service that runs an old revision has the outcome `superseded`, so Logweir treats
            // this decision as a repetition, and sends no notification.
            decision.notify.repeats.get_or_insert(true);
        }
        if self.order.mode == Mode::Rollout
            && (decision.outcome, decision.reason) == (Outcome::Refused, Some(Reason::OnHold))
            && let Err(halt) = family_state::defer_service(self.ports, &source, hint.service).await
        {
            return end(decision, Err(halt));
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

    /// Corrects the revision of a completed deployment in mode register, if a container of the revision creates its own
    /// log group.
    async fn correct_deployed(&self, mut decision: Decision, hint: &ServiceHint<'_>, which: RevisionRef) -> Decision {
        match look_up(self.ports, self.order.home, which, &mut decision.report).await {
            Ok(described) if described.definition.creates_log_groups() => {
                decide_described(self.ports, self.order, decision, described, hint.cause.clone()).await
            }
            Ok(_) => {
                let why = "in mode register, Logweir handles the event of a completed deployment only if a container \
                           creates its own log group";
                let obstacle = Obstacle::for_good(Reason::OtherEvent, why);
                let line = left_alone(hint.service, obstacle.reason, Some(obstacle.note.clone()));
                decision.report.services.push(line);
                decision.ends(obstacle.conclusion())
            }
            Err(undecided) => undecided.end(decision),
        }
    }

    /// Returns the revision that may need a correction. Returns a conclusion if Logweir has nothing to do for the
    /// service.
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
        // A container may create its own log group when it starts, so a completed deployment may have removed the
        // reason for which Logweir did not correct the container before.
        let is_other = |state: RolloutState| state != RolloutState::Completed;
        if self.order.mode < Mode::Rollout
            && matches!(hint.change, ServiceChange::Deployment { state, .. } if is_other(*state))
        {
            let why = "in mode register, Logweir handles only the events of completed deployments";
            return leave(Obstacle::for_good(Reason::OtherEvent, why));
        }
        let service = match found {
            Some(service) => Ok(service),
            None => self.seen(hint.service).await?,
        };
        let service = match service {
            Ok(service) => service,
            Err(obstacle) => return leave(obstacle),
        };
        self.shows_change(&service, hint)?;
        if matches!(hint.change, ServiceChange::Deployment { state: RolloutState::InProgress, .. })
            && self.settings(&service).when == RolloutWhen::Deployed
        {
            let why = format!("the newest deployment of service {} has not completed yet", service.arn.short());
            return leave(Obstacle::for_good(Reason::DeploymentUnderWay, why));
        }
        Ok(Ok(service.revision))
    }
}

/// Returns the decision after the attempt to start a rollout. If this run has also corrected the revision, the decision
/// reports the correction, and not the reason why the service waits.
fn ended(decision: Decision, started: StartOutcome) -> Decision {
    match started {
        StartOutcome::Nowhere => decision,
        StartOutcome::Updated => decision.ends(Outcome::Remediated),
        StartOutcome::Ended(ending) => decision.ends(ending.conclusion()),
        StartOutcome::LeftAlone(_) | StartOutcome::GivenUp(_) if decision.outcome == Outcome::Remediated => decision,
        StartOutcome::LeftAlone(obstacle) | StartOutcome::GivenUp(obstacle) => decision.ends(obstacle.conclusion()),
    }
}
