//! The FireLens router of a task, and the containers that log to it.

use serde_json::Value;

use crate::domain::ecs::task_definition::Log;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::text::placeholder::is_variable;

impl Case<'_> {
    /// Whether the baseline asks to replace the log driver of each container that logs to the FireLens router. ECS
    /// refuses a router that no container logs to, and Logweir does not remove a router (source:
    /// aws/amazon-cloudwatch-logs-for-fluent-bit#20).
    pub(super) fn would_lose_all_of_firelens(&self) -> bool {
        *self.loses_firelens.get_or_init(|| {
            let stays = |subject: &Subject<'_, '_>| {
                subject.may_log_to_router() && !subject.is_router() && !subject.is_asked_to_use_awslogs()
            };
            self.subjects().any(|subject| subject.is_router()) && !self.subjects().any(|subject| stays(&subject))
        })
    }
}

impl Subject<'_, '_> {
    pub(in crate::domain::rules) fn is_router(&self) -> bool {
        self.container.member("firelensConfiguration").is_some_and(|router| router.is_object() && !is_variable(router))
    }

    /// Whether the container is a router, or the task definition does not show whether the container is one.
    pub(in crate::domain::rules) fn may_be_router(&self) -> bool {
        self.container.is_variable()
            || self.container.member("firelensConfiguration").is_some_and(|r| r.is_object() || is_variable(r))
    }

    /// Whether the container logs through awsfirelens.
    pub(in crate::domain::rules) fn logs_to_router(&self) -> bool {
        matches!(self.container.log(), Log::Configured { driver: "awsfirelens", .. })
    }

    /// Whether the container logs through awsfirelens, or the task definition does not show whether it does.
    pub(super) fn may_log_to_router(&self) -> bool {
        match self.container.log() {
            Log::Configured { driver, .. } => driver == "awsfirelens" || self.is_placeholder(driver),
            Log::Unknown => true,
            Log::None | Log::Malformed(_) => self.container.is_variable(),
        }
    }

    /// Returns the `type` of the router, if the container is a router with a type.
    pub(super) fn router_type(&self) -> Option<&str> {
        self.container.member("firelensConfiguration")?.get("type").and_then(Value::as_str)
    }
}
