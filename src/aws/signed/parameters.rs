//! Parameters of Systems Manager, where a stack publishes what others are to read.

use serde_json::json;

use super::client::SignedClient;
use super::operation::{JSON_1_1, Operation, Service};
use crate::aws::errors::{unless_missing, unreadable};
use crate::ports::Answer;

const SSM: Service = Service::json("ssm", JSON_1_1, "AmazonSSM");
const GET_PARAMETER: Operation = SSM.read("GetParameter");

impl SignedClient {
    /// The value of a parameter. Returns `None` if there is none of that name.
    pub(in crate::aws) async fn parameter(&self, name: &str) -> Answer<Option<String>> {
        let body = json!({"Name": name, "WithDecryption": true});
        let Some(reply) = unless_missing(self.ask(&GET_PARAMETER, &body).await)? else { return Ok(None) };
        let value = reply["Parameter"]["Value"].as_str();
        Ok(Some(value.ok_or_else(|| unreadable(GET_PARAMETER.name, "it holds no value"))?.to_owned()))
    }
}
