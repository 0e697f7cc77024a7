//! The rules about the network of the tasks.

mod classic_balancer;
mod missing_flow_log;
mod missing_vpc_endpoint;
mod place;
mod plaintext_target_group;
mod public_interface;
mod undelivered_flow_log;
mod unusable_vpc_endpoint;
mod weak_listener;
mod workload;

use super::{AccountRule, Checked, R, SERVICES, WORKLOADS};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::depth::Depth;

const fn rule(
    requirement: R,
    name: &'static str,
    reads: &'static [&'static str],
    subjects: &'static [&'static str],
    check: fn(&Account, &Baseline) -> Checked,
) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Network, reads, subjects, check: Some(check) }
}

const ENDPOINTS: &[&str] = &["ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables"];
const USABLE: &[&str] = &[
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkInterfaces",
];
const FLOW_LOGS: &[&str] = &["ec2:DescribeSubnets", "ec2:DescribeFlowLogs"];
const LISTENERS: &[&str] = &[
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
];
const INTERFACES: &[&str] = &["ec2:DescribeNetworkInterfaces"];
const TARGET_GROUPS: &[&str] = &["elasticloadbalancing:DescribeTargetGroups"];

pub(super) static RULES: [AccountRule; 7] = [
    rule(R::VpcEndpoints, missing_vpc_endpoint::NAME, ENDPOINTS, WORKLOADS, missing_vpc_endpoint::check),
    rule(R::VpcEndpoints, unusable_vpc_endpoint::NAME, USABLE, WORKLOADS, unusable_vpc_endpoint::check),
    rule(R::FlowLogs, missing_flow_log::NAME, FLOW_LOGS, WORKLOADS, missing_flow_log::check),
    rule(R::FlowLogs, undelivered_flow_log::NAME, FLOW_LOGS, WORKLOADS, undelivered_flow_log::check),
    rule(R::Tls, weak_listener::NAME, LISTENERS, SERVICES, weak_listener::check),
    rule(R::Tls, plaintext_target_group::NAME, TARGET_GROUPS, SERVICES, plaintext_target_group::check),
    rule(R::NoPublicAddress, public_interface::NAME, INTERFACES, WORKLOADS, public_interface::check),
];
