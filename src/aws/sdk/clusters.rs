//! The clusters of ECS. Logweir signs these requests itself, and sends and reads the configuration of a cluster as text,
//! because the types of an SDK lose members that the SDK does not know.

use serde_json::json;

use super::ecs::Ecs;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Request, Service};
use crate::domain::ecs::cluster::{self, Cluster, ClusterArn, ClusterConfiguration};
use crate::ports::{Answer, Clusters};

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeClusters");
const UPDATE: Operation = ECS.write("UpdateCluster");

/// The largest number of clusters in one call (source: ECS API reference, DescribeClusters).
const PAGE: usize = 100;

impl Clusters for Ecs {
    async fn clusters(&self, named: &[String]) -> Answer<Vec<Cluster>> {
        let mut found = Vec::new();
        for page in named.chunks(PAGE) {
            let body = json!({"clusters": page, "include": ["CONFIGURATIONS", "SETTINGS", "TAGS"]});
            let reply = self.signed.call(&DESCRIBE, Request::json(&body)).await?;
            let clusters = cluster::described(reply.text()?);
            found.extend(clusters.map_err(|error| unreadable(DESCRIBE.name, &error.to_string()))?);
        }
        Ok(found)
    }

    async fn configure(&self, cluster: &ClusterArn, configuration: &ClusterConfiguration) -> Answer<Cluster> {
        let request = Request::form(cluster::update(cluster, configuration));
        let reply = self.signed.call(&UPDATE, request).await?;
        cluster::updated(reply.text()?).map_err(|error| unreadable(UPDATE.name, &error.to_string()))
    }
}
