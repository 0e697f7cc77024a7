//! The facts of the network: subnets, endpoints, routes, flow logs, the interfaces of tasks, and load balancers.

use core::net::Ipv4Addr;
use std::collections::BTreeMap;

use super::fact::Fact;
use crate::domain::fleet::facts::Unread;
use crate::domain::runbook::depth::Depth;

/// The facts of the network in which tasks run.
#[derive(Clone, Debug)]
pub struct NetworkFacts {
    /// The subnets of services and tasks. A subnet that the account does not see is not in the list.
    pub subnets: Fact<Vec<Subnet>>,
    /// The endpoints of the VPCs of these subnets.
    pub endpoints: Fact<Vec<VpcEndpoint>>,
    /// The route tables of these VPCs.
    pub route_tables: Fact<Vec<RouteTable>>,
    /// The security groups of the endpoints.
    pub security_groups: Fact<Vec<SecurityGroup>>,
    /// The flow logs of these VPCs and subnets.
    pub flow_logs: Fact<Vec<FlowLog>>,
    /// The interfaces of running tasks. The interface of a task that has stopped since is not in the list.
    pub interfaces: Fact<Vec<NetworkInterface>>,
    /// The target groups of services. A target group that does not exist is not in the list.
    pub target_groups: Fact<Vec<TargetGroup>>,
    /// The listeners of the load balancers of these target groups, by the ARN of the load balancer.
    pub listeners: BTreeMap<String, Fact<Vec<Listener>>>,
}

impl NetworkFacts {
    /// Returns the facts of a run that does not read the network.
    pub fn not_asked() -> Self {
        Self {
            subnets: Fact::NotAsked(Depth::Network),
            endpoints: Fact::NotAsked(Depth::Network),
            route_tables: Fact::NotAsked(Depth::Network),
            security_groups: Fact::NotAsked(Depth::Network),
            flow_logs: Fact::NotAsked(Depth::Network),
            interfaces: Fact::NotAsked(Depth::Network),
            target_groups: Fact::NotAsked(Depth::Network),
            listeners: BTreeMap::new(),
        }
    }

    /// Returns the reads that failed.
    pub(super) fn unread(&self) -> Vec<&Unread> {
        let of_vpcs = [
            self.subnets.unread(),
            self.endpoints.unread(),
            self.route_tables.unread(),
            self.security_groups.unread(),
            self.flow_logs.unread(),
            self.interfaces.unread(),
            self.target_groups.unread(),
        ];
        let listeners = self.listeners.values().map(Fact::unread);
        let rules = self.listeners.values().filter_map(Fact::value).flatten().map(Listener::unread);
        of_vpcs.into_iter().chain(listeners).chain(rules).flatten().collect()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    pub id: String,
    pub vpc: String,
    /// The account that owns the subnet. Another account may share a subnet with this account.
    pub owner: String,
    /// The Availability Zone.
    pub zone: String,
    /// The IPv4 range, such as `10.0.1.0/24`.
    pub range: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcEndpoint {
    pub id: String,
    pub vpc: String,
    /// The name of the service, such as `com.amazonaws.eu-west-1.ecr.api`.
    pub service: String,
    pub is_gateway: bool,
    /// The state, such as `available` or `pendingAcceptance`.
    pub state: String,
    pub has_private_dns: bool,
    /// The subnets that contain an interface of the endpoint.
    pub subnets: Vec<String>,
    /// The security groups of these interfaces.
    pub security_groups: Vec<String>,
    /// The route tables of a gateway endpoint.
    pub route_tables: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    pub id: String,
    pub vpc: String,
    /// Whether the subnets without a route table of their own use this one.
    pub is_main: bool,
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The range, or the id of a prefix list.
    pub destination: String,
    /// The id of the target, such as `nat-…`, `igw-…` or `tgw-…`.
    pub target: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    pub id: String,
    pub ingress: Vec<Ingress>,
}

/// A permission of a security group for incoming traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ingress {
    /// The protocol, such as `tcp`. `-1` is every protocol.
    pub protocol: String,
    /// The first and the last port. `None` is every port.
    pub ports: Option<(i64, i64)>,
    /// The security groups from which the traffic may come.
    pub security_groups: Vec<String>,
    /// The IPv4 ranges from which the traffic may come.
    pub ranges: Vec<String>,
    /// Whether a prefix list, whose ranges Logweir does not read, also names sources.
    pub has_prefix_list: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLog {
    pub id: String,
    /// The VPC or the subnet.
    pub resource: String,
    pub is_active: bool,
    /// `ALL`, `ACCEPT` or `REJECT`.
    pub traffic: String,
    /// `SUCCESS` or `FAILED`. `None` if AWS shows no value.
    pub delivery: Option<String>,
    /// The message about a failed delivery.
    pub error: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    pub id: String,
    /// The public IPv4 address.
    pub public_address: Option<String>,
    /// Whether the interface has an IPv6 address. IPv6 addresses are globally unique.
    pub has_ipv6: bool,
    pub security_groups: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    pub arn: String,
    pub name: String,
    /// The protocol between the load balancer and the tasks, such as `HTTP`.
    pub protocol: String,
    /// The ARNs of the load balancers that send traffic to the target group.
    pub load_balancers: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub arn: String,
    pub port: u64,
    /// The protocol, such as `HTTPS`.
    pub protocol: String,
    /// The security policy of a listener with TLS.
    pub policy: Option<String>,
    /// What an HTTP listener does with requests. `None` for another protocol.
    pub http: Option<HttpActions>,
}

impl Listener {
    /// Returns the read of the rules that failed.
    fn unread(&self) -> Option<&Unread> {
        match &self.http {
            Some(HttpActions::Unread(unread)) => Some(unread),
            Some(HttpActions::Redirects | HttpActions::Forwards) | None => None,
        }
    }
}

/// What an HTTP listener does with requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpActions {
    /// All rules of the listener redirect requests to HTTPS, or answer with a fixed response.
    Redirects,
    /// The default action, or a rule, forwards requests in plain text.
    Forwards,
    /// The default action redirects, and Logweir could not read the other rules.
    Unread(Unread),
}

/// An IPv4 range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    first: u32,
    last: u32,
}

impl Range {
    /// Parses a range such as `10.0.1.0/24`.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
        let length: u32 = length.parse().ok().filter(|length| *length <= 32)?;
        let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
        Some(Self { first: address & mask, last: address | !mask })
    }

    /// Whether the ranges together contain this one.
    pub fn is_in(self, ranges: &[Self]) -> bool {
        let mut ranges = ranges.to_vec();
        ranges.sort_unstable_by_key(|one| one.first);
        // The first address that no range contains so far.
        let mut open = u64::from(self.first);
        for Self { first, last } in ranges {
            if u64::from(first) <= open {
                open = open.max(u64::from(last) + 1);
            }
        }
        open > u64::from(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_contain_their_parts_alone_and_together() {
        let range = |text| Range::parse(text).unwrap();
        for (all, other, expected) in [
            ("10.0.0.0/16", "10.0.1.0/24", true),
            ("10.0.0.0/16", "10.1.0.0/24", false),
            ("10.0.1.0/24", "10.0.0.0/16", false),
            ("0.0.0.0/0", "10.0.0.0/16", true),
            ("10.0.1.7/32", "10.0.1.7/32", true),
            ("128.0.0.0/1 0.0.0.0/1", "0.0.0.0/0", true),
            ("10.0.1.128/25 10.0.1.0/25 10.0.1.0/26", "10.0.1.0/24", true),
            ("10.0.1.0/26 10.0.1.128/25", "10.0.1.0/24", false),
            ("255.255.255.255/32", "255.255.255.254/31", false),
        ] {
            let all: Vec<Range> = all.split(' ').map(range).collect();
            assert_eq!(range(other).is_in(&all), expected, "{all:?} {other}");
        }
        assert!(!range("10.0.0.0/8").is_in(&[]));
        for text in ["10.0.0.0", "10.0.0.0/33", "a/8", "::/0", ""] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }
}
