//! Parameters.

use serde_json::json;

use super::{operation, text};
use crate::aws::Aws;
use crate::ports::Answer;

impl Aws {
    pub async fn ssm_parameter(&self, name: &str) -> Answer<String> {
        let operation = operation!("ssm", "1.1", "AmazonSSM", "GetParameter");
        let answer = self.asks(&operation, &json!({"Name": name, "WithDecryption": true})).await?;
        text("GetParameter", &answer["Parameter"], "Value")
    }
}
