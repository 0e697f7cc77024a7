//! A router image whose tag may name another image tomorrow.
//!
//! In July 2026, the tags `stable` and `latest` of AWS for Fluent Bit still named version 2, whose support has ended
//! (source: aws/aws-for-fluent-bit#1181).

use jiff::tz::TimeZone;

use super::output::shown;
use crate::domain::firelens::image::{Support, Vendor};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct MovingRouterImage;

const NAME: RuleName = RuleName::MovingRouterImage;

impl Rule for MovingRouterImage {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router image whose tag may resolve to another image later"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let Some((name, image)) = router.image().filter(|(_, image)| image.is_moving()) else { return Vec::new() };
        let uncertain = match image.support(case.seen.now.to_zoned(TimeZone::UTC).date()) {
            Support::Uncertain => ", and it may be version 2, whose support has ended",
            Support::Supported | Support::Ended => "",
        };
        let message =
            format!("the tag of the router's image `{}` may name another image later{uncertain}", shown(&name));
        let advice = match image.vendor {
            Vendor::Aws => "use a complete version, such as aws-for-fluent-bit:3.4.16, or a digest",
            Vendor::FluentBit | Vendor::Other => "use a tag with a complete version, or a digest",
        };
        vec![router.advice(NAME, "/image", message, advice)]
    }
}
