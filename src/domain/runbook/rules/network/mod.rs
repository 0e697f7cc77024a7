//! The rules about the network of the tasks.

use super::{AccountRule, R};
use crate::domain::runbook::depth::Depth;

const fn rule(requirement: R, name: &'static str, reads: &'static [&'static str]) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Network, reads, check: None }
}

pub(super) const RULES: [AccountRule; 4] = [
    rule(R::VpcEndpoints, "missing-vpc-endpoint", &["ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints"]),
    rule(R::FlowLogs, "missing-flow-log", &["ec2:DescribeSubnets", "ec2:DescribeFlowLogs"]),
    rule(
        R::Tls,
        "weak-listener",
        &["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeListeners"],
    ),
    rule(R::NoPublicAddress, "public-interface", &["ec2:DescribeNetworkInterfaces"]),
];
