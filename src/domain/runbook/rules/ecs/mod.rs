//! The rules about clusters, services, task sets, tasks and capacity providers, which ECS alone shows.

mod disabled_default_insights;
mod instance_placement;
mod missing_container_insights;
mod missing_managed_tags;
mod missing_termination_protection;
mod old_platform_version;
mod plaintext_service_connect;
mod public_address;
mod reused_task_role;
mod unpropagated_tags;
mod untagged_cluster;
mod untagged_service;

use super::judged::{
    Judged, each_cluster, each_placement, each_service, each_standalone_task, not_checked, result, unread,
};
use super::{AccountRule, CLUSTERS, Checked, DEFINITIONS, R, SERVICES, WORKLOADS};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::depth::Depth;

const fn rule(
    requirement: R,
    name: &'static str,
    subjects: &'static [&'static str],
    check: fn(&Account, &Baseline) -> Checked,
) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Ecs, reads: subjects, subjects, check: Some(check) }
}

pub(super) static RULES: [AccountRule; 12] = [
    rule(R::LeastPrivilege, reused_task_role::NAME, DEFINITIONS, reused_task_role::check),
    rule(R::Tls, plaintext_service_connect::NAME, SERVICES, plaintext_service_connect::check),
    rule(R::NoPublicAddress, public_address::NAME, SERVICES, public_address::check),
    rule(R::Fargate, instance_placement::NAME, WORKLOADS, instance_placement::check),
    rule(R::ContainerInsights, missing_container_insights::NAME, CLUSTERS, missing_container_insights::check),
    rule(
        R::ContainerInsights,
        disabled_default_insights::NAME,
        &["ecs:ListAccountSettings"],
        disabled_default_insights::check,
    ),
    rule(R::Tags, untagged_cluster::NAME, CLUSTERS, untagged_cluster::check),
    rule(R::Tags, untagged_service::NAME, SERVICES, untagged_service::check),
    rule(R::Tags, unpropagated_tags::NAME, SERVICES, unpropagated_tags::check),
    rule(R::Tags, missing_managed_tags::NAME, SERVICES, missing_managed_tags::check),
    rule(R::PlatformVersion, old_platform_version::NAME, WORKLOADS, old_platform_version::check),
    rule(
        R::TerminationProtection,
        missing_termination_protection::NAME,
        &["ecs:DescribeCapacityProviders"],
        missing_termination_protection::check,
    ),
];
