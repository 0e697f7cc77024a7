//! A dependency between a router and another container that is never fulfilled, so that the task does not start.

use std::collections::BTreeSet;

use super::dependencies::Dependencies;
use super::output::shown;
use crate::domain::firelens::router::HealthCheck;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnfulfillableRouterDependency;

const NAME: RuleName = RuleName::UnfulfillableRouterDependency;

impl Rule for UnfulfillableRouterDependency {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a dependency on or of the router that is never fulfilled"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let Some(name) = router.container.name() else { return Vec::new() };
        let is_unchecked = |subject: &Subject<'_, '_>| HealthCheck::of(subject.container) == HealthCheck::None;
        let unchecked: BTreeSet<&str> =
            case.subjects().filter(is_unchecked).filter_map(|subject| subject.container.name()).collect();
        let mut findings: Vec<Finding> =
            case.subjects().filter_map(|subject| waits_in_vain(&subject, &router, &unchecked)).collect();
        if let Some(cycle) = Dependencies::of(case).cycle(name) {
            let path = cycle.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(" → ");
            let message =
                format!("the router and its dependencies wait for each other ({path}): the task does not start");
            let advice = "remove the router's dependency on a container that logs through the router";
            findings.push(router.advice(NAME, "/dependsOn", message, advice));
        }
        findings
    }
}

/// Returns the finding about a container that waits for a state that another container does not reach: a container that
/// waits for the router, or the router itself. `unchecked` are the containers without a health check. ECS does not know a
/// health check of the image.
fn waits_in_vain(subject: &Subject<'_, '_>, router: &Subject<'_, '_>, unchecked: &BTreeSet<&str>) -> Option<Finding> {
    let is_router = subject.container.index == router.container.index;
    let name = router.container.name()?;
    subject.dependencies()?.into_iter().enumerate().find_map(|(at, (needed, condition))| {
        if needed != name && !is_router {
            return None;
        }
        let (why, advice) = match condition {
            "HEALTHY" if unchecked.contains(needed) => {
                ("has no health check", "depend on the condition START, or give the other container a health check")
            }
            "COMPLETE" | "SUCCESS" if needed == name => (
                "runs as long as the task",
                "depend on the condition START, or HEALTHY if the router has a health check",
            ),
            _ => return None,
        };
        let message = format!(
            "{} waits for the condition {condition} of container `{}`, which {why}: the task does not start",
            subject.called(),
            shown(needed)
        );
        Some(subject.advice(NAME, &format!("/dependsOn/{at}/condition"), message, advice))
    })
}
