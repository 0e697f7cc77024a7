//! The requests of a schedule, which reach a Lambda function through the event queue or directly.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::release::release;
use super::{HandlerReply, Sink};
use crate::domain::limits::reconciliation::Request;
use crate::ports::{Clock, Ports, Queue};
use crate::workflow::{
    Order, Origin, forbid_retirements, gauges, not_read, note_mode_and_baseline, reconcile, resume, resume_clusters,
    unreadable,
};

/// The age at which a queued resume request is stale, because a newer request has arrived or will arrive soon.
const RESUME: SignedDuration = SignedDuration::from_mins(10);

/// The age at which a queued digest request is stale. A digest request stays valid for almost a day, because the next
/// digest follows only after a day and does not cover the same period.
const DIGEST: SignedDuration = SignedDuration::from_hours(23);

/// The age at which a queued request to start a reconciliation is stale. The next request follows a day after the last.
const RECONCILE: SignedDuration = SignedDuration::from_hours(12);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheduled {
    /// The request to finish the records that other workers left unfinished.
    Resume,
    /// The request to send a digest of the revisions that Logweir would have corrected.
    Digest,
    /// The request to reconcile: to start a reconciliation, or to continue it with the next page.
    Reconcile(Request),
}

impl Scheduled {
    /// Returns the request of a schedule that the payload contains. Returns `None` for any other payload.
    pub(super) fn of(payload: &Value) -> Option<Self> {
        let is = |word: &str| *payload == json!({"logweir": word});
        match Request::of(payload) {
            Some(request) => Some(Self::Reconcile(request)),
            None if is("resume") => Some(Self::Resume),
            None if is("digest") => Some(Self::Digest),
            None => None,
        }
    }

    /// Returns whether the message with this request is so old that the function ignores the request. If the function
    /// has not read the queue for hours, the queue contains many old requests.
    pub(super) fn is_stale(self, message: &Value, now: Timestamp) -> bool {
        let sent = message["attributes"]["SentTimestamp"].as_str().and_then(|sent| sent.parse().ok());
        let sent = sent.and_then(|sent| Timestamp::from_millisecond(sent).ok());
        let fresh = match self {
            Self::Resume => RESUME,
            Self::Digest => DIGEST,
            Self::Reconcile(Request::Start) => RECONCILE,
            // The stored state of the reconciliation decides whether a page is stale.
            Self::Reconcile(Request::Page { .. }) => SignedDuration::MAX,
        };
        sent.is_some_and(|sent| now.duration_since(sent) > fresh)
    }
}

/// Counts the unfinished work, and returns the names of the records and families that Logweir cannot read.
pub(super) async fn count<P: Ports>(ports: &P, watch: &mut (dyn Sink + Send)) -> Vec<String> {
    let counted = gauges(ports).await;
    let unreadable = counted.as_ref().map_or_else(|_| Vec::new(), |counted| counted.unreadable.clone());
    watch.gauges(counted.map(|counted| counted.gauges), ports.clock().now());
    unreadable
}

/// Handles a request of a schedule. Counts the unfinished work before it finishes any, so that the counts are there even
/// if the work takes longer than the function's timeout.
pub(super) async fn on_schedule<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    queue: &impl Queue,
    what: Scheduled,
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    match what {
        Scheduled::Digest => {
            watch.digest();
            HandlerReply::Digest
        }
        Scheduled::Reconcile(request) => {
            let reconciled = reconcile(ports, order, queue, request).await;
            watch.reconciled(&reconciled, ports.clock().now());
            HandlerReply::Reconciled(reconciled.map(drop))
        }
        Scheduled::Resume => {
            let order = Order { origin: Origin::Resume, worker: order.worker.clone(), ..*order };
            let begun = ports.clock().now();
            let unread = count(ports, watch).await;
            // The releases come first, because unfinished records may take all the time that remains, in every run.
            release(ports, &order, queue, begun, watch).await;
            let mut resumed = resume(ports, &order, begun).await;
            if let Ok(decisions) = &mut resumed {
                match resume_clusters(ports, &order).await {
                    Ok(clusters) => decisions.extend(clusters),
                    Err(error) => decisions.push(unreadable(ports, &order, &error.to_string())),
                }
                // If the journal cannot be read, the next run of the schedule tries again.
                decisions.extend(forbid_retirements(ports, &order).await.unwrap_or_default());
                decisions.extend(not_read(ports, &order, &unread));
            }
            let reply = HandlerReply::resumed(resumed, |why| unreadable(ports, &order, why), calls, watch);
            // If the journal cannot be written, the next run of the schedule tries again.
            let _ = note_mode_and_baseline(ports, &order).await;
            reply
        }
    }
}
