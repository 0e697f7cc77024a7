//! The handling of messages that the function could not complete. The function sends a message to the event queue again
//! if the message has to wait for the registration rate limit. The function sends a message to the dead-letter queue if
//! an operator has to act first, or if the message failed too often. In both cases, the function sends a copy of the
//! message before SQS deletes the original.
//!
//! A message that waits for the registration rate limit does not count as failed. If waiting counted as a failure, a
//! release of many services at once would send messages to the dead-letter queue. SQS counts the receives of a copy
//! from zero, so each copy of a message has an attribute with the number of earlier failures.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::limits::rate::Wait;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::{Decision, FollowUp, Report};
use crate::ports::{Answer, LONGEST_DELAY, Message, Queue};
use crate::workflow::{Order, Origin};

/// The message attribute with the time that the registration rate limit reserved for the message.
const SLOT: &str = "logweir-slot";

/// The message attribute with the number of times that the message failed before the function sent this copy.
const FAILURES: &str = "logweir-failures";

/// The message attribute with the reason why the message is a dead letter, such as `refused pass-role-denied`.
const WHY: &str = "logweir-why";

/// The number of failures after which the function no longer handles a message. This number equals the
/// `maxReceiveCount` of the event queue. A message that waited for the registration rate limit is a copy, so SQS counts
/// its deliveries anew, and the function counts the failures.
const MOST_FAILURES: u32 = 5;

/// The event queue and its dead-letter queue. A queue is `None` if the settings do not name this queue.
#[derive(Clone, Debug)]
pub struct Queues<Q> {
    pub work: Option<Q>,
    pub dead_letters: Option<Q>,
}

impl<Q> Queues<Q> {
    /// Neither an event queue nor a dead-letter queue.
    pub const NONE: Self = Self { work: None, dead_letters: None };
}

/// A message that SQS has delivered, with the number of its failures.
pub(super) struct MessageDelivery<'m> {
    message: &'m Value,
    /// The number of times that this message has failed.
    failures: u32,
}

impl<'m> MessageDelivery<'m> {
    pub(super) fn of(message: &'m Value) -> Self {
        let carried = attribute(message, FAILURES).and_then(|text| text.parse().ok()).unwrap_or(0u32);
        let receives = message["attributes"]["ApproximateReceiveCount"].as_str().and_then(|text| text.parse().ok());
        Self { message, failures: carried.saturating_add(receives.unwrap_or(1u32).saturating_sub(1)) }
    }

    /// Returns whether the message has never failed. A message that only waited for the registration rate limit has not
    /// failed.
    pub(super) fn is_first(&self) -> bool {
        self.failures == 0
    }

    /// Returns whether SQS moves the message to the dead-letter queue if this delivery fails.
    pub(super) fn is_last(&self) -> bool {
        self.failures + 1 >= MOST_FAILURES
    }

    /// Returns whether the message failed so often that Logweir no longer handles it.
    pub(super) fn failed_too_often(&self) -> bool {
        self.failures >= MOST_FAILURES
    }

    /// Returns the context in which Logweir handles the message's event. If the message waited for the registration
    /// rate limit, the context contains the time that the limit reserved for the message.
    pub(super) fn order<'o>(&self, order: &Order<'o>) -> Order<'o> {
        let slot = attribute(self.message, SLOT).and_then(|slot| slot.parse().ok());
        let origin = slot.map_or(order.origin, |slot| Origin::Delayed { slot });
        Order { origin, worker: order.worker.clone(), ..*order }
    }

    /// Requeues the message or sends it to the dead-letter queue, if the decision requires this. Returns whether the
    /// function has to report the message as failed to SQS.
    pub(super) async fn ends(&self, queues: &Queues<impl Queue>, decision: &mut Decision, now: Timestamp) -> bool {
        if let FollowUp::Wait(wait) = decision.next {
            match self.send_back(&queues.work, wait, now).await {
                Ok(()) => decision.next = FollowUp::Nothing,
                Err(error) => decision.report.notes.push(format!("the message could not be requeued: {error}")),
            }
            return decision.is_retried();
        }
        let Some(why) = self.kills(&decision.report) else {
            // The function also reports an unreadable message as failed, so that SQS moves the message to the
            // dead-letter queue and the message is not lost.
            if decision.reason == Some(Reason::Unreadable) {
                decision.next = FollowUp::Retry;
            }
            return decision.is_retried();
        };
        let message = Message { body: self.body(), attributes: vec![(WHY, why)], delay: 0 };
        match queues.dead_letters.send(&message).await {
            Ok(()) => {
                let note = "the event is in the dead-letter queue: resolve the cause, then run `logweir doctor --fix`";
                decision.report.notes.push(note.into());
                decision.next = FollowUp::Nothing;
            }
            Err(error) => {
                decision.report.notes.push(format!("the message could not be sent to the dead-letter queue: {error}"));
                // The message fails at each delivery until SQS moves the message to the dead-letter queue. Logweir
                // sends only one notification for all these failures.
                decision.notify.repeats.get_or_insert(!self.is_first());
                return true;
            }
        }
        false
    }

    /// Returns the reason why the message becomes a dead letter. Returns `None` if the message does not become a dead
    /// letter.
    fn kills(&self, report: &Report) -> Option<String> {
        let ended = |reason: Reason| Some(format!("{} {}", report.outcome.name(), reason.name()));
        match (report.outcome, report.reason) {
            _ if self.failed_too_often() => Some("failed too often".to_owned()),
            // The event can succeed after an operator has granted the missing permission.
            (_, Some(reason @ (Reason::AccessDenied | Reason::PassRoleDenied))) => ended(reason),
            (Outcome::NeedsOperator, Some(reason @ Reason::Unreadable)) => ended(reason),
            _ => None,
        }
    }

    async fn send_back(&self, queue: &impl Queue, wait: Wait, now: Timestamp) -> Answer<()> {
        let (slot, delay) = match wait {
            Wait::Until(slot) => (Some(slot), seconds(slot.duration_since(now))),
            Wait::Full => (None, LONGEST_DELAY),
        };
        let slot = slot.map(|slot| (SLOT, slot.to_string()));
        let attributes = slot.into_iter().chain([(FAILURES, self.failures.to_string())]).collect();
        queue.send(&Message { body: self.body(), attributes, delay }).await
    }

    fn body(&self) -> &'m str {
        self.message["body"].as_str().unwrap_or_default()
    }
}

fn attribute<'m>(message: &'m Value, name: &str) -> Option<&'m str> {
    message["messageAttributes"][name]["stringValue"].as_str()
}

/// Returns the time span in seconds, rounded up so that a message does not arrive before its reserved time. Returns at
/// most [`LONGEST_DELAY`].
fn seconds(span: SignedDuration) -> u16 {
    let seconds = span.as_secs() + i64::from(span.subsec_nanos() > 0);
    u16::try_from(seconds.max(1)).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}
