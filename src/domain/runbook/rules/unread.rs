//! The rules whose facts are not in a task definition. Logweir does not read these facts yet, so their results are
//! `not-checked`, and never `pass`.

use super::R;
use crate::domain::runbook::subject::Subject;
use crate::domain::runbook::verdict::{RunbookResult, Verdict};

/// A rule with the operations that show its facts.
pub(super) struct UnreadRule {
    pub(super) requirement: R,
    pub(super) name: &'static str,
    /// The operations of AWS that show the facts.
    reads: &'static str,
}

const fn unread(requirement: R, name: &'static str, reads: &'static str) -> UnreadRule {
    UnreadRule { requirement, name, reads }
}

pub(super) const RULES: [UnreadRule; 16] = [
    unread(R::LeastPrivilege, "broad-task-role", "iam:GetRole, iam:ListAttachedRolePolicies, iam:GetPolicyVersion"),
    unread(R::EcrImages, "mutable-repository", "ecr:DescribeRepositories"),
    unread(R::VpcEndpoints, "missing-vpc-endpoint", "ec2:DescribeSubnets, ec2:DescribeVpcEndpoints"),
    unread(R::ParameterStore, "plain-parameter", "ssm:DescribeParameters"),
    unread(R::SecretsManager, "secret-without-rotation", "secretsmanager:DescribeSecret"),
    unread(R::CloudTrail, "unrecorded-call", "cloudtrail:DescribeTrails, cloudtrail:GetEventSelectors"),
    unread(R::FlowLogs, "missing-flow-log", "ec2:DescribeFlowLogs"),
    unread(R::ImageScanning, "unscanned-image", "ecr:GetRegistryScanningConfiguration, ecr:DescribeImages"),
    unread(R::Tls, "weak-listener", "elasticloadbalancing:DescribeListeners"),
    unread(R::Tls, "plaintext-service-connect", "ecs:DescribeServices"),
    unread(R::NoPublicAddress, "public-address", "ecs:DescribeServices, ec2:DescribeNetworkInterfaces"),
    unread(R::ContainerInsights, "missing-container-insights", "ecs:DescribeClusters"),
    unread(R::Events, "untargeted-events", "events:ListRules, events:ListTargetsByRule"),
    unread(R::Tags, "untagged-service", "ecs:DescribeServices, ecs:DescribeClusters"),
    unread(R::PlatformVersion, "old-platform-version", "ecs:DescribeServices"),
    unread(R::TerminationProtection, "missing-termination-protection", "ecs:DescribeCapacityProviders"),
];

pub(super) fn results(subject: &Subject<'_>) -> impl Iterator<Item = (R, RunbookResult)> {
    RULES.iter().map(|rule| {
        let message = format!("Logweir did not read the account; these operations show the facts: {}", rule.reads);
        (rule.requirement, subject.unread(rule.name, Verdict::NotChecked, &message))
    })
}
