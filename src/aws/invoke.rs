//! Invoking a function, and waiting for its answer.

use std::time::Duration;

use serde_json::Value;

use super::client::Aws;
use super::signed::{Operation, Request, Service, escaped, without};
use crate::domain::text::plain::plain;
use crate::ports::Answer;

/// The longest text of a function's error that is handed on.
const LONGEST: usize = 512;

/// No function runs longer (source: Lambda quotas), so no answer comes later.
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);

const LAMBDA: Service = Service::rest("lambda").within(LONGEST_RUN);
const INVOKE: Operation = LAMBDA.write("Invoke").doing("the function may write");

/// What a function answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Invoked {
    Answer(Value),
    /// The function ended in an error; ours does so only where another try can help.
    Failed(String),
}

impl Aws {
    /// Tries once: what the function does is safe to ask for again.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Answer<Invoked> {
        let path = format!("2015-03-31/functions/{}/invocations", escaped(function));
        let reply = self.signed.call(&INVOKE, Request::json(payload).at_path(path)).await?;
        let body = reply.json()?;
        if reply.function_failed {
            // An error may quote the payload.
            return Ok(Invoked::Failed(plain(&without(&body["errorMessage"], &payload.to_string()), LONGEST)));
        }
        Ok(Invoked::Answer(body))
    }
}
