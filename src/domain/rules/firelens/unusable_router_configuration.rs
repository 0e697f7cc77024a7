//! A configuration file that the router cannot use.
//!
//! Sources: Amazon ECS developer guide, FireLens task definition; aws/amazon-ecs-agent, parseOptions in
//! agent/taskresource/firelens/firelens_unix.go.

use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnusableRouterConfiguration;

const NAME: RuleName = RuleName::UnusableRouterConfiguration;

impl Rule for UnusableRouterConfiguration {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a configuration file that the router cannot read or must not replace"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let fault = |router: Subject<'_, '_>| {
            let (option, message, advice) = fault(case, &router)?;
            let at = format!("/firelensConfiguration/options/{option}");
            Some(router.advice(NAME, &at, message, advice))
        };
        case.router().and_then(fault).into_iter().collect()
    }
}

/// The files that the ECS agent itself writes.
const OF_THE_AGENT: [&str; 2] = ["/fluent-bit/etc/fluent-bit.conf", "/fluentd/etc/fluent.conf"];

/// Returns the faulty option with the message and the advice.
fn fault(case: &Case<'_>, router: &Subject<'_, '_>) -> Option<(&'static str, String, &'static str)> {
    let options = router.container.member("firelensConfiguration")?.get("options")?;
    let text = |name: &str| {
        let text = options.get(name)?.as_str()?;
        (!router.is_placeholder(text)).then_some(text)
    };
    let (kind, value) = (text("config-file-type"), text("config-file-value"));
    let called = router.called();
    match kind? {
        "s3" if case.seen.definition.requires_fargate() => Some((
            "config-file-type",
            format!(
                "{called} reads its configuration from S3, which FireLens cannot do on Fargate: the task does not start"
            ),
            "use the image aws-for-fluent-bit:init-3 with its variable aws_fluent_bit_init_s3_1, or copy the file into it",
        )),
        "s3" if value.is_some_and(|value| !value.starts_with("arn:")) => Some((
            "config-file-value",
            format!("{called} names its configuration in S3 without an ARN: the task does not start"),
            "set config-file-value to the ARN of the object, such as `arn:aws:s3:::bucket/extra.conf`",
        )),
        "file" | "s3" if options.get("config-file-value").is_none_or(|value| value.is_null() || value == "") => Some((
            "config-file-type",
            format!("{called} sets config-file-type, but not config-file-value: the task does not start"),
            "set config-file-value to the path of the file, or remove config-file-type",
        )),
        "file" if value.is_some_and(|value| OF_THE_AGENT.contains(&value)) => Some((
            "config-file-value",
            format!("{called} includes the file that the ECS agent writes: the configuration includes itself"),
            "put the configuration into a file with another path, such as /extra.conf",
        )),
        "file" | "s3" => None,
        _ => Some((
            "config-file-type",
            format!(
                "{called} sets config-file-type to a value that the ECS agent does not know: the task does not start"
            ),
            "set config-file-type to `file`, or on EC2 to `s3`",
        )),
    }
}
