//! The queue of work, and what hands its messages to the function.

use serde_json::Value;

use super::deployment::StackDeployment;
use super::{Check, Looked, PUT_BACK};
use crate::domain::event::Home;
use crate::domain::text::count;

/// So many messages may wait and be on their way nevertheless: the function takes two at a time.
const PASSING: u64 = 10;

/// A queue as SQS describes it; its counts are approximate.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueFacts {
    pub arn: String,
    pub waiting: u64,
    pub in_flight: u64,
    /// Sent with a delay that is not over.
    pub delayed: u64,
    /// The ARN of the queue of its dead letters.
    pub dead_letters: Option<String>,
    pub policy: Value,
}

/// An event source mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// `Enabled`, `Disabled`, `Enabling`, …
    pub state: String,
    /// ARNs.
    pub queue: String,
    pub function: String,
    /// Whether one message of a batch can fail by itself.
    pub answers_for_each_message: bool,
}

/// Whether the queue is drained, and keeps what cannot be done.
pub fn check(queue: &Looked<QueueFacts>, deployment: &StackDeployment, home: &Home) -> Vec<Check> {
    const CHECK: &str = "queue";
    let queue = match queue {
        Ok(queue) => queue,
        Err(unseen) if unseen.is_missing => {
            let says = "the queue of work is gone, so every event is lost";
            return vec![Check::problem(CHECK, says, PUT_BACK)];
        }
        Err(unseen) => return vec![Check::unknown(CHECK, "whether the queue is drained", unseen)],
    };
    let mut checks = Vec::new();
    if queue.dead_letters.as_deref() != Some(&deployment.dead_letters_arn(home)) {
        let says = "the queue does not hand what cannot be done to the queue of dead letters, so it is lost in time";
        checks.push(Check::problem(CHECK, says, PUT_BACK));
    }
    let wait = |number| format!("{} wait{}", count(number, "message"), if number == 1 { "s" } else { "" });
    if queue.waiting > PASSING {
        let says = format!("{}, {} are being handled", wait(queue.waiting), queue.in_flight);
        let help = "run it again in a minute; where the number does not fall, look at the lines mapping and functions, and \
                    at the function's errors and throttles";
        checks.push(Check::problem(CHECK, says, help));
    } else if checks.is_empty() {
        let mut says = match queue.waiting + queue.in_flight {
            0 => "it is drained".to_owned(),
            _ => format!("{}, {} being handled: that passes", wait(queue.waiting), queue.in_flight),
        };
        if queue.delayed > 0 {
            says.push_str(&format!("; {} for a turn within the budget", wait(queue.delayed)));
        }
        checks.push(Check::ok(CHECK, says));
    }
    checks
}

/// Whether somebody takes the messages from the queue.
pub fn check_mapping(mapping: &Looked<Mapping>, deployment: &StackDeployment, home: &Home) -> Check {
    const CHECK: &str = "mapping";
    let mapping = match mapping {
        Ok(mapping) => mapping,
        Err(unseen) if unseen.is_missing => {
            let says = "nothing hands the queue's messages to the function: the event source mapping is gone";
            return Check::problem(CHECK, says, PUT_BACK);
        }
        Err(unseen) => return Check::unknown(CHECK, "whether the queue is read", unseen),
    };
    let (queue, function) = (deployment.queue_arn(home), deployment.function_arn(&deployment.remediator, home));
    if mapping.queue != queue || !mapping.function.starts_with(&function) {
        let says = format!("it hands {} to {}", mapping.queue, mapping.function);
        return Check::problem(CHECK, says, PUT_BACK);
    }
    match mapping.state.as_str() {
        "Enabled" if mapping.answers_for_each_message => Check::ok(CHECK, "the function reads the queue"),
        "Enabled" => Check::problem(
            CHECK,
            "it does not report single failures (ReportBatchItemFailures), so what fails is taken for done",
            PUT_BACK,
        ),
        "Disabled" | "Disabling" => Check::problem(
            CHECK,
            "the kill switch is on: events wait in the queue, for 14 days at most, and nothing is corrected",
            format!(
                "to go on, switch it off with the stack's parameter, or: aws lambda update-event-source-mapping --uuid {} \
                 --enabled --region {}",
                deployment.mapping, home.region
            ),
        ),
        state => Check::untold(CHECK, format!("it is {state}"), "run it again in a minute"),
    }
}
