//! The payloads of the two Lambda functions. Each function rejects a payload that only the other function handles, even
//! if the payload arrives in an SQS message.

mod backout;
mod batch;
mod events;
mod function;
mod queue;
mod release;
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

/// The reply of a Lambda function to an invocation. The function has already written every report before it replies.
#[derive(Debug)]
pub enum HandlerReply {
    /// The decision about one event or one request.
    One(Box<Decision>),
    /// The list of the failed messages of an SQS batch.
    Batch(SqsBatchResponse),
    /// The decisions about the records whose unfinished work the function has resumed.
    Resumed(Vec<Decision>),
    /// The reply to a request for an observation digest. This reply contains no decision.
    Digest,
    /// The result of a request to reconcile. An error means that the same request has to be handled again.
    Reconciled(Answer<()>),
}

impl HandlerReply {
    /// Returns the decision that requires Lambda to retry the whole invocation. Returns `None` if no decision requires
    /// a retry.
    pub fn retry(&self) -> Option<&Decision> {
        match self {
            Self::One(decision) if decision.is_retried() => Some(decision),
            _ => None,
        }
    }

    /// Returns whether the message of a scheduled request has to be delivered again.
    fn is_unfinished(&self) -> bool {
        matches!(self, Self::Reconciled(Err(_)))
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::One(decision) => json!(decision),
            Self::Batch(response) => json!(response),
            Self::Digest => json!({"digest": "asked for"}),
            Self::Reconciled(Ok(())) => json!({"reconciled": true}),
            Self::Reconciled(Err(error)) => json!({"reconciled": false, "error": error.to_string()}),
            Self::Resumed(decisions) => json!({"resumed": decisions.len(), "reports": decisions}),
        }
    }

    /// Passes the decision about each resumed record to `watch`, and returns the reply. The next scheduled run retries
    /// the records that Logweir could not finish.
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

    /// Adds the decisions of the same scheduled run that were made before the decisions of this reply.
    fn after(self, mut before: Vec<Decision>) -> Self {
        match self {
            Self::Resumed(decisions) => before.extend(decisions),
            Self::One(failed) if !before.is_empty() => before.push(*failed),
            reply => return reply,
        }
        Self::Resumed(before)
    }
}
