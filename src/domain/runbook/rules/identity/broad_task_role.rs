//! A task role with a policy that allows all actions of a service on all resources.

use super::super::judged::{Judged, result};
use super::Checked;
use super::role_policies::{Fault, denials, each_role, each_statement, resource};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "broad-task-role";

/// The policies of AWS that allow all actions of nearly all services.
const ADMINISTRATORS: [&str; 2] = [":iam::aws:policy/AdministratorAccess", ":iam::aws:policy/PowerUserAccess"];

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_role(account, NAME, |role, origin| {
        let attached = role.attached.get().ok();
        let administrator = attached.and_then(|(arns, origin)| {
            let arn = arns.iter().find(|arn| ADMINISTRATORS.iter().any(|name| arn.ends_with(name)))?;
            Some((arn, origin))
        });
        let all = |origin| {
            let message =
                "the role has a policy of administrators, so the containers may do nearly everything; give the \
                           role the actions and resources that the tasks use"
                    .to_owned();
            let verdict = if role.boundary.is_some() { Verdict::Advice } else { Verdict::Fail };
            let what = "the actions of administrators";
            Some((Fault { verdict, message }.after(&denials(account, role), what, &["*"])?, origin))
        };
        if let Some((arn, (Fault { verdict, message }, origin))) =
            administrator.and_then(|(arn, origin)| Some((arn, all(origin)?)))
        {
            let judged = Judged::new(verdict, message, "/AttachedPolicies/PolicyArn").with(Some(arn));
            return result(NAME, resource(&role.arn), origin, judged);
        }
        let clean = "no policy of the role allows all actions of a service on all resources";
        each_statement(account, role, NAME, (origin, clean), |statement, denials| {
            let what = statement.breadth()?;
            let fault = match statement.conditions {
                None => {
                    let message = format!("allows {what}; list the actions and resources that the tasks use");
                    Fault { verdict: Verdict::Fail, message }
                }
                Some(_) => {
                    let keys = statement.condition_keys().join(", ");
                    let message =
                        format!("allows {what} under a condition ({keys}); check that the condition is narrow");
                    Fault { verdict: Verdict::Advice, message }
                }
            };
            fault.after(denials, &what, &statement.wide_actions())
        })
    })
}
