//! Describes the capacity providers that the account has created.

use serde_json::{Value, json};

use super::tags;
use crate::aws::client::Aws;
use crate::aws::errors::unreadable;
use crate::aws::fleet::{all_described, items, text};
use crate::aws::signed::{JSON_1_1, Operation, Service};
use crate::domain::runbook::account::ecs::{CapacityProvider, ProviderKind, is_fargate};
use crate::ports::Answer;

const ECS: Service = Service::json("ecs", JSON_1_1, "AmazonEC2ContainerServiceV20141113");
const DESCRIBE: Operation = ECS.read("DescribeCapacityProviders");

/// The largest number of capacity providers in one page (source: ECS API reference, DescribeCapacityProviders).
const PAGE: usize = 10;

/// The largest number of pages, so that an endless list ends the run.
const MOST_PAGES: usize = 100;

impl Aws {
    /// Describes the capacity providers of the account, or of a cluster. Only the list of a cluster contains its
    /// providers of ECS Managed Instances (source: ECS API reference, DescribeCapacityProviders). Leaves out the
    /// providers of Fargate, which AWS owns.
    pub async fn capacity_providers(&self, cluster: Option<&str>) -> Answer<Vec<CapacityProvider>> {
        let mut body = json!({"include": ["TAGS"], "maxResults": PAGE});
        if let Some(cluster) = cluster {
            body["cluster"] = cluster.into();
        }
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let reply = self.ask(&DESCRIBE, &body).await?;
            all_described(&DESCRIBE, &reply)?;
            found.extend(items(&DESCRIBE, &reply, "capacityProviders")?.iter().filter_map(row));
            let Some(token) = reply["nextToken"].as_str().filter(|token| !token.is_empty()) else {
                return Ok(found);
            };
            body["nextToken"] = token.into();
        }
        Err(unreadable(DESCRIBE.name, &format!("the list has more than {MOST_PAGES} pages")))
    }
}

/// Returns `None` for a provider of Fargate, and for one that AWS is deleting.
fn row(provider: &Value) -> Option<CapacityProvider> {
    let name = text(&provider["name"]).filter(|name| !is_fargate(name) && provider["status"] != "INACTIVE")?;
    let (group, instances) = (&provider["autoScalingGroupProvider"], &provider["managedInstancesProvider"]);
    let kind = match (group.is_object(), instances.is_object()) {
        (true, _) => {
            let termination_protection = text(&group["managedTerminationProtection"]);
            ProviderKind::AutoScalingGroup { termination_protection }
        }
        (false, true) => ProviderKind::ManagedInstances,
        (false, false) => ProviderKind::Other,
    };
    Some(CapacityProvider {
        arn: text(&provider["capacityProviderArn"]).unwrap_or_default(),
        name,
        kind,
        tags: tags(&provider["tags"]),
    })
}
