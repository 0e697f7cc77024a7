//! A health check of the router that fails while the destination of the logs is down.
//!
//! ECS then replaces all tasks of the service, although the containers of the tasks work (source: aws/aws-for-fluent-
//! bit, use_cases/health-check).

use crate::domain::firelens::router::HealthCheck;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct DeepRouterHealthCheck;

const NAME: RuleName = RuleName::DeepRouterHealthCheck;

impl Rule for DeepRouterHealthCheck {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a health check that makes ECS replace each task while the destination of the logs is down"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.fluent_bit().filter(Subject::is_essential) else { return Vec::new() };
        let HealthCheck::Command { command, .. } = HealthCheck::of(router.container) else { return Vec::new() };
        if !["/api/v1/health", "/api/v2/health"].iter().any(|path| command.contains(path)) {
            return Vec::new();
        }
        let message = format!(
            "the health check of {} asks for the state of the outputs: while one is down, ECS replaces all tasks",
            router.called()
        );
        let advice = "check only that Fluent Bit runs: curl -f http://127.0.0.1:2020/api/v1/uptime || exit 1";
        vec![router.advice(NAME, "/healthCheck/command", message, advice)]
    }
}
