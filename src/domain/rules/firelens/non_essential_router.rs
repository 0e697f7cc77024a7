//! A router, or an agent of Alert Logic, whose end does not end the task, so that the task runs on without logs.

use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct NonEssentialRouter;

const NAME: RuleName = RuleName::NonEssentialRouter;

impl Rule for NonEssentialRouter {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router or log agent whose end leaves the task running without logs"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let is_meant = |subject: &Subject<'_, '_>| {
            subject.container.index == router.container.index || subject.is_alert_logic_agent()
        };
        let finding = |subject: Subject<'_, '_>| {
            let message =
                format!("{} is not essential: if it ends, the task runs on and its logs are lost", subject.called());
            subject.advice(
                NAME,
                "/essential",
                message,
                "set essential to true, unless the task must run on without logs",
            )
        };
        case.subjects().filter(is_meant).filter(|subject| !subject.is_essential()).map(finding).collect()
    }
}
