//! A message that waits for its turn to register: back to the queue it goes, with the slot that was taken for it. It does not
//! fail, or a fleet's release would use up what each message may fail before it is a dead letter.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::budget::Wait;
use crate::domain::report::Report;
use crate::ports::{LONGEST_DELAY, Queue, SLOT};
use crate::workflow::{Order, Origin};

/// How an event is taken that a message brings: anew, or as one that waited.
pub(super) fn delivered<'o>(order: &Order<'o>, message: &Value) -> Order<'o> {
    let slot = message["messageAttributes"][SLOT]["stringValue"].as_str().and_then(|slot| slot.parse().ok());
    let origin = slot.map_or(order.origin, |slot| Origin::Delayed { slot });
    Order { origin, worker: order.worker.clone(), ..*order }
}

/// Sends back the message of a report that says what it waits for. One that cannot be sent fails: then it comes again by
/// itself.
pub(super) async fn send_back(queue: &impl Queue, message: &Value, report: &mut Report, now: Timestamp) {
    let Some(wait) = report.wait else { return };
    let (slot, delay) = match wait {
        Wait::Until(slot) => (Some(slot), seconds(slot.duration_since(now))),
        Wait::Full => (None, LONGEST_DELAY),
    };
    match queue.send_back(message["body"].as_str().unwrap_or_default(), slot, delay).await {
        Ok(()) => report.retry = false,
        Err(error) => report.notes.push(format!("it could not be sent back to the queue: {error}")),
    }
}

/// Rounded up: not before its time.
fn seconds(span: SignedDuration) -> u16 {
    let seconds = span.as_secs() + i64::from(span.subsec_nanos() > 0);
    u16::try_from(seconds.max(1)).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}
