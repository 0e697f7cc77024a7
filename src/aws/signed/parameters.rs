//! Parameters of Systems Manager, where a stack publishes what others are to read.

use std::time::Duration;

use serde_json::json;

use super::Call;
use crate::aws::Aws;
use crate::aws::errors::unreadable;
use crate::ports::Answer;

const CALL: &str = "GetParameter";

/// As for one attempt of the SDK's calls.
const LONGEST: Duration = Duration::from_secs(10);

/// Target and content type, as the service's model has them (source: botocore, ssm 2014-11-06, protocol json 1.1).
const HEADERS: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonSSM.GetParameter")];

impl Aws {
    /// The value of a parameter, by its name or ARN; none: there is none of that name. Tries once.
    pub async fn parameter(&self, name: &str) -> Answer<Option<String>> {
        let body = json!({"Name": name, "WithDecryption": true}).to_string();
        let call = Call {
            name: CALL,
            service: "ssm",
            region: &self.region,
            url: format!("{}/", self.signed.endpoint("ssm", &self.region)),
            headers: &HEADERS,
            body: body.clone(),
            longest: LONGEST,
        };
        let reply = Box::pin(self.signed.send(call)).await?;
        match (reply.status, reply.code()) {
            (200, _) => {
                let value = reply.body["Parameter"]["Value"].as_str();
                Ok(Some(value.ok_or_else(|| unreadable(CALL, "it holds no value"))?.to_owned()))
            }
            (_, Some("ParameterNotFound" | "ParameterVersionNotFound")) => Ok(None),
            _ => Err(reply.refusal(CALL, &body)),
        }
    }
}
