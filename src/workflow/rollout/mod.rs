//! The rollout of a corrected revision to services: its triggers, its start and its end.

use jiff::Timestamp;

use super::lease::{Claim, Halt, Worker, take};
use super::own_registration::Registrars;
use super::{Order, family_state};
use crate::domain::baseline::{RolloutSettings, Workload};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{DeploymentProgress, Service, ServiceArn, Stage};
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::limits::rollout_guards::Obstacle;
use crate::domain::outcome::Reason;
use crate::domain::record::{Ending, EntryKind, Record};
use crate::ports::{Answer, Clock, ErrorKind, Ports, Services};

mod earlier;
mod finish;
mod image_guard;
mod on_event;
pub(in crate::workflow) mod planned;
mod start;
pub(in crate::workflow) mod update_service;

use update_service::nothing_yet;

pub(in crate::workflow) struct RolloutDriver<'p, 'o, P> {
    pub(in crate::workflow) ports: &'p P,
    pub(in crate::workflow) order: &'p Order<'o>,
}

/// The change of a service that an event reports.
pub(in crate::workflow) struct ServiceHint<'h> {
    pub(in crate::workflow) service: &'h ServiceArn,
    pub(in crate::workflow) change: &'h ServiceChange,
    pub(in crate::workflow) cause: &'h Cause,
}

/// The result of the attempt to start a rollout to a service.
#[derive(Debug)]
pub(in crate::workflow) enum StartOutcome {
    /// There is no corrected revision, or the service already runs the corrected revision.
    Nowhere,
    /// Logweir's deployment is in progress.
    Updated,
    LeftAlone(Obstacle),
    /// The service was waiting for its update, and Logweir will not update the service because of this obstacle.
    GivenUp(Obstacle),
    Ended(Ending),
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Reads a service. Returns `None` if the service does not exist.
    pub(in crate::workflow) async fn look(&self, service: &ServiceArn) -> Answer<Option<Service>> {
        match self.ports.services().service(service).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == ErrorKind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a service. Returns an obstacle if the service does not exist, or if ECS refuses the read, for example
    /// because the role has no access to the cluster.
    pub(in crate::workflow) async fn seen(&self, service: &ServiceArn) -> Answer<Result<Service, Obstacle>> {
        match self.look(service).await {
            Ok(Some(found)) => Ok(Ok(found)),
            Ok(None) => {
                let why = format!("service {} does not exist", service.short());
                Ok(Err(Obstacle::for_good(Reason::ServiceInactive, why)))
            }
            Err(error) if error.kind == ErrorKind::Refused => {
                Ok(Err(Obstacle::for_good(error.reason.unwrap_or(Reason::Unreadable), error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    /// Returns an error that asks for a retry, if the read `found` of the service does not show the deployment that a
    /// recent event reports. A read may lag behind the event.
    fn shows_change(&self, found: &Service, hint: &ServiceHint<'_>) -> Answer<()> {
        let created = found.primary().and_then(|newest| newest.created);
        let recent = hint.cause.time.filter(|at| may_lag(*at, self.ports.clock().now()));
        // The times of events have no fractions of a second.
        let is_older = created.zip(recent).is_some_and(|(created, at)| created.as_second() < at.as_second());
        let is_missing = match hint.change {
            ServiceChange::Asked { revision: Some(revision) } => found.revision != *revision,
            ServiceChange::Deployment { id, .. } => found.deployment(id).is_none(),
            ServiceChange::Asked { revision: None } | ServiceChange::Look => false,
        };
        match is_older && is_missing {
            true => Err(nothing_yet(hint.service)),
            false => Ok(()),
        }
    }

    /// Returns the baseline's rollout settings for a service.
    pub(in crate::workflow) fn settings(&self, found: &Service) -> &RolloutSettings {
        self.order.baseline.rollout(&Workload {
            family: Some(&found.revision.family),
            account: Some(&found.arn.account),
            region: Some(&found.arn.region),
            cluster: Some(&found.arn.cluster),
            service_tags: &found.tags,
            ..Workload::default()
        })
    }

    /// Returns the latest time at which the service's newest deployment may have completed. Returns `None` if the
    /// deployment has not completed. ECS reports a rollout state only for rolling deployments. For other deployments,
    /// Logweir reads the progress of the service deployment.
    pub(in crate::workflow) async fn completed_at(&self, found: &Service) -> Answer<Option<Timestamp>> {
        let Some(newest) = found.primary() else { return Ok(None) };
        let listed = newest.is_completed().then(|| newest.latest());
        if newest.state.is_some() {
            return Ok(listed);
        }
        Ok(match self.progress(found).await? {
            Some(progress) if progress.stage != Stage::Succeeded => None,
            Some(progress) => Some(progress.finished.unwrap_or(newest.latest())),
            None => listed,
        })
    }

    /// Returns whether a lifecycle hook has paused the service's newest deployment.
    pub(in crate::workflow) async fn is_paused(&self, found: &Service) -> Answer<bool> {
        Ok(self.progress(found).await?.is_some_and(|progress| progress.paused))
    }

    /// Reads the progress of the service's newest service deployment. Returns `None` if ECS names no service
    /// deployment, or does not describe it to Logweir.
    pub(in crate::workflow) async fn progress(&self, found: &Service) -> Answer<Option<DeploymentProgress>> {
        let Some(deployment) = &found.service_deployment else { return Ok(None) };
        match self.ports.services().progress(deployment).await {
            Ok(progress) => Ok(Some(progress)),
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(_) => Ok(None),
        }
    }

    pub(in crate::workflow) async fn claim(&self, record: Record, what: EntryKind) -> Result<Claim<'_, P>, Halt> {
        let worker = Worker { name: self.order.worker.clone(), lease: self.order.lease };
        take(self.ports.journal(), self.ports.clock(), &worker, record, what).await
    }

    /// Ends the service's rollout turn, and then records the ending of the rollout. If the worker dies between these
    /// two writes, another worker finds the same ending again.
    ///
    /// Claims the record first if the ending opens the family's fuse. Otherwise a worker with an outdated record would
    /// take a deployment that a backout has ended for a failed deployment.
    pub(in crate::workflow) async fn ended(
        &self,
        record: Record,
        service: &ServiceArn,
        ending: Ending,
    ) -> Result<(Option<Ending>, Record), Halt> {
        if failure(&record, service, &ending).is_some() {
            let resumes = Registrars::resumes(self.order.home, self.order.registrar);
            let mut claimed = self.claim(record, resumes).await?;
            self.close(&mut claimed, service, ending.clone()).await?;
            return Ok((Some(ending), claimed.record));
        }
        family_state::end_turn(self.ports, &record.head.source, service, None).await?;
        let followed = EntryKind::RolloutEnded { service: service.clone(), ending: ending.clone() };
        let claimed = self.claim(record, followed).await?;
        Ok((Some(ending), claimed.record))
    }

    /// Ends the service's rollout turn, and then records the ending of the rollout in a claimed record.
    pub(in crate::workflow) async fn close(
        &self,
        claimed: &mut Claim<'_, P>,
        service: &ServiceArn,
        ending: Ending,
    ) -> Result<(), Halt> {
        let failed = failure(&claimed.record, service, &ending);
        family_state::end_turn(self.ports, claimed.source(), service, failed).await?;
        claimed.append(EntryKind::RolloutEnded { service: service.clone(), ending }).await
    }
}

/// Returns the description of a failed, stuck or overdue deployment, which opens the family's fuse. Returns `None` for
/// any other ending of the rollout.
fn failure(record: &Record, service: &ServiceArn, ending: &Ending) -> Option<String> {
    let corrected = record.head.corrected.as_ref().map_or_else(|| "the corrected revision".into(), RevisionArn::short);
    let attempt = record.attempt().ok().flatten();
    let is_replaced = attempt.and_then(|attempt| attempt.rollout(service)).is_some_and(|rollout| rollout.is_replaced);
    let whose = if is_replaced { "another principal's" } else { "Logweir's" };
    let of = format!("{whose} deployment of {corrected} to service {}", service.short());
    match ending {
        Ending::Failed { why } | Ending::Stuck { why } => Some(format!("{of} failed: {why}")),
        Ending::Overdue => Some(format!("{of} neither completed nor failed before its deadline")),
        _ => None,
    }
}
