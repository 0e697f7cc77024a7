//! Reads the subnets, endpoints, routes, security groups, flow logs and interfaces of EC2.
//!
//! Each call filters by identifiers. A filter, unlike a list of identifiers, is no error if an identifier does not
//! exist.

use serde_json::Value;

use super::query::{Dialect, filter};
use super::{items, required, text, texts};
use crate::aws::client::Aws;
use crate::aws::signed::{Operation, Service};
use crate::domain::runbook::account::network::{
    FlowLog, Ingress, NetworkInterface, Route, RouteTable, SecurityGroup, Subnet, VpcEndpoint,
};
use crate::ports::Answer;

const EC2: Service = Service::query("ec2");
const SUBNETS: Operation = EC2.read("DescribeSubnets");
const ENDPOINTS: Operation = EC2.read("DescribeVpcEndpoints");
const ROUTE_TABLES: Operation = EC2.read("DescribeRouteTables");
const SECURITY_GROUPS: Operation = EC2.read("DescribeSecurityGroups");
const FLOW_LOGS: Operation = EC2.read("DescribeFlowLogs");
const INTERFACES: Operation = EC2.read("DescribeNetworkInterfaces");

const DIALECT: Dialect = Dialect { version: "2016-11-15", ask: "NextToken", next: "/nextToken", is_global: false };

/// The largest number of values of a filter (source: Amazon EC2 API reference, Filter).
const MOST_VALUES: usize = 200;

impl Aws {
    /// Returns the subnets with these ids that the account sees.
    pub(super) async fn subnets(&self, ids: &[String]) -> Answer<Vec<Subnet>> {
        self.filtered(&SUBNETS, "subnet-id", ids, "/subnetSet", |subnet| {
            Ok(Subnet {
                id: required(&SUBNETS, subnet, "subnetId")?,
                vpc: required(&SUBNETS, subnet, "vpcId")?,
                owner: text(&subnet["ownerId"]).unwrap_or_default(),
                zone: text(&subnet["availabilityZone"]).unwrap_or_default(),
                range: text(&subnet["cidrBlock"]).unwrap_or_default(),
            })
        })
        .await
    }

    /// Returns the endpoints of these VPCs.
    pub(super) async fn vpc_endpoints(&self, vpcs: &[String]) -> Answer<Vec<VpcEndpoint>> {
        self.filtered(&ENDPOINTS, "vpc-id", vpcs, "/vpcEndpointSet", |endpoint| {
            Ok(VpcEndpoint {
                id: required(&ENDPOINTS, endpoint, "vpcEndpointId")?,
                vpc: required(&ENDPOINTS, endpoint, "vpcId")?,
                // An endpoint for a resource or for a service network has no service.
                service: text(&endpoint["serviceName"]).unwrap_or_default(),
                is_gateway: endpoint["vpcEndpointType"] == "Gateway",
                state: text(&endpoint["state"]).unwrap_or_default(),
                has_private_dns: endpoint["privateDnsEnabled"] == "true",
                subnets: texts(&endpoint["subnetIdSet"]),
                security_groups: each(&endpoint["groupSet"], "groupId"),
                route_tables: texts(&endpoint["routeTableIdSet"]),
            })
        })
        .await
    }

    /// Returns the route tables of these VPCs.
    pub(super) async fn route_tables(&self, vpcs: &[String]) -> Answer<Vec<RouteTable>> {
        self.filtered(&ROUTE_TABLES, "vpc-id", vpcs, "/routeTableSet", |table| {
            let associations = items(&table["associationSet"]);
            Ok(RouteTable {
                id: required(&ROUTE_TABLES, table, "routeTableId")?,
                vpc: required(&ROUTE_TABLES, table, "vpcId")?,
                is_main: associations.iter().any(|association| association["main"] == "true"),
                subnets: associations.iter().filter_map(|association| text(&association["subnetId"])).collect(),
                routes: items(&table["routeSet"]).iter().filter_map(route).collect(),
            })
        })
        .await
    }

    /// Returns the security groups with these ids.
    pub(super) async fn security_groups(&self, ids: &[String]) -> Answer<Vec<SecurityGroup>> {
        self.filtered(&SECURITY_GROUPS, "group-id", ids, "/securityGroupInfo", |group| {
            Ok(SecurityGroup {
                id: required(&SECURITY_GROUPS, group, "groupId")?,
                ingress: items(&group["ipPermissions"]).iter().map(ingress).collect(),
            })
        })
        .await
    }

    /// Returns the flow logs of these VPCs and subnets.
    pub(super) async fn flow_logs(&self, resources: &[String]) -> Answer<Vec<FlowLog>> {
        self.filtered(&FLOW_LOGS, "resource-id", resources, "/flowLogSet", |log| {
            Ok(FlowLog {
                id: required(&FLOW_LOGS, log, "flowLogId")?,
                resource: required(&FLOW_LOGS, log, "resourceId")?,
                is_active: log["flowLogStatus"] == "ACTIVE",
                traffic: text(&log["trafficType"]).unwrap_or_default(),
                delivery: text(&log["deliverLogsStatus"]),
                error: text(&log["deliverLogsErrorMessage"]),
            })
        })
        .await
    }

    /// Returns the interfaces with these ids that still exist.
    pub(super) async fn interfaces(&self, ids: &[String]) -> Answer<Vec<NetworkInterface>> {
        self.filtered(&INTERFACES, "network-interface-id", ids, "/networkInterfaceSet", |interface| {
            Ok(NetworkInterface {
                id: required(&INTERFACES, interface, "networkInterfaceId")?,
                public_address: text(&interface["association"]["publicIp"]),
                has_ipv6: !items(&interface["ipv6AddressesSet"]).is_empty(),
                security_groups: each(&interface["groupSet"], "groupId"),
            })
        })
        .await
    }

    /// Returns the items of all pages, for each batch of values of the filter. Makes no call without values.
    async fn filtered<T>(
        &self,
        operation: &'static Operation,
        name: &str,
        values: &[String],
        member: &str,
        row: impl Fn(&Value) -> Answer<T>,
    ) -> Answer<Vec<T>> {
        let mut found = Vec::new();
        for values in values.chunks(MOST_VALUES) {
            let page = self.query_all(operation, &DIALECT, &filter(1, name, values), member).await?;
            found.extend(page.iter().map(&row).collect::<Answer<Vec<T>>>()?);
        }
        Ok(found)
    }
}

/// Returns the texts at the member of each item.
fn each(list: &Value, member: &str) -> Vec<String> {
    items(list).iter().filter_map(|item| text(&item[member])).collect()
}

/// Returns the route. Returns `None` for a route without a target, and for a route whose target no longer exists.
fn route(route: &Value) -> Option<Route> {
    const DESTINATIONS: [&str; 3] = ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"];
    const TARGETS: [&str; 11] = [
        "gatewayId",
        "natGatewayId",
        "transitGatewayId",
        "vpcPeeringConnectionId",
        "networkInterfaceId",
        "instanceId",
        "egressOnlyInternetGatewayId",
        "localGatewayId",
        "carrierGatewayId",
        "coreNetworkArn",
        "odbNetworkArn",
    ];
    let first = |names: &[&str]| names.iter().find_map(|name| text(&route[*name]));
    let is_dead = route["state"] == "blackhole";
    Some(Route { destination: first(&DESTINATIONS)?, target: first(&TARGETS)? }).filter(|_| !is_dead)
}

fn ingress(permission: &Value) -> Ingress {
    let port = |member: &str| permission[member].as_str().and_then(|port| port.parse::<i64>().ok());
    Ingress {
        protocol: text(&permission["ipProtocol"]).unwrap_or_default(),
        ports: port("fromPort").zip(port("toPort")),
        security_groups: each(&permission["groups"], "groupId"),
        ranges: each(&permission["ipRanges"], "cidrIp"),
        has_prefix_list: !items(&permission["prefixListIds"]).is_empty(),
    }
}
