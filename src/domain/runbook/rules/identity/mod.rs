//! The rules about the roles of the tasks, and about their parameters and secrets.

use super::{AccountRule, R};
use crate::domain::runbook::depth::Depth;

const fn rule(requirement: R, name: &'static str, reads: &'static [&'static str]) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Identity, reads, check: None }
}

pub(super) const RULES: [AccountRule; 3] = [
    rule(
        R::LeastPrivilege,
        "broad-task-role",
        &[
            "iam:GetRole",
            "iam:ListAttachedRolePolicies",
            "iam:ListRolePolicies",
            "iam:GetRolePolicy",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
        ],
    ),
    rule(R::ParameterStore, "plain-parameter", &["ssm:DescribeParameters"]),
    rule(R::SecretsManager, "secret-without-rotation", &["secretsmanager:DescribeSecret"]),
];
