//! A target group to which the load balancer sends plain text.

use super::super::judged::{Judged, not_checked, result};
use super::{Checked, classic_balancer};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::network::TargetGroup;
use crate::domain::runbook::verdict::{Resource, ResourceKind, Verdict};

pub(super) const NAME: &str = "plaintext-target-group";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let mut results = classic_balancer::not_checked(account, NAME);
    let (groups, origin) = match account.network.target_groups.get() {
        Ok(found) => found,
        Err(missing) => {
            results.push(not_checked(NAME, account.resource(), missing));
            return results;
        }
    };
    let judged = |group: &TargetGroup| {
        let (verdict, message) = match group.protocol.as_str() {
            "HTTPS" | "TLS" | "QUIC" => (Verdict::Pass, "the load balancer encrypts its traffic to the tasks"),
            "HTTP" => (
                Verdict::Advice,
                "the load balancer sends plain text to the tasks inside the VPC; decide whether the tasks need a \
                 certificate",
            ),
            _ => (
                Verdict::Undecidable,
                "the load balancer passes the bytes on, so only the tasks show whether it is TLS",
            ),
        };
        let resource = Resource::new(ResourceKind::TargetGroup, &group.name, &group.arn);
        let judged = Judged::new(verdict, message, "/TargetGroups/Protocol").with(Some(&*group.protocol));
        result(NAME, resource, origin, judged)
    };
    results.extend(groups.iter().map(judged));
    results
}
