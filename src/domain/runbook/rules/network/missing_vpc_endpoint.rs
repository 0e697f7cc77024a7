//! A service of AWS that tasks call without an endpoint in their VPC.

use super::super::judged::not_checked;
use super::place::{self, Found, Place};
use super::workload::{OF_INSTANCES, UNKNOWN_HOST};
use super::{Checked, workload};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::network::Route;
use crate::domain::runbook::account::{Account, Missing};
use crate::domain::runbook::verdict::{RunbookResult, Verdict};

pub(super) const NAME: &str = "missing-vpc-endpoint";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let (workloads, mut results) = workload::all(account, NAME);
    results.extend(workloads.iter().map(|workload| match place::of(account, workload, NAME) {
        Found::Decided(result) => *result,
        Found::Known(place) => judged(&place),
    }));
    results
}

fn judged(place: &Place<'_>) -> RunbookResult {
    let (missing, present): (Vec<&str>, Vec<&str>) =
        place.needs.iter().copied().partition(|service| place.endpoints(service).is_empty());
    let shown = match present.is_empty() {
        true => "no endpoint that the tasks need".to_owned(),
        false => present.join(", "),
    };
    let absent = |service: &&str| place.endpoints(service).is_empty();
    if missing.is_empty() && place.workload.has_unknown_host() && OF_INSTANCES.iter().any(absent) {
        let absent: Vec<&str> = OF_INSTANCES.into_iter().filter(absent).collect();
        let message = format!("the VPC has no endpoint for {}; {UNKNOWN_HOST}", absent.join(", "));
        return place.result(NAME, Verdict::Undecidable, message, shown);
    }
    if missing.is_empty() {
        let message = "the VPC has an endpoint for each service of AWS that the tasks and their agent call";
        return place.result(NAME, Verdict::Pass, message.to_owned(), shown);
    }
    let way = match way_out(place) {
        Ok(way) => way,
        Err(missing) => return not_checked(NAME, place.workload.resource.clone(), missing),
    };
    let (verdict, way) = match way {
        Way::Elsewhere(target) => {
            let why = format!("; a route leads to {target}, behind which another VPC may have the endpoints");
            (Verdict::Undecidable, why)
        }
        Way::Nat(target) => (Verdict::Fail, format!("; the traffic leaves the VPC through {target}")),
        Way::Internet(target) => (Verdict::Fail, format!("; the traffic goes to the internet through {target}")),
        Way::Closed => (Verdict::Fail, "; no route leads out of the VPC, so the calls fail".to_owned()),
    };
    let message = format!("the VPC has no endpoint for {}{way}; create the endpoints", missing.join(", "));
    place.result(NAME, verdict, message, shown)
}

/// The starts of the ids behind which another network may be: transit gateways, peerings, virtual private gateways,
/// core networks, appliances and local gateways.
const OTHER_NETWORKS: [&str; 8] = ["tgw-", "pcx-", "vgw-", "arn:", "eni-", "i-", "vpce-", "lgw-"];

/// How traffic leaves the VPC.
enum Way<'a> {
    Nat(&'a str),
    Internet(&'a str),
    /// Another network, which may have the endpoints.
    Elsewhere(&'a str),
    Closed,
}

/// Returns how the traffic of the subnets leaves the VPC. Returns the missing fact if Logweir did not read the routes.
fn way_out<'a>(place: &Place<'a>) -> Result<Way<'a>, Missing<'a>> {
    place.account.network.route_tables.get()?;
    let routes: Vec<&Route> = place.route_tables().into_iter().flat_map(|table| &table.routes).collect();
    // A route to a gateway endpoint has the target `vpce-…`, and a prefix list as its destination.
    let leads_elsewhere = |route: &&&Route| {
        OTHER_NETWORKS.iter().any(|prefix| route.target.starts_with(prefix)) && !route.destination.starts_with("pl-")
    };
    if let Some(route) = routes.iter().find(leads_elsewhere) {
        return Ok(Way::Elsewhere(&route.target));
    }
    let default = routes.iter().filter(|route| matches!(route.destination.as_str(), "0.0.0.0/0" | "::/0"));
    Ok(match default.map(|route| route.target.as_str()).next() {
        None => Way::Closed,
        Some(target) if target.starts_with("nat-") => Way::Nat(target),
        Some(target) => Way::Internet(target),
    })
}
