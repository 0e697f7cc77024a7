//! The queue of work and the queue of dead letters.

use serde_json::{Value, json};

use super::{list, operation, text};
use crate::aws::signed::refused;
use crate::aws::{Aws, errors};
use crate::domain::doctor::letter::{Letter, UNDELIVERED};
use crate::domain::doctor::queue::QueueFacts;
use crate::ports::Answer;

macro_rules! sqs {
    ($name:literal) => {
        operation!("sqs", "1.0", "AmazonSQS", $name)
    };
}

/// How the attributes begin that the function itself sends messages with.
const OWN: &str = "logweir-";

/// For how long a message that is being moved is nobody else's, in seconds.
const MOVING: u32 = 60;

/// A message at hand: as long as it is hidden from others, its handle can take it away.
#[derive(Clone, Debug)]
pub struct Received {
    pub letter: Letter,
    handle: String,
    /// As they came, so that they go on like that.
    attributes: Value,
}

impl Aws {
    pub async fn queue_attributes(&self, url: &str) -> Answer<QueueFacts> {
        const CALL: &str = "GetQueueAttributes";
        let answer =
            self.asks(&sqs!("GetQueueAttributes"), &json!({"QueueUrl": url, "AttributeNames": ["All"]})).await?;
        let attributes = &answer["Attributes"];
        let count = |name: &str| -> Answer<u64> {
            text(CALL, attributes, name)?.parse().map_err(|_| errors::unreadable(CALL, name))
        };
        let json = |name: &str| attributes[name].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
        Ok(QueueFacts {
            arn: text(CALL, attributes, "QueueArn")?,
            waiting: count("ApproximateNumberOfMessages")?,
            in_flight: count("ApproximateNumberOfMessagesNotVisible")?,
            delayed: count("ApproximateNumberOfMessagesDelayed")?,
            dead_letters: json("RedrivePolicy")
                .and_then(|policy| policy["deadLetterTargetArn"].as_str().map(String::from)),
            policy: json("Policy").unwrap_or_default(),
        })
    }

    /// Some messages of a queue, up to ten, which stay visible to everybody.
    pub async fn peek(&self, url: &str) -> Answer<Vec<Received>> {
        self.receive(url, 0).await
    }

    /// Some messages of a queue, up to ten, which are hidden from others for a minute.
    pub async fn take(&self, url: &str) -> Answer<Vec<Received>> {
        if self.reads_only {
            return Err(refused("ReceiveMessage", "it would hide messages, and this run is to change nothing"));
        }
        self.receive(url, MOVING).await
    }

    async fn receive(&self, url: &str, hidden: u32) -> Answer<Vec<Received>> {
        const CALL: &str = "ReceiveMessage";
        // To wait asks every server that keeps messages of the queue, not some of them.
        let answer = self
            .asks(
                &sqs!("ReceiveMessage"),
                &json!({
                    "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1, "VisibilityTimeout": hidden,
                    "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
                }),
            )
            .await?;
        if answer["Messages"].is_null() {
            return Ok(Vec::new());
        }
        let messages = list(CALL, &answer, "Messages")?.iter().map(|message| {
            let number = |name: &str| message["Attributes"][name].as_str().and_then(|text| text.parse::<i64>().ok());
            let attributes = message["MessageAttributes"].as_object().into_iter().flatten();
            Ok(Received {
                letter: Letter {
                    id: text(CALL, message, "MessageId")?,
                    body: text(CALL, message, "Body")?,
                    sent: number("SentTimestamp").and_then(|sent| jiff::Timestamp::from_millisecond(sent).ok()),
                    receives: number("ApproximateReceiveCount").unwrap_or_default(),
                    attributes: attributes
                        .filter_map(|(name, value)| Some((name.clone(), value["StringValue"].as_str()?.to_owned())))
                        .collect(),
                },
                handle: text(CALL, message, "ReceiptHandle")?,
                attributes: message["MessageAttributes"].clone(),
            })
        });
        messages.collect()
    }

    /// Moves a message that was taken: it is sent first and deleted then, so that whatever breaks in between leaves two of
    /// it and never none. Two do no harm, as a source is corrected once.
    pub async fn move_on(&self, received: &Received, from: &str, to: &str) -> Answer<()> {
        let mut message = json!({"QueueUrl": to, "MessageBody": received.letter.body});
        let mut attributes = received.attributes.clone();
        if let Some(kept) = attributes.as_object_mut() {
            // They tell of what failed, or of a turn that is long past, and it is tried anew.
            kept.retain(|name, _| !UNDELIVERED.contains(&name.as_str()) && !name.starts_with(OWN));
            message["MessageAttributes"] = attributes;
        }
        let sent = self.asks(&sqs!("SendMessage"), &message).await?;
        text("SendMessage", &sent, "MessageId")?;
        let done = json!({"QueueUrl": from, "ReceiptHandle": received.handle});
        self.asks(&sqs!("DeleteMessage"), &done).await.map(drop)
    }

    /// Leaves a message that was taken to others again.
    pub async fn put_back(&self, received: &Received, queue: &str) -> Answer<()> {
        let body = json!({"QueueUrl": queue, "ReceiptHandle": received.handle, "VisibilityTimeout": 0});
        self.asks(&sqs!("ChangeMessageVisibility"), &body).await.map(drop)
    }
}
