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
    let moving = match repository.mutability.as_str() {
        "IMMUTABLE" => return (Verdict::Pass, "a tag of the repository always names the same image".to_owned()),
        "IMMUTABLE_WITH_EXCLUSION" => excluded,
        "MUTABLE_WITH_EXCLUSION" => other,
        "MUTABLE" => {
            let message = "a tag of the repository may name another image later; set imageTagMutability to IMMUTABLE";
            return (Verdict::Fail, message.to_owned());
        }
        _ => return (Verdict::Undecidable, "this version of Logweir does not know the setting".to_owned()),
    };
    match (moving.is_empty(), repository.mutability.as_str()) {
        (false, _) => {
            let message = format!("the tags {} of task definitions may name another image later", names(moving));
            (Verdict::Fail, message)
        }
        (true, "IMMUTABLE_WITH_EXCLUSION") => {
            (Verdict::Pass, account.scoped("each tag that the task definitions use always names the same image"))
        }
        (true, _) => {
            let message = "the tags that the task definitions use are immutable, and other tags are not";
            (Verdict::Advice, account.scoped(message))
        }
    }
}
