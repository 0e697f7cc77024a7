//! The backout of the correction of a cluster: Logweir restores the former configuration of ECS Exec, unless another
//! principal has changed it since. The log group and its data stay.

use jiff::Timestamp;

use super::ClusterClaim;
use super::steps::{UPDATE, closing};
use super::{read, report};
use crate::domain::ecs::cluster::{ClusterArn, ClusterConfiguration, ExecLogging};
use crate::domain::ecs::lag::may_lag;
use crate::domain::event::Cause;
use crate::domain::limits::family::{FamilyName, Hold};
use crate::domain::outcome::{Conclusion, Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::record::{ClusterEffect, ClusterEntryKind, ClusterNext, ClusterRecord, WholeRecord};
use crate::domain::report::{Decision, Report};
use crate::ports::{Clock, Clusters, ErrorKind, Journal, PortError, Ports};
use crate::workflow::backout::BackoutOrder;
use crate::workflow::family_state::change_named;
use crate::workflow::lag::not_visible_to;
use crate::workflow::lease::Halt;
use crate::workflow::reporting::{end, failed, timed};
use crate::workflow::request_text::bounded;

/// Restores the configuration that the cluster had before Logweir's correction. This function returns no error, because
/// the report of the decision contains every error.
pub async fn back_out_cluster<P: Ports>(ports: &P, order: &BackoutOrder<'_>, cluster: &ClusterArn) -> Decision {
    let started = ports.clock().now();
    let decision = match found(ports, order, cluster, started).await {
        Ok((decision, record)) => back_out(ports, order, decision, record).await,
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

/// Reports what [`back_out_cluster`] would undo. Writes nothing.
pub async fn preview_cluster<P: Ports>(ports: &P, order: &BackoutOrder<'_>, cluster: &ClusterArn) -> Decision {
    let started = ports.clock().now();
    let decision = match found(ports, order, cluster, started).await {
        Ok((mut decision, record)) => {
            report::would_undo(&mut decision.report, &record, order.backout);
            decision.ends(Outcome::Observed)
        }
        Err(decision) => *decision,
    };
    timed(ports, decision, started)
}

async fn found<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    cluster: &ClusterArn,
    now: Timestamp,
) -> Result<(Decision, ClusterRecord), Box<Decision>> {
    let cause = Cause { actor: bounded(order.ask.requested_by.as_ref()), ..Cause::default() };
    let mut report = Report::new(order.home, ReportMode::Backout, TriggerKind::Backout, &cause, now);
    report.about_cluster(cluster);
    let decision = Decision::from(report);
    let refused = |decision: Decision, reason, what: &str, named: &str, own: &str| {
        let why = format!("the record belongs to {what} {named}, but the current {what} is {own}");
        Err(Box::new(decision.ends(Outcome::Refused.because(reason).saying(why))))
    };
    if cluster.account != order.home.account {
        return refused(decision, Reason::ForeignAccount, "account", &cluster.account, &order.home.account);
    }
    if cluster.region != order.home.region {
        return refused(decision, Reason::ForeignRegion, "Region", &cluster.region, &order.home.region);
    }
    match ports.journal().read_state::<ClusterRecord>(cluster).await {
        Err(error) => Err(Box::new(failed(decision, &error))),
        Ok(None) => {
            let why = format!("the journal has no record of {}", cluster.short());
            Err(Box::new(decision.ends(Outcome::Failed.because(Reason::NoRecord).saying(why))))
        }
        Ok(Some(record)) => Ok((decision, record)),
    }
}

async fn back_out<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    mut decision: Decision,
    record: ClusterRecord,
) -> Decision {
    if let Some(until) = order.ask.hold_until {
        let hold =
            Hold { until, reason: bounded(order.ask.reason.as_ref()), by: bounded(order.ask.requested_by.as_ref()) };
        let name = FamilyName::of_cluster(&record.cluster);
        if let Err(error) = change_named(ports, &name, |family| family.hold = Some(hold)).await {
            return end(decision, Err(Halt::from(error)));
        }
        decision.report.notes.push(format!("{} is on hold until {until:.0}", record.cluster.short()));
    }
    if record.is_held(ports.clock().now()) {
        let why = "another worker holds the lease on this record";
        return decision.ends_for_now(Outcome::Skipped.because(Reason::Locked).saying(why));
    }
    if !record.is_open() && record.is_suppressed() && record.effect().is_none() {
        let _ = report::tell(&mut decision.report, &record, order.backout);
        decision.report.notes.push(format!("the record was backed out before, at {:.0}", record.at));
        return decision.ends(Outcome::BackedOut.because(Reason::Duplicate));
    }
    let (reason, requested_by) = (bounded(order.ask.reason.as_ref()), bounded(order.ask.requested_by.as_ref()));
    let asked = ClusterEntryKind::BackoutRequested { reason, requested_by };
    let ended = match ClusterClaim::take(ports, &order.worker, order.lease, &record, asked).await {
        Ok(mut claim) => drive(ports, order, &mut decision, &mut claim).await,
        Err(halt) => Err(halt),
    };
    end(decision, ended.map(Some))
}

/// Completes the backout of a claimed record, and adds the result to the report.
pub(super) async fn drive<P: Ports>(
    ports: &P,
    order: &BackoutOrder<'_>,
    decision: &mut Decision,
    claim: &mut ClusterClaim<'_, P>,
) -> Result<Conclusion, Halt> {
    let driven = to_the_end(ports, claim).await;
    let why = report::tell(&mut decision.report, &claim.record, order.backout);
    Ok(Conclusion { why, ..driven? })
}

async fn to_the_end<P: Ports>(ports: &P, claim: &mut ClusterClaim<'_, P>) -> Result<Conclusion, Halt> {
    loop {
        let record = claim.record.clone();
        let attempt = record.attempt().ok_or(Halt::LeaseLost)?;
        match attempt.next() {
            ClusterNext::Finished(closing) => return Ok(closing.clone()),
            ClusterNext::Close => claim.append(ClusterEntryKind::Closed(closing(&attempt))).await?,
            ClusterNext::Take(..) => return Err(Halt::LeaseLost),
            ClusterNext::Undo(started) => {
                let what = match undo(ports, claim, &record, started).await {
                    Ok(what) => what,
                    Err(Halt::Port(error)) if error.kind != ErrorKind::Retry => {
                        let (why, reason) = (error.to_string(), error.reason);
                        ClusterEntryKind::Kept { why, open: true, reason }
                    }
                    Err(Halt::Port(error)) => return Err(claim.give_up(error).await),
                    Err(halt) => return Err(halt),
                };
                claim.append(what).await?;
            }
        }
    }
}

/// Restores the former configuration, and returns the entry about the result.
async fn undo<P: Ports>(
    ports: &P,
    claim: &mut ClusterClaim<'_, P>,
    record: &ClusterRecord,
    started: bool,
) -> Result<ClusterEntryKind, Halt> {
    let name = record.cluster.short();
    let nothing = |why: String| Ok(ClusterEntryKind::Kept { why, open: false, reason: None });
    let Some(effect) = record.effect() else {
        return nothing(format!("Logweir did not change the configuration of {name}"));
    };
    let Some(found) = read(ports, &record.cluster).await? else {
        return nothing(format!("{name} no longer exists"));
    };
    let now = &found.configuration;
    let former = now.restoring(effect.before).map_err(|why| Halt::Stuck(why.to_string()))?;
    if !now.has_same_exec(effect.after) {
        let looks_like_before = now.has_same_exec(effect.before);
        let may_be_stale = looks_like_before && may_hide_correction(ports, record);
        return if started && has_logging_of(now, &former) && !may_be_stale {
            Ok(ClusterEntryKind::Undone)
        } else if looks_like_before {
            untouched(ports, record, &effect)
        } else {
            let why = format!("another principal has since changed the ECS Exec configuration of {name}, which stays");
            Ok(ClusterEntryKind::Kept { why, open: false, reason: Some(Reason::ClusterChanged) })
        };
    }
    claim.append(ClusterEntryKind::Undoing).await?;
    // Nothing but this read comes right before the write.
    let again = read(ports, &record.cluster).await?;
    let is_unchanged = again.is_some_and(|again| again.configuration.is_same(now));
    if !is_unchanged {
        let message = format!("another principal changed {name} while Logweir restored it; Logweir tries again");
        let reason = Some(Reason::ClusterChanged);
        return Err(Halt::Port(PortError { kind: ErrorKind::Retry, call: UPDATE, message, reason }));
    }
    let answer = ports.clusters().configure(&record.cluster, &former).await?;
    if !has_logging_of(&answer.configuration, &former) || !answer.configuration.is_same_elsewhere(now) {
        let why = format!(
            "ECS did not restore the configuration of {name} as Logweir sent it: compare the record with the cluster"
        );
        return Ok(ClusterEntryKind::Kept { why, open: true, reason: Some(Reason::LostMembers) });
    }
    Ok(ClusterEntryKind::Undone)
}

/// Whether the correction is so recent that ECS may not show it yet. A cluster that then looks like before may be neither
/// restored nor untouched.
fn may_hide_correction<P: Ports>(ports: &P, record: &ClusterRecord) -> bool {
    may_lag(record.configured_at().unwrap_or(record.at), ports.clock().now())
}

/// Returns the entry about a cluster that shows the configuration from before the correction. Soon after the correction,
/// ECS may not show the correction yet.
fn untouched<P: Ports>(
    ports: &P,
    record: &ClusterRecord,
    effect: &ClusterEffect<'_>,
) -> Result<ClusterEntryKind, Halt> {
    let name = record.cluster.short();
    if may_hide_correction(ports, record) {
        let message = format!("ECS may not show the correction of {name} yet; try again in ten minutes");
        return Err(Halt::Port(not_visible_to(UPDATE, message)));
    }
    let why = match effect.is_certain {
        true => format!("another principal has restored the former configuration of {name}"),
        false => format!("ECS did not carry out the change of {name}"),
    };
    Ok(ClusterEntryKind::Kept { why, open: false, reason: None })
}

/// Whether the cluster logs sessions as the restored configuration says. Under another logging than `OVERRIDE`, ECS may
/// keep a log configuration that has no effect.
fn has_logging_of(found: &ClusterConfiguration, sent: &ClusterConfiguration) -> bool {
    let (found, sent) = (found.exec(), sent.exec());
    let logs_alike = sent.logging != ExecLogging::Override || found.log == sent.log;
    found.logging == sent.logging && found.kms_key == sent.kms_key && logs_alike
}
