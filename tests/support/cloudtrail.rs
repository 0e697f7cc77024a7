//! A call to AWS, as CloudTrail records it and EventBridge delivers it.

#![allow(dead_code, reason = "each test binary uses its part")]

use serde_json::{Value, json};

pub struct Call<'c> {
    /// The name that EventBridge puts after `aws.`.
    pub service: &'c str,
    pub name: &'c str,
    pub account: &'c str,
    pub region: &'c str,
    pub time: &'c str,
    pub id: &'c str,
    /// The caller's identity.
    pub identity: Value,
    pub request: Value,
    pub response: Value,
}

impl Call<'_> {
    /// The members of CloudTrail's record that Logweir reads.
    pub fn record(&self) -> Value {
        json!({
            "userIdentity": self.identity, "eventTime": self.time, "eventSource": format!("{}.amazonaws.com", self.service),
            "eventName": self.name, "awsRegion": self.region, "requestParameters": self.request,
            "responseElements": self.response, "eventID": self.id, "recipientAccountId": self.account
        })
    }

    pub fn event(&self) -> Value {
        let source = format!("aws.{}", self.service);
        delivered(
            &source,
            "AWS API Call via CloudTrail",
            [self.account, self.region],
            self.time,
            self.id,
            self.record(),
        )
    }
}

/// Returns the event with this detail.
pub fn delivered(source: &str, kind: &str, place: [&str; 2], time: &str, id: &str, detail: Value) -> Value {
    json!({
        "version": "0", "id": id, "detail-type": kind, "source": source, "account": place[0], "time": time,
        "region": place[1], "resources": [], "detail": detail
    })
}
