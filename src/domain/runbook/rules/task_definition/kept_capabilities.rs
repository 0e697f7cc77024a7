//! A container that keeps the default capabilities of the container runtime.

use super::added_capability::capability;
use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "kept-capabilities";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/linuxParameters/capabilities/drop", |container| {
        if subject.is_windows() == Some(true) {
            return (Verdict::NotApplicable, "Windows has no Linux capabilities".to_owned());
        }
        let dropped = Member::of(container.member("linuxParameters")).member("capabilities").member("drop");
        match dropped.items() {
            None => (Verdict::Undecidable, "the dropped capabilities are known only after the deployment".to_owned()),
            Some(dropped) if dropped.iter().filter_map(capability).any(|name| name == "ALL") => {
                (Verdict::Pass, "the container drops all capabilities".to_owned())
            }
            Some(dropped) if dropped.iter().any(|one| capability(one).is_none()) => {
                (Verdict::Undecidable, "a dropped capability is known only after the deployment".to_owned())
            }
            Some(_) => (
                Verdict::Advice,
                "the container keeps default capabilities, with which a file with special permissions can give a process \
                 more rights; drop ALL, and add the needed ones"
                    .to_owned(),
            ),
        }
    })
}
