//! Logs that go to a Region other than the task's Region.

use super::options::Given;
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
                let Given::Text(region) = subject.given(subject.awslogs()?, "awslogs-region") else { return None };
                if region == own || subject.names_no_region(region) {
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
        case.subjects().any(|subject| {
            let options = subject.awslogs().filter(|options| !subject.is_own_region(*options));
            let region = options.map(|options| subject.given(options, "awslogs-region"));
            match region {
                Some(Given::Text(_)) => case.seen.region.is_none(),
                // A registered revision gives no more evidence, because Logweir does not read secrets.
                Some(Given::Unknown(_)) => !case.seen.is_live(),
                _ => false,
            }
        })
    }
}
