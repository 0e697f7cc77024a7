//! An image from another registry than Amazon ECR.

use super::{Checked, each_container};
use crate::domain::ecs::image_name::{EcrRegistry, path, registry};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "foreign-registry";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/image", |container| {
        let image = match Member::of(container.member("image")) {
            Member::Absent => return (Verdict::Fail, "the container has no image".to_owned()),
            Member::Unknown => return unknown(),
            Member::Known(image) => image.as_str().unwrap_or_default(),
        };
        // A person may have written a user and a password before the host.
        let host = registry(image).rsplit('@').next().unwrap_or_default();
        if host.contains(['$', '{', '<', '%']) {
            return unknown();
        }
        if subject.baseline.runbook().accepts_registry(&format!("{host}/{}", path(image))) {
            return (Verdict::Pass, format!("the baseline lists the registry {host}"));
        }
        match host {
            host if EcrRegistry::of_host(host).is_some() => (Verdict::Pass, format!("the image comes from Amazon ECR ({host})")),
            "public.ecr.aws" => (
                Verdict::Advice,
                "the image comes from the public gallery of Amazon ECR, which every account can write to; copy the image \
                 to a private repository, or list the registry under runbook.registries"
                    .to_owned(),
            ),
            host => (
                Verdict::Fail,
                format!(
                    "the image comes from {host}; copy it to a private repository of Amazon ECR, or list the registry \
                     under runbook.registries in the baseline"
                ),
            ),
        }
    })
}

fn unknown() -> (Verdict, String) {
    (Verdict::Undecidable, "the registry of the image is known only after the deployment".to_owned())
}
