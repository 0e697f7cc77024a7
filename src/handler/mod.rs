//! The payloads of the two functions. Each takes its own and refuses the other's, wherever it is wrapped.

mod backout;
mod events;
mod function;
mod queue;
mod reporter;
mod scheduled;

use aws_lambda_events::sqs::SqsBatchResponse;
use serde_json::{Value, json};

use crate::domain::report::Report;
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
    One(Box<Report>),
    /// For a batch: the messages that have to come again.
    Batch(SqsBatchResponse),
    /// For what was left unfinished: a report of each record.
    Resumed(Vec<Report>),
    /// For the time to sum up what was observed.
    Digest,
}

impl HandlerReply {
    /// Whether the whole invocation has to be tried again.
    pub fn retry(&self) -> Option<&Report> {
        match self {
            Self::One(report) if report.retry => Some(report),
            _ => None,
        }
    }

    pub fn to_json(&self) -> Value {
        match self {
            Self::One(report) => json!(report),
            Self::Batch(response) => json!(response),
            Self::Digest => json!({"digest": "asked for"}),
            Self::Resumed(reports) => json!({"resumed": reports.len(), "reports": reports}),
        }
    }

    /// The reply to the time to finish what was left, once each report is written. What could not be finished comes up
    /// again by itself the next time.
    fn resumed(
        resumed: Answer<Vec<Report>>,
        failed: impl FnOnce(&str) -> Report,
        calls: &(dyn Fn() -> u64 + Sync),
        watch: &mut (dyn Sink + Send),
    ) -> Self {
        match resumed {
            Ok(reports) => {
                let mut reports: Vec<Report> = reports.into_iter().map(Report::bounded).collect();
                if let Some(last) = reports.last_mut() {
                    last.aws_calls = calls();
                }
                reports.iter().for_each(|report| watch.report(report));
                Self::Resumed(reports)
            }
            Err(error) => {
                let report = Report { aws_calls: calls(), ..failed(&error.to_string()) };
                watch.report(&report);
                Self::One(Box::new(report))
            }
        }
    }
}
