//! A container that logs to the router but may start before it.
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
        "a container that may start before the router, because the router has dependencies of its own"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let Some(name) = router.container.name() else { return Vec::new() };
        if hides_dependency(case) || router.dependencies().is_none_or(|dependencies| dependencies.is_empty()) {
            return Vec::new();
        }
        let (before, after) = (Dependencies::of(case).reachable(name), Dependencies::reversed(case).reachable(name));
        let is_unordered = |subject: &Subject<'_, '_>| {
            let own = subject.container.name();
            subject.logs_to_router()
                && !subject.is_router()
                && own.is_none_or(|own| !after.contains(own) && !before.contains(own))
        };
        let finding = |subject: Subject<'_, '_>| {
            let called = subject.called();
            let message = format!(
                "{called} may start before the router, and its first log lines may be lost: the ECS agent orders the start \
                 only if the router has no dependsOn"
            );
            let condition = if HealthCheck::of(router.container) == HealthCheck::None { "START" } else { "HEALTHY" };
            let advice = format!(
                "add {{\"containerName\": \"{}\", \"condition\": \"{condition}\"}} to dependsOn of {called}",
                shown(name)
            );
            subject.advice(NAME, "/dependsOn", message, advice)
        };
        case.subjects().filter(is_unordered).map(finding).collect()
    }
}
