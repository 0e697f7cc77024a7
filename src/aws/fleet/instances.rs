//! Reads the versions of the container agents on instances of EC2.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{all_described, items, text};
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::fleet::facts::ContainerAgent;
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeContainerInstances");

/// The largest number of instances in one call (source: ECS API reference, DescribeContainerInstances).
const MOST: usize = 100;

impl Aws {
    /// Returns the container agents of the instances, by the ARNs of the instances.
    pub async fn container_agents(&self, cluster: &str, arns: &[String]) -> Answer<BTreeMap<String, ContainerAgent>> {
        let mut found = BTreeMap::new();
        for arns in arns.chunks(MOST) {
            let reply = self.ask(&DESCRIBE, &json!({"cluster": cluster, "containerInstances": arns})).await?;
            all_described(&DESCRIBE, &reply)?;
            for instance in items(&DESCRIBE, &reply, "containerInstances")? {
                let Some(arn) = text(&instance["containerInstanceArn"]) else { continue };
                let attributes = instance["attributes"].as_array().map(Vec::as_slice).unwrap_or_default();
                let is_windows =
                    |attribute: &Value| attribute["name"] == "ecs.os-type" && attribute["value"] == "windows";
                let agent = ContainerAgent {
                    version: text(&instance["versionInfo"]["agentVersion"]).unwrap_or_default(),
                    is_windows: attributes.iter().any(is_windows),
                };
                found.insert(arn, agent);
            }
        }
        Ok(found)
    }
}
