//! A container that logs to the router but may start before it, or starts before it because the router waits for it.
//!
//! The ECS agent lets each container that logs to the router start after the router, but only if the router itself
//! depends on no container (source: aws/amazon-ecs-agent, addFirelensContainerDependency in agent/api/task/task.go).

use super::dependencies::{Dependencies, hides_dependency};
use super::output::shown;
use crate::domain::firelens::router::HealthCheck;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnorderedRouterStart;

const NAME: RuleName = RuleName::UnorderedRouterStart;

impl Rule for UnorderedRouterStart {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a container that starts, or may start, before the router to which it logs"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let Some(name) = router.container.name() else { return Vec::new() };
        if hides_dependency(case) || router.dependencies().is_none_or(|dependencies| dependencies.is_empty()) {
            return Vec::new();
        }
        let (before, after) = (Dependencies::of(case).reachable(name), Dependencies::reversed(case).reachable(name));
        let logs = |subject: &Subject<'_, '_>| subject.logs_to_router() && !subject.is_router();
        let finding = |subject: Subject<'_, '_>| {
            let (called, own) = (subject.called(), subject.container.name());
            if own.is_some_and(|own| after.contains(own)) {
                return None;
            }
            if own.is_some_and(|own| before.contains(own)) {
                let message =
                    format!("{called} starts before the router, which waits for it: its first log lines may be lost");
                let advice =
                    format!("let {called} log through awslogs, or remove the dependency of `{}` on it", shown(name));
                return Some(subject.advice(NAME, "/logConfiguration/logDriver", message, advice));
            }
            let message = format!(
                "{called} may start before the router, and its first log lines may be lost: the ECS agent orders the start \
                 only if the router has no dependsOn"
            );
            let condition = if HealthCheck::of(router.container) == HealthCheck::None { "START" } else { "HEALTHY" };
            let advice = format!(
                "add {{\"containerName\": \"{}\", \"condition\": \"{condition}\"}} to dependsOn of {called}",
                shown(name)
            );
            Some(subject.advice(NAME, "/dependsOn", message, advice))
        };
        case.subjects().filter(logs).filter_map(finding).collect()
    }
}
