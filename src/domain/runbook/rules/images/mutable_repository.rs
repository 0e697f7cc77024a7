//! A repository whose tags may name another image later.

use wildmatch::WildMatch;

use super::super::judged::{Judged, result};
use super::Checked;
use super::repositories::{each_repository, resource};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::image_name::EcrReference;
use crate::domain::runbook::account::Account;
use crate::domain::runbook::account::images::Repository;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "mutable-repository";

pub(super) fn check(account: &Account, _: &Baseline) -> Checked {
    each_repository(account, NAME, |name, repository, images, origin| {
        let (verdict, message) = judged(account, repository, images);
        let judged = Judged::new(verdict, message, "/repositories/imageTagMutability");
        result(NAME, resource(account, name), origin, judged.with(Some(&*repository.mutability)))
    })
}

fn judged(account: &Account, repository: &Repository, images: &[EcrReference]) -> (Verdict, String) {
    let is_excluded = |tag: &str| repository.exclusions.iter().any(|filter| WildMatch::new(filter).matches(tag));
    let tags = images.iter().filter(|image| image.digest.is_none()).filter_map(|image| image.tag.as_deref());
    let (excluded, other): (Vec<&str>, Vec<&str>) = tags.partition(|tag| is_excluded(tag));
    // The tags in use that may name another image later, and whether new tags of the repository are immutable.
    let (moving, is_sealed) = match repository.mutability.as_str() {
        "IMMUTABLE" => return (Verdict::Pass, "a tag of the repository always names the same image".to_owned()),
        "IMMUTABLE_WITH_EXCLUSION" => (excluded, true),
        "MUTABLE_WITH_EXCLUSION" => (other, false),
        "MUTABLE" => ([excluded, other].concat(), false),
        _ => return (Verdict::Undecidable, "this version of Logweir does not know the setting".to_owned()),
    };
    if !moving.is_empty() {
        let message = format!(
            "the tags {} of task definitions may name another image later; set imageTagMutability to IMMUTABLE",
            names(moving)
        );
        return (Verdict::Fail, message);
    }
    match is_sealed {
        true => (Verdict::Pass, account.scoped("each tag that the task definitions use always names the same image")),
        false => {
            let message = "no tag that the task definitions use may name another image later, but other tags of the \
                           repository may";
            (Verdict::Advice, account.scoped(message))
        }
    }
}
