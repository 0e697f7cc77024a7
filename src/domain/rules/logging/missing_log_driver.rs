//! A container without a log configuration: its output goes wherever the host's default sends it, or nowhere.

use crate::domain::baseline::MissingDriver;
use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix, Safety};

pub(in crate::domain::rules) struct MissingLogDriver;

const NAME: RuleName = RuleName::MissingLogDriver;

impl Rule for MissingLogDriver {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a container without a log configuration"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects().filter_map(|subject| check(&subject)).collect()
    }
}

fn check(subject: &Subject<'_, '_>) -> Option<Finding> {
    let called = subject.called();
    if let Some(found) = subject.container.malformed() {
        let advice = Fix::Advice("make it an object, or take it out".into());
        let finding = subject.finding(NAME, "", format!("{called} is {found} where an object belongs"), advice);
        return Some(Finding { pointer: format!("/containerDefinitions/{}", subject.container.index), ..finding });
    }
    match subject.container.log() {
        Log::Configured { .. } => None,
        Log::Malformed(found) => {
            let message = format!("the log configuration of {called} is {found}: ECS refuses it");
            let advice =
                "write { \"logDriver\": \"awslogs\", \"options\": { … } }; what it was meant to be is not guessed";
            Some(subject.finding(NAME, "", message, Fix::Advice(advice.into())))
        }
        Log::None => {
            let fix = match (subject.settings.logging.missing_driver, subject.complete_configuration()) {
                (MissingDriver::Advice, _) => Fix::Advice("give it a log configuration".into()),
                (MissingDriver::Fix, Err(why)) => {
                    Fix::Advice(format!("give it a log configuration; none is written, as {why}"))
                }
                (MissingDriver::Fix, Ok(configuration)) => Fix::Configuration { safety: Safety::Safe, configuration },
            };
            let effective = if subject.case.seen.definition.requires_fargate() {
                "no logs at all (Fargate)"
            } else {
                "the container runtime's default driver (json-file unless configured)"
            };
            let finding = subject.finding(NAME, "", format!("{called} has no log configuration"), fix);
            Some(Finding { effective: Some(effective.into()), ..finding })
        }
    }
}
