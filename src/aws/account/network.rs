//! Reads the facts of the network in which the services and tasks run.

use std::collections::BTreeSet;
use std::iter;

use super::fact;
use crate::aws::client::Aws;
use crate::domain::runbook::account::Fact;
use crate::domain::runbook::account::ecs::EcsFacts;
use crate::domain::runbook::account::network::{NetworkFacts, Subnet, TargetGroup, VpcEndpoint};
use crate::ports::Answer;

impl Aws {
    /// Reads the network of the services and tasks.
    pub async fn network_facts(&self, ecs: &EcsFacts) -> NetworkFacts {
        let mut subnets = fact(self.subnets(&subnet_ids(ecs)).await, "ec2:DescribeSubnets");
        let vpcs = sorted(subnets.value().into_iter().flatten().map(|subnet| subnet.vpc.clone()));
        let logged = sorted(subnets.value().into_iter().flatten().map(|subnet| subnet.id.clone()).chain(vpcs.clone()));
        let interface_ids = sorted(ecs.tasks().flat_map(|task| task.interfaces.clone()));
        let group_arns = sorted(ecs.services().flat_map(|service| service.target_groups.clone()));
        let (endpoints, route_tables, flow_logs, interfaces, target_groups) = tokio::join!(
            after(&subnets, self.vpc_endpoints(&vpcs), "ec2:DescribeVpcEndpoints"),
            after(&subnets, self.route_tables(&vpcs), "ec2:DescribeRouteTables"),
            after(&subnets, self.flow_logs(&logged), "ec2:DescribeFlowLogs"),
            self.interfaces(&interface_ids),
            self.target_groups(&group_arns),
        );
        let interfaces = fact(interfaces, "ec2:DescribeNetworkInterfaces");
        let target_groups = fact(target_groups, "elasticloadbalancing:DescribeTargetGroups");
        let of_endpoint = |endpoint: &VpcEndpoint| endpoint.security_groups.clone();
        let groups = sorted(endpoints.value().into_iter().flatten().flat_map(of_endpoint));
        self.add_subnets(&mut subnets, endpoints.value().into_iter().flatten()).await;
        let of_group = |group: &TargetGroup| group.load_balancers.clone();
        let balancers = sorted(target_groups.value().into_iter().flatten().flat_map(of_group));
        let (security_groups, listeners) = tokio::join!(self.security_groups(&groups), self.listeners_of(balancers));
        let security_groups = fact(security_groups, "ec2:DescribeSecurityGroups");
        NetworkFacts {
            subnets,
            endpoints,
            route_tables,
            security_groups,
            flow_logs,
            interfaces,
            target_groups,
            listeners,
        }
    }

    /// Adds the subnets of the endpoints, so that the rules know their Availability Zones. An answer that fails here
    /// leaves these zones unknown.
    async fn add_subnets(&self, subnets: &mut Fact<Vec<Subnet>>, endpoints: impl Iterator<Item = &VpcEndpoint>) {
        let Fact::Read { value, .. } = subnets else { return };
        let is_new = |id: &String| value.iter().all(|subnet| subnet.id != *id);
        let ids = sorted(endpoints.flat_map(|endpoint| endpoint.subnets.clone()).filter(is_new));
        value.extend(self.subnets(&ids).await.unwrap_or_default());
    }
}

/// Returns the fact that the read shows. The read of a VPC needs the subnets, so an unread subnet leaves it unread too.
async fn after<S, T>(subnets: &Fact<S>, read: impl Future<Output = Answer<T>>, action: &'static str) -> Fact<T> {
    match subnets.unread() {
        Some(unread) => Fact::Unread(unread.clone()),
        None => fact(read.await, action),
    }
}

/// Returns the ids of the subnets of services, task sets and running tasks.
fn subnet_ids(ecs: &EcsFacts) -> Vec<String> {
    let placements = ecs
        .services()
        .flat_map(|service| iter::once(&service.placement).chain(service.task_sets.iter().map(|set| &set.placement)));
    let of_services =
        placements.filter_map(|placement| placement.network.as_ref()).flat_map(|network| &network.subnets);
    sorted(of_services.chain(ecs.tasks().flat_map(|task| &task.subnets)).cloned())
}

/// Returns the texts in order, each once.
fn sorted(all: impl Iterator<Item = String>) -> Vec<String> {
    all.collect::<BTreeSet<String>>().into_iter().collect()
}
