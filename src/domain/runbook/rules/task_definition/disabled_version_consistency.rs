//! A container whose tasks may run different images under one tag.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "disabled-version-consistency";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/versionConsistency", |container| {
        match Member::of(container.member("versionConsistency")) {
            Member::Unknown => (Verdict::Undecidable, "the setting is known only after the deployment".to_owned()),
            Member::Known(value) if value == "disabled" => (
                Verdict::Advice,
                "the tasks of one deployment may run different images under one tag; set versionConsistency to enabled"
                    .to_owned(),
            ),
            Member::Absent | Member::Known(_) => {
                (Verdict::Pass, "all tasks of a deployment run the same image".to_owned())
            }
        }
    })
}
