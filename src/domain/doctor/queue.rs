//! The checks of the work queue, and of the event source mapping that passes the queue's messages to the function.

use serde_json::Value;

use super::deployment::StackDeployment;
use super::{Check, RESTORE, ReadResult};
use crate::domain::event::Home;
use crate::domain::text::count;

/// The maximum number of messages that wait in the work queue in normal operation. The function handles two messages at
/// a time.
const PASSING: u64 = 10;

/// The attributes of a queue in SQS. The numbers of messages are approximate.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueFacts {
    pub arn: String,
    pub waiting: u64,
    pub in_flight: u64,
    /// The number of messages whose delivery SQS still delays.
    pub delayed: u64,
    /// The ARN of the dead-letter queue. `None` if the queue has no dead-letter queue.
    pub dead_letters: Option<String>,
    pub policy: Value,
}

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The state of the mapping: `Enabled`, `Disabled`, `Enabling`, …
    pub state: String,
    /// The ARN of the queue.
    pub queue: String,
    /// The ARN of the function.
    pub function: String,
    /// Whether the function reports each failed message of a batch, so that the other messages count as done.
    pub answers_for_each_message: bool,
}

/// Checks that the function drains the queue, and that the queue moves failed messages to the dead-letter queue.
pub fn check(queue: &ReadResult<QueueFacts>, deployment: &StackDeployment, home: &Home) -> Vec<Check> {
    const CHECK: &str = "queue";
    let queue = match queue {
        Ok(queue) => queue,
        Err(unseen) if unseen.is_missing => {
            let says = "the work queue does not exist, so every event is lost";
            return vec![Check::problem(CHECK, says, RESTORE)];
        }
        Err(unseen) => {
            return vec![Check::unknown(CHECK, "doctor cannot tell whether the work queue is drained", unseen)];
        }
    };
    let mut checks = Vec::new();
    if queue.dead_letters.as_deref() != Some(&deployment.dead_letters_arn(home)) {
        let says = "the work queue does not move failed messages to the dead-letter queue, so failed messages are lost";
        checks.push(Check::problem(CHECK, says, RESTORE));
    }
    let wait = |number| format!("{} wait{}", count(number, "message"), if number == 1 { "s" } else { "" });
    if queue.waiting > PASSING {
        let says =
            format!("{} in the work queue, and the function is handling {}", wait(queue.waiting), queue.in_flight);
        let help = "run doctor again in a minute; if the number of waiting messages does not fall, see the checks \
                    mapping and functions, and the function's errors and throttles";
        checks.push(Check::problem(CHECK, says, help));
    } else if checks.is_empty() {
        let mut says = match queue.waiting + queue.in_flight {
            0 => "the work queue is drained".to_owned(),
            _ => format!(
                "{} in the work queue, and the function is handling {}, which is normal",
                wait(queue.waiting),
                queue.in_flight
            ),
        };
        if queue.delayed > 0 {
            says.push_str(&format!("; {} for a slot of the registration rate limit", wait(queue.delayed)));
        }
        checks.push(Check::ok(CHECK, says));
    }
    checks
}

/// Checks that the function gets the messages of the queue.
pub fn check_mapping(mapping: &ReadResult<Mapping>, deployment: &StackDeployment, home: &Home) -> Check {
    const CHECK: &str = "mapping";
    let mapping = match mapping {
        Ok(mapping) => mapping,
        Err(unseen) if unseen.is_missing => {
            let says = "the event source mapping does not exist, so the function gets no messages from the queue";
            return Check::problem(CHECK, says, RESTORE);
        }
        Err(unseen) => return Check::unknown(CHECK, "doctor cannot tell whether the function reads the queue", unseen),
    };
    let (queue, function) = (deployment.queue_arn(home), deployment.function_arn(&deployment.remediator, home));
    if mapping.queue != queue || !mapping.function.starts_with(&function) {
        let says = format!(
            "the event source mapping passes messages from {} to {}, instead of from {queue} to {function}",
            mapping.queue, mapping.function
        );
        return Check::problem(CHECK, says, RESTORE);
    }
    match mapping.state.as_str() {
        "Enabled" if mapping.answers_for_each_message => Check::ok(CHECK, "the function reads the queue"),
        "Enabled" => Check::problem(
            CHECK,
            "the event source mapping does not report single failures (ReportBatchItemFailures), so failed messages \
             count as done",
            RESTORE,
        ),
        "Disabled" | "Disabling" => Check::problem(
            CHECK,
            "the kill switch is on: events wait in the queue for at most 14 days, and Logweir corrects nothing",
            format!(
                "turn the kill switch off with the stack's parameter Paused, or: aws lambda \
                 update-event-source-mapping --uuid {} --enabled --region {}",
                deployment.mapping, home.region
            ),
        ),
        state => {
            let says = format!("the event source mapping is in state {state}");
            Check::inconclusive(CHECK, says, "run doctor again in a minute")
        }
    }
}
