//! The event queue and the dead-letter queue.

use serde_json::{Value, json};

use super::LONGEST;
use super::members::{list, text};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_0, Operation, Request, Service};
use crate::domain::doctor::letter::{Letter, UNDELIVERED};
use crate::domain::doctor::queue::QueueFacts;
use crate::ports::Answer;

const SQS: Service = Service::json("sqs", JSON_1_0, "AmazonSQS").within(LONGEST);
const GET_QUEUE_ATTRIBUTES: Operation = SQS.read("GetQueueAttributes");
/// The operation that receives messages and leaves them visible to other consumers. SQS counts how often it delivers a
/// message, but this count has no effect in a dead-letter queue.
const PEEK: Operation = SQS.read("ReceiveMessage");
const TAKE: Operation = PEEK.doing("the call would hide messages from other consumers");
const SEND_MESSAGE: Operation = SQS.write("SendMessage");
const DELETE_MESSAGE: Operation = SQS.write("DeleteMessage");
const CHANGE_MESSAGE_VISIBILITY: Operation = SQS.write("ChangeMessageVisibility");

/// The prefix of the message attributes that Logweir's function adds.
const OWN: &str = "logweir-";

/// The time in seconds for which SQS hides a message from other consumers while Logweir moves the message.
const MOVING: u32 = 60;

/// A received message. With the receipt handle, Logweir can delete the message while SQS hides the message from other
/// consumers.
#[derive(Clone, Debug)]
pub struct Received {
    pub letter: Letter,
    handle: String,
    /// The attributes of the message, in the JSON format of SQS.
    attributes: Value,
}

impl Aws {
    pub async fn queue_attributes(&self, url: &str) -> Answer<QueueFacts> {
        let body = json!({"QueueUrl": url, "AttributeNames": ["All"]});
        let answer = self.signed.ask(&GET_QUEUE_ATTRIBUTES, &body).await?;
        let attributes = &answer["Attributes"];
        let count = |name: &str| -> Answer<u64> {
            text(&GET_QUEUE_ATTRIBUTES, attributes, name)?
                .parse()
                .map_err(|_| unreadable(GET_QUEUE_ATTRIBUTES.name, name))
        };
        let json = |name: &str| attributes[name].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        Ok(QueueFacts {
            arn: text(&GET_QUEUE_ATTRIBUTES, attributes, "QueueArn")?,
            waiting: count("ApproximateNumberOfMessages")?,
            in_flight: count("ApproximateNumberOfMessagesNotVisible")?,
            delayed: count("ApproximateNumberOfMessagesDelayed")?,
            dead_letters: json("RedrivePolicy")
                .and_then(|policy| policy["deadLetterTargetArn"].as_str().map(String::from)),
            policy: json("Policy").unwrap_or_default(),
        })
    }

    /// Returns up to ten messages of a queue. The messages stay visible to other consumers.
    pub async fn peek(&self, url: &str) -> Answer<Vec<Received>> {
        self.receive(&PEEK, url, 0).await
    }

    /// Returns up to ten messages of a queue, and hides them from other consumers for a minute.
    pub async fn take(&self, url: &str) -> Answer<Vec<Received>> {
        self.receive(&TAKE, url, MOVING).await
    }

    async fn receive(&self, operation: &'static Operation, url: &str, hidden: u32) -> Answer<Vec<Received>> {
        // Because of the wait time, SQS queries all servers that store messages of the queue, instead of a subset of
        // these servers.
        let body = json!({
            "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1, "VisibilityTimeout": hidden,
            "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let answer = self.signed.call(operation, Request::json(&body)).await?.json_or_null()?;
        if answer["Messages"].is_null() {
            return Ok(Vec::new());
        }
        let messages = list(operation, &answer, "Messages")?.iter().map(|message| {
            let number = |name: &str| message["Attributes"][name].as_str().and_then(|text| text.parse::<i64>().ok());
            let attributes = message["MessageAttributes"].as_object().into_iter().flatten();
            Ok(Received {
                letter: Letter {
                    id: text(operation, message, "MessageId")?,
                    body: text(operation, message, "Body")?,
                    sent: number("SentTimestamp").and_then(|sent| jiff::Timestamp::from_millisecond(sent).ok()),
                    receives: number("ApproximateReceiveCount").unwrap_or_default(),
                    attributes: attributes
                        .filter_map(|(name, value)| Some((name.clone(), value["StringValue"].as_str()?.to_owned())))
                        .collect(),
                    // SQS adds this attribute to a message that it moves (source: SQS API reference, ReceiveMessage).
                    moved_by_sqs: message["Attributes"]["DeadLetterQueueSourceArn"].is_string(),
                },
                handle: text(operation, message, "ReceiptHandle")?,
                attributes: message["MessageAttributes"].clone(),
            })
        });
        messages.collect()
    }

    /// Moves a message that was received with [`Self::take`] from one queue to another. Logweir sends a copy of the
    /// message before it deletes the message, so a failure between the two calls leaves two copies, but loses no
    /// message. Two copies of an event are harmless, because Logweir corrects a source revision only once.
    pub async fn move_on(&self, received: &Received, from: &str, to: &str) -> Answer<()> {
        let mut message = json!({"QueueUrl": to, "MessageBody": received.letter.body});
        // The copy has no attributes about the failed delivery or about an earlier slot of the registration rate limit.
        let mut attributes = received.attributes.as_object().cloned().unwrap_or_default();
        attributes.retain(|name, _| !UNDELIVERED.contains(&name.as_str()) && !name.starts_with(OWN));
        let history = received.letter.history().map(|history| history.attributes());
        for (name, text) in history.into_iter().flatten() {
            attributes.insert(name.to_owned(), json!({"DataType": "String", "StringValue": text}));
        }
        if !attributes.is_empty() {
            message["MessageAttributes"] = attributes.into();
        }
        let sent = self.signed.ask(&SEND_MESSAGE, &message).await?;
        text(&SEND_MESSAGE, &sent, "MessageId")?;
        self.delete(received, from).await
    }

    /// Deletes a message that was received with [`Self::take`].
    pub async fn delete(&self, received: &Received, queue: &str) -> Answer<()> {
        let body = json!({"QueueUrl": queue, "ReceiptHandle": received.handle});
        self.signed.call(&DELETE_MESSAGE, Request::json(&body)).await?.nothing()
    }

    /// Makes a message that was received with [`Self::take`] visible to other consumers again.
    pub async fn return_to_queue(&self, received: &Received, queue: &str) -> Answer<()> {
        let body = json!({"QueueUrl": queue, "ReceiptHandle": received.handle, "VisibilityTimeout": 0});
        self.signed.call(&CHANGE_MESSAGE_VISIBILITY, Request::json(&body)).await?.nothing()
    }
}
