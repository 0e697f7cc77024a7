//! A running task whose network interface has a public address.

use super::super::judged::{Judged, not_checked, result};
use super::workload::{Workload, known};
use super::{Checked, workload};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::network::NetworkInterface;
use crate::domain::runbook::verdict::{RunbookResult, Verdict};
use crate::domain::text::names;

pub(super) const NAME: &str = "public-interface";

const MEMBER: &str = "/NetworkInterfaces/Association/PublicIp";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (workloads, mut results) = workload::all(account, NAME);
    results.extend(workloads.iter().map(|workload| judged(account, workload)));
    results
}

fn judged(account: &Account, workload: &Workload<'_>) -> RunbookResult {
    let resource = workload.resource.clone();
    if workload.interfaces.is_empty() {
        if workload.subnets.is_empty() && !workload.is_external() {
            let message = "the tasks use the interfaces and addresses of their instances";
            return workload.result(NAME, Verdict::Undecidable, message, workload.network_member());
        }
        let message = "no running task has a network interface";
        return match workload.tasks {
            Ok(origin) => result(NAME, resource, origin, Judged::new(Verdict::NotApplicable, message, "/attachments")),
            Err(missing) => not_checked(NAME, resource, missing),
        };
    }
    let (_, origin) = match account.network.interfaces.get() {
        Ok(found) => found,
        Err(missing) => return not_checked(NAME, resource, missing),
    };
    let is_own = |interface: &&NetworkInterface| workload.interfaces.contains(interface.id.as_str());
    let own: Vec<&NetworkInterface> = known(&account.network.interfaces).filter(is_own).collect();
    if own.is_empty() {
        let message = "the tasks have stopped since Logweir listed them";
        return result(NAME, resource, origin, Judged::new(Verdict::NotApplicable, message, "/NetworkInterfaces"));
    }
    let public: Vec<&str> = own.iter().filter_map(|one| one.public_address.as_deref()).collect();
    let judged = if !public.is_empty() {
        let message = format!(
            "{} of {} running tasks' interfaces have a public address; move the tasks to private subnets without \
             assignPublicIp",
            public.len(),
            own.len()
        );
        Judged::new(Verdict::Fail, message, MEMBER).with(Some(names(public)))
    } else if own.iter().any(|one| one.has_ipv6) {
        let message = "an interface has an IPv6 address, which is globally unique; routes and security groups decide \
                       whether the internet reaches it";
        Judged::new(Verdict::Advice, message, "/NetworkInterfaces/Ipv6Addresses")
    } else {
        let ids = names(own.iter().map(|one| one.id.as_str()));
        Judged::new(Verdict::Pass, "no interface of a running task has a public address", MEMBER).with(Some(ids))
    };
    result(NAME, resource, origin, judged)
}
