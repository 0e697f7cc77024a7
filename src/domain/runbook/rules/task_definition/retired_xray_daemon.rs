//! The X-Ray daemon as a container, which the AWS Distro for OpenTelemetry replaces.

use super::{Checked, each_container};
use crate::domain::runbook::subject::{Member, Subject};
use crate::domain::runbook::verdict::Verdict;

pub(super) const NAME: &str = "retired-xray-daemon";

pub(super) fn check(subject: &Subject<'_>) -> Checked {
    each_container(subject, NAME, "/image", |container| match Member::of(container.member("image")) {
        Member::Unknown => (Verdict::Undecidable, "the image is known only after the deployment".to_owned()),
        Member::Known(image) if image.as_str().is_some_and(|image| image.contains("xray-daemon")) => (
            Verdict::Advice,
            "the container is the X-Ray daemon; the AWS Distro for OpenTelemetry sends the same traces".to_owned(),
        ),
        Member::Absent | Member::Known(_) => {
            (Verdict::NotApplicable, "the container is not the X-Ray daemon".to_owned())
        }
    })
}
