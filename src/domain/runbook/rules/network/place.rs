//! The VPC of a workload, with the endpoints and routes in it.

use std::collections::BTreeSet;

use super::super::judged::{Judged, not_checked, reason, result, unread};
use super::workload::{Workload, known};
use crate::domain::runbook::account::network::{RouteTable, Subnet, VpcEndpoint};
use crate::domain::runbook::account::{Account, Origin};
use crate::domain::runbook::verdict::{RunbookResult, Verdict};
use crate::domain::text::names;

/// The member of DescribeVpcEndpoints that decides.
pub(super) const ENDPOINTS: &str = "/VpcEndpoints";

/// The place of a workload whose subnets and endpoints Logweir read.
pub(super) struct Place<'a> {
    pub(super) account: &'a Account,
    pub(super) workload: &'a Workload<'a>,
    pub(super) subnets: Vec<&'a Subnet>,
    pub(super) vpcs: BTreeSet<&'a str>,
    /// The origin of the endpoints.
    pub(super) origin: Origin,
    pub(super) needs: BTreeSet<&'static str>,
}

/// What Logweir knows about the place of a workload.
pub(super) enum Found<'a> {
    Known(Place<'a>),
    /// The result of the rule, which the place cannot decide.
    Decided(Box<RunbookResult>),
}

/// Returns the place of a workload, or the result of a rule about endpoints that needs no endpoint or lacks a fact.
pub(super) fn of<'a>(account: &'a Account, workload: &'a Workload<'a>, rule: &'static str) -> Found<'a> {
    let resource = || workload.resource.clone();
    let decided = |verdict, message, member| Found::Decided(Box::new(workload.result(rule, verdict, message, member)));
    if workload.is_external() {
        return decided(Verdict::NotApplicable, "the tasks run outside AWS", "/launchType");
    }
    if workload.subnets.is_empty() {
        let message = "the tasks use the network of their instances; check the endpoints of the VPC of the instances";
        return decided(Verdict::Undecidable, message, workload.network_member());
    }
    let (subnets, origin) = match account.network.subnets.get() {
        Ok(found) => found,
        Err(missing) => return Found::Decided(Box::new(not_checked(rule, resource(), missing))),
    };
    let subnets = workload.known_subnets(subnets);
    if subnets.len() < workload.subnets.len() {
        let seen: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.id.as_str()).collect();
        let unseen = names(workload.subnets.iter().copied().filter(|id| !seen.contains(id)));
        let judged = Judged::new(Verdict::Undecidable, "the account does not see a subnet of the tasks", "/Subnets");
        return Found::Decided(Box::new(result(rule, resource(), origin, judged.with(Some(unseen)))));
    }
    let foreign = subnets.iter().find(|subnet| !subnet.owner.is_empty() && subnet.owner != account.account);
    if let Some(subnet) = foreign {
        let message = format!(
            "account {} shares the subnets and does not show its endpoints; run there: aws ec2 describe-vpc-endpoints \
             --filters Name=vpc-id,Values={}",
            subnet.owner, subnet.vpc
        );
        let judged = Judged::new(Verdict::Undecidable, message, "/Subnets/OwnerId").with(Some(&*subnet.owner));
        return Found::Decided(Box::new(result(rule, resource(), origin, judged)));
    }
    let origin = match account.network.endpoints.get() {
        Ok((_, origin)) => origin,
        Err(missing) => return Found::Decided(Box::new(not_checked(rule, resource(), missing))),
    };
    if let Some(missing) = workload.unread_host(account) {
        return Found::Decided(Box::new(not_checked(rule, resource(), missing)));
    }
    if workload.has_unread_definition {
        let message = match unread(account, &["ecs:DescribeTaskDefinition"]) {
            Some(missing) => reason(missing),
            None => "Logweir has not read a task definition of the tasks (ecs:DescribeTaskDefinition)".to_owned(),
        };
        return Found::Decided(Box::new(RunbookResult::not_checked(resource(), rule, message)));
    }
    let needs = workload.needs(account);
    if needs.is_empty() && !workload.has_unknown_host() {
        let message = "the tasks need no endpoint that Logweir knows of";
        return decided(Verdict::NotApplicable, message, workload.definition_member());
    }
    let vpcs = subnets.iter().map(|subnet| subnet.vpc.as_str()).collect();
    Found::Known(Place { account, workload, subnets, vpcs, origin, needs })
}

impl<'a> Place<'a> {
    /// Returns the endpoints of the place for a service, such as `ecr.api`. The names of some services in China start
    /// with `cn.`.
    pub(super) fn endpoints(&self, service: &str) -> Vec<&'a VpcEndpoint> {
        let name = format!("com.amazonaws.{}.{service}", self.account.region);
        let is_it = |endpoint: &&VpcEndpoint| {
            let of = endpoint.service.strip_prefix("cn.").unwrap_or(&endpoint.service);
            self.vpcs.contains(endpoint.vpc.as_str()) && of == name
        };
        known(&self.account.network.endpoints).filter(is_it).collect()
    }

    /// Returns the route tables of the subnets: the own one of a subnet, or the main one of the VPC.
    pub(super) fn route_tables(&self) -> Vec<&'a RouteTable> {
        let tables = || known(&self.account.network.route_tables);
        let of = |subnet: &&Subnet| {
            let own = tables().find(|table| table.subnets.contains(&subnet.id));
            own.or_else(|| tables().find(|table| table.is_main && table.vpc == subnet.vpc))
        };
        self.subnets.iter().filter_map(of).collect()
    }

    /// Returns the result of a rule about the endpoints of the workload.
    pub(super) fn result(&self, rule: &'static str, verdict: Verdict, message: String, value: String) -> RunbookResult {
        let judged = Judged::new(verdict, message, ENDPOINTS).with(Some(value));
        result(rule, self.workload.resource.clone(), self.origin, judged)
    }
}
