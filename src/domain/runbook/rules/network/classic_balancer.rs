//! The Classic Load Balancers of services, of which Logweir reads neither the listeners nor the policies.

use super::Checked;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::ecs::Service;
use crate::domain::runbook::verdict::RunbookResult;
use crate::domain::text::names;
use crate::domain::text::plain::plain;

/// Returns the result of a rule about TLS for each service with a Classic Load Balancer.
pub(super) fn not_checked(account: &Account, rule: &'static str) -> Checked {
    let with_classic = account.ecs.services().filter(|service| !service.classic_balancers.is_empty());
    with_classic.map(|service| RunbookResult::not_checked(service.resource(), rule, message(service))).collect()
}

fn message(service: &Service) -> String {
    let all = names(service.classic_balancers.iter().map(String::as_str));
    let first = service.classic_balancers.first().map_or("NAME", String::as_str);
    let message = format!(
        "Logweir does not read Classic Load Balancers ({all}); run: aws elb describe-load-balancers \
         --load-balancer-names {first}, and aws elb describe-load-balancer-policies --load-balancer-name {first}"
    );
    plain(&message, 1000)
}
