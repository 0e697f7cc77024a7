//! A container that logs through FireLens without a usable router, or with options that the router cannot use, and a
//! router that no container logs to.
//!
//! ECS copies the options of an awsfirelens container into the router's output section. The options `mode` and
//! `max-buffer-size` have no effect in this section and may stop the router (source: amazon-ecs-agent,
//! firelensconfig_unix.go).

use serde_json::{Map, Value};

use crate::domain::ecs::task_definition::Options;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct UnroutableFirelens;

const NAME: RuleName = RuleName::UnroutableFirelens;

/// The options that ECS does not copy into the router's output section. A container that has only these options needs
/// no output plugin (source: amazon-ecs-agent, addOutputSection).
const OF_THE_ROUTER: [&str; 3] = ["include-pattern", "exclude-pattern", "log-driver-buffer-limit"];

/// The output plugins that have an option `mode` of their own (source: fluent-bit, plugins/out_syslog, out_gelf).
const WITH_MODE: [&str; 2] = ["syslog", "gelf"];

impl Rule for UnroutableFirelens {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "FireLens without a router, with an unused router, or with options that the router cannot use"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let routers: Vec<_> = case.subjects().filter(Subject::is_router).collect();
        let hides_a_router = case.subjects().any(|subject| subject.may_be_router() && !subject.is_router());
        let kind = routers.first().and_then(Subject::router_type);
        let mut findings = orphans(case, &routers);
        for subject in case.subjects() {
            let Some(options) = subject.options_of("awsfirelens") else { continue };
            let called = subject.called();
            let mut find = |at: &str, message: String, advice: &str| {
                findings.push(subject.finding(NAME, at, message, Fix::Advice(advice.into())));
            };
            if subject.is_router() {
                find(
                    "/logDriver",
                    format!("{called} is the FireLens router and sends its own logs to itself"),
                    "let the router log through awslogs",
                );
            }
            if routers.len() != 1 && !hides_a_router {
                let message = match routers.len() {
                    0 => format!("{called} logs through awsfirelens, but no container has a firelensConfiguration"),
                    n => format!("{called} logs through awsfirelens, but {n} containers have a firelensConfiguration"),
                };
                find("/logDriver", message, "configure exactly one container as the FireLens router");
            }
            let none = Map::new();
            let map = if let Options::Map(map) = options { map } else { &none };
            let set = |option: &str| map.get(option).is_some_and(|value| !value.is_null());
            let plugin = options.text("Name").map(|name| name.trim().to_lowercase()).unwrap_or_default();
            let takes_mode = WITH_MODE.contains(&plugin.as_str());
            let is_foreign = |option: &&str| set(option) && !(takes_mode && *option == "mode");
            for option in ["mode", "max-buffer-size"].into_iter().filter(is_foreign) {
                let message = format!(
                    "{called} passes `{option}` to the router, but `{option}` is an option of the container runtime"
                );
                find(
                    &format!("/options/{option}"),
                    message,
                    &format!("remove `{option}`; to bound the buffer of awsfirelens, set log-driver-buffer-limit"),
                );
            }
            let given = map.keys().map(String::as_str).filter(|option| set(option));
            let mut options = given.chain(subject.secrets().map(|(_, name)| name));
            let has_output_options = options.any(|option| !OF_THE_ROUTER.contains(&option));
            let is_named = |key: &str| {
                let is_blank = map.get(key).and_then(Value::as_str).is_some_and(|value| value.trim().is_empty());
                set(key) && !is_blank || subject.secrets().any(|(_, name)| name == key)
            };
            let key = if kind == Some("fluentd") { "@type" } else { "Name" };
            let has_name = is_named(key) || (!matches!(kind, Some("fluentd" | "fluentbit")) && is_named("@type"));
            if routers.len() == 1 && has_output_options && !has_name {
                let how = if set(key) { "with an empty option" } else { "without the option" };
                let message =
                    format!("{called} passes output options to the router {how} `{key}`: the task does not start");
                find("/options", message, &format!("name the output plugin in option `{key}` (case-sensitive)"));
            }
        }
        findings
    }

    /// Whether a placeholder or an intrinsic function hides a router, or a container that logs to a router.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        let hides_a_router = case.subjects().any(|subject| subject.may_be_router() && !subject.is_router());
        let hides_a_source = case.subjects().any(|subject| subject.may_log_to_router() && !subject.logs_to_router());
        let mut subjects = case.subjects();
        (hides_a_router && case.subjects().any(|subject| subject.logs_to_router()))
            || (hides_a_source && subjects.any(|subject| subject.is_router()))
    }
}

/// Returns a finding for each router if no other container logs through awsfirelens.
fn orphans(case: &Case<'_>, routers: &[Subject<'_, '_>]) -> Vec<Finding> {
    if case.subjects().any(|subject| subject.may_log_to_router() && !subject.is_router()) {
        return Vec::new();
    }
    let orphan = |router: &Subject<'_, '_>| {
        let called = router.called();
        // ECS may accept a router that logs to itself, because a container logs through awsfirelens then.
        let effect = if case.subjects().any(|subject| subject.may_log_to_router()) {
            ""
        } else {
            ": ECS refuses such a task definition"
        };
        let message = format!("{called} is a FireLens router, but no other container logs through awsfirelens{effect}");
        let advice = "let a container log through awsfirelens, or remove firelensConfiguration from the router";
        Finding {
            pointer: format!("/containerDefinitions/{}/firelensConfiguration", router.container.index),
            ..router.finding(NAME, "", message, Fix::Advice(advice.into()))
        }
    };
    routers.iter().map(orphan).collect()
}
