//! Describes services, as far as ECS Exec needs them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{all_described, items, last, text};
use crate::aws::client::Aws;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeServices");

/// The largest number of services in one call (source: ECS API reference, DescribeServices).
const MOST: usize = 10;

/// A service of a cluster.
#[derive(Clone, Debug)]
pub struct ServiceRow {
    pub name: String,
    pub arn: String,
    pub has_exec: bool,
    /// The ARNs of the task definitions that the service runs or deploys.
    pub definitions: Vec<String>,
    pub platform_version: Option<String>,
    pub platform_family: Option<String>,
    pub tags: Vec<(String, String)>,
}

impl Aws {
    /// Describes the services with these ARNs. Leaves out a service that does not exist or is INACTIVE.
    pub async fn services(&self, cluster: &str, arns: &[String]) -> Answer<Vec<ServiceRow>> {
        let mut found = Vec::new();
        for arns in arns.chunks(MOST) {
            let reply =
                self.ask(&DESCRIBE, &json!({"cluster": cluster, "services": arns, "include": ["TAGS"]})).await?;
            all_described(&DESCRIBE, &reply)?;
            let services = items(&DESCRIBE, &reply, "services")?;
            found.extend(services.iter().filter(|service| service["status"] != "INACTIVE").map(row));
        }
        Ok(found)
    }
}

fn row(service: &Value) -> ServiceRow {
    let arn = text(&service["serviceArn"]).unwrap_or_default();
    let list = |member: &str| service[member].as_array().cloned().unwrap_or_default();
    let deployed = list("deployments").into_iter().chain(list("taskSets"));
    let used =
        deployed.map(|deployment| deployment["taskDefinition"].clone()).chain([service["taskDefinition"].clone()]);
    let definitions: BTreeSet<String> = used.filter_map(|definition| text(&definition)).collect();
    let tag = |tag: &Value| Some((text(&tag["key"])?, tag["value"].as_str().unwrap_or_default().to_owned()));
    ServiceRow {
        name: text(&service["serviceName"]).unwrap_or_else(|| last(&arn).to_owned()),
        arn,
        has_exec: service["enableExecuteCommand"] == true,
        definitions: definitions.into_iter().collect(),
        platform_version: text(&service["platformVersion"]),
        platform_family: text(&service["platformFamily"]),
        tags: list("tags").iter().filter_map(tag).collect(),
    }
}
