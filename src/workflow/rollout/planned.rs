//! The rollout to a service that a plan names: what would prevent the rollout, and its next step. The rollout ends if an
//! operator backs out the run that applies the plan.

use super::earlier::EarlierRollout;
use super::start::was_started;
use super::{RolloutDriver, ServiceHint, StartOutcome};
use crate::domain::baseline::ImageGuard;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::edit::Edit;
use crate::domain::event::{Cause, ServiceChange};
use crate::domain::limits::rollout_guards::{Candidate, Obstacle};
use crate::domain::limits::service_history::ServiceHistory;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{Ending, EntryKind, Record, ServiceUpdate};
use crate::domain::report::Report;
use crate::ports::{Clock, Journal, Ports};
use crate::workflow::backed_out_run::refusal;
use crate::workflow::lease::{Claim, Halt};

/// A service that runs the source revision `source`, and the edits of the planned correction.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct PlannedService<'s> {
    pub(in crate::workflow) service: &'s ServiceArn,
    pub(in crate::workflow) source: &'s RevisionArn,
    pub(in crate::workflow) edits: &'s [Edit],
    /// The record of the source revision. `None` if the source revision was never corrected.
    pub(in crate::workflow) record: Option<&'s Record>,
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Returns the obstacle that would prevent the update of a service now. Changes nothing, and takes no rollout turn.
    pub(in crate::workflow) async fn foresee(&self, planned: &PlannedService<'_>) -> Result<Option<Obstacle>, Halt> {
        let PlannedService { service, source, edits, record } = *planned;
        let found = match self.seen(service).await? {
            Ok(found) => found,
            Err(obstacle) => return Ok(Some(obstacle)),
        };
        if let Some(record) = record
            && let Some(obstacle) = was_started(record, &found, false)?
        {
            return Ok(Some(obstacle));
        }
        let (now, settings) = (self.ports.clock().now(), self.settings(&found));
        let completed = self.completed_at(&found).await?;
        let candidate = Candidate { service: &found, source, edits, settings, completed, now };
        let cause = Cause::default();
        let hint = ServiceHint { service, change: &ServiceChange::Look, cause: &cause };
        if let Some(obstacle) = self.in_the_way(&candidate, &hint).await? {
            return Ok(Some(obstacle));
        }
        let history = self.ports.journal().read_state::<ServiceHistory>(service).await?;
        if history.is_some_and(|times| times.too_many(now, &self.order.baseline.fuse())) {
            let why = format!("another principal keeps rolling service {} back", service.short());
            return Ok(Some(Obstacle::for_good(Reason::FuseOpen, why)));
        }
        if settings.image_guard == ImageGuard::Hold
            && let Some(why) = self.other_images(source, &found, settings.image_guard).await?
        {
            return Ok(Some(Obstacle::for_good(Reason::ImageChanged, why)));
        }
        Ok(None)
    }

    /// Ends a rollout that has not updated the service yet, if an operator backs out the run that asks for the update.
    pub(super) async fn withheld(
        &self,
        claimed: &mut Claim<'_, P>,
        update: &ServiceUpdate,
        cause: &Cause,
    ) -> Result<Option<Ending>, Halt> {
        let ending = match refusal(self.ports, &update.from, cause).await {
            Ok(None) => return Ok(None),
            Ok(Some(why)) => Ending::NotDone { why, reason: Some(Reason::BackedOutBefore) },
            Err(error) => {
                let service = update.service.clone();
                let _ = claimed.append(EntryKind::Waiting { service, why: Reason::InFlight }).await;
                return Err(Halt::Port(error));
            }
        };
        self.close(claimed, &update.service, ending.clone()).await?;
        Ok(Some(ending))
    }

    /// Makes the next step of the rollout to one service: updates the service to the corrected revision of `source`, or
    /// finds out how the deployment has ended. Corrects no revision.
    pub(in crate::workflow) async fn follow_planned(
        &self,
        report: &mut Report,
        source: &RevisionArn,
        hint: &ServiceHint<'_>,
    ) -> Result<Conclusion, Halt> {
        match self.finish_before(report, hint, &mut None).await? {
            EarlierRollout::UnderWay => {
                return Ok(Outcome::Skipped.because(Reason::DeploymentUnderWay));
            }
            EarlierRollout::Paused { .. } => return Ok(Outcome::Skipped.because(Reason::DeploymentPaused)),
            EarlierRollout::Nothing | EarlierRollout::Ended(Ending::ServiceChanged) => {}
            EarlierRollout::Ended(ending) => return Ok(ending.conclusion()),
            EarlierRollout::Doubtful(why) => {
                return Ok(Outcome::NeedsOperator.because(Reason::ServiceChanged).saying(why));
            }
        }
        Ok(match self.start(report, source, hint).await? {
            StartOutcome::Updated => Outcome::Skipped.because(Reason::DeploymentUnderWay),
            StartOutcome::Ended(ending) => ending.conclusion(),
            StartOutcome::LeftAlone(obstacle) | StartOutcome::GivenUp(obstacle) => obstacle.conclusion(),
            StartOutcome::Nowhere => {
                let why = format!("{} has no corrected revision, or the service already runs it", source.short());
                Outcome::Skipped.because(Reason::ServiceChanged).saying(why)
            }
        })
    }
}
