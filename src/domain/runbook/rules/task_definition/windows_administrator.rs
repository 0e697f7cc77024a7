//! A Windows container that runs as its administrator.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "windows-administrator";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/user", |container| match subject.is_windows() {
        Some(false) => (Verdict::NotApplicable, "the container runs on Linux".to_owned()),
        None => (Verdict::Undecidable, "the operating system is known only after the deployment".to_owned()),
        Some(true) => match Member::of(container.member("user")) {
            Member::Unknown => (Verdict::Undecidable, "the user is known only after the deployment".to_owned()),
            Member::Known(user) if !is_administrator(user.as_str().unwrap_or_default()) => {
                (Verdict::Pass, "the container runs as a user without administrator rights".to_owned())
            }
            Member::Absent | Member::Known(_) => (
                Verdict::Fail,
                "the container runs as its administrator, the default of Windows; set `user` to ContainerUser"
                    .to_owned(),
            ),
        },
    })
}

fn is_administrator(user: &str) -> bool {
    let name = user.trim().rsplit('\\').next().unwrap_or_default();
    name.is_empty() || name.eq_ignore_ascii_case("containeradministrator")
}
