//! A capacity provider whose Auto Scaling group may end instances with running tasks.

use super::{Checked, Judged, not_checked, result};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::ecs::{CapacityProvider, ProviderKind};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "missing-termination-protection";

const MEMBER: &str = "/autoScalingGroupProvider/managedTerminationProtection";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    match account.ecs.capacity_providers.get() {
        Err(missing) => vec![not_checked(NAME, account.resource(), missing)],
        Ok((providers, origin)) if providers.is_empty() => {
            // Some capacity providers belong to a cluster, which alone shows them.
            let message = account.scoped("the account has no capacity provider of its own");
            let judged = Judged::new(Verdict::NotApplicable, message, "/capacityProviders");
            vec![result(NAME, account.resource(), origin, judged)]
        }
        Ok((providers, origin)) => {
            providers.iter().map(|provider| result(NAME, provider.resource(), origin, judged(provider))).collect()
        }
    }
}

fn judged(provider: &CapacityProvider) -> Judged {
    let ProviderKind::AutoScalingGroup { termination_protection } = &provider.kind else {
        let message = "the capacity provider has no Auto Scaling group of the account";
        return Judged::new(Verdict::NotApplicable, message, "/autoScalingGroupProvider");
    };
    let value = termination_protection.as_deref();
    let (verdict, message) = match value {
        Some("ENABLED") => (Verdict::Pass, "the Auto Scaling group ends no instance that runs tasks"),
        _ => (
            Verdict::Fail,
            "the Auto Scaling group may end instances that run tasks; set managedTerminationProtection to ENABLED, which \
             needs managed scaling and the instance scale-in protection of the group",
        ),
    };
    Judged::new(verdict, message, MEMBER).with(value)
}
