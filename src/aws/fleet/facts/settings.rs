//! Reads the account setting of Container Insights.

use serde_json::json;

use crate::aws::client::Aws;
use crate::aws::fleet::{items, text};
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const SETTINGS: Operation = ECS.read("ListAccountSettings");

/// The name of the account setting (source: ECS API reference, SettingName).
const INSIGHTS: &str = "containerInsights";

impl Aws {
    /// Returns the value of `containerInsights` that new clusters of the caller get. Returns `None` if ECS shows none.
    pub async fn default_insights(&self) -> Answer<Option<String>> {
        let reply = self.ask(&SETTINGS, &json!({"name": INSIGHTS, "effectiveSettings": true})).await?;
        let settings = items(&SETTINGS, &reply, "settings")?;
        let setting = settings.iter().find(|setting| setting["name"] == INSIGHTS);
        Ok(setting.and_then(|setting| text(&setting["value"])))
    }
}
