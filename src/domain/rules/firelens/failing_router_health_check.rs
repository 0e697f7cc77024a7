//! A health check of the router that always fails, because the image does not contain the program that the check runs.
//!
//! The images of the Fluent Bit project contain no shell and no `curl`, unless their tag ends in `-debug`.

use crate::domain::firelens::router::HealthCheck;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct FailingRouterHealthCheck;

const NAME: RuleName = RuleName::FailingRouterHealthCheck;

impl Rule for FailingRouterHealthCheck {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a health check of the router that needs a shell or a program that the image lacks"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.fluent_bit() else { return Vec::new() };
        let Some((_, image)) = router.image() else { return Vec::new() };
        let HealthCheck::Command { shell, command } = HealthCheck::of(router.container) else { return Vec::new() };
        let program = command.split_whitespace().next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let needs_missing = shell || matches!(program, "sh" | "bash" | "curl" | "wget" | "nc");
        if image.has_shell() != Some(false) || !needs_missing {
            return Vec::new();
        }
        let what = if shell { "a shell".to_owned() } else { format!("`{program}`") };
        let message = format!(
            "the health check of {} needs {what}, which its image does not contain: the check always fails",
            router.called()
        );
        let advice = "remove the health check, or use the image aws-for-fluent-bit, or a tag that ends in `-debug`";
        vec![router.advice(NAME, "/healthCheck/command", message, advice)]
    }
}
