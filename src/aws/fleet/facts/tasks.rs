//! Describes running tasks with their placement, their network interfaces and their images.

use serde_json::Value;

use super::list;
use crate::aws::client::Aws;
use crate::aws::fleet::{last, text};
use crate::domain::runbook::account::ecs::{RunningImage, Task};
use crate::ports::Answer;

impl Aws {
    /// Describes the tasks of a cluster that run or start.
    pub async fn task_facts(&self, cluster: &str) -> Answer<Vec<Task>> {
        self.tasks_of(cluster, |task| row(cluster, task)).await
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
