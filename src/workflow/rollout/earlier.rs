//! The last rollout to a service. An event about the service may report the end of that rollout, or another principal's
//! deployment that the rollout has replaced.

use super::{RolloutDriver, ServiceHint, StartOutcome};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{RolloutState, Service, ServiceArn};
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::limits::service_history::{LastUpdate, ServiceHistory};
use crate::domain::outcome::Mode;
use crate::domain::record::{Ending, Record, Rollout, RolloutPhase, words};
use crate::domain::report::Report;
use crate::ports::{Answer, Clock, ErrorKind, Journal, Ports, Services};
use crate::workflow::lease::Halt;
use crate::workflow::order::Origin;
use crate::workflow::own_registration::Registrars;
use crate::workflow::summary::{line, tell};

/// The state of the last rollout to a service.
pub(super) enum EarlierRollout {
    /// The last rollout does not affect the decision about the event, or there was no rollout.
    Nothing,
    /// The last rollout is still in progress.
    UnderWay,
    /// A lifecycle hook has paused the deployment of the last rollout. `is_new` says whether the record did not list the
    /// pause before.
    Paused {
        is_new: bool,
    },
    Ended(Ending),
    /// An event reports a deployment that ECS does not list. The text explains this to the operator.
    Doubtful(String),
}

/// The parts of the last rollout to a service that Logweir may still have to finish.
struct Unfinished {
    in_flight: bool,
    /// The ending that ECS reports after Logweir has recorded another ending of the rollout.
    late: Option<Ending>,
    /// The revision that another principal deployed, if the rollout may have replaced this deployment.
    external: Option<RevisionArn>,
    /// The ending of the rollout, if the record already lists an ending.
    ended: Option<Ending>,
}

impl Unfinished {
    fn of(record: &Record, last: &LastUpdate, hint: &ServiceHint<'_>) -> Result<Option<Self>, Halt> {
        if record.head.open && !record.head.backing_out {
            return Ok(None);
        }
        let external = match (hint.change, hint.cause.time) {
            (ServiceChange::Asked { revision: Some(external) }, Some(at)) if last.overtook(external, at) => {
                Some(external)
            }
            _ => None,
        };
        let attempt = record.attempt()?;
        let rollout = attempt.as_ref().and_then(|attempt| attempt.rollout(hint.service));
        let rollout = rollout.filter(|_| !record.head.suppressed);
        let ended = match rollout.as_ref().filter(|rollout| !rollout.is_free()).map(|rollout| rollout.state) {
            Some(RolloutPhase::Ended(ending)) if *hint.change == ServiceChange::Look => Some(ending.clone()),
            _ => None,
        };
        let unfinished = Self {
            in_flight: rollout.as_ref().is_some_and(Rollout::is_in_flight),
            late: rollout.as_ref().and_then(|rollout| late(rollout, hint.change)),
            external: external.cloned(),
            ended,
        };
        Ok(unfinished.is_something().then_some(unfinished))
    }

    fn is_something(&self) -> bool {
        self.in_flight || self.late.is_some() || self.external.is_some() || self.ended.is_some()
    }
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Finishes the last rollout to a service, if the rollout's deployment has ended.
    pub(super) async fn finish_before(
        &self,
        report: &mut Report,
        hint: &ServiceHint<'_>,
        found: &mut Option<Service>,
    ) -> Result<EarlierRollout, Halt> {
        let journal = self.ports.journal();
        let Some(ServiceHistory { last, .. }) = journal.read_state(hint.service).await? else {
            return Ok(EarlierRollout::Nothing);
        };
        let Some(record) = journal.read(&last.source).await? else { return Ok(EarlierRollout::Nothing) };
        let Some(due) = Unfinished::of(&record, &last, hint)? else { return Ok(EarlierRollout::Nothing) };
        if record.head.is_held(self.ports.clock().now()) {
            return Err(Halt::LeaseLost);
        }
        let was_paused = record.is_paused(hint.service);
        *found = self.look(hint.service).await?;
        let (mut ending, mut record) = match due.late {
            _ if due.in_flight => self.finish(record, hint, found.as_ref()).await?,
            Some(late) => self.ended(record, hint.service, late).await?,
            None => (None, record),
        };
        let waits = record.attempt()?.and_then(|attempt| attempt.rollout(hint.service));
        if waits.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))) {
            // The service waits for its update, so Logweir decides again whether to update the service.
            return Ok(EarlierRollout::Nothing);
        }
        let corrected = found.as_ref().filter(|found| runs_our_last_deployment(found, &last, &record));
        if let (Some(external), Some(corrected)) = (due.external, corrected) {
            if !self.was_deployed(&external, &last, hint.service).await? {
                return Ok(EarlierRollout::Doubtful(format!(
                    "an event reports that {} was deployed to service {} just before Logweir's update, but ECS does \
                     not list that deployment; check which revision the service should run",
                    external.short(),
                    hint.service.short()
                )));
            }
            (ending, record) = self.give_way(record, corrected, external).await?;
        } else if let (Some(ended), Some(found)) = (&due.ended, &found) {
            let runs = if *ended == Ending::Completed { &last.to } else { &last.source };
            if self.order.origin == (Origin::Apply { again: true }) || found.revision != *runs {
                return Ok(EarlierRollout::Nothing);
            }
            ending = Some(ended.clone());
        } else if !due.in_flight && ending.is_none() {
            return Ok(EarlierRollout::Nothing);
        }
        report.about(&record.head.source);
        let _ = tell(report, &record, self.order.backout);
        report.services.extend(line(&record, hint.service));
        let Some(ending) = ending else {
            return Ok(match record.is_paused(hint.service) {
                true => EarlierRollout::Paused { is_new: !was_paused },
                false => EarlierRollout::UnderWay,
            });
        };
        if matches!(ending, Ending::Completed)
            && due.ended.is_none()
            && let Err(halt) = self.next_waiting(report, &record).await
        {
            report.notes.push(format!("the rollout to the next service could not start yet: {halt}"));
        }
        Ok(EarlierRollout::Ended(ending))
    }

    /// Returns whether ECS lists a deployment of the revision `external` that is newer than the deployments that
    /// Logweir saw before its last update of the service.
    async fn was_deployed(&self, external: &RevisionArn, last: &LastUpdate, service: &ServiceArn) -> Answer<bool> {
        let since = last.before.unwrap_or(last.at);
        match self.ports.services().deployed_since(service, since).await {
            Ok(deployed) => Ok(deployed.contains(external)),
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Starts the rollout to the next service that waits for its update, according to the record. Skips the services
    /// that Logweir may no longer update.
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

    /// Updates the service to the revision `external`, which another principal deployed between Logweir's read of the
    /// service and Logweir's update.
    async fn give_way(
        &self,
        record: Record,
        found: &Service,
        external: RevisionArn,
    ) -> Result<(Option<Ending>, Record), Halt> {
        let corrected = found.revision.clone();
        let mut claimed = self.claim(record, Registrars::resumes(self.order.home, self.order.registrar)).await?;
        let ending = self.yielding(&mut claimed, &found.arn, found.seen(), &corrected, external).await?;
        if claimed.record.head.suppressed {
            // In a backed-out record, Logweir records only the intent to update the service, and no ending of the
            // rollout.
            claimed.release("gave way to another principal's deployment").await;
        } else {
            self.close(&mut claimed, &found.arn, ending.clone()).await?;
        }
        Ok((Some(ending), claimed.record))
    }
}

/// Returns whether the service runs Logweir's last deployment, which the record lists.
fn runs_our_last_deployment(found: &Service, last: &LastUpdate, record: &Record) -> bool {
    let newest = found.primary().map(|newest| newest.id.as_str());
    found.revision == last.to && newest.is_some() && newest == record.last_deployment(&found.arn)
}

/// Returns the ending that ECS reports after Logweir recorded another ending. Either Logweir's deployment failed
/// although another principal seemed to have replaced the deployment, or an overdue deployment completed.
fn late(rollout: &Rollout<'_>, change: &ServiceChange) -> Option<Ending> {
    let ServiceChange::Deployment { id, state, reason } = change else { return None };
    let RolloutPhase::Ended(ending) = rollout.state else { return None };
    match (state, ending) {
        _ if rollout.deployment != Some(id) || rollout.is_replaced => None,
        (RolloutState::Failed, Ending::RolledBack | Ending::ServiceChanged) => {
            Some(Ending::Failed { why: words(reason.as_ref()) })
        }
        (RolloutState::Completed, Ending::Overdue) => Some(Ending::Completed),
        _ => None,
    }
}
