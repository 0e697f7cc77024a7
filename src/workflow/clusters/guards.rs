//! The guards of the correction of a cluster: hold, fuse and rate limit. The journal stores the hold and the fuse of a
//! cluster as it stores those of a family.

use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::event::Cause;
use crate::domain::limits::family::{Correction, Family, FamilyName, Fuse, Stopped, Writer};
use crate::domain::limits::rate::RateLimitName;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::ClusterRecord;
use crate::domain::report::{Decision, FollowUp};
use crate::ports::{Clock, Ports};
use crate::workflow::correct::admits_name;
use crate::workflow::family_state::change_named;
use crate::workflow::lease::Halt;
use crate::workflow::order::{Order, Origin};

/// The number of clusters a second that Logweir changes because of events. ECS allows an account and Region one
/// UpdateCluster a second, and a burst of twenty (source: the ECS developer guide on request throttling).
const CLUSTERS_PER_SECOND: f64 = 0.5;

/// Whether an operator asked for the correction with `--force`.
pub(super) fn is_forced(order: &Order<'_>) -> bool {
    order.origin == Origin::Apply { again: true }
}

/// Counts the correction toward the cluster's fuse. Returns the conclusion if a hold, the open fuse or the rate limit stops
/// the correction.
pub(super) async fn stopped<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    record: &ClusterRecord,
    cause: &Cause,
    decision: &mut Decision,
) -> Result<Option<Conclusion>, Halt> {
    let (cluster, now) = (&record.cluster, ports.clock().now());
    let name = FamilyName::of_cluster(cluster);
    if is_forced(order) {
        change_named(ports, &name, Family::go_on).await?;
    }
    let is_event = matches!(order.origin, Origin::Event | Origin::Delayed { .. });
    let limit = RateLimitName::of_clusters(cluster);
    if is_event && !admits_name(ports, &limit, &order.worker, CLUSTERS_PER_SECOND).await? {
        // The message waits in the queue and does not count as failed, however many clusters change at once.
        decision.next = FollowUp::Later;
        let why = "too many clusters change at once; Logweir handles the event again";
        return Ok(Some(Outcome::Skipped.because(Reason::RateLimited).saying(why)));
    }
    let correction = Correction { at: now, revision: record.version + 1, writer: Writer::of(cause, None) };
    let limits = order.baseline.fuse();
    let stopped = change_named(ports, &name, |family: &mut Family| {
        let was_open = family.fuse.is_some();
        let stopped = family.count(correction, &limits);
        (stopped, !was_open && family.fuse.is_some())
    });
    let (Some(stopped), opens_fuse) = stopped.await? else { return Ok(None) };
    decision.notify.opens_fuse = opens_fuse;
    let reason = match stopped {
        Stopped::Held(_) => Reason::OnHold,
        Stopped::FuseOpen(_) => Reason::FuseOpen,
    };
    Ok(Some(Outcome::Refused.because(reason).saying(words(cluster, &stopped))))
}

fn words(cluster: &ClusterArn, stopped: &Stopped) -> String {
    let name = cluster.short();
    match stopped {
        Stopped::Held(hold) => {
            let reason = hold.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("{name} is on hold until {:.0}{reason}", hold.until)
        }
        Stopped::FuseOpen(Fuse { opened, writer, times, .. }) => {
            format!(
                "the fuse of {name} has been open since {opened:.0}: {writer} changed the logging {times} times; \
                 `logweir exec apply --force {}` closes the fuse",
                cluster.name
            )
        }
    }
}
