//! Sends a notification as a message to an SNS topic and as an event to an EventBridge bus. Each message and each event
//! needs one signed request.

use std::time::Duration;

use aws_smithy_query::QueryWriter;
use aws_smithy_xml::decode::Document;
use serde_json::json;

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use super::query::{is_whole, text};
use super::request::Request;
use crate::aws::errors::{refused, said, unreadable};
use crate::domain::notice::{Notice, SOURCE};
use crate::ports::{Answer, Notifier, PortError};

/// The timeout of a call that sends a notification. The timeout is short, because the Lambda function needs its running
/// time for decisions.
const LONGEST: Duration = Duration::from_secs(4);

const TELLS: &str = "the call would send a notification";

const SNS: Service = Service::query("sns").within(LONGEST);
const SNS_VERSION: &str = "2010-03-31";
const PUBLISH: Operation = SNS.write("Publish").doing(TELLS);

const EVENTS: Service = Service::json("events", JSON_1_1, "AWSEvents").within(LONGEST);
const PUT_EVENTS: Operation = EVENTS.write("PutEvents").doing(TELLS);

/// The maximum size of an SNS message and of an EventBridge entry, in bytes (source: the quotas of both services).
const LARGEST: usize = 256 * 1024;

/// The configured channels for notifications: an SNS topic, an EventBridge bus, both or neither.
#[derive(Clone, Debug)]
pub struct Channels {
    signed: SignedClient,
    /// The ARN of the SNS topic. `None` if no topic is configured.
    topic: Option<String>,
    /// The name or ARN of the EventBridge bus. `None` if no bus is configured.
    bus: Option<String>,
}

impl Notifier for Channels {
    async fn tell(&self, notice: &Notice) -> Vec<PortError> {
        let message = async {
            match &self.topic {
                Some(topic) => self.publish(topic, notice).await,
                None => Ok(()),
            }
        };
        let event = async {
            match &self.bus {
                Some(bus) => self.put(bus, notice).await,
                None => Ok(()),
            }
        };
        let (message, event) = tokio::join!(message, event);
        [message, event].into_iter().filter_map(Result::err).collect()
    }
}

impl Channels {
    pub(in crate::aws) fn new(signed: SignedClient, topic: Option<String>, bus: Option<String>) -> Self {
        Self { signed, topic, bus }
    }

    async fn publish(&self, topic: &str, notice: &Notice) -> Answer<()> {
        let message = notice.message();
        if message.len() > LARGEST {
            return Err(refused(PUBLISH.name, "the message is larger than SNS accepts"));
        }
        let mut body = String::new();
        let mut form = QueryWriter::new(&mut body, PUBLISH.name, SNS_VERSION);
        form.prefix("TopicArn").string(topic);
        form.prefix("Subject").string(&notice.subject);
        form.prefix("MessageStructure").string("json");
        form.prefix("Message").string(&message);
        form.finish();
        // The request goes to the Region in the ARN of the topic, because the topic may be in another Region than the
        // function.
        let region = topic.split(':').nth(3).filter(|region| !region.is_empty());
        let request = Request { region, ..Request::form(body) };
        let reply = self.signed.call(&PUBLISH, request).await?;
        if is_published(reply.text()?) { Ok(()) } else { Err(unreadable(PUBLISH.name, "MessageId is missing")) }
    }

    async fn put(&self, bus: &str, notice: &Notice) -> Answer<()> {
        let entry = json!({
            "Time": notice.at.as_second(),
            "Source": SOURCE,
            "DetailType": notice.kind.name(),
            "Detail": notice.detail.to_string(),
            "Resources": notice.resources,
            "EventBusName": bus,
        });
        let request = Request::json(&json!({"Entries": [entry]}));
        if request.body.len() > LARGEST {
            return Err(refused(PUT_EVENTS.name, "the event is larger than EventBridge accepts"));
        }
        let reply = self.signed.call(&PUT_EVENTS, request).await?.json()?;
        // PutEvents returns HTTP status 200 even if EventBridge rejected the event.
        match reply["FailedEntryCount"].as_u64() {
            Some(0) => Ok(()),
            Some(_) => {
                let failed = &reply["Entries"][0];
                let code = failed["ErrorCode"].as_str().unwrap_or("InternalFailure");
                Err(said(PUT_EVENTS.name, 200, code, failed["ErrorMessage"].as_str().unwrap_or_default(), None))
            }
            None => Err(unreadable(PUT_EVENTS.name, "FailedEntryCount is missing")),
        }
    }
}

/// Returns whether the response of SNS contains a message id, in the elements
/// `<PublishResponse><PublishResult><MessageId>`.
fn is_published(body: &str) -> bool {
    if !is_whole(PUBLISH.name, body) {
        return false;
    }
    let mut document = Document::new(body);
    let Ok(mut root) = document.root_element() else { return false };
    if !root.start_el().matches("PublishResponse") {
        return false;
    }
    while let Some(mut result) = root.next_tag() {
        if result.start_el().matches("PublishResult") {
            while let Some(mut member) = result.next_tag() {
                if member.start_el().matches("MessageId") {
                    return !text(&mut member).is_empty();
                }
            }
        }
    }
    false
}
