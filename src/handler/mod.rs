//! The payloads of the two functions. Each takes its own and refuses the other's, wherever it is wrapped.

mod backout;
mod batch;
mod events;
mod function;
mod queue;
mod reporter;
mod scheduled;

use aws_lambda_events::sqs::SqsBatchResponse;
use serde_json::{Value, json};

use crate::domain::report::Decision;
use crate::ports::Answer;

pub use backout::{BackoutCaller, handle_backout};
pub use events::handle;
pub use function::{Function, Invocation};
pub use queue::Queues;
pub use reporter::Sink;

/// What the function answers, after every report has been written.
#[derive(Debug)]
pub enum HandlerReply {
    /// For one event: its report.
    One(Box<Decision>),
    /// For a batch: the messages that have to come again.
    Batch(SqsBatchResponse),
    /// For what was left unfinished: a report of each record.
    Resumed(Vec<Decision>),
    /// For the time to sum up what was observed.
    Digest,
}

impl HandlerReply {
    /// Whether the whole invocation has to be tried again.
    pub fn retry(&self) -> Option<&Decision> {
        match self {
            Self::One(decision) if decision.comes_again() => Some(decision),
            _ => None,
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::One(decision) => json!(decision),
            Self::Batch(response) => json!(response),
            Self::Digest => json!({"digest": "asked for"}),
            Self::Resumed(decisions) => json!({"resumed": decisions.len(), "reports": decisions}),
        }
    }

    /// The reply to the time to finish what was left, once each report is written. What could not be finished comes up
    /// again by itself the next time.
    fn resumed(
        resumed: Answer<Vec<Decision>>,
        failed: impl FnOnce(&str) -> Decision,
        calls: &(dyn Fn() -> u64 + Sync),
        watch: &mut (dyn Sink + Send),
    ) -> Self {
        match resumed {
            Ok(decisions) => {
                let mut decisions: Vec<Decision> = decisions.into_iter().map(Decision::bounded).collect();
                if let Some(last) = decisions.last_mut() {
                    last.report.aws_calls = calls();
                }
                decisions.iter().for_each(|decision| watch.decision(decision));
                Self::Resumed(decisions)
            }
            Err(error) => {
                let mut decision = failed(&error.to_string());
                decision.report.aws_calls = calls();
                watch.decision(&decision);
                Self::One(Box::new(decision))
            }
        }
    }
}
