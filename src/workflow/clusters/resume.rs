//! Finishes the corrections and the backouts of clusters whose worker stopped.

use super::ClusterClaim;
use super::steps::ClusterDriver;
use super::{backout, report};
use crate::domain::event::Cause;
use crate::domain::exec_mode::ExecMode;
use crate::domain::outcome::{Conclusion, ReportMode, TriggerKind};
use crate::domain::record::{ClusterEntryKind, ClusterRecord, WholeRecord};
use crate::domain::report::{Decision, Report};
use crate::ports::{Answer, Clock, Journal, Ports};
use crate::workflow::backout::BackoutOrder;
use crate::workflow::lease::Halt;
use crate::workflow::order::Order;
use crate::workflow::reporting::fresh;
use crate::workflow::resume::finished;

/// The maximum number of clusters that one scheduled run resumes.
const MOST: usize = 20;

/// Finishes unfinished corrections of clusters, unless the deployed mode only observes clusters.
pub async fn resume_clusters<P: Ports>(ports: &P, order: &Order<'_>) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    if order.exec_finishes != ExecMode::Correct {
        return Ok(decisions);
    }
    for record in left(ports, false).await? {
        let started = ports.clock().now();
        let mut decision = fresh(order, &Cause::default(), started);
        decision.report.mode = ReportMode::Correct;
        decision.report.about_cluster(&record.cluster);
        let ended = async {
            let (worker, resumed) = (&order.worker, ClusterEntryKind::Resumed);
            let mut claim = ClusterClaim::take(ports, worker, order.lease, &record, resumed).await?;
            let driven = ClusterDriver { ports }.to_the_end(&mut claim).await;
            decision.notify.repeats = Some(report::repeats(&claim.record));
            let why = report::tell(&mut decision.report, &claim.record, order.backout);
            Ok(Some(Conclusion { why, ..driven? }))
        };
        let ended: Result<_, Halt> = ended.await;
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

/// Finishes unfinished backouts of clusters.
pub async fn resume_cluster_backouts<P: Ports>(ports: &P, order: &BackoutOrder<'_>) -> Answer<Vec<Decision>> {
    let mut decisions = Vec::new();
    for record in left(ports, true).await? {
        let started = ports.clock().now();
        let (cause, trigger) = (Cause::default(), TriggerKind::Resume);
        let mut report = Report::new(order.home, ReportMode::Backout, trigger, &cause, started);
        report.about_cluster(&record.cluster);
        let mut decision = Decision::from(report);
        let ended = async {
            let (worker, resumed) = (&order.worker, ClusterEntryKind::Resumed);
            let mut claim = ClusterClaim::take(ports, worker, order.lease, &record, resumed).await?;
            let driven = backout::drive(ports, order, &mut decision, &mut claim).await;
            decision.notify.repeats = Some(report::repeats(&claim.record));
            driven.map(Some)
        };
        let ended: Result<_, Halt> = ended.await;
        decisions.extend(finished(ports, decision, ended, started));
    }
    Ok(decisions)
}

/// Returns the unfinished records on which no worker holds the lease.
async fn left<P: Ports>(ports: &P, backing_out: bool) -> Answer<Vec<ClusterRecord>> {
    let now = ports.clock().now();
    let mut records = ports.journal().listed::<ClusterRecord>().await?.readable;
    records.retain(|record| record.is_open() && !record.is_held(now) && record.is_suppressed() == backing_out);
    records.sort_by_key(|record| record.at);
    records.truncate(MOST);
    Ok(records)
}
