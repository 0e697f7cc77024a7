//! A container with a root file system to which its processes can write.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "writable-root";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/readonlyRootFilesystem", |container| {
        match subject.is_windows() {
        Some(true) => (Verdict::NotApplicable, "Windows has no read-only root file system".to_owned()),
        None => (Verdict::Undecidable, "the operating system is known only after the deployment".to_owned()),
        Some(false) => match Member::of(container.member("readonlyRootFilesystem")) {
            Member::Unknown => (Verdict::Undecidable, "the setting is known only after the deployment".to_owned()),
            Member::Known(value) if value == true || value == "true" => {
                (Verdict::Pass, "the root file system is read-only".to_owned())
            }
            Member::Absent | Member::Known(_) => (
                Verdict::Fail,
                "processes can write to the root file system; set readonlyRootFilesystem, and mount a volume where the \
                 container writes; ECS Exec and many agents need a writable root"
                    .to_owned(),
            ),
        },
    }
    })
}
