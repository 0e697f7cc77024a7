//! What becomes of a message beside being done: back to the queue it goes until it is its turn to register, or to the dead
//! letters at once if somebody has to mend something first, or if it has failed too often. It is sent before it is deleted.
//!
//! What waits does not fail, or a fleet's release would use up what each message may fail before it is a dead letter. A
//! message that is sent is a new one, whose receives SQS counts anew: how often it has failed travels with it.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::domain::limits::rate::Wait;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::report::{Decision, FollowUp, Report};
use crate::ports::{Answer, LONGEST_DELAY, Message, Queue};
use crate::workflow::{Order, Origin};

/// The message attribute that holds the slot that was taken for it.
const SLOT: &str = "logweir-slot";

/// The one that says how often it failed before it was sent.
const FAILURES: &str = "logweir-failures";

/// The one of a dead letter that says why it is one: `refused pass-role-denied`.
const WHY: &str = "logweir-why";

/// How often a message may fail, waiting or not. As SQS counts for one that never waited (`maxReceiveCount`).
const MOST_FAILURES: u32 = 5;

/// The queue that messages come from and that of its dead letters, as far as they are named.
#[derive(Clone, Debug)]
pub struct Queues<Q> {
    pub work: Option<Q>,
    pub dead_letters: Option<Q>,
}

impl<Q> Queues<Q> {
    /// Neither is named.
    pub const NONE: Self = Self { work: None, dead_letters: None };
}

/// A message that was delivered.
pub(super) struct MessageDelivery<'m> {
    message: &'m Value,
    /// How often it has failed.
    failures: u32,
}

impl<'m> MessageDelivery<'m> {
    pub(super) fn of(message: &'m Value) -> Self {
        let carried = attribute(message, FAILURES).and_then(|text| text.parse().ok()).unwrap_or(0u32);
        let receives = message["attributes"]["ApproximateReceiveCount"].as_str().and_then(|text| text.parse().ok());
        Self { message, failures: carried.saturating_add(receives.unwrap_or(1u32).saturating_sub(1)) }
    }

    /// Whether it comes for the first time, or has but waited.
    pub(super) fn is_first(&self) -> bool {
        self.failures == 0
    }

    /// Whether it failed so often that it is not to be handled any more.
    pub(super) fn failed_too_often(&self) -> bool {
        self.failures >= MOST_FAILURES
    }

    /// How its event is taken: anew, or as one that waited.
    pub(super) fn order<'o>(&self, order: &Order<'o>) -> Order<'o> {
        let slot = attribute(self.message, SLOT).and_then(|slot| slot.parse().ok());
        let origin = slot.map_or(order.origin, |slot| Origin::Delayed { slot });
        Order { origin, worker: order.worker.clone(), ..*order }
    }

    /// Carries out the follow-up of the decision for the message. Returns whether the message fails.
    pub(super) async fn ends(&self, queues: &Queues<impl Queue>, decision: &mut Decision, now: Timestamp) -> bool {
        if let FollowUp::Wait(wait) = decision.next {
            match self.send_back(&queues.work, wait, now).await {
                Ok(()) => decision.next = FollowUp::Nothing,
                Err(error) => decision.report.notes.push(format!("it could not be sent back to the queue: {error}")),
            }
            return decision.comes_again();
        }
        let Some(why) = self.kills(&decision.report) else {
            // One that no try can read fails nevertheless, so that it ends in the dead-letter queue and not in nothing.
            if decision.reason == Some(Reason::Unreadable) {
                decision.next = FollowUp::Retry;
            }
            return decision.comes_again();
        };
        let message = Message { body: self.body(), attributes: vec![(WHY, why)], delay: 0 };
        match queues.dead_letters.send(&message).await {
            Ok(()) => {
                let note = "its message is a dead letter: mend the cause, then `logweir doctor --fix`";
                decision.report.notes.push(note.into());
                decision.next = FollowUp::Nothing;
            }
            Err(error) => {
                decision.report.notes.push(format!("it could not be sent to the dead letters: {error}"));
                // It fails until SQS makes it one, and is told of once.
                decision.notify.repeats.get_or_insert(!self.is_first());
                return true;
            }
        }
        false
    }

    /// Why it is to be a dead letter, if it is.
    fn kills(&self, report: &Report) -> Option<String> {
        let ended = |reason: Reason| Some(format!("{} {}", report.outcome.name(), reason.name()));
        match (report.outcome, report.reason) {
            _ if self.failed_too_often() => Some("failed too often".to_owned()),
            // The same event ends well once a role or a policy is mended, or what stands in the way.
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

/// Rounded up: not before its time.
fn seconds(span: SignedDuration) -> u16 {
    let seconds = span.as_secs() + i64::from(span.subsec_nanos() > 0);
    u16::try_from(seconds.max(1)).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}
