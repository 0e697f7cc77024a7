//! The policies of each task role, and the results of a rule about them.

use serde_json::Value;

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use super::denial::{Left, left};
use super::policy::{Statement, allowing, denying};
use crate::domain::runbook::account::identity::Role;
use crate::domain::runbook::account::{Account, Fact, Origin};
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::text::plain::plain;

/// A policy of a role.
pub(super) struct Policy<'a> {
    /// The name of a policy in the role, or the ARN of an attached policy.
    pub(super) name: &'a str,
    /// The document. `None` if the document is not JSON.
    pub(super) document: Option<&'a Value>,
    pub(super) origin: Origin,
}

/// What a rule finds in a policy.
pub(super) struct Fault {
    pub(super) verdict: Verdict,
    /// A clause about the policy, such as `allows all actions on all resources`.
    pub(super) message: String,
}

impl Fault {
    /// Returns the fault that is left after the statements of the role that deny actions. `what` says what another
    /// statement allows, and `actions` are its actions. Returns `None` if nothing is left.
    pub(super) fn after(self, denials: &[Statement<'_>], what: &str, actions: &[&str]) -> Option<Self> {
        let (verdict, rest) = match left(denials, actions) {
            Left::All => return Some(self),
            Left::Nothing => return None,
            Left::Conditional => (Verdict::Advice, "denies it under a condition; check what the condition leaves"),
            Left::Unknown => (
                Verdict::Undecidable,
                "denies it with exceptions; run: aws iam simulate-principal-policy --policy-source-arn ROLE \
                 --action-names ACTION",
            ),
        };
        let message = format!("allows {what}, and a statement of the role {rest}");
        Some(Self { verdict: verdict.min(self.verdict), message })
    }
}

/// Returns the result of a rule about each task role that a task definition in scope names.
pub(super) fn each_role(
    account: &Account,
    rule: &'static str,
    judge: impl Fn(&Role, Origin) -> RunbookResult,
) -> Checked {
    let of_one = |(arn, role): (&String, &Fact<Option<Role>>)| match role.get() {
        Err(missing) => not_checked(rule, resource(arn), missing),
        Ok((Some(role), origin)) => judge(role, origin),
        Ok((None, origin)) => {
            let message = "the role does not exist, so no task with it starts";
            result(rule, resource(arn), origin, Judged::new(Verdict::Undecidable, message, "/Role"))
        }
    };
    account.identity.roles.iter().map(of_one).collect()
}

/// Returns the role with this ARN as the resource of a result.
pub(super) fn resource(arn: &str) -> Resource {
    let arn = plain(arn, 200);
    Resource::new(ResourceKind::Role, arn.rsplit('/').next().unwrap_or(&arn), arn.clone())
}

/// Returns the result of a rule about the statements of all policies of a role. The worst fault counts. A policy that
/// Logweir could not read is never a pass.
pub(super) fn each_statement(
    account: &Account,
    role: &Role,
    rule: &'static str,
    (origin, clean): (Origin, &str),
    judge: impl Fn(&Statement<'_>, &[Statement<'_>]) -> Option<Fault>,
) -> RunbookResult {
    let (policies, unread) = policies(account, role, rule);
    let denials = denials(account, role);
    let mut worst: Option<RunbookResult> = unread;
    let mut keep = |found: RunbookResult| {
        if worst.as_ref().is_none_or(|known| known.verdict < found.verdict) {
            worst = Some(found);
        }
    };
    for policy in &policies {
        let about = |fault: Fault, number: Option<usize>| {
            let place = number.map(|number| format!(", statement {number}")).unwrap_or_default();
            let message = format!("policy {}{place} {}", policy.name, fault.message);
            let judged = Judged::new(limited(role, fault.verdict), bounded(role, message), "/PolicyDocument/Statement");
            result(rule, resource(&role.arn), policy.origin, judged.with(Some(format!("{}{place}", policy.name))))
        };
        match policy.document {
            None => keep(about(Fault { verdict: Verdict::Undecidable, message: "is not JSON".to_owned() }, None)),
            Some(document) => {
                let faults = allowing(document).filter_map(|one| Some((judge(&one, &denials)?, one.number)));
                faults.for_each(|(fault, number)| keep(about(fault, Some(number))));
            }
        }
    }
    worst.unwrap_or_else(|| {
        let count = policies.len().to_string();
        let judged = Judged::new(Verdict::Pass, clean, "/AttachedPolicies").with(Some(format!("{count} policies")));
        result(rule, resource(&role.arn), origin, judged)
    })
}

/// Returns the statements of all policies of a role that deny actions.
pub(super) fn denials<'a>(account: &'a Account, role: &'a Role) -> Vec<Statement<'a>> {
    let (policies, _) = policies(account, role, "");
    policies.into_iter().filter_map(|policy| policy.document).flat_map(denying).collect()
}

/// A permissions boundary limits the role, so a broad policy is no failure of its own.
const fn limited(role: &Role, verdict: Verdict) -> Verdict {
    match (verdict, &role.boundary) {
        (Verdict::Fail, Some(_)) => Verdict::Advice,
        (verdict, _) => verdict,
    }
}

fn bounded(role: &Role, message: String) -> String {
    match &role.boundary {
        Some(boundary) => {
            format!("{message}; the permissions boundary {boundary} limits the role, so check the boundary")
        }
        None => message,
    }
}

/// Returns the policies of a role that Logweir could read, and the result for those that it could not read.
fn policies<'a>(account: &'a Account, role: &'a Role, rule: &'static str) -> (Vec<Policy<'a>>, Option<RunbookResult>) {
    let (mut found, mut unread) = (Vec::new(), None);
    match role.inline.get() {
        Ok((inline, origin)) => {
            found.extend(inline.iter().map(|(name, document)| Policy { name, document: document.as_ref(), origin }))
        }
        Err(missing) => unread = Some(not_checked(rule, resource(&role.arn), missing)),
    }
    match role.attached.get() {
        Ok((attached, _)) => {
            for arn in attached {
                match account.identity.policies.get(arn).map(Fact::get) {
                    Some(Ok((Some(document), origin))) => {
                        found.push(Policy { name: arn, document: Some(document), origin });
                    }
                    Some(Err(missing)) => unread = Some(not_checked(rule, resource(&role.arn), missing)),
                    // Another principal has deleted the policy since the list.
                    Some(Ok((None, _))) | None => {}
                }
            }
        }
        Err(missing) => unread = Some(not_checked(rule, resource(&role.arn), missing)),
    }
    (found, unread)
}
