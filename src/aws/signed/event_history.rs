//! CloudTrail's event history.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use crate::aws::errors::unreadable;
use crate::domain::lookup::{FoundEvent, PAGE, Page, Request};
use crate::ports::{Answer, EventHistory, PortError};

const CLOUDTRAIL: Service =
    Service::json("cloudtrail", JSON_1_1, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101");
const LOOKUP_EVENTS: Operation = CLOUDTRAIL.read("LookupEvents");

/// The event history of one account and Region.
#[derive(Clone, Debug)]
pub struct CloudTrail {
    signed: SignedClient,
}

impl CloudTrail {
    pub(in crate::aws) fn new(signed: SignedClient) -> Self {
        Self { signed }
    }
}

impl EventHistory for CloudTrail {
    async fn page(&self, request: &Request<'_>) -> Answer<Page> {
        let Request { attribute, period, token } = request;
        let mut body = json!({
            "LookupAttributes": [{"AttributeKey": attribute.key(), "AttributeValue": attribute.value()}],
            "StartTime": period.since.as_second(),
            "EndTime": period.until.as_second(),
            "MaxResults": PAGE,
        });
        if let Some(token) = token {
            body["NextToken"] = (*token).into();
        }
        let reply = self.signed.ask(&LOOKUP_EVENTS, &body).await?;
        let events = reply["Events"].as_array().ok_or_else(|| lacks("Events"))?;
        let next = reply["NextToken"].as_str().filter(|token| !token.is_empty()).map(String::from);
        Ok(Page { events: events.iter().map(event).collect::<Answer<_>>()?, next })
    }
}

fn event(event: &Value) -> Answer<FoundEvent> {
    let text = |name: &'static str| event[name].as_str().map(String::from).ok_or_else(|| lacks(name));
    // CloudTrail sends a time as a number of seconds, and the AWS CLI prints it as a text.
    let seconds = event["EventTime"].as_f64().and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
    let time = seconds.or_else(|| event["EventTime"].as_str()?.parse().ok());
    let time = time.ok_or_else(|| lacks("EventTime"))?;
    Ok(FoundEvent { id: text("EventId")?, time, record: text("CloudTrailEvent")? })
}

fn lacks(member: &str) -> PortError {
    unreadable(LOOKUP_EVENTS.name, &format!("{member} is missing"))
}
