//! The handling of messages that the function could not complete. The function sends a message to the event queue again
//! if the message has to wait for the registration rate limit, for the confirmation of the baseline, or for the end of a
//! session. The function sends a message to the dead-letter queue if an operator has to act first, or if the message
//! failed too often; `domain::disposition` has the table. In both cases, the function sends a copy of the message before
//! SQS deletes the original.
//!
//! A message that waits does not count as failed. If waiting counted as a failure, a release of many services at once
//! would send messages to the dead-letter queue. SQS counts the receives of a copy from zero, so each copy of a message
//! has an attribute with the number of earlier failures.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::dead_letter::DeadLetterHistory;
use crate::domain::disposition::Disposition;
use crate::domain::limits::rate::Wait;
use crate::domain::report::{Decision, FollowUp};
use crate::domain::text::count;
use crate::ports::{Answer, LONGEST_DELAY, Message, Queue};
use crate::workflow::{Order, Origin};

/// The message attribute with the time that the registration rate limit reserved for the message.
const SLOT: &str = "logweir-slot";

/// The message attribute with the number of times that the message failed before the function sent this copy.
const FAILURES: &str = "logweir-failures";

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
    /// Why the message was a dead letter before. `None` if the message was not redriven.
    history: Option<DeadLetterHistory>,
}

impl<'m> MessageDelivery<'m> {
    pub(super) fn of(message: &'m Value) -> Self {
        let carried = attribute(message, FAILURES).and_then(|text| text.parse().ok()).unwrap_or(0u32);
        let receives = message["attributes"]["ApproximateReceiveCount"].as_str().and_then(|text| text.parse().ok());
        Self {
            message,
            failures: carried.saturating_add(receives.unwrap_or(1u32).saturating_sub(1)),
            history: DeadLetterHistory::read(|name| attribute(message, name)),
        }
    }

    /// Returns whether the message has never failed. A message that only waited for the registration rate limit has not
    /// failed.
    fn is_first(&self) -> bool {
        self.failures == 0
    }

    /// Returns whether SQS or the function moves the message to the dead-letter queue if the message fails once more.
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
        if self.failed_too_often() {
            return self.dies(queues, decision, DeadLetterHistory::TOO_OFTEN.to_owned()).await;
        }
        if let FollowUp::Wait(_) | FollowUp::Later = decision.next {
            match self.send_back(&queues.work, decision.next, now).await {
                Ok(()) => decision.next = FollowUp::Nothing,
                Err(error) => decision.report.notes.push(format!("the message could not be requeued: {error}")),
            }
            return decision.is_retried();
        }
        let disposition = Disposition::of(decision.outcome, decision.reason);
        match (decision.is_retried(), disposition) {
            (true, _) | (false, Disposition::Retry) if !self.is_last() => {
                decision.next = FollowUp::Retry;
                true
            }
            (true, _) | (false, Disposition::Retry | Disposition::DeadLetter) => {
                let reason = decision.reason.map(|reason| format!(" {}", reason.name())).unwrap_or_default();
                let why = format!("{}{reason}", decision.outcome.name());
                self.dies(queues, decision, why).await
            }
            (false, Disposition::Final(_)) => false,
        }
    }

    /// Sends the message to the dead-letter queue. Returns whether the function has to report the message as failed to
    /// SQS, because the message could not be sent.
    async fn dies(&self, queues: &Queues<impl Queue>, decision: &mut Decision, why: String) -> bool {
        let history = DeadLetterHistory::after(self.history.clone(), why);
        let message = Message { body: self.body(), attributes: history.attributes(), delay: 0 };
        let notes = &mut decision.report.notes;
        match queues.dead_letters.send(&message).await {
            Ok(()) => {
                notes.push(if history.redrives == 0 {
                    "the event is in the dead-letter queue: resolve the cause, then run `logweir doctor --fix`".into()
                } else {
                    let times = count(history.redrives.into(), "redrive");
                    let help = "resolve the cause, then run `logweir doctor --fix --all`";
                    format!("the event is in the dead-letter queue for the same reason again, after {times}: {help}")
                });
                decision.next = FollowUp::Nothing;
                false
            }
            Err(error) => {
                notes.push(format!("the message could not be sent to the dead-letter queue: {error}"));
                // The message fails at each delivery until SQS moves the message to the dead-letter queue. Logweir
                // sends only one notification for all these failures.
                decision.notify.repeats.get_or_insert(!self.is_first());
                true
            }
        }
    }

    async fn send_back(&self, queue: &impl Queue, next: FollowUp, now: Timestamp) -> Answer<()> {
        let (slot, delay) = match next {
            FollowUp::Wait(Wait::Until(slot)) => (Some(slot), seconds(slot.duration_since(now))),
            FollowUp::Wait(Wait::Full) | FollowUp::Later | FollowUp::Retry | FollowUp::Nothing => (None, LONGEST_DELAY),
        };
        let slot = slot.map(|slot| (SLOT, slot.to_string()));
        let history = self.history.iter().flat_map(DeadLetterHistory::attributes);
        let attributes = slot.into_iter().chain([(FAILURES, self.failures.to_string())]).chain(history).collect();
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
