//! Describes running tasks with their placement, their network interfaces and their images.

use serde_json::{Value, json};

use super::list;
use crate::aws::client::Aws;
use crate::aws::fleet::{all_described, items, last, text};
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::runbook::account::ecs::{RunningImage, Task};
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeTasks");

/// The largest number of tasks in one call (source: ECS API reference, DescribeTasks).
const MOST: usize = 100;

impl Aws {
    /// Describes the tasks of a cluster that run or start.
    pub async fn task_facts(&self, cluster: &str) -> Answer<Vec<Task>> {
        let mut found = Vec::new();
        for arns in self.task_arns(cluster).await?.chunks(MOST) {
            let reply = self.ask(&DESCRIBE, &json!({"cluster": cluster, "tasks": arns})).await?;
            all_described(&DESCRIBE, &reply)?;
            let tasks = items(&DESCRIBE, &reply, "tasks")?;
            let running = tasks.iter().filter(|task| task["lastStatus"] != "STOPPED");
            found.extend(running.map(|task| row(cluster, task)));
        }
        Ok(found)
    }
}

fn row(cluster: &str, task: &Value) -> Task {
    let arn = text(&task["taskArn"]).unwrap_or_default();
    let of_interface = |name: &str| {
        let attachments = list(&task["attachments"]).iter();
        let interfaces = attachments.filter(|attachment| attachment["type"] == "ElasticNetworkInterface");
        let details = interfaces.flat_map(|interface| list(&interface["details"]));
        details.filter(|detail| detail["name"] == name).filter_map(|detail| text(&detail["value"])).collect()
    };
    Task {
        id: last(&arn).to_owned(),
        cluster: last(cluster).to_owned(),
        group: text(&task["group"]).unwrap_or_default(),
        definition: text(&task["taskDefinitionArn"]).unwrap_or_default(),
        launch_type: text(&task["launchType"]),
        capacity_provider: text(&task["capacityProviderName"]),
        platform_version: text(&task["platformVersion"]),
        platform_family: text(&task["platformFamily"]),
        container_instance: text(&task["containerInstanceArn"]),
        interfaces: of_interface("networkInterfaceId"),
        subnets: of_interface("subnetId"),
        images: list(&task["containers"]).iter().filter_map(image).collect(),
        arn,
    }
}

fn image(container: &Value) -> Option<RunningImage> {
    let (container, image, digest) =
        (text(&container["name"])?, text(&container["image"])?, text(&container["imageDigest"]));
    Some(RunningImage { container, image, digest })
}
