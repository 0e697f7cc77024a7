//! Logs that go to a Region other than the task's Region.

use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct ForeignRegion;

const NAME: RuleName = RuleName::ForeignRegion;

impl Rule for ForeignRegion {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "logs that go to a Region other than the task's Region"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(own) = case.seen.region else { return Vec::new() };
        case.subjects()
            .filter_map(|subject| {
                let region = subject.awslogs()?.text("awslogs-region")?;
                if region == own || subject.is_placeholder(region) {
                    return None;
                }
                let message =
                    format!("{} sends its logs to {region}, but the task's Region is {own}", subject.called());
                let advice = format!(
                    "send the logs to {own}, so that an outage of {region} or of the network path to {region} loses no \
                     logs"
                );
                Some(subject.finding(NAME, "/options/awslogs-region", message, Fix::Advice(advice)))
            })
            .collect()
    }

    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        case.seen.region.is_none()
            && case.subjects().any(|subject| subject.awslogs().is_some_and(|o| o.text("awslogs-region").is_some()))
    }
}
