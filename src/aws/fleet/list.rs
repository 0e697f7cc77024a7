//! Lists the clusters of the account, and the services, daemons and tasks of a cluster, by their ARNs.

use serde_json::{Value, json};

use super::{MOST_PAGES, PAGE, items};
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const CLUSTERS: Operation = ECS.read("ListClusters");
const SERVICES: Operation = ECS.read("ListServices");
const TASKS: Operation = ECS.read("ListTasks");
const DAEMONS: Operation = ECS.read("ListDaemons");

impl Aws {
    /// Returns the ARNs of the clusters of the account and Region.
    pub async fn cluster_arns(&self) -> Answer<Vec<String>> {
        self.list(&CLUSTERS, json!({"maxResults": PAGE}), "clusterArns", &Value::clone).await
    }

    /// Returns the ARNs of the services of a cluster.
    pub async fn service_arns(&self, cluster: &str) -> Answer<Vec<String>> {
        let body = json!({"cluster": cluster, "maxResults": PAGE});
        self.list(&SERVICES, body, "serviceArns", &Value::clone).await
    }

    /// Returns the ARNs of the running tasks of a cluster.
    pub(super) async fn task_arns(&self, cluster: &str) -> Answer<Vec<String>> {
        let body = json!({"cluster": cluster, "desiredStatus": "RUNNING", "maxResults": PAGE});
        self.list(&TASKS, body, "taskArns", &Value::clone).await
    }

    /// Returns the ARNs of the daemons of a cluster.
    pub(super) async fn daemon_arns(&self, cluster: &str) -> Answer<Vec<String>> {
        let body = json!({"clusterArn": cluster, "maxResults": PAGE});
        self.list(&DAEMONS, body, "daemonSummariesList", &|summary| summary["daemonArn"].clone()).await
    }

    /// Returns the texts that `arn` finds in the items of all pages, each once and in sorted order.
    async fn list(
        &self,
        operation: &'static Operation,
        mut body: Value,
        member: &str,
        arn: &(dyn Fn(&Value) -> Value + Sync),
    ) -> Answer<Vec<String>> {
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let reply = self.ask(operation, &body).await?;
            let page = items(operation, &reply, member)?;
            found.extend(page.iter().filter_map(|item| arn(item).as_str().map(String::from)));
            let Some(token) = reply["nextToken"].as_str().filter(|token| !token.is_empty()) else {
                found.sort();
                found.dedup();
                return Ok(found);
            };
            body["nextToken"] = token.into();
        }
        Err(unreadable(operation.name, &format!("the list has more than {MOST_PAGES} pages")))
    }
}
