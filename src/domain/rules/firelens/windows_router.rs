//! A router in a task of Windows containers. FireLens works only on Linux (source: Amazon ECS developer guide, Using
//! FireLens).

use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct WindowsRouter;

const NAME: RuleName = RuleName::WindowsRouter;

impl Rule for WindowsRouter {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router in a task of Windows containers, for which FireLens does not work"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let family = &case.seen.definition.view()["runtimePlatform"]["operatingSystemFamily"];
        if !family.as_str().is_some_and(|family| family.starts_with("WINDOWS_SERVER")) {
            return Vec::new();
        }
        let message =
            format!("{} is a FireLens router in a Windows task, and FireLens works only on Linux", router.called());
        let advice = "log through awslogs, or run Fluent Bit without FireLens, with an image for Windows";
        vec![router.advice(NAME, "/firelensConfiguration", message, advice)]
    }
}
