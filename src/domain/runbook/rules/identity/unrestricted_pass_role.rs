//! A task role that may pass every role to a service, so that a container can get the rights of any role.

use super::Checked;
use super::role_policies::{Fault, each_role, each_statement};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "unrestricted-pass-role";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_role(account, NAME, |role, origin| {
        let clean = "no policy of the role allows iam:PassRole on all roles";
        each_statement(account, role, NAME, (origin, clean), |statement, denials| {
            let fault = statement.passes_every_role().then(|| match statement.conditions {
                None => Fault {
                    verdict: Verdict::Fail,
                    message: "allows iam:PassRole on all roles, so a container can use the rights of every role; \
                        name the roles"
                        .to_owned(),
                },
                Some(_) => {
                    let keys = statement.condition_keys().join(", ");
                    let message = format!(
                        "allows iam:PassRole on all roles under a condition ({keys}); name the \
                        roles"
                    );
                    Fault { verdict: Verdict::Advice, message }
                }
            })?;
            fault.after(denials, "iam:PassRole on all roles", &["iam:PassRole"])
        })
    })
}
