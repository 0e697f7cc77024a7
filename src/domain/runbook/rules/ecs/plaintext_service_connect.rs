//! A service whose traffic of Service Connect is not encrypted.

use super::{Checked, Judged, each_service};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "plaintext-service-connect";

const MEMBER: &str = "/deployments/0/serviceConnectConfiguration/services";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_service(account, NAME, |service| {
        let Some(connect) = service.service_connect.as_ref().filter(|connect| connect.is_enabled) else {
            return Judged::new(Verdict::NotApplicable, "the service has no Service Connect", MEMBER);
        };
        if connect.ports.is_empty() {
            let message = "the service only calls other services by Service Connect; their settings decide";
            return Judged::new(Verdict::NotApplicable, message, MEMBER);
        }
        let plain: Vec<&str> =
            connect.ports.iter().filter(|port| !port.has_tls).map(|port| port.name.as_str()).collect();
        if plain.is_empty() {
            return Judged::new(Verdict::Pass, "Service Connect encrypts the traffic to each port with TLS", MEMBER);
        }
        let message = format!(
            "Service Connect does not encrypt the traffic to {}; set tls with a certificate authority of AWS Private CA",
            names(plain.clone())
        );
        Judged::new(Verdict::Fail, message, MEMBER).with(Some(plain.join(", ")))
    })
}
