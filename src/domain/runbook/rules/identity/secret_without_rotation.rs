//! A secret that nothing rotates.

use super::super::judged::{Judged, not_checked, result};
use super::Checked;
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::identity::Secret;
use crate::domain::runbook::account::{Account, Fact};
use crate::domain::runbook::verdict::{Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::text::plain::plain;

pub(super) const NAME: &str = "secret-without-rotation";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    account.identity.secrets.iter().map(|(text, secret)| judged(text, secret)).collect()
}

fn judged(reference: &str, secret: &Fact<Option<Secret>>) -> RunbookResult {
    let named = named(reference);
    let (secret, origin) = match secret.get() {
        Ok(found) => found,
        Err(missing) => return not_checked(NAME, named, missing),
    };
    let Some(secret) = secret else {
        let message = "the secret does not exist, so no task that refers to it starts";
        return result(NAME, named, origin, Judged::new(Verdict::Undecidable, message, "/ARN"));
    };
    let resource = Resource::new(ResourceKind::Secret, &secret.name, &secret.arn);
    let judged = if secret.is_deleted {
        Judged::new(Verdict::Advice, "the secret is scheduled for deletion, and tasks refer to it", "/DeletedDate")
    } else if secret.is_rotated {
        Judged::new(Verdict::Pass, "Secrets Manager rotates the secret", "/RotationEnabled").with(Some("true"))
    } else {
        let message = "nothing rotates the secret; turn rotation on, and let the tasks read the new value";
        Judged::new(Verdict::Advice, message, "/RotationEnabled").with(Some("false"))
    };
    result(NAME, resource, origin, judged)
}

/// Returns the secret as the resource of a result, by its reference. A person may have written a secret in place of a
/// name. Before Logweir knows that the secret exists, the result shows only a reference with the form of an ARN.
fn named(reference: &str) -> Resource {
    let arn = Some(plain(reference, 200)).filter(|text| text.starts_with("arn:"));
    let name = match &arn {
        // The name stands in the ARN before a JSON key.
        Some(arn) => arn.split(':').nth(6).unwrap_or(arn).to_owned(),
        None => "a name without an ARN".to_owned(),
    };
    Resource { kind: ResourceKind::Secret, name, arn, container: None }
}
