//! A service whose traffic of Service Connect is not encrypted.

use super::{Checked, Judged, each_service};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "plaintext-service-connect";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_service(account, NAME, |service| {
        let none = |member| Judged::new(Verdict::NotApplicable, "the service has no Service Connect", member);
        let Some(connect) = &service.service_connect else { return none("/deployments".to_owned()) };
        let of_newest = format!("/deployments/{}/serviceConnectConfiguration", connect.deployment);
        if !connect.is_enabled {
            return none(format!("{of_newest}/enabled"));
        }
        let member = format!("{of_newest}/services");
        if connect.ports.is_empty() {
            let message = "the service only calls other services by Service Connect; their settings decide";
            return Judged::new(Verdict::NotApplicable, message, member);
        }
        let plain: Vec<&str> =
            connect.ports.iter().filter(|port| !port.has_tls).map(|port| port.name.as_str()).collect();
        if plain.is_empty() {
            return Judged::new(Verdict::Pass, "Service Connect encrypts the traffic to each port with TLS", member);
        }
        let message = format!(
            "Service Connect does not encrypt the traffic to {}; set tls with a certificate authority of AWS Private CA",
            names(plain.clone())
        );
        Judged::new(Verdict::Fail, message, member).with(Some(plain.join(", ")))
    })
}
