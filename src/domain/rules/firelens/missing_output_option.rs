//! An option that the output plugin needs and the container does not set.
//!
//! A dry run of Fluent Bit does not find this fault, but the router does not start (Fluent Bit 5.1.1, tried).

use super::output::{Output, shown};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::{Finding, Fix};

pub(in crate::domain::rules) struct MissingOutputOption;

const NAME: RuleName = RuleName::MissingOutputOption;

impl Rule for MissingOutputOption {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "an option that the output plugin of the router needs"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.outputs().iter().flat_map(missing).collect()
    }
}

/// The options whose values are secrets.
const SECRETS: [&str; 5] = ["apikey", "api_key", "shared_key", "splunk_token", "webhook"];

fn missing(output: &Output<'_, '_>) -> Vec<Finding> {
    let Some(plugin) = output.plugin else { return Vec::new() };
    let is_missing = |group: &&&[&str]| group.iter().all(|option| output.is_absent(option));
    let finding = |group: &&[&str]| {
        let options = group.iter().map(|option| format!("`{option}`")).collect::<Vec<_>>().join(" or ");
        let message = format!(
            "{} does not set {options}, which the plugin `{}` needs: the router does not start",
            output.subject.called(),
            plugin.name
        );
        output.subject.finding(NAME, "/options", message, Fix::Advice(advice(output, plugin.name, group, &options)))
    };
    plugin.requires.iter().filter(is_missing).map(finding).collect()
}

fn advice(output: &Output<'_, '_>, plugin: &str, group: &[&str], options: &str) -> String {
    match group {
        ["region"] => "set `region` to the Region of the destination".into(),
        ["log_stream_name", _] => {
            let name = output.subject.container.name().unwrap_or("app");
            format!("set `log_stream_prefix`, for example to `{}/`; the plugin `{plugin}` adds no slash", shown(name))
        }
        [name, ..] if SECRETS.contains(name) => format!("set {options} under secretOptions"),
        _ => format!("set {options}"),
    }
}
