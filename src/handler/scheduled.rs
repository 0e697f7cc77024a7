//! What a schedule asks for, in the queue of events or by itself.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{HandlerReply, Sink};
use crate::ports::{Clock, Ports};
use crate::workflow::{Order, Origin, gauges, resume, unreadable};

/// How long the queue may hold the time to finish what was left: by then another has come, or will.
const RESUME: SignedDuration = SignedDuration::from_mins(10);

/// The same for a digest, whose next one comes after a day and knows nothing of the day before.
const DIGEST: SignedDuration = SignedDuration::from_hours(23);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheduled {
    /// Finish what was left.
    Resume,
    /// Sum up what was observed.
    Digest,
}

impl Scheduled {
    /// The payload must ask for nothing else.
    pub(super) fn of(payload: &Value) -> Option<Self> {
        let is = |word: &str| *payload == json!({"logweir": word});
        [("resume", Self::Resume), ("digest", Self::Digest)].into_iter().find(|(word, _)| is(word)).map(|(_, it)| it)
    }

    /// Whether the message that it came in was sent too long ago. A queue that was closed for a night holds many.
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

/// Does what the schedule asks for.
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
