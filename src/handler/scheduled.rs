//! The requests of a schedule, which reach a Lambda function through the event queue or directly.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{HandlerReply, Sink};
use crate::ports::{Clock, Ports};
use crate::workflow::{Order, Origin, gauges, resume, unreadable};

/// The age at which a queued resume request is stale, because a newer request has arrived or will arrive soon.
const RESUME: SignedDuration = SignedDuration::from_mins(10);

/// The age at which a queued digest request is stale. A digest request stays valid for almost a day, because the next
/// digest follows only after a day and does not cover the same period.
const DIGEST: SignedDuration = SignedDuration::from_hours(23);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheduled {
    /// The request to finish the records that other workers left unfinished.
    Resume,
    /// The request to send a digest of the revisions that Logweir would have corrected.
    Digest,
}

impl Scheduled {
    /// Returns the request of a schedule that the payload contains. Returns `None` for any other payload.
    pub(super) fn of(payload: &Value) -> Option<Self> {
        let is = |word: &str| *payload == json!({"logweir": word});
        [("resume", Self::Resume), ("digest", Self::Digest)].into_iter().find(|(word, _)| is(word)).map(|(_, it)| it)
    }

    /// Returns whether the message with this request is so old that the function ignores the request. If the function
    /// has not read the queue for hours, the queue contains many old requests.
    pub(super) fn is_stale(self, message: &Value, now: Timestamp) -> bool {
        let sent = message["attributes"]["SentTimestamp"].as_str().and_then(|sent| sent.parse().ok());
        let sent = sent.and_then(|sent| Timestamp::from_millisecond(sent).ok());
        let fresh = match self {
            Self::Resume => RESUME,
            Self::Digest => DIGEST,
        };
        sent.is_some_and(|sent| now.duration_since(sent) > fresh)
    }
}

/// Handles a request of a schedule.
pub(super) async fn on_schedule<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    what: Scheduled,
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    match what {
        Scheduled::Digest => {
            watch.digest();
            HandlerReply::Digest
        }
        Scheduled::Resume => {
            let order = Order { origin: Origin::Resume, worker: order.worker.clone(), ..*order };
            let resumed = resume(ports, &order).await;
            let reply = HandlerReply::resumed(resumed, |why| unreadable(ports, &order, why), calls, watch);
            watch.gauges(gauges(ports).await, ports.clock().now());
            reply
        }
    }
}
