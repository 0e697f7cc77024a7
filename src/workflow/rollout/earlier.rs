//! The last rollout of a service. An event about the service may report its end, or an overtaken deployment.

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
use crate::workflow::ownership::Registrars;
use crate::workflow::summary::{line, tell};

/// How far a pointing is that was made before.
pub(super) enum EarlierRollout {
    /// There is none that matters.
    Nothing,
    /// It is under way.
    UnderWay,
    Ended(Ending),
    /// An event tells of what ECS does not know.
    Doubtful(String),
}

/// The unfinished parts of the last rollout.
struct Unfinished {
    in_flight: bool,
    /// The ending that ECS reported after Logweir closed the record.
    late: Option<Ending>,
    /// The other principal's revision that the rollout may have overtaken.
    theirs: Option<RevisionArn>,
    /// The ending of the rollout, if its record has one.
    ended: Option<Ending>,
}

impl Unfinished {
    fn of(record: &Record, last: &LastUpdate, hint: &ServiceHint<'_>) -> Result<Option<Self>, Halt> {
        if record.head.open && !record.head.backing_out {
            return Ok(None);
        }
        let theirs = match (hint.change, hint.cause.time) {
            (ServiceChange::Asked { revision: Some(theirs) }, Some(at)) if last.overtook(theirs, at) => Some(theirs),
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
            theirs: theirs.cloned(),
            ended,
        };
        Ok(unfinished.is_something().then_some(unfinished))
    }

    fn is_something(&self) -> bool {
        self.in_flight || self.late.is_some() || self.theirs.is_some() || self.ended.is_some()
    }
}

impl<P: Ports> RolloutDriver<'_, '_, P> {
    /// Brings what was begun for this service to its end, if it has one by now.
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
        *found = self.look(hint.service).await?;
        let (mut ending, mut record) = match due.late {
            _ if due.in_flight => self.finish(record, hint, found.as_ref()).await?,
            Some(late) => self.ended(record, hint.service, late).await?,
            None => (None, record),
        };
        let waits = record.attempt()?.and_then(|attempt| attempt.rollout(hint.service));
        if waits.is_some_and(|rollout| matches!(rollout.state, RolloutPhase::Waiting(_))) {
            // What was intended is to be decided anew.
            return Ok(EarlierRollout::Nothing);
        }
        let ours = found.as_ref().filter(|found| runs_our_last_deployment(found, &last, &record));
        if let (Some(theirs), Some(ours)) = (due.theirs, ours) {
            if !self.was_deployed(&theirs, &last, hint.service).await? {
                return Ok(EarlierRollout::Doubtful(format!(
                    "an event says that somebody had {} deployed just before our act, and ECS knows nothing of it",
                    theirs.short()
                )));
            }
            (ending, record) = self.give_way(record, ours, theirs).await?;
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
        let Some(ending) = ending else { return Ok(EarlierRollout::UnderWay) };
        if matches!(ending, Ending::Completed)
            && due.ended.is_none()
            && let Err(halt) = self.next_waiting(report, &record).await
        {
            report.notes.push(format!("the next service could not be led yet: {halt}"));
        }
        Ok(EarlierRollout::Ended(ending))
    }

    /// Whether ECS lists a deployment of the revision since Logweir read the service for the rollout.
    async fn was_deployed(&self, theirs: &RevisionArn, last: &LastUpdate, service: &ServiceArn) -> Answer<bool> {
        let since = last.before.unwrap_or(last.at);
        match self.ports.services().deployed_since(service, since).await {
            Ok(deployed) => Ok(deployed.contains(theirs)),
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(_) => Ok(false),
        }
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
        if claimed.record.head.suppressed {
            // Of a record that is taken back nothing is left to be said but the intent.
            claimed.release("given way to what somebody had deployed").await;
        } else {
            self.close(&mut claimed, &found.arn, ending.clone()).await?;
        }
        Ok((Some(ending), claimed.record))
    }
}

/// Whether the service runs the last deployment of the record.
fn runs_our_last_deployment(found: &Service, last: &LastUpdate, record: &Record) -> bool {
    let newest = found.primary().map(|newest| newest.id.as_str());
    found.revision == last.to && newest.is_some() && newest == record.last_deployment(&found.arn)
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
