//! An endpoint that exists but does not serve the tasks: its state, its private DNS, its routes or its security groups
//! keep them from it.

use super::place::{self, Found, Place};
use super::workload::known;
use super::{Checked, workload};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::network::{Ingress, Range, VpcEndpoint};
use crate::domain::runbook::verdict::{RunbookResult, Verdict};

pub(super) const NAME: &str = "unusable-vpc-endpoint";

/// The port of all services of AWS.
const PORT: i64 = 443;

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (workloads, mut results) = workload::all(account, NAME);
    results.extend(workloads.iter().map(|workload| match place::of(account, workload, NAME) {
        Found::Decided(result) => *result,
        Found::Known(place) => judged(&place),
    }));
    results
}

fn judged(place: &Place<'_>) -> RunbookResult {
    let mut worst: Option<(Verdict, String, String)> = None;
    for service in &place.needs {
        let endpoints = place.endpoints(service);
        // The best endpoint of a service decides.
        let best = endpoints
            .iter()
            .map(|endpoint| (use_of(place, endpoint), *endpoint))
            .min_by_key(|((verdict, _), _)| *verdict);
        let Some(((verdict, why), endpoint)) = best else { continue };
        if worst.as_ref().is_none_or(|(known, ..)| *known < verdict) {
            let shown = format!("{} ({service})", endpoint.id);
            worst = Some((verdict, format!("endpoint {} for {service} {why}", endpoint.id), shown));
        }
    }
    match worst {
        None => place.result(
            NAME,
            Verdict::NotApplicable,
            "the VPC has no endpoint that the tasks need".to_owned(),
            "no endpoint that the tasks need".to_owned(),
        ),
        Some((Verdict::Pass, _, shown)) => {
            let message = "the endpoints of the VPC are available to the tasks";
            place.result(NAME, Verdict::Pass, message.to_owned(), shown)
        }
        Some((verdict, message, shown)) => place.result(NAME, verdict, message, shown),
    }
}

/// Returns whether the tasks can use the endpoint, and the reason.
fn use_of(place: &Place<'_>, endpoint: &VpcEndpoint) -> (Verdict, String) {
    if !endpoint.state.eq_ignore_ascii_case("available") {
        return (Verdict::Fail, format!("is not available (its state is {})", endpoint.state));
    }
    if endpoint.is_gateway {
        return routed(place, endpoint);
    }
    if !endpoint.has_private_dns {
        let why = "has no private DNS, so the name of the service resolves to its public address";
        return (Verdict::Fail, why.to_owned());
    }
    match admits(place, endpoint) {
        (Verdict::Pass, _) => zoned(place, endpoint),
        refused => refused,
    }
}

/// Whether the route tables of the subnets lead to a gateway endpoint.
fn routed(place: &Place<'_>, endpoint: &VpcEndpoint) -> (Verdict, String) {
    if let Err(missing) = place.account.network.route_tables.get() {
        return (Verdict::NotChecked, format!("has unread routes: {}", missing.message()));
    }
    let tables = place.route_tables();
    match tables.iter().find(|table| !endpoint.route_tables.contains(&table.id)) {
        Some(table) => (Verdict::Fail, format!("is not in route table {} of the tasks; associate it", table.id)),
        None => (Verdict::Pass, String::new()),
    }
}

/// Whether an endpoint has an interface in each Availability Zone of the tasks.
fn zoned(place: &Place<'_>, endpoint: &VpcEndpoint) -> (Verdict, String) {
    let subnets = || known(&place.account.network.subnets);
    // The account reads the subnets of tasks alone, so the zone of another subnet is unknown.
    if endpoint.subnets.iter().any(|id| subnets().all(|subnet| subnet.id != *id)) {
        return (Verdict::Pass, String::new());
    }
    let zones: Vec<&str> =
        subnets().filter(|one| endpoint.subnets.contains(&one.id)).map(|one| one.zone.as_str()).collect();
    match place.subnets.iter().find(|subnet| !zones.contains(&subnet.zone.as_str())) {
        Some(subnet) => {
            let why =
                format!("has no interface in {}, so the tasks there depend on another Availability Zone", subnet.zone);
            (Verdict::Advice, why)
        }
        None => (Verdict::Pass, String::new()),
    }
}

/// Whether the security groups of the endpoint admit the tasks.
fn admits(place: &Place<'_>, endpoint: &VpcEndpoint) -> (Verdict, String) {
    let groups = match place.account.network.security_groups.get() {
        Ok((groups, _)) => groups,
        Err(missing) => return (Verdict::NotChecked, format!("has unread security groups: {}", missing.message())),
    };
    let ingress: Vec<&Ingress> = groups
        .iter()
        .filter(|group| endpoint.security_groups.contains(&group.id))
        .flat_map(|group| &group.ingress)
        .collect();
    let on_port: Vec<&Ingress> = ingress.into_iter().filter(|one| is_on_port(one)).collect();
    if is_from(place, &on_port) {
        return (Verdict::Pass, String::new());
    }
    if on_port.iter().any(|one| one.has_prefix_list) {
        return (Verdict::Undecidable, "admits a prefix list, whose ranges Logweir does not read".to_owned());
    }
    if place.workload.security_groups.is_empty() && on_port.iter().any(|one| !one.security_groups.is_empty()) {
        let why = "admits security groups, and AWS does not show the security groups of the tasks";
        return (Verdict::Undecidable, why.to_owned());
    }
    if place.subnets.iter().any(|subnet| Range::parse(&subnet.range).is_none()) {
        return (
            Verdict::Undecidable,
            "serves a subnet without IPv4, whose IPv6 rules Logweir does not read".to_owned(),
        );
    }
    (Verdict::Fail, "has security groups that do not admit the tasks on port 443".to_owned())
}

fn is_on_port(ingress: &Ingress) -> bool {
    match ingress.protocol.as_str() {
        "-1" => true,
        "tcp" | "6" => ingress.ports.is_none_or(|(first, last)| first <= PORT && PORT <= last),
        _ => false,
    }
}

/// Whether the permissions together admit the tasks of all subnets.
fn is_from(place: &Place<'_>, ingress: &[&Ingress]) -> bool {
    let mut groups = ingress.iter().flat_map(|one| &one.security_groups);
    if groups.any(|id| place.workload.security_groups.contains(id.as_str())) {
        return true;
    }
    let ranges = ingress.iter().flat_map(|one| &one.ranges);
    let admitted: Vec<Range> = ranges.filter_map(|range| Range::parse(range)).collect();
    place.subnets.iter().all(|subnet| Range::parse(&subnet.range).is_some_and(|range| range.is_in(&admitted)))
}
