//! Describes services with their placement, their tags and their Service Connect.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::{list, tags, texts};
use crate::aws::client::Aws;
use crate::aws::fleet::described::{DESCRIBE_SERVICES, all_of};
use crate::aws::fleet::{last, patiently, text};
use crate::domain::runbook::account::ecs::{ConnectPort, Network, Placement, Service, ServiceConnect, TaskSet};
use crate::ports::{Answer, MOST_SERVICES};

/// The number of calls at the same time. ECS allows an account bursts of 100 reads of services (source: the ECS
/// developer guide on request throttling).
const AT_ONCE: usize = 8;

impl Aws {
    /// Describes the services of a cluster with these ARNs. Leaves out a service that does not exist or is INACTIVE.
    pub async fn service_facts(&self, cluster: &str, arns: &[String]) -> Answer<Vec<Service>> {
        let fleet = &self.fleet();
        let row = |service: &Value| row(cluster, service);
        let reads = arns.chunks(MOST_SERVICES).map(|arns| patiently(move || fleet.services_as(cluster, arns, row)));
        let reads: Vec<_> = reads.collect();
        let batches: Vec<_> = stream::iter(reads).buffered(AT_ONCE).collect().await;
        let mut found = Vec::new();
        for batch in batches {
            found.extend(all_of(&DESCRIBE_SERVICES, batch?)?);
        }
        Ok(found)
    }
}

fn row(cluster: &str, service: &Value) -> Service {
    let arn = text(&service["serviceArn"]).unwrap_or_default();
    let (deployments, sets) = (list(&service["deployments"]), list(&service["taskSets"]));
    let used = deployments.iter().chain(sets).chain([service]);
    let newest = deployments.iter().position(|deployment| deployment["status"] == "PRIMARY");
    let targets = || [service].into_iter().chain(sets).flat_map(|one| list(&one["loadBalancers"]));
    let target_groups: BTreeSet<String> = targets().flat_map(groups).collect();
    let classic: BTreeSet<String> = targets().filter_map(|target| text(&target["loadBalancerName"])).collect();
    Service {
        name: text(&service["serviceName"]).unwrap_or_else(|| last(&arn).to_owned()),
        arn,
        cluster: last(cluster).to_owned(),
        placement: placement(service),
        task_sets: sets.iter().map(task_set).collect(),
        tags: tags(&service["tags"]),
        propagate_tags: text(&service["propagateTags"]),
        has_managed_tags: service["enableECSManagedTags"] == true,
        has_exec: service["enableExecuteCommand"] == true,
        service_connect: newest.and_then(|newest| connect(deployments, newest)),
        target_groups: target_groups.into_iter().collect(),
        classic_balancers: classic.into_iter().collect(),
        definitions: used.filter_map(|one| text(&one["taskDefinition"])).collect(),
    }
}

/// Returns the target groups of a load balancer of a service. A blue/green deployment has two.
fn groups(target: &Value) -> impl Iterator<Item = String> {
    let other = text(&target["advancedConfiguration"]["alternateTargetGroupArn"]);
    text(&target["targetGroupArn"]).into_iter().chain(other)
}

/// Returns the placement of a service or a task set, whose members have the same names.
fn placement(placed: &Value) -> Placement {
    let network = &placed["networkConfiguration"]["awsvpcConfiguration"];
    Placement {
        launch_type: text(&placed["launchType"]),
        strategy: texts(&placed["capacityProviderStrategy"], "capacityProvider"),
        platform_version: text(&placed["platformVersion"]),
        platform_family: text(&placed["platformFamily"]),
        network: network.is_object().then(|| Network {
            subnets: list(&network["subnets"]).iter().filter_map(text).collect(),
            security_groups: list(&network["securityGroups"]).iter().filter_map(text).collect(),
            assign_public_ip: text(&network["assignPublicIp"]),
        }),
    }
}

fn task_set(set: &Value) -> TaskSet {
    let arn = text(&set["taskSetArn"]).unwrap_or_default();
    TaskSet { id: text(&set["id"]).unwrap_or_else(|| last(&arn).to_owned()), arn, placement: placement(set) }
}

/// Returns the Service Connect of the deployment with this index.
fn connect(deployments: &[Value], deployment: usize) -> Option<ServiceConnect> {
    let connect = &deployments.get(deployment)?["serviceConnectConfiguration"];
    let port = |service: &Value| ConnectPort {
        name: text(&service["portName"]).unwrap_or_default(),
        has_tls: service["tls"].is_object(),
    };
    connect.is_object().then(|| ServiceConnect {
        deployment,
        is_enabled: connect["enabled"] == true,
        ports: list(&connect["services"]).iter().map(port).collect(),
    })
}
