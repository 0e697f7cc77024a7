//! The payloads of the backout function: a backout request, a request about a hold, or the schedule's request to finish
//! interrupted backouts.

use jiff::SignedDuration;
use serde_json::Value;

use super::scheduled::Scheduled;
use super::{HandlerReply, Sink};
use crate::domain::event::{Cause, Home};
use crate::domain::outcome::{Outcome, Reason, ReportMode, TriggerKind};
use crate::domain::report::{BackoutBy, Decision, Report};
use crate::ports::{Clock, Ports};
use crate::workflow::{
    BackoutOptions, BackoutOrder, HoldRequest, Request, back_out, back_out_cluster, hold, preview, preview_cluster,
    resume_backouts, resume_cluster_backouts, retire_unused,
};

/// The time after which a scheduled run begins no retirement. Retirements search all clusters up to twice, and the
/// function's timeout is 300 seconds.
const BEFORE_RETIREMENTS: SignedDuration = SignedDuration::from_secs(120);

/// The worker that performs a backout. `home` is the worker's account and Region. `backout` says how an operator can
/// later back out the effects that remain.
#[derive(Clone, Copy, Debug)]
pub struct BackoutCaller<'o> {
    pub home: &'o Home,
    /// The unique name of the worker that performs the backout.
    pub worker: &'o str,
    pub lease: SignedDuration,
    pub backout: &'o BackoutBy,
    /// Whether the worker retires corrected revisions.
    pub retires: bool,
}

/// Handles a payload of the backout function. `calls` returns the number of AWS calls so far, and `watch` receives each
/// decision as soon as the decision is final.
pub async fn handle_backout<P: Ports>(
    ports: &P,
    taker: BackoutCaller<'_>,
    payload: &Value,
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    let BackoutCaller { home, worker, lease, backout, retires } = taker;
    let order = |ask| BackoutOrder { home, registrar: None, worker: worker.to_owned(), lease, backout, ask };
    let failed = |mode, trigger, why: &str| {
        let report = Report::new(home, mode, trigger, &Cause::default(), ports.clock().now());
        Decision::from(report.ends(Outcome::Failed.because(Reason::Unreadable).saying(why)))
    };
    let unreadable = |why: &str| failed(ReportMode::Backout, TriggerKind::Backout, why);
    if Scheduled::of(payload) == Some(Scheduled::Resume) {
        let (order, began) = (order(BackoutOptions::default()), ports.clock().now());
        let mut resumed = resume_backouts(ports, &order).await;
        if let Ok(decisions) = &mut resumed {
            match resume_cluster_backouts(ports, &order).await {
                Ok(clusters) => decisions.extend(clusters),
                Err(error) => decisions.push(unreadable(&error.to_string())),
            }
        }
        let reply = HandlerReply::resumed(resumed, unreadable, calls, watch);
        let is_late = ports.clock().now().duration_since(began) > BEFORE_RETIREMENTS;
        return match reply {
            HandlerReply::Resumed(decisions) if retires && !is_late => {
                let counted: u64 = decisions.iter().map(|decision| decision.report.aws_calls).sum();
                let retired = retire_unused(ports, &order).await;
                HandlerReply::resumed(retired, unreadable, &|| calls() - counted, watch).after(decisions)
            }
            reply => reply,
        };
    }
    let is_hold = payload["logweir"].as_str().is_some_and(HoldRequest::is_word);
    let decision = match serde_json::from_value::<Request>(payload.clone()) {
        _ if is_hold => match serde_json::from_value::<HoldRequest>(payload.clone()) {
            Ok(request) => hold(ports, home, &request).await,
            Err(error) => {
                let why = format!("the payload is not a request about a hold: {}", unquoted(&error));
                failed(ReportMode::Hold, TriggerKind::Hold, &why)
            }
        },
        Err(error) => unreadable(&format!("the payload is not a backout request: {}", unquoted(&error))),
        Ok(request) => {
            let order = order(BackoutOptions {
                reason: request.reason,
                requested_by: request.requested_by,
                restore_over_newer: request.restore_over_newer,
                restore_source: request.restore_source,
                ignore_pins: request.ignore_pins,
                hold_until: request.hold_family,
            });
            match (home.cluster_record(&request.record), home.revision(&request.record), request.dry_run) {
                (Some(cluster), _, true) => preview_cluster(ports, &order, &cluster).await,
                (Some(cluster), _, false) => back_out_cluster(ports, &order, &cluster).await,
                (None, Some(revision), true) => preview(ports, &order, &revision).await,
                (None, Some(revision), false) => back_out(ports, &order, &revision).await,
                (None, None, _) => unreadable(
                    "`record` is neither FAMILY:REVISION nor cluster/NAME nor the ARN of a revision or cluster",
                ),
            }
        }
    };
    let mut decision = decision.bounded();
    decision.report.aws_calls = calls();
    watch.decision(&decision);
    HandlerReply::One(Box::new(decision))
}

/// Returns the error message for an invalid payload. The message may contain the names of the payload's members, but
/// never their values.
fn unquoted(error: &serde_json::Error) -> String {
    let why = error.to_string();
    let names_alone =
        ["unknown field", "missing field", "`until` is neither"].iter().any(|start| why.starts_with(start));
    if names_alone { why } else { "the payload or one of its members has the wrong form".into() }
}
