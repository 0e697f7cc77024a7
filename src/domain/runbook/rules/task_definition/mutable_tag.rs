//! An image that is named by a tag, which may name another image later.

use super::{Checked, each_container};
use crate::domain::ecs::image_name::{ImageName, is_pinned};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "mutable-tag";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/image", |container| match Member::of(container.member("image")) {
        Member::Absent => (Verdict::NotApplicable, "the container has no image".to_owned()),
        Member::Unknown => (Verdict::Undecidable, "the image is known only after the deployment".to_owned()),
        Member::Known(image) => {
            let image = image.as_str().unwrap_or_default();
            let message = match ImageName::read(image).tag {
                _ if is_pinned(image) => return (Verdict::Pass, "the image is named by its digest".to_owned()),
                None | Some("latest") => "the image has no tag of its own, so each start may run another image",
                Some(_) => "the tag of the image may name another image later",
            };
            (Verdict::Advice, format!("{message}; name the image by its digest (@sha256:…)"))
        }
    })
}
