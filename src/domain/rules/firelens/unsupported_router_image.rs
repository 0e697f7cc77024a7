//! A router image that its vendor no longer maintains.

use jiff::tz::TimeZone;

use super::output::shown;
use crate::domain::firelens::image::{END_OF_VERSION_2, Support};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnsupportedRouterImage;

const NAME: RuleName = RuleName::UnsupportedRouterImage;

impl Rule for UnsupportedRouterImage {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router image past the end of its support"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let Some((name, image)) = router.image() else { return Vec::new() };
        let today = case.seen.now.to_zoned(TimeZone::UTC).date();
        if image.support(today) != Support::Ended {
            return Vec::new();
        }
        let message = format!(
            "{} runs `{}`, but AWS ended the support of version 2 on {END_OF_VERSION_2}",
            router.called(),
            shown(&name)
        );
        let advice =
            "use version 3, such as public.ecr.aws/aws-observability/aws-for-fluent-bit:3.4.16, and test it first";
        vec![router.advice(NAME, "/image", message, advice)]
    }
}
