//! A router that sends log lines to AWS, or reads its configuration from there, in a task without a task role.
//!
//! The router uses the credentials of the task role, and awslogs those of the execution role. On EC2, the router may
//! use the role of the instance instead.

use serde_json::Value;

use super::output::Output;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct MissingTaskRole;

const NAME: RuleName = RuleName::MissingTaskRole;

impl Rule for MissingTaskRole {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router that sends logs to AWS without the task role that it needs"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let definition = case.seen.definition;
        if definition.has_task_role() || !may_run_on_fargate(definition) {
            return Vec::new();
        }
        let Some(router) = case.fluent_bit().filter(|router| !has_own_credentials(router)) else { return Vec::new() };
        let message = if let Some(output) = case.outputs().iter().find(|output| signs(output)) {
            let plugin = output.plugin.map_or("", |plugin| plugin.name);
            format!(
                "{} logs through the router to `{plugin}`, but the task has no taskRoleArn: {EFFECT}",
                output.subject.called()
            )
        } else if reads_s3(&router) {
            format!(
                "{} reads its configuration from S3, but the task has no taskRoleArn: the router does not start",
                router.called()
            )
        } else {
            return Vec::new();
        };
        vec![case.task_finding(NAME, "/taskRoleArn", message, ADVICE)]
    }
}

const EFFECT: &str = "the router has no credentials, and no log line arrives";

const ADVICE: &str = "set taskRoleArn to a role that allows what the destination needs, for CloudWatch Logs \
                      logs:CreateLogStream and logs:PutLogEvents";

/// Whether the task definition is for Fargate: it requires Fargate, or it requires nothing and has the network mode of
/// Fargate.
fn may_run_on_fargate(definition: &TaskDefinition) -> bool {
    let launch_types = &definition.view()["requiresCompatibilities"];
    let requires_nothing = launch_types.is_null() || launch_types.as_array().is_some_and(Vec::is_empty);
    definition.requires_fargate() || (requires_nothing && definition.view()["networkMode"] == "awsvpc")
}

/// The plugins that send log lines to AWS.
const OF_AWS: [&str; 7] =
    ["cloudwatch_logs", "cloudwatch", "kinesis_firehose", "firehose", "kinesis_streams", "kinesis", "s3"];

/// Whether the output signs its requests with AWS credentials. A custom endpoint may belong to another service, such as
/// MinIO.
fn signs(output: &Output<'_, '_>) -> bool {
    let is_of_aws = output.plugin.is_some_and(|plugin| OF_AWS.contains(&plugin.name)) && output.is_absent("endpoint");
    let is_true = |value: &str| ["true", "on", "yes"].iter().any(|word| value.eq_ignore_ascii_case(word));
    is_of_aws || output.text("aws_auth").is_some_and(|value| is_true(&value))
}

/// Whether the init image reads configuration from S3 (source: aws/aws-for-fluent-bit, use_cases/init-process).
fn reads_s3(router: &Subject<'_, '_>) -> bool {
    let is_init = router.image().is_some_and(|(_, image)| image.is_init());
    is_init && names(router, "environment").any(|name| name.starts_with("aws_fluent_bit_init_s3_"))
}

/// Whether the environment of the router may contain credentials.
fn has_own_credentials(router: &Subject<'_, '_>) -> bool {
    let is_credential =
        |name: &str| matches!(name, "AWS_ACCESS_KEY_ID" | "AWS_PROFILE" | "AWS_SHARED_CREDENTIALS_FILE");
    let hides = ["environment", "environmentFiles", "secrets"].iter().any(|member| router.hides(member));
    let has_files =
        router.container.member("environmentFiles").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    hides || has_files || ["environment", "secrets"].iter().any(|member| names(router, member).any(is_credential))
}

/// Returns the names of environment variables or secrets.
fn names<'a>(router: &Subject<'_, 'a>, member: &str) -> impl Iterator<Item = &'a str> {
    let list = router.container.member(member).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|variable| variable.get("name")?.as_str())
}
