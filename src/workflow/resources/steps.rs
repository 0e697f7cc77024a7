//! Carries out the steps of a claimed record of a resource. Logweir writes an entry to the journal before each action,
//! and another entry after the action, so a worker that takes over a record continues where the previous worker
//! stopped.

use std::collections::BTreeMap;

use super::ResourceClaim;
use super::reasons::{changed, inactive};
use crate::domain::ecs::resource::{ResourceArn, ResourceState};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{ResourceAttempt, ResourceEntryKind, ResourceNext, ResourceStep};
use crate::ports::{ErrorKind, PortError, ResourcePorts, Resources};
use crate::workflow::lag::not_visible_to;
use crate::workflow::lease::Halt;

pub(super) const UPDATE: &str = "UpdateClusterSettings";
pub(super) const TAG: &str = "TagResource";

pub(super) struct ResourceDriver<'p, P> {
    pub(super) ports: &'p P,
}

/// Why Logweir could not carry out a step.
enum StepStop {
    /// A retry cannot succeed, so Logweir records the reason and closes the record. The flag says whether this worker
    /// sent the call and ECS may have carried it out.
    ForGood { why: String, reason: Option<Reason>, is_sent: bool },
    /// A retry can succeed after this error, so the record stays open.
    ForNow(PortError),
}

/// What a read shows of a step.
enum Shown {
    /// Nothing of the step. For tags, these are still to be set.
    Before(BTreeMap<String, String>),
    After,
    /// Another principal has changed what the step changes.
    Otherwise,
}

impl From<PortError> for StepStop {
    fn from(error: PortError) -> Self {
        match error.kind {
            ErrorKind::Retry => Self::ForNow(error),
            ErrorKind::Refused | ErrorKind::Missing => {
                Self::ForGood { why: error.to_string(), reason: error.reason, is_sent: false }
            }
        }
    }
}

impl<P: ResourcePorts> ResourceDriver<'_, P> {
    /// Carries out the remaining steps of the record, and returns the conclusion of the attempt.
    pub(super) async fn to_the_end(&self, claim: &mut ResourceClaim<'_, P>) -> Result<Conclusion, Halt> {
        loop {
            let record = claim.record.clone();
            let attempt = record.attempt().ok_or(Halt::LeaseLost)?;
            match attempt.next() {
                ResourceNext::Finished(closing) => return Ok(closing.clone()),
                ResourceNext::Close => claim.append(ResourceEntryKind::Closed(closing(&attempt))).await?,
                ResourceNext::Undo(..) => return Err(Halt::Stuck("the record is being backed out".into())),
                ResourceNext::Take(step, what, possibly_done) => {
                    claim.append(ResourceEntryKind::Started { step }).await?;
                    match self.take(&record.resource, what, possibly_done).await {
                        Ok(()) => claim.append(ResourceEntryKind::Done { step }).await?,
                        Err(StepStop::ForGood { why, reason, is_sent }) => {
                            let is_possibly_done = possibly_done || is_sent;
                            let failed = ResourceEntryKind::Failed { step, why, reason, is_possibly_done };
                            claim.append(failed).await?;
                        }
                        Err(StepStop::ForNow(error)) => return Err(claim.give_up(error).await),
                    }
                }
            }
        }
    }

    /// Takes a step, if the resource is still as the plan found it. Reads the resource after the entry `Started`, so
    /// that nothing but the read comes right before the write. Reads it again after the write.
    async fn take(&self, resource: &ResourceArn, step: &ResourceStep, possibly_done: bool) -> Result<(), StepStop> {
        let name = resource.short();
        let found = match self.ports.resources().resource(resource).await {
            Ok(found) => found,
            // A refused read does not show whether an earlier call changed the resource.
            Err(error) if possibly_done => return Err(StepStop::ForNow(error)),
            Err(error) => return Err(error.into()),
        };
        let stopped = |why: String, reason, is_sent| Err(StepStop::ForGood { why, reason: Some(reason), is_sent });
        let Some(found) = found else {
            return stopped(format!("{name} was deleted after Logweir read it"), inactive(resource), false);
        };
        let tags = match shown(step, &found, possibly_done) {
            Shown::After => return Ok(()),
            Shown::Otherwise => {
                let why = format!("another principal changed {name} after Logweir read it");
                return stopped(why, changed(resource), false);
            }
            Shown::Before(tags) => tags,
        };
        let call = self.send(resource, step, &tags).await?;
        let now = self.ports.resources().resource(resource).await.map_err(StepStop::ForNow)?.unwrap_or_default();
        match shown(step, &now, true) {
            Shown::After => Ok(()),
            Shown::Before(left) if left == tags => {
                Err(StepStop::ForNow(not_visible_to(call, format!("ECS does not show the change of {name} yet"))))
            }
            Shown::Before(_) | Shown::Otherwise => {
                stopped(format!("another principal changed {name} right after Logweir"), changed(resource), true)
            }
        }
    }

    /// Sends the call of a step, and returns the name of the call.
    async fn send(
        &self,
        resource: &ResourceArn,
        step: &ResourceStep,
        tags: &BTreeMap<String, String>,
    ) -> Result<&'static str, StepStop> {
        match step {
            ResourceStep::SetInsights { after, .. } => {
                self.ports.resources().set_insights(&resource.cluster(), after.name()).await?;
                Ok(UPDATE)
            }
            ResourceStep::AddTags { .. } => {
                self.ports.resources().tag(resource, tags).await?;
                Ok(TAG)
            }
        }
    }
}

/// Returns what a read shows of a step. Before the first try of the step, the result of the step is another
/// principal's.
fn shown(step: &ResourceStep, found: &ResourceState, possibly_done: bool) -> Shown {
    match step {
        ResourceStep::SetInsights { before, after, .. } => match found.insights.as_deref() {
            value if value == before.as_deref() => Shown::Before(BTreeMap::new()),
            Some(value) if value == after.name() && possibly_done => Shown::After,
            _ => Shown::Otherwise,
        },
        ResourceStep::AddTags { tags } => {
            let is_other = |(key, value): (&String, &String)| found.tags.get(key).is_some_and(|found| found != value);
            let left: BTreeMap<String, String> = tags
                .iter()
                .filter(|(key, _)| !found.tags.contains_key(*key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            match (tags.iter().any(is_other), left.len()) {
                (true, _) => Shown::Otherwise,
                (false, 0) if possibly_done => Shown::After,
                (false, count) if count == tags.len() || possibly_done => Shown::Before(left),
                (false, _) => Shown::Otherwise,
            }
        }
    }
}

/// Returns the conclusion of an attempt that has no steps left.
pub(super) fn closing(attempt: &ResourceAttempt<'_>) -> Conclusion {
    if let Some(backout) = &attempt.backout {
        let open = backout.kept.iter().find(|kept| kept.open);
        return match open {
            Some(kept) => Conclusion::new(Outcome::NeedsOperator, kept.reason, None),
            None => Outcome::BackedOut.into(),
        };
    }
    let Some(failed) = attempt.failed else { return Outcome::Remediated.into() };
    let moved_on = matches!(
        failed.reason,
        Some(Reason::ClusterChanged | Reason::ServiceChanged | Reason::ClusterInactive | Reason::ServiceInactive)
    );
    let outcome = match moved_on {
        true => Outcome::Superseded,
        false if attempt.done.contains(&true) => Outcome::Partial,
        false => Outcome::Failed,
    };
    Conclusion::new(outcome, failed.reason, None)
}
