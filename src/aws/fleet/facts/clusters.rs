//! Describes clusters without what runs in them.

use serde_json::{Value, json};

use super::{list, tags, texts};
use crate::aws::client::Aws;
use crate::aws::fleet::{all_described, items, last, text};
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::runbook::Depth;
use crate::domain::runbook::account::Fact;
use crate::domain::runbook::account::ecs::Cluster;
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeClusters");

/// The largest number of clusters in one call (source: ECS API reference, DescribeClusters).
const MOST: usize = 100;

impl Aws {
    /// Describes the clusters with these names or ARNs, in the order of their names. Leaves out a cluster that does not
    /// exist or is INACTIVE. The services and tasks are not asked for.
    pub async fn cluster_facts(&self, named: &[String]) -> Answer<Vec<Cluster>> {
        let mut found = Vec::new();
        for named in named.chunks(MOST) {
            let include = ["CONFIGURATIONS", "SETTINGS", "TAGS"];
            let reply = self.ask(&DESCRIBE, &json!({"clusters": named, "include": include})).await?;
            all_described(&DESCRIBE, &reply)?;
            let clusters = items(&DESCRIBE, &reply, "clusters")?;
            found.extend(clusters.iter().filter(|cluster| cluster["status"] != "INACTIVE").map(row));
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }
}

fn row(cluster: &Value) -> Cluster {
    let arn = text(&cluster["clusterArn"]).unwrap_or_default();
    let setting = |setting: &Value| Some((text(&setting["name"])?, text(&setting["value"]).unwrap_or_default()));
    Cluster {
        name: text(&cluster["clusterName"]).unwrap_or_else(|| last(&arn).to_owned()),
        arn,
        settings: list(&cluster["settings"]).iter().filter_map(setting).collect(),
        tags: tags(&cluster["tags"]),
        capacity_providers: list(&cluster["capacityProviders"]).iter().filter_map(text).collect(),
        default_strategy: texts(&cluster["defaultCapacityProviderStrategy"], "capacityProvider"),
        session_key: text(&cluster["configuration"]["executeCommandConfiguration"]["kmsKeyId"]),
        container_instances: cluster["registeredContainerInstancesCount"].as_u64().unwrap_or_default(),
        services: Fact::NotAsked(Depth::Ecs),
        tasks: Fact::NotAsked(Depth::Ecs),
    }
}
