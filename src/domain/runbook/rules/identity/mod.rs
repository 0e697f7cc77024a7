//! The rules about the roles of the tasks, and about their parameters and secrets.

mod broad_task_role;
mod denial;
mod plain_parameter;
mod policy;
mod role_policies;
mod secret_without_rotation;
mod unrestricted_pass_role;
mod untrusted_source;

use super::{AccountRule, Checked, DEFINITIONS, R};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::depth::Depth;

const fn rule(
    requirement: R,
    name: &'static str,
    reads: &'static [&'static str],
    check: fn(&Account, &Baseline) -> Checked,
) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Identity, reads, subjects: DEFINITIONS, check: Some(check) }
}

const POLICIES: &[&str] = &[
    "iam:GetRole",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
];

pub(super) static RULES: [AccountRule; 5] = [
    rule(R::LeastPrivilege, broad_task_role::NAME, POLICIES, broad_task_role::check),
    rule(R::LeastPrivilege, unrestricted_pass_role::NAME, POLICIES, unrestricted_pass_role::check),
    rule(R::LeastPrivilege, untrusted_source::NAME, &["iam:GetRole"], untrusted_source::check),
    rule(R::ParameterStore, plain_parameter::NAME, &["ssm:DescribeParameters"], plain_parameter::check),
    rule(
        R::SecretsManager,
        secret_without_rotation::NAME,
        &["secretsmanager:DescribeSecret"],
        secret_without_rotation::check,
    ),
];
