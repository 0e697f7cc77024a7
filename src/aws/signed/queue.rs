//! The event queue and the dead-letter queue, in Amazon SQS.

use serde_json::{Map, Value, json};

use super::client::SignedClient;
use super::operation::{JSON_1_0, Operation, Service};
use crate::aws::errors::unreadable;
use crate::ports::{Answer, LONGEST_DELAY, Message, Queue};

const SQS: Service = Service::json("sqs", JSON_1_0, "AmazonSQS");

/// The operation that sends a message, without an X-Ray trace header. With this header, Lambda's loop detection would
/// stop the function after it has requeued a message about sixteen times, or after about sixteen pages of a
/// reconciliation. Logweir itself limits how often the function requeues a message, by the registration rate limit and
/// by the maximum number of failures. A reconciliation has a page for every fifty families.
const SEND_MESSAGE: Operation = SQS.write("SendMessage");

/// One queue, identified by its URL.
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
    /// Sends a message, without a retry. If the call fails, the handling of the delivered message fails too, and SQS
    /// delivers that message again.
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
        if reply["MessageId"].is_string() { Ok(()) } else { Err(unreadable(SEND_MESSAGE.name, "MessageId is missing")) }
    }
}
