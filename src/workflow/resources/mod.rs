//! The change of a cluster's or service's settings and tags, which an operator asks for with `logweir runbook apply`,
//! and its backout. Logweir switches Container Insights on where they are off, and adds tags whose keys the resource
//! lacks.

mod backout;
mod plan;
mod reasons;
mod report;
mod steps;

pub use backout::{back_out_resource, preview_resource};
pub use plan::ResourceWish;

use jiff::SignedDuration;

use super::lease::Halt;
use crate::domain::baseline::Baseline;
use crate::domain::ecs::resource::ResourceArn;
use crate::domain::event::Cause;
use crate::domain::limits::family::{Family, FamilyName, Stopped};
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{ResourceEntryKind, ResourceOpening, ResourceRecord, WholeRecord};
use crate::domain::report::{BackoutBy, ResourceReport};
use crate::ports::{Clock, Journal, ResourcePorts, Resources};
use crate::workflow::whole_claim::WholeClaim;
use plan::ResourcePlan;
use reasons::inactive;
use steps::ResourceDriver;

type ResourceClaim<'p, P> = WholeClaim<'p, P, ResourceRecord>;

/// The context of one change of a resource.
pub struct ResourceOrder<'o> {
    pub baseline: &'o Baseline,
    pub cause: Cause,
    /// The unique name of this worker.
    pub worker: String,
    /// The length of this worker's lease on a record.
    pub lease: SignedDuration,
    /// How an operator backs out the change.
    pub backout: &'o BackoutBy,
    /// Whether Logweir only reports what it would change.
    pub is_dry_run: bool,
    /// Whether Logweir also acts on a resource whose change was backed out, or whose cluster a hold or an open fuse
    /// stops.
    pub is_forced: bool,
}

/// Gives a resource what it lacks of the wish. This function returns no error, because the report contains every error.
pub async fn change_resource<P: ResourcePorts>(
    ports: &P,
    order: &ResourceOrder<'_>,
    resource: &ResourceArn,
    wish: &ResourceWish,
) -> ResourceReport {
    let mut report = ResourceReport::new(resource);
    let ended = ResourceChange { ports, order, resource, wish }.run(&mut report).await;
    end(report, ended)
}

/// Ends a report with the result of a change or a backout.
fn end(report: ResourceReport, ended: Result<Conclusion, Halt>) -> ResourceReport {
    match ended {
        Ok(conclusion) => report.ends(conclusion),
        Err(Halt::Port(error)) => report.ends(Conclusion::new(Outcome::Failed, error.reason, Some(error.to_string()))),
        Err(halt @ Halt::LeaseLost) => report.ends(Outcome::Skipped.because(Reason::Locked).saying(halt.to_string())),
        Err(halt) => report.ends(Outcome::NeedsOperator.because(Reason::Unreadable).saying(halt.to_string())),
    }
}

struct ResourceChange<'c, 'o, P> {
    ports: &'c P,
    order: &'c ResourceOrder<'o>,
    resource: &'c ResourceArn,
    wish: &'c ResourceWish,
}

impl<P: ResourcePorts> ResourceChange<'_, '_, P> {
    async fn run(&self, report: &mut ResourceReport) -> Result<Conclusion, Halt> {
        let mut standing = self.ports.journal().read_state::<ResourceRecord>(self.resource).await?;
        if let Some(record) = standing.as_ref().filter(|record| record.is_open()) {
            match self.unfinished(report, record).await? {
                Finished::Ends(conclusion) => return Ok(conclusion),
                Finished::Remediated(record) => standing = Some(*record),
            }
        }
        let Some(found) = self.ports.resources().resource(self.resource).await? else {
            let why = format!("ECS has no {} in this account and Region", self.resource.short());
            return Ok(Outcome::Failed.because(inactive(self.resource)).saying(why));
        };
        let is_off = self.wish.insights.is_some() && matches!(self.resource, ResourceArn::Cluster(_));
        // The account setting is information for a backout; a caller who may not read it can still change the cluster.
        let account = if is_off { self.ports.resources().account_insights().await.ok().flatten() } else { None };
        let plan = match self.wish.plan(self.order.baseline, self.resource, &found, account) {
            Ok(plan) => plan,
            Err(refused) => return Ok(refused),
        };
        report.kept_tags = plan.kept.clone();
        if plan.steps.is_empty() {
            return Ok(Outcome::Compliant.into());
        }
        let now = self.ports.clock().now();
        let record = standing.unwrap_or_else(|| ResourceRecord::new(self.resource.clone(), now));
        if let Some(conclusion) = self.stopped(&record).await? {
            return Ok(conclusion);
        }
        report::planned(report, &plan.steps);
        if self.order.is_dry_run {
            return Ok(Outcome::Observed.into());
        }
        let opened = ResourceEntryKind::Opened(Box::new(self.opening(&record, plan)));
        let claim = ResourceClaim::take(self.ports, &self.order.worker, self.order.lease, &record, opened).await?;
        self.drive(report, claim).await.map(|(conclusion, _)| conclusion)
    }

    /// Finishes an attempt that another worker left, unless that worker still holds the lease or the attempt is being
    /// backed out.
    async fn unfinished(&self, report: &mut ResourceReport, record: &ResourceRecord) -> Result<Finished, Halt> {
        let skipped = |reason, why: String| Ok(Finished::Ends(Outcome::Skipped.because(reason).saying(why)));
        if record.is_held(self.ports.clock().now()) {
            return skipped(Reason::Locked, "another worker holds the lease on this record".into());
        }
        if record.is_suppressed() {
            let why = format!("a backout of {} is not finished; run the backout again", record.short());
            return skipped(Reason::BackedOutBefore, why);
        }
        if self.order.is_dry_run {
            let steps = record.attempt().map(|attempt| &attempt.opening.steps[..]).unwrap_or_default();
            report::planned(report, steps);
            report.notes.push("an earlier run did not finish these changes; this command finishes them first".into());
            return Ok(Finished::Ends(Outcome::Observed.into()));
        }
        let (worker, lease) = (&self.order.worker, self.order.lease);
        let claim = ResourceClaim::take(self.ports, worker, lease, record, ResourceEntryKind::Resumed).await?;
        let (conclusion, record) = self.drive(report, claim).await?;
        if conclusion.outcome != Outcome::Remediated {
            return Ok(Finished::Ends(conclusion));
        }
        report.notes.push("Logweir finished the change that an earlier run began".into());
        Ok(Finished::Remediated(Box::new(record)))
    }

    async fn drive(
        &self,
        report: &mut ResourceReport,
        mut claim: ResourceClaim<'_, P>,
    ) -> Result<(Conclusion, ResourceRecord), Halt> {
        let driven = ResourceDriver { ports: self.ports }.to_the_end(&mut claim).await;
        let why = report::tell(report, &claim.record, self.order.backout);
        Ok((Conclusion { why, ..driven? }, claim.record))
    }

    /// Returns the conclusion if an earlier backout, or the hold or the open fuse of the cluster, stops the change.
    async fn stopped(&self, record: &ResourceRecord) -> Result<Option<Conclusion>, Halt> {
        if self.order.is_forced {
            return Ok(None);
        }
        if record.is_suppressed() {
            let why = format!(
                "the change of {} was backed out at {:.0}; `--force` makes it again",
                self.resource.short(),
                record.at
            );
            return Ok(Some(Outcome::Skipped.because(Reason::BackedOutBefore).saying(why)));
        }
        let name = FamilyName::of_cluster(&self.resource.cluster());
        let state = self.ports.journal().read_state::<Family>(&name).await?;
        let stopped = state.and_then(|state| state.stopped(self.ports.clock().now()));
        Ok(stopped.map(|stopped| {
            let (reason, state) = match stopped {
                Stopped::Held(_) => (Reason::OnHold, "is on hold"),
                Stopped::FuseOpen(_) => (Reason::FuseOpen, "has an open fuse"),
            };
            Outcome::Refused.because(reason).saying(format!("{} {state}; `--force` overrides this", name.family))
        }))
    }

    fn opening(&self, record: &ResourceRecord, plan: ResourcePlan) -> ResourceOpening {
        ResourceOpening {
            baseline_digest: self.order.baseline.digest().into(),
            cause: self.order.cause.clone(),
            steps: plan.steps,
            standing: record.effects(),
        }
    }
}

/// The end of an attempt that another worker left.
enum Finished {
    /// The run ends with it.
    Ends(Conclusion),
    /// The attempt is complete, and the run continues with its own changes.
    Remediated(Box<ResourceRecord>),
}
