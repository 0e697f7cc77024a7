//! The queue that events are delivered from, and that of its dead letters, in Amazon SQS.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Call, Signed};
use crate::aws::Aws;
use crate::aws::errors::unreadable;
use crate::ports::{Answer, LONGEST_DELAY, Message, Queue};

const CALL: &str = "SendMessage";

/// As for one attempt of the SDK's calls.
const LONGEST: Duration = Duration::from_secs(10);

/// Target and content type, as the service's model has them (source: botocore, sqs 2012-11-05, protocol json 1.0).
///
/// No header of X-Ray: by it Lambda counts how often a function's own message has come back to it, and stops the function
/// at sixteen. What is sent back here is bounded by the slots of the budget, and by how often it may fail.
const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.SendMessage")];

/// One queue, by its URL.
#[derive(Clone, Debug)]
pub struct Sqs {
    signed: Signed,
    region: String,
    url: String,
}

impl Aws {
    /// The queue with this URL. No call is made.
    pub fn queue(&self, url: &str) -> Sqs {
        Sqs { signed: self.signed.clone(), region: self.region.clone(), url: url.to_owned() }
    }
}

impl Queue for Sqs {
    /// Tries once: a message that was not sent fails, and comes again.
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        let attribute =
            |(name, text): &(&str, String)| ((*name).to_owned(), json!({"DataType": "String", "StringValue": text}));
        let body = json!({
            "QueueUrl": self.url,
            "MessageBody": message.body,
            "DelaySeconds": message.delay.min(LONGEST_DELAY),
            "MessageAttributes": message.attributes.iter().map(attribute).collect::<Map<String, Value>>(),
        });
        let body = body.to_string();
        let call = Call {
            name: CALL,
            service: "sqs",
            region: &self.region,
            url: format!("{}/", self.signed.endpoint("sqs", &self.region)),
            headers: &HEADERS,
            body: body.clone(),
            longest: LONGEST,
        };
        let reply = Box::pin(self.signed.send(call)).await?;
        match reply.status {
            200 if reply.body["MessageId"].is_string() => Ok(()),
            200 => Err(unreadable(CALL, "it names no message")),
            _ => Err(reply.refusal(CALL, &body)),
        }
    }
}
