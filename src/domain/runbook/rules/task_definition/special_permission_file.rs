//! A file in an image with the permission setuid or setgid. No API of AWS shows the files of an image.

use super::{Checked, each_container};
use crate::domain::runbook::subject::Subject;
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "special-permission-file";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/image", |_| match subject.is_windows() {
        Some(true) => (Verdict::NotApplicable, "files of Windows have no such permissions".to_owned()),
        _ => (
            Verdict::Undecidable,
            "no API shows the files of an image; run in the container: find / -xdev -perm /6000 -type f".to_owned(),
        ),
    })
}
