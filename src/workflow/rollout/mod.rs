//! The rollout of a corrected revision to services: its triggers, its start and its end.

use super::lease::{Claim, Halt, Worker, take};
use super::{Order, family_state};
use crate::domain::baseline::{RolloutSettings, Workload};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Service, ServiceArn, Stage};
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::limits::rollout_guards::Obstacle;
use crate::domain::outcome::Reason;
use crate::domain::record::{Ending, EntryKind, Record};
use crate::ports::{Answer, ErrorKind, Ports, Services};

mod earlier;
mod finish;
mod image_guard;
mod on_event;
mod start;
pub(in crate::workflow) mod update_service;

pub(in crate::workflow) struct RolloutDriver<'p, 'o, P> {
    pub(in crate::workflow) ports: &'p P,
    pub(in crate::workflow) order: &'p Order<'o>,
}

/// What an event says of a service.
pub(in crate::workflow) struct ServiceHint<'h> {
    pub(in crate::workflow) service: &'h ServiceArn,
    pub(in crate::workflow) change: &'h ServiceChange,
    pub(in crate::workflow) cause: &'h Cause,
}

/// What came of leading a service.
#[derive(Debug)]
pub(in crate::workflow) enum StartOutcome {
    /// There is no revision of ours to lead it to, or it is there.
    Nowhere,
    /// Our deployment is under way.
    Pointed,
    LeftAlone(Obstacle),
    /// It waited, and does not any more.
    GivenUp(Obstacle),
    Ended(Ending),
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// A service; none: it is not there.
    pub(in crate::workflow) async fn look(&self, service: &ServiceArn) -> Answer<Option<Service>> {
        match self.ports.services().service(service).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind == ErrorKind::Missing => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A service, or why it cannot be looked at: those of other clusters are none of ours to see.
    pub(in crate::workflow) async fn seen(&self, service: &ServiceArn) -> Answer<Result<Service, Obstacle>> {
        match self.look(service).await {
            Ok(Some(found)) => Ok(Ok(found)),
            Ok(None) => Ok(Err(Obstacle::for_good(Reason::ServiceInactive, "there is no such service"))),
            Err(error) if error.kind == ErrorKind::Refused => {
                Ok(Err(Obstacle::for_good(error.reason.unwrap_or(Reason::Unreadable), error.to_string())))
            }
            Err(error) => Err(error),
        }
    }

    /// What the baseline says of rolling out to a service.
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

    /// Whether the service's newest deployment is over and well. ECS gives a state for rolling deployments alone.
    pub(in crate::workflow) async fn is_completed(&self, found: &Service) -> Answer<bool> {
        let Some(newest) = found.primary() else { return Ok(false) };
        let Some(deployment) = found.service_deployment.as_ref().filter(|_| newest.state.is_none()) else {
            return Ok(newest.is_completed());
        };
        match self.ports.services().progress(deployment).await {
            Ok(progress) => Ok(progress.stage == Stage::Succeeded),
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(_) => Ok(newest.is_completed()),
        }
    }

    pub(in crate::workflow) async fn claim(&self, record: Record, what: EntryKind) -> Result<Claim<'_, P>, Halt> {
        let worker = Worker { name: self.order.worker.clone(), lease: self.order.lease };
        take(self.ports.journal(), self.ports.clock(), &worker, record, what).await
    }

    /// Writes down how it ended. The turn goes first: a worker that dies in between finds the end once more.
    pub(in crate::workflow) async fn ended(
        &self,
        record: Record,
        service: &ServiceArn,
        ending: Ending,
    ) -> Result<(Option<Ending>, Record), Halt> {
        family_state::end_turn(self.ports, &record.head.source, service, failure(&record, service, &ending)).await?;
        let followed = EntryKind::Followed { service: service.clone(), ending: ending.clone() };
        let claimed = self.claim(record, followed).await?;
        Ok((Some(ending), claimed.record))
    }

    /// The same for a record that is claimed.
    pub(in crate::workflow) async fn close(
        &self,
        claimed: &mut Claim<'_, P>,
        service: &ServiceArn,
        ending: Ending,
    ) -> Result<(), Halt> {
        let failed = failure(&claimed.record, service, &ending);
        family_state::end_turn(self.ports, claimed.source(), service, failed).await?;
        claimed.append(EntryKind::Followed { service: service.clone(), ending }).await
    }
}

/// What opens the family's fuse.
fn failure(record: &Record, service: &ServiceArn, ending: &Ending) -> Option<String> {
    let ours = record.head.corrected.as_ref().map_or_else(|| "our revision".into(), RevisionArn::short);
    let of = format!("our deployment of {ours} to service {}", service.short());
    match ending {
        Ending::Failed { why } | Ending::Stuck { why } => Some(format!("{of} failed: {why}")),
        Ending::Overdue => Some(format!("{of} neither completed nor failed in its time")),
        _ => None,
    }
}
