//! A task definition without the tags that the baseline requires.

use super::Checked;
use crate::domain::runbook::subject::Subject;
use crate::domain::runbook::verdict::Verdict;
use crate::domain::text::names;

pub(super) const NAME: &str = "missing-tag";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    let about = |verdict, message: &str| vec![subject.about(NAME, "/tags", verdict, message)];
    let Some(tags) = subject.tags else {
        return about(Verdict::NotChecked, "the file shows no tags, because a deploy tool may add them");
    };
    let required = &subject.baseline.runbook().required_tags;
    // Tags of AWS itself name no owner. CloudFormation, for example, adds them to each resource.
    let own: Vec<&str> = tags.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with("aws:")).collect();
    let has = |key: &&String| own.contains(&key.as_str());
    let missing: Vec<&str> = required.iter().filter(|key| !has(key)).map(String::as_str).collect();
    if !missing.is_empty() {
        about(Verdict::Fail, &format!("the task definition lacks the required tags {}", names(missing)))
    } else if own.is_empty() {
        about(Verdict::Advice, "the task definition has no tag; tags name its owner, and grant rights by attributes")
    } else {
        about(Verdict::Pass, "the task definition has the required tags")
    }
}
