//! A failure of each read, with the rules that need the read.

use logweir::domain::runbook::account::identity::Role;
use logweir::domain::runbook::account::trail::Trail;
use logweir::domain::runbook::account::{Account, Fact};

use super::account::{BALANCER, POLICY, ROLE, SECRET, denied};

/// A read that fails, with the rules that need it.
pub(crate) struct Unreading {
    pub(super) action: &'static str,
    pub(super) rules: &'static [&'static str],
    pub(crate) unread: Box<dyn Fn(&mut Account)>,
}

fn unreading(
    action: &'static str,
    rules: &'static [&'static str],
    unread: impl Fn(&mut Account, &'static str) + 'static,
) -> Unreading {
    Unreading { action, rules, unread: Box::new(move |account| unread(account, action)) }
}

/// Returns a failure of each read.
pub(crate) fn unreadings() -> Vec<Unreading> {
    [of_network(), of_identity(), of_images(), of_trail()].into_iter().flatten().collect()
}

fn of_network() -> Vec<Unreading> {
    const ENDPOINTS: &[&str] = &["missing-vpc-endpoint", "unusable-vpc-endpoint"];
    const LISTENERS: &[&str] = &["weak-listener", "plaintext-target-group"];
    vec![
        unreading("ec2:DescribeSubnets", &["missing-vpc-endpoint", "missing-flow-log"], |account, action| {
            account.network.subnets = denied(action);
        }),
        unreading("ec2:DescribeVpcEndpoints", ENDPOINTS, |account, action| account.network.endpoints = denied(action)),
        unreading("ec2:DescribeRouteTables", &["unusable-vpc-endpoint"], |account, action| {
            account.network.route_tables = denied(action);
        }),
        unreading("ec2:DescribeSecurityGroups", &["unusable-vpc-endpoint"], |account, action| {
            account.network.security_groups = denied(action);
        }),
        unreading("ec2:DescribeFlowLogs", &["missing-flow-log", "undelivered-flow-log"], |account, action| {
            account.network.flow_logs = denied(action);
        }),
        unreading("ec2:DescribeNetworkInterfaces", &["public-interface"], |account, action| {
            account.network.interfaces = denied(action);
        }),
        unreading("elasticloadbalancing:DescribeTargetGroups", LISTENERS, |account, action| {
            account.network.target_groups = denied(action);
        }),
        unreading("elasticloadbalancing:DescribeListeners", &["weak-listener"], |account, action| {
            account.network.listeners.insert(BALANCER.into(), denied(action));
        }),
    ]
}

fn of_identity() -> Vec<Unreading> {
    const POLICIES: &[&str] = &["broad-task-role", "unrestricted-pass-role"];
    let on_role = |change: fn(&mut Role, &'static str)| {
        move |account: &mut Account, action| {
            if let Some(Fact::Read { value: Some(role), .. }) = account.identity.roles.get_mut(ROLE) {
                change(role, action);
            }
        }
    };
    vec![
        unreading("iam:GetRole", &["broad-task-role", "untrusted-source"], |account, action| {
            account.identity.roles.insert(ROLE.into(), denied(action));
        }),
        unreading("iam:ListAttachedRolePolicies", POLICIES, on_role(|role, action| role.attached = denied(action))),
        unreading("iam:ListRolePolicies", POLICIES, on_role(|role, action| role.inline = denied(action))),
        unreading("iam:GetPolicyVersion", POLICIES, |account, action| {
            account.identity.policies.insert(POLICY.into(), denied(action));
        }),
        unreading("ssm:DescribeParameters", &["plain-parameter"], |account, action| {
            account.identity.parameters.insert("/prod/db".into(), denied(action));
        }),
        unreading("secretsmanager:DescribeSecret", &["secret-without-rotation"], |account, action| {
            account.identity.secrets.insert(format!("{SECRET}:password::"), denied(action));
        }),
    ]
}

fn of_images() -> Vec<Unreading> {
    const SCANS: &[&str] = &["unscanned-image", "vulnerable-image"];
    vec![
        unreading("ecr:DescribeRepositories", &["mutable-repository", "default-repository-key"], |account, action| {
            account.images.repositories.values_mut().for_each(|one| *one = denied(action));
        }),
        unreading("ecr:GetRegistryScanningConfiguration", &["unscanned-repository"], |account, action| {
            account.images.scanning.values_mut().for_each(|one| *one = denied(action));
        }),
        unreading("ecr:DescribeImages", SCANS, |account, action| {
            account.images.scans.values_mut().for_each(|one| *one = denied(action));
        }),
    ]
}

fn of_trail() -> Vec<Unreading> {
    let on_trails = |change: fn(&mut Trail, &'static str)| {
        move |account: &mut Account, action| {
            if let Fact::Read { value, .. } = &mut account.trail.trails {
                value.iter_mut().for_each(|trail| change(trail, action));
            }
        }
    };
    vec![
        unreading("cloudtrail:DescribeTrails", &["unrecorded-call", "unvalidated-trail"], |account, action| {
            account.trail.trails = denied(action);
        }),
        unreading(
            "cloudtrail:GetTrailStatus",
            &["unrecorded-call", "single-region-trail"],
            on_trails(|trail, action| trail.status = denied(action)),
        ),
        unreading(
            "cloudtrail:GetEventSelectors",
            &["unrecorded-call", "single-region-trail"],
            on_trails(|trail, action| trail.selectors = denied(action)),
        ),
        unreading("events:ListRules", &["untargeted-events"], |account, action| account.trail.rules = denied(action)),
        unreading("events:ListTargetsByRule", &["untargeted-events"], |account, action| {
            if let Fact::Read { value, .. } = &mut account.trail.rules {
                value.iter_mut().for_each(|rule| rule.targets = denied(action));
            }
        }),
    ]
}
