//! The rules about the trails of CloudTrail, and about the events of ECS.

use super::{AccountRule, R};
use crate::domain::runbook::depth::Depth;

const fn rule(requirement: R, name: &'static str, reads: &'static [&'static str]) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Trail, reads, check: None }
}

pub(super) const RULES: [AccountRule; 2] = [
    rule(
        R::CloudTrail,
        "unrecorded-call",
        &["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"],
    ),
    rule(R::Events, "untargeted-events", &["events:ListRules", "events:ListTargetsByRule"]),
];
