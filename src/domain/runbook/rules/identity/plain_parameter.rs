//! A parameter with a secret that Parameter Store does not encrypt.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::identity::Parameter;
use crate::domain::runbook::account::{Account, Fact, Reference, Store};
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "plain-parameter";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    let of_one = |reference: Reference| match account.identity.parameters.get(&reference.text) {
        Some(parameter) => judged(&reference.text, parameter),
        None => {
            let owner = reference.owner.as_deref().unwrap_or_default();
            let message =
                format!("the parameter belongs to account {owner}, which alone shows its type; run Logweir there");
            RunbookResult::not_checked(named(&reference.text), NAME, message)
        }
    };
    account.references(Store::Parameters).into_iter().map(of_one).collect()
}

/// Returns the parameter as the resource of a result, by its reference. A person may have written a secret in place of
/// a name, so only a reference with the form of a path or an ARN is shown before Logweir knows that the parameter
/// exists.
fn named(reference: &str) -> Resource {
    let name = match reference.starts_with("arn:") || reference.starts_with('/') {
        true => plain(reference, 200),
        false => "a name without a path".to_owned(),
    };
    let arn = name.starts_with("arn:").then(|| name.clone());
    Resource { kind: ResourceKind::Parameter, name, arn, container: None }
}

fn judged(reference: &str, parameter: &Fact<Option<Parameter>>) -> RunbookResult {
    let named = named(reference);
    let (parameter, origin) = match parameter.get() {
        Ok(found) => found,
        Err(missing) => return not_checked(NAME, named, missing),
    };
    let Some(parameter) = parameter else {
        let message = "the account has no such parameter, so no task that refers to it starts";
        return result(NAME, named, origin, Judged::new(Verdict::Undecidable, message, "/Parameters"));
    };
    let resource = Resource { name: parameter.name.clone(), arn: parameter.arn.clone().or(named.arn), ..named };
    let (verdict, message) = match parameter.kind.as_str() {
        "SecureString" => (Verdict::Pass, "Parameter Store encrypts the value"),
        "String" | "StringList" => (
            Verdict::Fail,
            "Parameter Store does not encrypt the value; create a parameter of the type SecureString, and refer to it",
        ),
        _ => (Verdict::Undecidable, "this version of Logweir does not know the type"),
    };
    result(NAME, resource, origin, Judged::new(verdict, message, "/Parameters/Type").with(Some(&*parameter.kind)))
}
