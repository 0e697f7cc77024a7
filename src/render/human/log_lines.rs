//! The lines of one container's log configuration, in a form that is safe to show. Logweir shows no other part of the
//! document, and hides the values of options that may be secret.

use std::ops::Range;

use serde_json::Value;

use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::report::is_shown;
use crate::domain::text::json::{self, Member};

/// The text that Logweir shows in place of a hidden value.
pub(super) const HIDDEN: &str = "\"…\"";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogLines {
    /// The excerpt `"logConfiguration": { … }`, with the indentation if the excerpt starts a line. The excerpt is empty
    /// if the container has no log configuration.
    pub text: String,
    /// The byte position of the excerpt in the text of the task definition. If the container has no log configuration,
    /// the position at which Logweir would add one.
    pub start: usize,
    /// Whether a comma follows the excerpt.
    pub has_comma: bool,
}

impl LogLines {
    /// Returns the lines of each container, in the order of the containers.
    pub(super) fn all(definition: &TaskDefinition) -> Vec<Self> {
        let document = definition.text();
        let members = json::members(document).unwrap_or_default();
        let Some(list) = members.into_iter().find(|member| member.key == "containerDefinitions") else {
            return Vec::new();
        };
        let items = json::items(&document[list.value.clone()]).unwrap_or_default();
        items
            .into_iter()
            .map(|item| Self::of(document, list.value.start + item.start..list.value.start + item.end))
            .collect()
    }

    fn of(document: &str, place: Range<usize>) -> Self {
        let (start, container) = (place.start, &document[place]);
        let members = json::members(container).unwrap_or_default();
        let Some(at) = members.iter().position(|member| member.key == "logConfiguration") else {
            let added = members.last().map_or(0, |last| last.name.start);
            return Self { text: String::new(), start: start + added, has_comma: false };
        };
        let json::Member { name, value, .. } = &members[at];
        let previous = at.checked_sub(1).map_or(1, |previous| members[previous].value.end);
        let between = &container[previous..name.start];
        // The excerpt starts at the start of its line, if only white space precedes the member in this line.
        let first = match between.rfind('\n') {
            Some(newline) if between[newline..].trim().is_empty() => previous + newline + 1,
            _ => name.start,
        };
        let head = &container[first..value.start];
        let has_comma = container[value.end..].trim_start().starts_with(',');
        Self { text: format!("{head}{}", hide(&container[value.clone()])), start: start + first, has_comma }
    }
}

/// Returns the text of a log configuration, in which each value that may be secret is hidden.
fn hide(log: &str) -> String {
    let Ok(members) = json::members(log) else {
        return HIDDEN.to_owned();
    };
    let hidden = members.into_iter().filter_map(|member| {
        let value = &log[member.value.clone()];
        let hidden = match member.key.as_str() {
            "logDriver" => return None,
            "options" => hide_options(value),
            "secretOptions" if value.trim() == "[]" => return None,
            _ => HIDDEN.to_owned(),
        };
        Some((member.value, hidden))
    });
    exchanged(log, hidden)
}

fn hide_options(options: &str) -> String {
    if options == "null" {
        return options.to_owned();
    }
    let Ok(members) = json::members(options) else {
        return HIDDEN.to_owned();
    };
    let is_harmless = |member: &Member| {
        is_shown(&member.key)
            && serde_json::from_str::<Value>(&options[member.value.clone()])
                .is_ok_and(|value| !value.is_object() && !value.is_array())
    };
    let hidden = members.into_iter().filter(|member| !is_harmless(member));
    exchanged(options, hidden.map(|member| (member.value, HIDDEN.to_owned())))
}

/// Returns `text` with other texts in place of some of its parts. The parts are in their order. The function copies the
/// text once for all parts.
fn exchanged(text: &str, parts: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let (mut whole, mut copied) = (String::with_capacity(text.len()), 0);
    for (part, with) in parts {
        whole.push_str(&text[copied..part.start]);
        whole.push_str(&with);
        copied = part.end;
    }
    whole + &text[copied..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_log_configuration_is_shown_and_unknown_options_are_hidden() {
        let document = "{\"containerDefinitions\": [{\n  \"name\": \"app\",\n  \"environment\": [{\"name\": \"K\", \"value\": \"CANARY\"}],\n  \"logConfiguration\": {\n    \"logDriver\": \"splunk\",\n    \"options\": {\"splunk-token\": \"CANARY\", \"mode\": \"blocking\"},\n    \"secretOptions\": [{\"name\": \"x\", \"valueFrom\": \"CANARY\"}]\n  }\n}]}";
        let lines = LogLines::all(&TaskDefinition::parse(document).unwrap()).remove(0);
        assert_eq!(
            lines.text,
            "  \"logConfiguration\": {\n    \"logDriver\": \"splunk\",\n    \"options\": {\"splunk-token\": \"…\", \"mode\": \"blocking\"},\n    \"secretOptions\": \"…\"\n  }"
        );
        assert!(document[lines.start..].starts_with("  \"logConfiguration\""));
    }

    #[test]
    fn on_one_line_nothing_around_is_shown() {
        let document = r#"{"containerDefinitions":[{"name":"app","image":"CANARY","logConfiguration":{"logDriver":"awslogs"},"x":"CANARY"}]}"#;
        let lines = LogLines::all(&TaskDefinition::parse(document).unwrap()).remove(0);
        assert_eq!(lines.text, r#""logConfiguration":{"logDriver":"awslogs"}"#);
    }

    /// A copy of the text for each hidden value would need more than 20 GB of copies.
    #[test]
    fn very_many_values_are_hidden_in_one_pass() {
        let members = |of: &str| (0..50_000).map(|n| format!(r#""{of}{n}":0,"#)).collect::<String>();
        let (options, others) = (members("o"), members("m"));
        let hidden = |text: &str| text.replace(":0,", ":\"…\",");
        assert_eq!(
            hide(&format!(r#"{{{others}"options":{{{options}"mode":"blocking"}},"logDriver":"x"}}"#)),
            format!(r#"{{{}"options":{{{}"mode":"blocking"}},"logDriver":"x"}}"#, hidden(&others), hidden(&options))
        );
    }
}
