//! An option that the output plugin does not have.
//!
//! The agent copies each option into the output section of the router. Fluent Bit does not start with an option that
//! its plugin does not have, but a plugin in Go ignores such an option (source: fluent-bit,
//! flb_config_map_properties_check in src/flb_config_map.c).

use serde_json::Value;

use super::output::{Output, key, shown};
use crate::domain::firelens::plugin::Plugin;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnknownOutputOption;

const NAME: RuleName = RuleName::UnknownOutputOption;

impl Rule for UnknownOutputOption {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "an option that the output plugin of the router does not have"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.outputs().iter().flat_map(unknown).collect()
    }
}

/// The options that the rule `unroutable-firelens` finds, unless they are secret options.
const FOUND_ELSEWHERE: [&str; 2] = ["mode", "max-buffer-size"];

fn unknown(output: &Output<'_, '_>) -> Vec<Finding> {
    let Some(plugin) = output.plugin.filter(|plugin| plugin.is_known()) else { return Vec::new() };
    let is_unknown = |(name, value): &(&str, Option<&Value>)| {
        let is_found = value.is_some() && FOUND_ELSEWHERE.contains(name);
        plugin.option(key(name)).is_none() && !is_found && !output.subject.is_marked(name)
    };
    output.options().filter(is_unknown).map(|(name, _)| finding(output, plugin, name)).collect()
}

fn finding(output: &Output<'_, '_>, plugin: &Plugin, name: &str) -> Finding {
    let (called, option, plugin_name) = (output.subject.called(), shown(name), plugin.name);
    let effect = match plugin.library {
        None => "the router does not start",
        Some(_) => "the plugin ignores it",
    };
    let message =
        format!("{called} sets the option `{option}`, which the plugin `{plugin_name}` does not have: {effect}");
    let advice = match (counterpart(plugin, name), plugin.similar(name)) {
        (Some(known), _) => format!("use the option `{known}` instead"),
        (None, Some(similar)) => format!("remove the option `{option}`; a similar option is `{similar}`"),
        (None, None) => format!("remove the option `{option}`"),
    };
    output.finding(NAME, name, message, advice)
}

/// Returns the option of the plugins for CloudWatch Logs that replaces an option of awslogs.
fn counterpart(plugin: &Plugin, name: &str) -> Option<&'static str> {
    let option = match name {
        "awslogs-group" => "log_group_name",
        "awslogs-region" => "region",
        "awslogs-stream-prefix" => "log_stream_prefix",
        "awslogs-stream" => "log_stream_name",
        "awslogs-create-group" => "auto_create_group",
        "awslogs-endpoint" => "endpoint",
        _ => return None,
    };
    plugin.option(option).map(|option| option.name)
}
