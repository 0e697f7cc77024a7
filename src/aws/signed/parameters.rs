//! Reads parameters of AWS Systems Manager, such as the baseline and the values that the stack publishes.

use serde_json::json;

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use crate::aws::errors::{unless_missing, unreadable};
use crate::ports::Answer;

const SSM: Service = Service::json("ssm", JSON_1_1, "AmazonSSM");
const GET_PARAMETER: Operation = SSM.read("GetParameter");

impl SignedClient {
    /// Reads the value of a Systems Manager parameter. Returns `None` if the parameter does not exist.
    pub(in crate::aws) async fn parameter(&self, name: &str) -> Answer<Option<String>> {
        let body = json!({"Name": name, "WithDecryption": true});
        let Some(reply) = unless_missing(self.ask(&GET_PARAMETER, &body).await)? else { return Ok(None) };
        let value = reply["Parameter"]["Value"].as_str();
        Ok(Some(value.ok_or_else(|| unreadable(GET_PARAMETER.name, "the value is missing"))?.to_owned()))
    }
}
