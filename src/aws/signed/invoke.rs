//! Invoking a function, and waiting for its answer.

use std::time::Duration;

use serde_json::Value;

use super::{Call, refused};
use crate::aws::Aws;
use crate::domain::text::plain::plain;
use crate::ports::Answer;

const CALL: &str = "Invoke";

/// The longest text of a function's error that is handed on.
const LONGEST: usize = 512;

/// No function runs longer (source: Lambda quotas), so no answer comes later.
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);

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
        if self.reads_only {
            return Err(refused(CALL, "the function may write, and this run is to change nothing"));
        }
        let name = escaped(function);
        let endpoint = self.signed.endpoint("lambda", &self.region);
        let payload = payload.to_string();
        let call = Call {
            name: CALL,
            service: "lambda",
            region: &self.region,
            url: format!("{endpoint}/2015-03-31/functions/{name}/invocations"),
            headers: &[],
            body: payload.clone(),
            longest: LONGEST_RUN,
        };
        let reply = self.signed.send(call).await?;
        match reply.status {
            // An error may quote the payload.
            200 if reply.function_failed => Ok(Invoked::Failed(plain(&reply.text("errorMessage", &payload), LONGEST))),
            200 => Ok(Invoked::Answer(reply.body)),
            _ => Err(reply.refusal(CALL, &payload)),
        }
    }
}

/// A text, as it stands in a path.
pub(in crate::aws) fn escaped(text: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => vec![char::from(byte)],
        _ => format!("%{byte:02X}").chars().collect(),
    };
    text.bytes().flat_map(escaped).collect()
}
