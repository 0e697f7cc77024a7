//! A service or a task set whose tasks get a public address. ECS shows no public address of a task, so the rule
//! `public-interface` judges the tasks.

use super::{Checked, Judged, each_placement};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "public-address";

const MEMBER: &str = "/networkConfiguration/awsvpcConfiguration/assignPublicIp";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_placement(account, NAME, |service, placed| {
        let Some(network) = &placed.placement.network else {
            let message = match service.task_sets.is_empty() {
                true => "the tasks have no network of their own; the network of their instance decides",
                false => "the task sets of the service decide",
            };
            return Judged::new(Verdict::NotApplicable, message, "/networkConfiguration");
        };
        let value = network.assign_public_ip.as_deref();
        let (verdict, message) = match value {
            Some("ENABLED") => (
                Verdict::Fail,
                "the tasks get a public address; set assignPublicIp to DISABLED, and give the subnets a NAT gateway or \
                 VPC endpoints first",
            ),
            // `DISABLED` is the default of services that the API creates (source: ECS API reference,
            // AwsVpcConfiguration).
            Some("DISABLED") | None => (Verdict::Pass, "the tasks get no public address"),
            Some(_) => (Verdict::Undecidable, "this version of Logweir does not know the value of assignPublicIp"),
        };
        Judged::new(verdict, message, MEMBER).with(value)
    })
}
