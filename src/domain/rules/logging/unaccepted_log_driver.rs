//! A log driver that the baseline does not accept.

use super::options::Unknown;
use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix, Safety};

pub(in crate::domain::rules) struct UnacceptedLogDriver;

const NAME: RuleName = RuleName::UnacceptedLogDriver;

impl Rule for UnacceptedLogDriver {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log driver that the baseline does not accept"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects()
            .filter_map(|subject| {
                let Log::Configured { driver, .. } = subject.container.log() else { return None };
                let accept = &subject.settings.logging.accept;
                if subject.accepts(driver) {
                    return None;
                }
                if subject.is_placeholder(driver) {
                    return Some(subject.unknown(NAME, "/logDriver", "log driver", Unknown::Placeholder));
                }
                let called = subject.called();
                let message = format!("{called} logs through `{driver}`, which the baseline does not accept");
                Some(subject.finding(NAME, "/logDriver", message, fix(&subject, driver, accept)))
            })
            .collect()
    }
}

fn fix(subject: &Subject<'_, '_>, driver: &str, accept: &[String]) -> Fix {
    if !subject.is_replaced(driver) {
        return Fix::Advice(format!(
            "use a log driver that the baseline accepts ({}), or list `{driver}` under logging.accept or \
             logging.replace in the baseline",
            accept.join(", ")
        ));
    }
    if subject.may_hold_a_secret() {
        return Fix::Advice(
            "change the log driver by hand; Logweir does not replace a driver whose options may hold a secret".into(),
        );
    }
    match subject.complete_configuration() {
        Ok(configuration) => Fix::Configuration { safety: Safety::Unsafe, configuration, creates: subject.new_group() },
        Err(why) => Fix::Advice(format!("use awslogs; Logweir does not replace the driver, because {why}")),
    }
}
