//! Lists the clusters of the account, and the services, daemons and tasks of a cluster, by their ARNs. Reads the same
//! pages as an audit (`reads.rs`), waits and tries again if AWS throttles a call, and collects all pages.

use serde_json::json;

use super::reads::AwsFleet;
use super::{MOST_PAGES, PAGE, patiently};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::ports::{Answer, FleetReads, ListPage};

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DAEMONS: Operation = ECS.read("ListDaemons");

impl Aws {
    /// Returns the ARNs of the clusters of the account and Region.
    pub async fn cluster_arns(&self) -> Answer<Vec<String>> {
        let fleet = self.fleet();
        all("ListClusters", async |token| fleet.clusters(token).await).await
    }

    /// Returns the ARNs of the services of a cluster.
    pub async fn service_arns(&self, cluster: &str) -> Answer<Vec<String>> {
        let fleet = self.fleet();
        all("ListServices", async |token| fleet.services(cluster, token).await).await
    }

    /// Returns the ARNs of the running tasks of a cluster.
    pub(super) async fn task_arns(&self, cluster: &str) -> Answer<Vec<String>> {
        let fleet = self.fleet();
        all("ListTasks", async |token| fleet.tasks(cluster, token).await).await
    }

    /// Returns the ARNs of the daemons of a cluster.
    pub(super) async fn daemon_arns(&self, cluster: &str) -> Answer<Vec<String>> {
        let fleet = self.fleet();
        all(DAEMONS.name, async |token| fleet.daemons(cluster, token).await).await
    }
}

impl AwsFleet {
    /// Returns one page of the ARNs of the daemons of a cluster.
    async fn daemons(&self, cluster: &str, token: Option<&str>) -> Answer<ListPage<String>> {
        let body = json!({"clusterArn": cluster, "maxResults": PAGE});
        self.page(&DAEMONS, body, token, "daemonSummariesList", |summary| &summary["daemonArn"]).await
    }
}

/// Returns the texts of all pages, each once and in sorted order.
async fn all(
    operation: &'static str,
    page: impl AsyncFn(Option<&str>) -> Answer<ListPage<String>>,
) -> Answer<Vec<String>> {
    let (mut found, mut token) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let ListPage { items, next } = patiently(|| page(token.as_deref())).await?;
        found.extend(items);
        token = next;
        if token.is_none() {
            found.sort();
            found.dedup();
            return Ok(found);
        }
    }
    Err(unreadable(operation, &format!("the list has more than {MOST_PAGES} pages")))
}
