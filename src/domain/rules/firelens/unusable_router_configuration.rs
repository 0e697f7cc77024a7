//! A type of router that ECS does not know, and a configuration file that the router cannot use.
//!
//! Sources: Amazon ECS developer guide, FireLens task definition; aws/amazon-ecs-agent, parseOptions in
//! agent/taskresource/firelens/firelens_unix.go.

use serde_json::Value;

use super::output::shown;
use crate::domain::firelens::router::RouterKind;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;
use crate::domain::text::placeholder::is_variable;

pub(in crate::domain::rules) struct UnusableRouterConfiguration;

const NAME: RuleName = RuleName::UnusableRouterConfiguration;

impl Rule for UnusableRouterConfiguration {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a router without a known type, or with a configuration file that it cannot read or must not replace"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let of_file = |router: &Subject<'_, '_>| {
            let (option, message, advice) = fault(case, router)?;
            let at = format!("/firelensConfiguration/options/{option}");
            Some(router.advice(NAME, &at, message, advice))
        };
        let of = |router: Subject<'_, '_>| [of_type(&router), of_file(&router)].into_iter().flatten().collect();
        case.router().map_or_else(Vec::new, of)
    }

    /// Whether the task definition hides the type of the router, so that no rule knows whether the router runs Fluent Bit.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        case.router().is_some_and(|router| hides_type(&router))
    }
}

fn hides_type(router: &Subject<'_, '_>) -> bool {
    let kind = router.container.member("firelensConfiguration").and_then(|configuration| configuration.get("type"));
    !router.case.seen.is_live() && kind.is_some_and(is_variable)
}

/// Returns the finding about a router that names no type that ECS knows.
fn of_type(router: &Subject<'_, '_>) -> Option<Finding> {
    if RouterKind::of(router.container).is_some() || hides_type(router) {
        return None;
    }
    let kind = router.container.member("firelensConfiguration")?.get("type").and_then(Value::as_str);
    let what = match kind.filter(|kind| !kind.is_empty()) {
        Some(kind) => format!("has the type `{}`, which FireLens does not have", shown(kind)),
        None => "names no type".into(),
    };
    let message = format!("the firelensConfiguration of {} {what}: ECS refuses the task definition", router.called());
    let advice = "set type to `fluentbit`, or to `fluentd` for an image of Fluentd";
    Some(router.advice(NAME, "/firelensConfiguration/type", message, advice))
}

/// The files that the ECS agent itself writes.
const OF_THE_AGENT: [&str; 2] = ["/fluent-bit/etc/fluent-bit.conf", "/fluentd/etc/fluent.conf"];

/// Returns the path without the parts `.` and `..` and without repeated slashes.
fn plain(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

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
        "file" if value.is_some_and(|value| OF_THE_AGENT.contains(&plain(value).as_str())) => Some((
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
