//! Carries out the steps of a claimed record of a cluster. Logweir writes an entry to the journal before each action, and
//! another entry after the action, so a worker that takes over a record continues where the previous worker stopped.

use super::ClusterClaim;
use super::read;
use crate::domain::ecs::cluster::{ClusterArn, ClusterConfiguration};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{ClusterAttempt, ClusterEntryKind, ClusterNext, ClusterStep};
use crate::domain::rules::facts::LogGroup;
use crate::ports::{Clusters, ErrorKind, LogGroups, PortError, Ports};
use crate::workflow::lag::not_visible_to;
use crate::workflow::lease::Halt;

pub(super) const UPDATE: &str = "UpdateCluster";

pub(super) struct ClusterDriver<'p, P> {
    pub(super) ports: &'p P,
}

/// Why Logweir could not carry out a step.
enum StepStop {
    /// A retry cannot succeed, so Logweir records the reason and closes the record.
    ForGood(String, Option<Reason>),
    /// A retry can succeed after this error, so the record stays open.
    ForNow(PortError),
}

impl From<PortError> for StepStop {
    fn from(error: PortError) -> Self {
        match error.kind {
            ErrorKind::Retry => Self::ForNow(error),
            ErrorKind::Refused | ErrorKind::Missing => Self::ForGood(error.to_string(), error.reason),
        }
    }
}

impl<P: Ports> ClusterDriver<'_, P> {
    /// Carries out the remaining steps of the record, and returns the conclusion of the attempt.
    pub(super) async fn to_the_end(&self, claim: &mut ClusterClaim<'_, P>) -> Result<Conclusion, Halt> {
        loop {
            let record = claim.record.clone();
            let attempt = record.attempt().ok_or(Halt::LeaseLost)?;
            match attempt.next() {
                ClusterNext::Finished(closing) => return Ok(closing.clone()),
                ClusterNext::Close => claim.append(ClusterEntryKind::Closed(closing(&attempt))).await?,
                ClusterNext::Undo(_) => return Err(Halt::Stuck("the record is being backed out".into())),
                ClusterNext::Take(number, step, possibly_done) => {
                    self.take(claim, &attempt, number, step, possibly_done).await?;
                }
            }
        }
    }

    async fn take(
        &self,
        claim: &mut ClusterClaim<'_, P>,
        attempt: &ClusterAttempt<'_>,
        step: usize,
        what: &ClusterStep,
        possibly_done: bool,
    ) -> Result<(), Halt> {
        let acted = match what {
            ClusterStep::EnsureLogGroup(group) => {
                claim.append(ClusterEntryKind::Started { step }).await?;
                self.ports.log_groups().create(group).await.map_err(StepStop::from)
            }
            ClusterStep::SetRetention { name, new } => {
                claim.append(ClusterEntryKind::Started { step }).await?;
                self.retain(name, *new, attempt.has_made(name)).await
            }
            ClusterStep::ConfigureCluster { cluster, before, after } => {
                let change = Change { cluster, before, after };
                self.configure(claim, step, &change, possibly_done).await?
            }
        };
        match acted {
            Ok(changed) => claim.append(ClusterEntryKind::Done { step, changed }).await,
            Err(StepStop::ForGood(why, reason)) => claim.append(ClusterEntryKind::Failed { step, why, reason }).await,
            Err(StepStop::ForNow(error)) => Err(claim.give_up(error).await),
        }
    }

    /// Sets the retention of a log group that this attempt created, or that is empty and has no retention. An empty log
    /// group may be Logweir's, if the response to its creation was lost, and its retention deletes nothing.
    async fn retain(&self, name: &str, days: u32, is_made: bool) -> Result<bool, StepStop> {
        let groups = self.ports.log_groups();
        if !is_made {
            let found = groups.look(&[name.to_owned()]).await?.remove(name);
            let is_unlimited = matches!(found, Some(LogGroup::Exists { retention: None, policy: None, .. }));
            if !is_unlimited || !groups.is_empty(name).await? {
                return Ok(false);
            }
        }
        match groups.set_retention(name, days).await {
            // The new log group is not visible to this call yet.
            Err(error) if error.kind == ErrorKind::Missing => {
                Err(StepStop::ForNow(PortError { kind: ErrorKind::Retry, ..error }))
            }
            set => Ok(set.map(|()| true)?),
        }
    }

    /// Changes the configuration of the cluster, if it is still the one of the plan. Reads the configuration after the entry
    /// `Started`, so that nothing but the read comes right before the write.
    async fn configure(
        &self,
        claim: &mut ClusterClaim<'_, P>,
        step: usize,
        change: &Change<'_>,
        possibly_done: bool,
    ) -> Result<Result<bool, StepStop>, Halt> {
        claim.append(ClusterEntryKind::Started { step }).await?;
        Ok(match self.before(change, possibly_done).await {
            Ok(true) => Ok(true),
            Ok(false) => self.change(change).await.map(|()| true),
            // A refused read does not show whether an earlier call changed the cluster.
            Err(StepStop::ForGood(message, reason)) if possibly_done && !has_moved_on(reason) => {
                Err(StepStop::ForNow(PortError { kind: ErrorKind::Refused, call: "DescribeClusters", message, reason }))
            }
            Err(stopped) => Err(stopped),
        })
    }

    /// Returns `true` if the cluster has the new configuration already. Returns an error if another principal has changed
    /// the configuration since the plan.
    async fn before(&self, change: &Change<'_>, possibly_done: bool) -> Result<bool, StepStop> {
        let name = change.cluster.short();
        let Some(found) = read(self.ports, change.cluster).await? else {
            let why = format!("{name} was deleted after Logweir read it");
            return Err(StepStop::ForGood(why, Some(Reason::ClusterInactive)));
        };
        if found.configuration.is_same(change.before) {
            return Ok(false);
        }
        if possibly_done && is_in_place(&found.configuration, change.after) {
            return Ok(true);
        }
        let why = format!("another principal changed the configuration of {name} after Logweir read it");
        Err(StepStop::ForGood(why, Some(Reason::ClusterChanged)))
    }

    /// Sends the whole configuration, and compares the answer and a further read with what was sent.
    async fn change(&self, change: &Change<'_>) -> Result<(), StepStop> {
        let Change { cluster, before, after } = change;
        let answer = self.ports.clusters().configure(cluster, after).await?;
        let name = cluster.short();
        if !answer.configuration.keeps(after) {
            let why = format!(
                "ECS changed other members of the configuration of {name} than Logweir sent: compare the record with the \
                 cluster"
            );
            return Err(StepStop::ForGood(why, Some(Reason::LostMembers)));
        }
        match read(self.ports, cluster).await.map_err(StepStop::ForNow)? {
            Some(found) if is_in_place(&found.configuration, after) => Ok(()),
            Some(found) if found.configuration.is_same(before) => {
                let message = format!("ECS does not show the new configuration of {name} yet");
                Err(StepStop::ForNow(not_visible_to(UPDATE, message)))
            }
            _ => {
                let why = format!("another principal changed {name} right after Logweir");
                Err(StepStop::ForGood(why, Some(Reason::ClusterChanged)))
            }
        }
    }
}

/// The change of a cluster's configuration.
struct Change<'c> {
    cluster: &'c ClusterArn,
    before: &'c ClusterConfiguration,
    after: &'c ClusterConfiguration,
}

/// Whether the cluster has the new configuration of ECS Exec. If another principal has since changed another member, the
/// change of Logweir is still in place, and a backout can undo the change.
fn is_in_place(found: &ClusterConfiguration, after: &ClusterConfiguration) -> bool {
    found.keeps(after) || found.has_same_exec(after)
}

/// Returns the conclusion of an attempt that has no steps left.
pub(super) fn closing(attempt: &ClusterAttempt<'_>) -> Conclusion {
    if let Some(backout) = &attempt.backout {
        return match backout.kept {
            Some((_, true, reason)) => Conclusion::new(Outcome::NeedsOperator, reason, None),
            Some(_) | None => Outcome::BackedOut.into(),
        };
    }
    let Some((_, _, reason)) = attempt.failed else { return Outcome::Remediated.into() };
    let changed = attempt.done.iter().flatten().any(|changed| *changed);
    let outcome = match reason {
        reason if has_moved_on(reason) => Outcome::Superseded,
        Some(Reason::LostMembers) => Outcome::NeedsOperator,
        _ if changed => Outcome::Partial,
        _ => Outcome::Failed,
    };
    Conclusion::new(outcome, reason, None)
}

/// Whether the cluster is no longer the one of the plan.
fn has_moved_on(reason: Option<Reason>) -> bool {
    matches!(reason, Some(Reason::ClusterChanged | Reason::ClusterInactive))
}
