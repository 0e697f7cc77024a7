//! The pages about each rule.

use crate::domain::rule_name::RuleName;

/// The address of this project's pages.
const DOCS: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs");

const LOG_CONFIGURATION: &str = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html";
const EXECUTION_ROLE: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html";
const CONFIG_RULE: &str =
    "https://docs.aws.amazon.com/config/latest/developerguide/ecs-task-definition-log-configuration.html";
const RETENTION: &str =
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html";
const BLOG: &str = "https://aws.amazon.com/blogs/containers/\
    preventing-log-loss-with-non-blocking-mode-in-the-awslogs-container-log-driver/";
const LOG_STREAM: &str =
    "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html";

const FIRELENS: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/firelens-taskdef.html";
const TASK_ROLE: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html";

/// Returns the address of the section of `docs/rules.md` about a rule.
pub fn documentation(rule: RuleName) -> String {
    format!("{DOCS}/rules.md#{rule}")
}

/// Returns the addresses of the section about a rule, and of the AWS pages that the section names as its sources.
pub(super) fn references(rule: RuleName) -> Vec<String> {
    let pages: &[&str] = match rule {
        RuleName::MissingLogDriver => &[LOG_CONFIGURATION, CONFIG_RULE],
        RuleName::BlockingDelivery | RuleName::UnnamedLogGroup => &[LOG_CONFIGURATION],
        RuleName::UnsizedBuffer | RuleName::ForeignRegion => &[BLOG],
        RuleName::RefusedLogOption => &[LOG_CONFIGURATION, LOG_STREAM],
        RuleName::UnboundedRetention => &[RETENTION],
        RuleName::MissingExecutionRole => &[EXECUTION_ROLE],
        RuleName::UnusableRouterConfiguration => &[FIRELENS],
        RuleName::MissingTaskRole => &[TASK_ROLE],
        _ => &[],
    };
    [documentation(rule)].into_iter().chain(pages.iter().map(ToString::to_string)).collect()
}
