//! A container without a log configuration. The output of such a container goes to the default driver of the host, or
//! nowhere.

use super::options::RENDER;
use crate::domain::baseline::MissingDriver;
use crate::domain::ecs::task_definition::Log;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix, Safety};
use crate::domain::verdict::Decided;

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

/// Returns how certain a finding about a hidden value is. CloudFormation replaces an intrinsic function, so its value
/// is unknown. ECS refuses a placeholder that no deploy tool replaces.
fn decided(is_intrinsic: bool) -> Decided {
    if is_intrinsic { Decided::Unknown } else { Decided::Yes }
}

fn check(subject: &Subject<'_, '_>) -> Option<Finding> {
    let called = subject.called();
    if subject.container.is_variable() {
        let message = format!("{called} is a placeholder or an intrinsic function");
        let finding = subject.finding(NAME, "", message, Fix::Advice(RENDER.into()));
        let decided = decided(subject.container.is_intrinsic());
        let pointer = format!("/containerDefinitions/{}", subject.container.index);
        return Some(Finding { pointer, decided, ..finding });
    }
    if let Some(found) = subject.container.malformed() {
        let advice = Fix::Advice("write the container as an object, or remove the container".into());
        let finding = subject.finding(NAME, "", format!("{called} is {found} instead of an object"), advice);
        return Some(Finding { pointer: format!("/containerDefinitions/{}", subject.container.index), ..finding });
    }
    match subject.container.log() {
        Log::Configured { .. } => None,
        Log::Unknown => {
            let message = format!("the log configuration of {called} is a placeholder or an intrinsic function");
            let finding = subject.finding(NAME, "", message, Fix::Advice(RENDER.into()));
            Some(Finding { decided: decided(subject.container.has_intrinsic_log()), ..finding })
        }
        Log::Malformed(found) => {
            let message = format!("the log configuration of {called} is {found}: ECS refuses it");
            let advice =
                "write { \"logDriver\": \"awslogs\", \"options\": { … } }; Logweir does not guess the intended value";
            Some(subject.finding(NAME, "", message, Fix::Advice(advice.into())))
        }
        Log::None => {
            let fix = match (subject.settings.logging.missing_driver, subject.complete_configuration()) {
                (MissingDriver::Advice, _) => Fix::Advice("add a log configuration".into()),
                (MissingDriver::Fix, Err(why)) => {
                    Fix::Advice(format!("add a log configuration; Logweir does not write one, because {why}"))
                }
                (MissingDriver::Fix, Ok(configuration)) => {
                    let creates = subject.new_group();
                    let safety = if creates.is_some() { Safety::Unsafe } else { Safety::Safe };
                    Fix::Configuration { safety, configuration, creates }
                }
            };
            let effective = if subject.case.seen.definition.requires_fargate() {
                "no logs at all (Fargate)"
            } else {
                "the container runtime's default driver (json-file unless the host is configured otherwise)"
            };
            let notes = match fix {
                Fix::Configuration { .. } => subject.group_note().into_iter().collect(),
                _ => Vec::new(),
            };
            let finding = subject.finding(NAME, "", format!("{called} has no log configuration"), fix);
            Some(Finding { effective: Some(effective.into()), notes, ..finding })
        }
    }
}
