//! A container with all rights of the host's root user.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "privileged-container";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/privileged", |container| {
        match Member::of(container.member("privileged")) {
        Member::Unknown => (Verdict::Undecidable, "the setting is known only after the deployment".to_owned()),
        Member::Known(value) if value == true || value == "true" => (
            Verdict::Fail,
            "the container is privileged, and has the rights of the host's root user; remove privileged, and add the needed \
             capabilities"
                .to_owned(),
        ),
        Member::Absent | Member::Known(_) => (Verdict::Pass, "the container is not privileged".to_owned()),
    }
    })
}
