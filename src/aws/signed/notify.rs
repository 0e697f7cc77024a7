//! Telling: a message to an SNS topic, an event to an EventBridge bus. Each is one signed request.

use std::time::Duration;

use aws_smithy_query::QueryWriter;
use aws_smithy_xml::decode::Document;
use serde_json::json;

use super::query::{FORM, is_whole, refusal, text};
use super::{Call, Signed, refused};
use crate::aws::Aws;
use crate::aws::errors::{said, unreadable};
use crate::domain::notice::{Notice, SOURCE};
use crate::ports::{Answer, Notifier, PortError};

const PUBLISH: &str = "Publish";
const PUT_EVENTS: &str = "PutEvents";

/// Nobody waits for it longer: the function's time is for decisions.
const LONGEST: Duration = Duration::from_secs(4);

/// The largest message of SNS and the largest entry of EventBridge, in bytes (source: their quotas).
const LARGEST: usize = 256 * 1024;

/// Protocol query, as the service's model has it (source: botocore, sns 2010-03-31).
const SNS_VERSION: &str = "2010-03-31";

/// Target and content type, as the service's model has them (source: botocore, events 2015-10-07, protocol json 1.1).
const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AWSEvents.PutEvents")];

/// The channels that are set up.
#[derive(Clone, Debug)]
pub struct Channels {
    signed: Signed,
    region: String,
    /// By ARN.
    topic: Option<String>,
    /// By name or ARN.
    bus: Option<String>,
    reads_only: bool,
}

impl Aws {
    /// Tells nobody where neither is set. No call is made yet.
    pub fn notifier(&self, topic: Option<String>, bus: Option<String>) -> Channels {
        let (signed, region) = (self.signed.clone(), self.region.clone());
        Channels { signed, region, topic, bus, reads_only: self.reads_only }
    }
}

impl Notifier for Channels {
    async fn tell(&self, notice: &Notice) -> Vec<PortError> {
        let silent = |call| Err(refused(call, "it would tell others, and this run is to change nothing"));
        let message = async {
            match &self.topic {
                Some(_) if self.reads_only => silent(PUBLISH),
                Some(topic) => self.publish(topic, notice).await,
                None => Ok(()),
            }
        };
        let event = async {
            match &self.bus {
                Some(_) if self.reads_only => silent(PUT_EVENTS),
                Some(bus) => self.put(bus, notice).await,
                None => Ok(()),
            }
        };
        let (message, event) = tokio::join!(message, event);
        [message, event].into_iter().filter_map(Result::err).collect()
    }
}

impl Channels {
    async fn publish(&self, topic: &str, notice: &Notice) -> Answer<()> {
        let message = notice.message();
        if message.len() > LARGEST {
            return Err(refused(PUBLISH, "the message is larger than SNS takes"));
        }
        let mut body = String::new();
        let mut form = QueryWriter::new(&mut body, PUBLISH, SNS_VERSION);
        form.prefix("TopicArn").string(topic);
        form.prefix("Subject").string(&notice.subject);
        form.prefix("MessageStructure").string("json");
        form.prefix("Message").string(&message);
        form.finish();
        // A topic may lie in another Region; its ARN says in which.
        let region = topic.split(':').nth(3).filter(|region| !region.is_empty()).unwrap_or(&self.region);
        let call = Call {
            name: PUBLISH,
            service: "sns",
            region,
            url: format!("{}/", self.signed.endpoint("sns", region)),
            headers: &FORM,
            body,
            longest: LONGEST,
        };
        let (status, body) = self.signed.send_any(call).await?;
        match status {
            200 if is_published(&body) => Ok(()),
            200 => Err(unreadable(PUBLISH, "it names no message")),
            // SNS does not repeat what it was sent, but for names of ours.
            _ => Err(refusal(PUBLISH, status, &body)),
        }
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
        let body = json!({"Entries": [entry]}).to_string();
        if body.len() > LARGEST {
            return Err(refused(PUT_EVENTS, "the event is larger than EventBridge takes"));
        }
        let call = Call {
            name: PUT_EVENTS,
            service: "events",
            region: &self.region,
            url: format!("{}/", self.signed.endpoint("events", &self.region)),
            headers: &HEADERS,
            body: body.clone(),
            longest: LONGEST,
        };
        let reply = self.signed.send(call).await?;
        if reply.status != 200 {
            return Err(reply.refusal(PUT_EVENTS, &body));
        }
        // A call that is answered may have put nothing.
        match reply.body["FailedEntryCount"].as_u64() {
            Some(0) => Ok(()),
            Some(_) => {
                let failed = &reply.body["Entries"][0];
                let code = failed["ErrorCode"].as_str().unwrap_or("InternalFailure");
                Err(said(PUT_EVENTS, reply.status, code, failed["ErrorMessage"].as_str().unwrap_or_default(), None))
            }
            None => Err(unreadable(PUT_EVENTS, "it counts no failures")),
        }
    }
}

/// `<PublishResponse><PublishResult><MessageId>…`.
fn is_published(body: &str) -> bool {
    if !is_whole(PUBLISH, body) {
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
