//! Invokes a Lambda function and waits for the result.

use std::time::Duration;

use serde_json::Value;

use super::client::Aws;
use super::signed::{Operation, Request, Service, escaped, without};
use crate::domain::text::plain::shortened;
use crate::ports::Answer;

/// The maximum length of the error message of a function, in characters. Logweir cuts longer messages.
const LONGEST: usize = 512;

/// The longest running time of a Lambda function (source: Lambda quotas).
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);

const LAMBDA: Service = Service::rest("lambda").within(LONGEST_RUN);
const INVOKE: Operation = LAMBDA.write("Invoke").doing("the invoked function may write");

/// The result of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Invoked {
    /// The payload that the function returned.
    Answer(Value),
    /// The error message of a function that failed. Logweir's functions fail only if another attempt can help.
    Failed(String),
}

impl Aws {
    /// Invokes a Lambda function, without a retry. The caller may safely repeat the invocation.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Answer<Invoked> {
        let path = format!("2015-03-31/functions/{}/invocations", escaped(function));
        let reply = self.signed.call(&INVOKE, Request::json(payload).at_path(path)).await?;
        let body = reply.json()?;
        if reply.function_failed {
            // The error message of the function may quote the payload, so Logweir hides the payload in the message.
            return Ok(Invoked::Failed(shortened(&without(&body["errorMessage"], &payload.to_string()), LONGEST)));
        }
        Ok(Invoked::Answer(body))
    }
}
