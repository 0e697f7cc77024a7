//! The correction of where a cluster logs the sessions of ECS Exec, from an event or a request to a decision. Logweir
//! changes only clusters that log no session, and changes only the members of the configuration that say where.

mod backout;
mod guards;
mod plan;
mod report;
mod resume;
mod steps;

pub use backout::{back_out_cluster, preview_cluster};
pub use resume::{resume_cluster_backouts, resume_clusters};

use jiff::Timestamp;

use super::lease::Halt;
use super::order::{Order, Origin};
use super::reporting::{end, fresh, timed};
use crate::domain::ecs::cluster::{Cluster, ClusterArn};
use crate::domain::ecs::lag::may_lag;
use crate::domain::event::Cause;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{ClusterEntryKind, ClusterOpening, ClusterRecord, WholeRecord};
use crate::domain::report::{Decision, FollowUp};
use crate::ports::{Answer, Clock, Clusters, Journal, Ports};
use crate::workflow::whole_claim::WholeClaim;
use plan::{ClusterPlan, Judgement};
use steps::ClusterDriver;

type ClusterClaim<'p, P> = WholeClaim<'p, P, ClusterRecord>;

/// Corrects a cluster that logs no sessions of ECS Exec, or reports it in mode observe. This function returns no error,
/// because the report of the decision contains every error.
pub async fn configure_cluster<P: Ports>(ports: &P, order: &Order<'_>, cluster: &ClusterArn, cause: Cause) -> Decision {
    let started = ports.clock().now();
    let mut decision = fresh(order, &cause, started);
    decision.report.mode = order.exec.into();
    decision.report.about_cluster(cluster);
    let decision = match order.exec {
        ExecMode::Off => decision.ends(Outcome::Skipped.because(Reason::OtherEvent)),
        ExecMode::Observe | ExecMode::Correct => {
            let correction = Correction { ports, order, cluster };
            let ended = correction.run(&mut decision, cause).await;
            end(decision, ended.map(Some))
        }
    };
    timed(ports, decision, started)
}

/// Reads a cluster with its configuration. Returns `None` if the cluster does not exist, or was deleted.
async fn read<P: Ports>(ports: &P, cluster: &ClusterArn) -> Answer<Option<Cluster>> {
    let found = ports.clusters().clusters(&[cluster.to_string()]).await?;
    Ok(found.into_iter().find(|found| found.arn == *cluster && found.status != "INACTIVE"))
}

struct Correction<'c, 'o, P> {
    ports: &'c P,
    order: &'c Order<'o>,
    cluster: &'c ClusterArn,
}

impl<P: Ports> Correction<'_, '_, P> {
    async fn run(&self, decision: &mut Decision, cause: Cause) -> Result<Conclusion, Halt> {
        let now = self.ports.clock().now();
        let standing = self.ports.journal().read_state::<ClusterRecord>(self.cluster).await?;
        if let Some(record) = standing.as_ref().filter(|record| record.is_open()) {
            return self.unfinished(decision, record, now).await;
        }
        let Some(found) = read(self.ports, self.cluster).await? else {
            return Ok(self.missing(decision, &cause, now));
        };
        let plan = match plan::judge(&found, self.order) {
            Judgement::Ends(conclusion) => return Ok(conclusion),
            Judgement::Correct(plan) => plan,
        };
        report::planned(&mut decision.report, &plan);
        if self.order.exec == ExecMode::Observe {
            return Ok(Outcome::Observed.into());
        }
        let record = standing.unwrap_or_else(|| ClusterRecord::new(self.cluster.clone(), now));
        if let Some(conclusion) = self.known(&record, &found, &cause) {
            report::not_changed(&mut decision.report);
            return Ok(conclusion);
        }
        if let Some(conclusion) = guards::stopped(self.ports, self.order, &record, &cause, decision).await? {
            report::not_changed(&mut decision.report);
            return Ok(conclusion);
        }
        let opening = self.opening(*plan, cause).await?;
        let what = ClusterEntryKind::Opened(Box::new(opening));
        let claim = ClusterClaim::take(self.ports, &self.order.worker, self.order.lease, &record, what).await?;
        self.drive(decision, claim).await
    }

    /// Finishes an attempt that another worker left, unless that worker still holds the lease or the attempt is being
    /// backed out.
    async fn unfinished(
        &self,
        decision: &mut Decision,
        record: &ClusterRecord,
        now: Timestamp,
    ) -> Result<Conclusion, Halt> {
        if record.is_held(now) {
            decision.next = FollowUp::Retry;
            return Ok(Outcome::Skipped.because(Reason::Locked));
        }
        if record.is_suppressed() {
            let why = format!("a backout of {} is in progress", self.cluster.short());
            return Ok(Outcome::Skipped.because(Reason::BackedOutBefore).saying(why));
        }
        if self.order.exec == ExecMode::Observe {
            return Ok(Outcome::Observed.into());
        }
        let (worker, lease) = (&self.order.worker, self.order.lease);
        let claim = ClusterClaim::take(self.ports, worker, lease, record, ClusterEntryKind::Resumed).await?;
        self.drive(decision, claim).await
    }

    async fn drive(&self, decision: &mut Decision, mut claim: ClusterClaim<'_, P>) -> Result<Conclusion, Halt> {
        let driven = ClusterDriver { ports: self.ports }.to_the_end(&mut claim).await;
        let why = report::tell(&mut decision.report, &claim.record, self.order.backout);
        Ok(Conclusion { why, ..driven? })
    }

    /// Returns the conclusion about a cluster that ECS does not show. Soon after the event, a retry may find it.
    fn missing(&self, decision: &mut Decision, cause: &Cause, now: Timestamp) -> Conclusion {
        let why = format!("ECS has no cluster {} in this account and Region", self.cluster.name);
        if cause.time.is_some_and(|time| may_lag(time, now)) {
            decision.next = FollowUp::Retry;
            return Outcome::Failed.because(Reason::NotVisibleYet).saying(why);
        }
        match self.order.origin {
            Origin::Apply { .. } => Outcome::Failed.because(Reason::ClusterInactive).saying(why),
            _ => Outcome::Skipped.because(Reason::ClusterInactive).saying(why),
        }
    }

    /// Returns the conclusion about a cluster whose correction the journal knows already. A backout holds until an operator
    /// asks for the correction again. An event of CreateCluster does not end it, because the call also succeeds for a
    /// cluster that exists, and returns that cluster unchanged (source: terraform-provider-aws issue 38875).
    fn known(&self, record: &ClusterRecord, found: &Cluster, cause: &Cause) -> Option<Conclusion> {
        if record.is_suppressed() && !guards::is_forced(self.order) {
            let why = format!(
                "the correction of {0} was backed out at {1:.0}; `logweir exec apply --force {2}` corrects it again",
                self.cluster.short(),
                record.at,
                self.cluster.name
            );
            return Some(Outcome::Skipped.because(Reason::BackedOutBefore).saying(why));
        }
        // An event from before the correction, read while ECS may not show the correction yet, is no new fault.
        let effect = record.effect().filter(|effect| effect.is_certain)?;
        let may_be_stale = found.configuration.is_same(effect.before) && may_lag(record.at, self.ports.clock().now());
        let is_event = !matches!(self.order.origin, Origin::Apply { .. });
        let is_later = cause.time.is_some_and(|time| time > record.at);
        (is_event && may_be_stale && !is_later).then(|| Outcome::Skipped.because(Reason::Duplicate))
    }

    async fn opening(&self, plan: ClusterPlan, cause: Cause) -> Result<ClusterOpening, Halt> {
        let (baseline, steps) = (self.order.baseline, plan.steps(self.ports).await?);
        Ok(ClusterOpening {
            mode: self.order.exec,
            trigger: self.order.origin.kind(),
            baseline_digest: baseline.digest().into(),
            cause,
            steps,
        })
    }
}
