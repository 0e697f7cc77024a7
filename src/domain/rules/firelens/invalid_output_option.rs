//! An option of the output plugin that Fluent Bit or CloudWatch Logs refuses: because of its value, or because of
//! another option.

use std::collections::BTreeMap;

use serde_json::Value;

use super::output::{Output, is_variable, key, shown, text_of};
use crate::domain::firelens::plugin::Kind;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::Case;
use crate::domain::rules::finding::Finding;
use crate::domain::rules::logging::naming::is_group_name;
use crate::domain::rules::logging::options::{Given, Unknown};

pub(in crate::domain::rules) struct InvalidOutputOption;

const NAME: RuleName = RuleName::InvalidOutputOption;

impl Rule for InvalidOutputOption {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "an option that the output plugin or CloudWatch Logs refuses"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let of =
            |output: &Output<'_, '_>| [values(output), names(output), exclusive(output), repeated(output)].concat();
        case.outputs().iter().flat_map(of).collect()
    }
}

/// The options with the name of a log group (source: CloudWatch Logs API reference, CreateLogGroup).
const GROUPS: [&str; 2] = ["log_group_name", "default_log_group_name"];

/// The options with the name of a log stream or its beginning (source: CloudWatch Logs API reference, CreateLogStream).
const STREAMS: [&str; 3] = ["log_stream_name", "log_stream_prefix", "default_log_stream_name"];

/// The longest name of a log stream, in characters.
const LONGEST: usize = 512;

/// Returns the findings about values with which Fluent Bit does not start.
fn values(output: &Output<'_, '_>) -> Vec<Finding> {
    let Some(plugin) = output.plugin else { return Vec::new() };
    let one = |(name, value): (&str, Option<&Value>)| {
        let value = text_of(value?).filter(|value| !value.is_empty())?;
        if is_variable(&value) || output.subject.is_placeholder(&value) {
            return None;
        }
        let accepted = plugin.refuses(plugin.option(name)?, &value)?;
        let message = format!(
            "option `{}` of {} is `{}`, which Fluent Bit refuses: the router does not start",
            shown(name),
            output.subject.called(),
            shown(&value)
        );
        Some(output.finding(NAME, name, message, format!("use one of these values: {accepted}")))
    };
    output.options().filter_map(one).collect()
}

/// Returns the findings about names of log groups and log streams that CloudWatch Logs refuses.
fn names(output: &Output<'_, '_>) -> Vec<Finding> {
    if !matches!(output.plugin.map(|plugin| plugin.name), Some("cloudwatch_logs" | "cloudwatch")) {
        return Vec::new();
    }
    let refused = |option: &'static str, is_valid: fn(&str) -> bool, advice: &str| {
        let value = match output.given(option) {
            Given::Unknown(Unknown::Placeholder) => {
                let value = output.raw(option)?;
                let known =
                    literal(value).filter(|known| !known.is_empty() && !output.subject.is_placeholder(known))?;
                (!is_valid(&known)).then_some(value.into())
            }
            _ => output.text(option).filter(|value| !is_valid(value)),
        }?;
        let message = format!(
            "option `{option}` of {} is `{}`, which CloudWatch Logs refuses: no log line arrives",
            output.subject.called(),
            shown(&value)
        );
        Some(output.finding(NAME, output.spelling(option), message, advice))
    };
    let group = "use 1 to 512 letters, digits and the characters `.`, `-`, `_`, `/`, `#`, and do not begin with `aws/`";
    let stream = "use at most 512 characters without `:` and `*`";
    let groups = GROUPS.into_iter().filter_map(|option| refused(option, is_group_name, group));
    groups.chain(STREAMS.into_iter().filter_map(|option| refused(option, is_stream, stream))).collect()
}

/// Returns the value without its variables, which Fluent Bit (`${NAME}`) and the Go plugin (`$(name)`) replace. Returns
/// `None` if another variable is in the value.
fn literal(value: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let mut parts = value.split('$');
    let mut literal = parts.next()?.to_owned();
    for part in parts {
        let behind = match part.strip_prefix('{') {
            Some(rest) => rest.split_once('}').filter(|(name, _)| name.chars().all(is_name)),
            None => part.strip_prefix('(')?.split_once(')').filter(|(name, _)| !name.contains('(')),
        };
        literal += behind?.1;
    }
    Some(literal)
}

fn is_stream(name: &str) -> bool {
    name.chars().count() <= LONGEST && !name.contains([':', '*'])
}

/// Returns the findings about options of which the plugin accepts only one.
fn exclusive(output: &Output<'_, '_>) -> Vec<Finding> {
    let groups = output.plugin.map_or(&[][..], |plugin| plugin.exclusive).iter();
    let one = |group: &&[&str]| {
        let set: Vec<&str> = group.iter().copied().filter(|option| is_set(output, option)).collect();
        let [first, second, ..] = set.as_slice() else { return None };
        let called = output.subject.called();
        let message = format!("{called} sets both `{first}` and `{second}`: the router does not start");
        Some(output.finding(NAME, output.spelling(second), message, format!("remove `{first}` or `{second}`")))
    };
    groups.filter_map(one).collect()
}

/// Whether the option has a value. The value of a variable may be empty, so a value that is one variable does not
/// count.
fn is_set(output: &Output<'_, '_>, option: &str) -> bool {
    match output.given(option) {
        Given::Text(_) | Given::Malformed(_) | Given::Unknown(Unknown::Secret) => true,
        Given::Unknown(Unknown::Placeholder) => output.raw(option).is_some_and(|text| {
            let end = text.strip_prefix("${").and_then(|rest| rest.split_once('}')).map(|(_, end)| end);
            end.map_or(text.contains("${"), |end| !end.is_empty())
        }),
        _ => false,
    }
}

/// Returns the findings about options that the container sets twice: in different cases, as a secret option too, or with
/// a word behind the name.
fn repeated(output: &Output<'_, '_>) -> Vec<Finding> {
    let Some(plugin) = output.plugin.filter(|plugin| plugin.library.is_none()) else { return Vec::new() };
    let mut counts: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let is_single = |kind: Kind| kind != Kind::List;
    for (name, _) in output.options() {
        if let Some(option) = plugin.option(key(name)).filter(|option| plugin.has(option) && is_single(option.kind)) {
            let (count, last) = counts.entry(option.name).or_default();
            (*count, *last) = (*count + 1, name);
        }
    }
    let twice = counts.into_iter().filter(|(_, (count, _))| *count > 1);
    let one = |(option, (_, last)): (&str, (usize, &str))| {
        let called = output.subject.called();
        let message = format!("{called} sets the option `{option}` twice: the router does not start");
        output.finding(NAME, last, message, format!("remove one of the two options `{option}`"))
    };
    twice.map(one).collect()
}
