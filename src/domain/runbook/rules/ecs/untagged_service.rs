//! A service without the tags that the baseline requires.

use super::{Checked, Judged, each_service};
use crate::domain::baseline::Baseline;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::ecs::TagPair;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "untagged-service";

pub(super) fn check(account: &Account, baseline: &Baseline) -> Checked {
    each_service(account, NAME, |service| tagged("service", &service.tags, baseline))
}

/// Judges the tags of a resource. Tags of AWS itself, whose keys start with `aws:`, name no owner.
pub(super) fn tagged(kind: &str, tags: &[TagPair], baseline: &Baseline) -> Judged {
    let required = &baseline.runbook().required_tags;
    let own: Vec<&str> = tags.iter().map(|(key, _)| key.as_str()).filter(|key| !key.starts_with("aws:")).collect();
    let missing: Vec<&str> = required.iter().map(String::as_str).filter(|key| !own.contains(key)).collect();
    let value = (!own.is_empty()).then(|| own.join(", "));
    let (verdict, message) = if !missing.is_empty() {
        (Verdict::Fail, format!("the {kind} lacks the required tags {}", names(missing)))
    } else if own.is_empty() {
        let message = format!("the {kind} has no tag; tags name its owner, and grant rights by attributes");
        (Verdict::Advice, message)
    } else {
        (Verdict::Pass, format!("the {kind} has the required tags"))
    };
    Judged::new(verdict, message, "/tags").with(value)
}
