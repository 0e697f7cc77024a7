//! A VPC whose traffic no flow log records.

use std::collections::{BTreeMap, BTreeSet};

use super::super::WORKLOADS;
use super::super::judged::{Judged, not_checked, result, unread};
use super::workload::{UNKNOWN_HOST, Workload, known};
use super::{Checked, workload};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::network::{FlowLog, Subnet};
use crate::domain::runbook::account::{Account, Missing};
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::text::names;

pub(super) const NAME: &str = "missing-flow-log";

/// A VPC in which tasks run.
struct Vpc<'a> {
    id: &'a str,
    owner: &'a str,
    subnets: BTreeSet<&'a str>,
    has_instances: bool,
    /// Whether Logweir does not know where some tasks of the VPC run.
    has_unknown_hosts: bool,
    /// The read that Logweir lacks to know whether tasks of the VPC run on instances.
    unread: Option<Missing<'a>>,
}

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (workloads, mut results) = workload::all(account, NAME);
    let of_instances = workloads.iter().filter(|one| one.subnets.is_empty() && !one.is_external());
    results.extend(of_instances.map(|one| {
        let message = "the tasks use the network of their instances; check the flow logs of the VPC of the instances";
        one.result(NAME, Verdict::Undecidable, message, one.network_member())
    }));
    match account.network.subnets.get() {
        Err(missing) => results.push(not_checked(NAME, account.resource(), missing)),
        Ok((subnets, _)) => results.extend(vpcs(account, &workloads, subnets).iter().map(|vpc| judged(account, vpc))),
    }
    results
}

fn vpcs<'a>(account: &'a Account, workloads: &[Workload<'_>], subnets: &'a [Subnet]) -> Vec<Vpc<'a>> {
    let hidden = unread(account, WORKLOADS);
    let mut vpcs: BTreeMap<&str, Vpc<'a>> = BTreeMap::new();
    for workload in workloads {
        for subnet in workload.known_subnets(subnets) {
            let new = Vpc {
                id: &subnet.vpc,
                owner: &subnet.owner,
                subnets: BTreeSet::new(),
                has_instances: false,
                has_unknown_hosts: false,
                unread: hidden,
            };
            let vpc = vpcs.entry(&subnet.vpc).or_insert(new);
            vpc.subnets.insert(&subnet.id);
            vpc.has_instances |= workload.has_instances();
            vpc.has_unknown_hosts |= workload.has_unknown_host();
            vpc.unread = vpc.unread.or_else(|| workload.unread_host(account));
        }
    }
    vpcs.into_values().collect()
}

fn judged(account: &Account, vpc: &Vpc<'_>) -> RunbookResult {
    let resource = vpc_resource(account, vpc.id);
    let (_, origin) = match account.network.flow_logs.get() {
        Ok(found) => found,
        Err(missing) => return not_checked(NAME, resource, missing),
    };
    let about = |verdict, message: &str, member, value: Option<String>| {
        result(NAME, resource.clone(), origin, Judged::new(verdict, message, member).with(value))
    };
    if !vpc.owner.is_empty() && vpc.owner != account.account {
        let message = format!(
            "account {} shares the VPC and does not show its flow logs; run there: aws ec2 describe-flow-logs --filter \
             Name=resource-id,Values={}",
            vpc.owner, vpc.id
        );
        return about(Verdict::Undecidable, &message, "/FlowLogs", None);
    }
    let active: Vec<&FlowLog> = known(&account.network.flow_logs).filter(|log| log.is_active).collect();
    let has = |subnet: &str, traffic: &[&str]| {
        let is_its = |log: &&&FlowLog| log.resource == vpc.id || log.resource == subnet;
        active.iter().filter(is_its).any(|log| traffic.contains(&log.traffic.as_str()))
    };
    // A flow log of accepted traffic and one of rejected traffic together record all traffic.
    let covers = |traffic: &[&str]| {
        let is_covered = |subnet: &&str| has(subnet, traffic) || (has(subnet, &["ACCEPT"]) && has(subnet, &["REJECT"]));
        vpc.subnets.iter().all(is_covered)
    };
    let is_here = |log: &&&FlowLog| log.resource == vpc.id || vpc.subnets.contains(log.resource.as_str());
    let ids = Some(names(active.iter().filter(is_here).map(|log| log.id.as_str()))).filter(|ids| !ids.is_empty());
    if covers(&["ALL"]) {
        // The tasks of another cluster may run in other subnets, and on instances.
        let message = account.scoped("flow logs record all traffic of the tasks");
        return about(Verdict::Pass, &message, "/FlowLogs/TrafficType", ids);
    }
    if covers(&["ALL", "REJECT"]) {
        let message = "flow logs record rejected traffic only; let a flow log record the traffic type ALL";
        return about(Verdict::Advice, message, "/FlowLogs/TrafficType", ids);
    }
    let what = match ids {
        None => "no active flow log records the traffic of the tasks",
        Some(_) => "the active flow logs do not record all traffic of the tasks",
    };
    let message = format!("{what}; create a flow log of the VPC for the traffic type ALL");
    // The written runbook demands flow logs for the launch type EC2.
    match (vpc.has_instances, vpc.unread) {
        (true, _) => about(Verdict::Fail, &message, "/FlowLogs", ids),
        (false, Some(missing)) => not_checked(NAME, resource, missing),
        (false, None) if vpc.has_unknown_hosts => {
            let message = format!("{message}; {UNKNOWN_HOST}");
            about(Verdict::Undecidable, &message, "/FlowLogs", ids)
        }
        (false, None) => about(Verdict::Advice, &account.scoped(&message), "/FlowLogs", ids),
    }
}

/// Returns a VPC as the resource of a result.
pub(super) fn vpc_resource(account: &Account, id: &str) -> Resource {
    let arn = format!("arn:{}:ec2:{}:{}:vpc/{id}", account.partition, account.region, account.account);
    Resource::new(ResourceKind::Vpc, id, arn)
}
