//! What `logweir doctor` asks about a deployment, one signed request each, as an SDK for each of these services would be
//! the larger part of the program. Answers become the facts of [`crate::domain::doctor`]; what they mean is said there.

mod cloudtrail;
mod events;
mod iam;
mod lambda;
mod logs;
mod sqs;

pub use sqs::Received;

use std::time::Duration;

use serde_json::Value;

use super::Call;
use crate::aws::{Aws, errors};
use crate::ports::{Answer, PortError};

/// As for one attempt of the SDK's calls, and a second more for a queue that waits for its messages.
const LONGEST: Duration = Duration::from_secs(11);

/// An operation of a service that takes JSON and answers it.
struct Operation {
    name: &'static str,
    service: &'static str,
    headers: [(&'static str, &'static str); 2],
}

/// Service, version of the protocol, target and name, as the service's model has them (source: botocore).
macro_rules! operation {
    ($service:literal, $version:literal, $target:literal, $name:literal) => {
        crate::aws::signed::deployment::Operation {
            name: $name,
            service: $service,
            headers: [
                ("content-type", concat!("application/x-amz-json-", $version)),
                ("x-amz-target", concat!($target, ".", $name)),
            ],
        }
    };
}
use operation;

impl Aws {
    /// Tries once. An answer without a body is null.
    async fn asks(&self, operation: &Operation, body: &Value) -> Answer<Value> {
        let sent = body.to_string();
        let call = Call {
            name: operation.name,
            service: operation.service,
            region: &self.region,
            url: format!("{}/", self.signed.endpoint(operation.service, &self.region)),
            headers: &operation.headers,
            body: sent.clone(),
            longest: LONGEST,
        };
        let answered = self.signed.exchange("POST", &call).await?;
        if answered.status == 200 && answered.body.is_empty() {
            return Ok(Value::Null);
        }
        let reply = answered.json(operation.name)?;
        match reply.status {
            200 => Ok(reply.body),
            _ => Err(reply.refusal(operation.name, &sent)),
        }
    }
}

/// A member that every such answer has.
fn text(call: &'static str, answer: &Value, member: &str) -> Answer<String> {
    optional(answer, member).ok_or_else(|| lacks(call, member))
}

fn optional(answer: &Value, member: &str) -> Option<String> {
    answer[member].as_str().map(String::from)
}

fn list<'a>(call: &'static str, answer: &'a Value, member: &str) -> Answer<&'a Vec<Value>> {
    answer[member].as_array().ok_or_else(|| lacks(call, member))
}

fn lacks(call: &'static str, member: &str) -> PortError {
    errors::unreadable(call, &format!("it has no {member}"))
}
