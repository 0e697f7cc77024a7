//! The queue that events are delivered from, and that of its dead letters, in Amazon SQS.

use serde_json::{Map, Value, json};

use super::client::SignedClient;
use super::operation::{JSON_1_0, Operation, Service};
use crate::aws::errors::unreadable;
use crate::ports::{Answer, LONGEST_DELAY, Message, Queue};

const SQS: Service = Service::json("sqs", JSON_1_0, "AmazonSQS");

/// The request has no X-Ray header. With such a header, Lambda counts how often a function receives its own message,
/// and stops the function at sixteen. What is sent back here is bounded by the slots of the budget, and by how often it
/// may fail.
const SEND_MESSAGE: Operation = SQS.write("SendMessage");

/// One queue, by its URL.
#[derive(Clone, Debug)]
pub struct Sqs {
    signed: SignedClient,
    url: String,
}

impl Sqs {
    pub(in crate::aws) fn new(signed: SignedClient, url: &str) -> Self {
        Self { signed, url: url.to_owned() }
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
        let reply = self.signed.ask(&SEND_MESSAGE, &body).await?;
        if reply["MessageId"].is_string() { Ok(()) } else { Err(unreadable(SEND_MESSAGE.name, "it names no message")) }
    }
}
