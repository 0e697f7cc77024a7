//! The rules about the trails of CloudTrail, and about the events of ECS.

mod recording;
mod single_region_trail;
mod undelivered_trail;
mod unencrypted_trail;
mod unrecorded_call;
mod untargeted_events;
mod unvalidated_trail;

use super::{AccountRule, Checked, R};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::depth::Depth;

const fn rule(
    requirement: R,
    name: &'static str,
    reads: &'static [&'static str],
    check: fn(&Account, &Baseline) -> Checked,
) -> AccountRule {
    AccountRule { requirement, name, depth: Depth::Trail, reads, subjects: &[], check: Some(check) }
}

const TRAILS: &[&str] = &["cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"];

pub(super) static RULES: [AccountRule; 6] = [
    rule(R::CloudTrail, unrecorded_call::NAME, TRAILS, unrecorded_call::check),
    rule(R::CloudTrail, single_region_trail::NAME, TRAILS, single_region_trail::check),
    rule(R::CloudTrail, undelivered_trail::NAME, TRAILS, undelivered_trail::check),
    rule(R::CloudTrail, unvalidated_trail::NAME, TRAILS, unvalidated_trail::check),
    rule(R::CloudTrail, unencrypted_trail::NAME, TRAILS, unencrypted_trail::check),
    rule(
        R::Events,
        untargeted_events::NAME,
        &["events:ListRules", "events:ListTargetsByRule"],
        untargeted_events::check,
    ),
];
