//! Reads the fleet of an account and Region: clusters, services, daemons, tasks, and the destinations of transcripts.
//! Each read waits and tries again if AWS throttles it.

mod bucket;
mod daemons;
mod described;
mod facts;
mod group;
mod instances;
mod key;
mod list;
mod reads;
mod reads_services;
mod role;
mod tasks;

pub use daemons::DaemonRow;
pub use reads::AwsFleet;
pub use tasks::TaskRow;

use std::time::Duration;

use serde_json::Value;

use super::client::Aws;
use super::errors::{UNREACHED, unreadable};
use super::signed::Operation;
use crate::domain::text::plain::plain;
use crate::ports::{Answer, DescribedBatch, ErrorKind, PortError};

/// The pauses between attempts, if AWS throttles a call or the call fails for a moment.
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_secs(1), Duration::from_secs(4)];

/// The maximum length of a text that Logweir keeps from a response, in characters.
const LONGEST: usize = 2_048;

/// The largest number of items in one page of a list (source: ECS API reference).
const PAGE: usize = 100;

/// The largest number of pages of one list, so that an endless list ends the run. ECS allows 5,000 services in a
/// cluster and 5,000 tasks in a service (source: the Amazon ECS service quotas).
const MOST_PAGES: usize = 1_000;

/// Repeats a call as long as AWS throttles it or fails for a moment, and a pause is left. Does not repeat a call
/// without a connection.
pub async fn patiently<T, F: Future<Output = Answer<T>>>(call: impl Fn() -> F) -> Answer<T> {
    for pause in PAUSES {
        match call().await {
            Err(error) if error.kind == ErrorKind::Retry && !error.message.starts_with(UNREACHED) => {
                tokio::time::sleep(pause).await;
            }
            answer => return answer,
        }
    }
    call().await
}

impl Aws {
    async fn ask(&self, operation: &'static Operation, body: &Value) -> Answer<Value> {
        patiently(|| self.signed.ask(operation, body)).await
    }
}

/// Returns the list at the member of a response. Returns an empty list if the member is absent.
fn items<'v>(operation: &Operation, reply: &'v Value, member: &str) -> Answer<&'v [Value]> {
    match &reply[member] {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(&[]),
        _ => Err(unreadable(operation.name, &format!("{member} is not a list"))),
    }
}

/// Returns an error if ECS could not describe a resource. A resource that has disappeared since the list is no error.
fn all_described(operation: &Operation, reply: &Value) -> Answer<()> {
    let failed = described::failures(operation, reply)?;
    described::all_of(operation, DescribedBatch { found: Vec::<()>::new(), failed }).map(drop)
}

/// Returns a text of a response without unsafe characters. Returns `None` if the text is absent or empty.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(|text| plain(text, LONGEST))
}

/// Returns the part of an ARN after the last slash.
fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// Returns whether ECS of this Region does not know the operation.
fn is_unknown_operation(error: &PortError) -> bool {
    error.message.starts_with("UnknownOperationException")
}
