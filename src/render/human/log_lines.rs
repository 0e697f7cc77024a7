//! The lines of one container's log configuration, in a form that is safe to show. Logweir shows no other part of the
//! document, and hides the values of options that may be secret.

use serde_json::Value;

use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::report::is_shown;
use crate::domain::text::json;

/// The text that Logweir shows in place of a hidden value.
const HIDDEN: &str = "\"…\"";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LogLines {
    /// The excerpt `"logConfiguration": { … }`, with the indentation if the excerpt starts a line. The excerpt is empty
    /// if the container has no log configuration.
    pub text: String,
    /// The byte position of the excerpt in the text of the task definition.
    pub start: usize,
    /// The byte position of the container's name in the text of the task definition. Logweir shows the name if the
    /// container has no log configuration.
    pub name: Option<usize>,
}

impl LogLines {
    pub(super) fn of(definition: &TaskDefinition, index: usize) -> Option<Self> {
        let document = definition.text();
        let containers =
            json::members(document).ok()?.into_iter().find(|member| member.key == "containerDefinitions")?.value;
        let item = json::items(&document[containers.clone()]).ok()?.into_iter().nth(index)?;
        let (start, end) = (containers.start + item.start, containers.start + item.end);
        let container = &document[start..end];
        let members = json::members(container).unwrap_or_default();
        let name = members.iter().find(|member| member.key == "name").map(|member| start + member.value.start);
        let Some(at) = members.iter().position(|member| member.key == "logConfiguration") else {
            return Some(Self { text: String::new(), start: name.unwrap_or(start), name });
        };
        let log = members[at].value.clone();
        let previous = at.checked_sub(1).map(|previous| members[previous].value.end);
        let key = start + json::key_start(container, previous);
        let line = document[..key].rfind('\n').map_or(0, |newline| newline + 1);
        let has_own_lines = document[line..key].trim().is_empty();
        let first = if has_own_lines { line } else { key };
        let head = &document[first..start + log.start];
        Some(Self { text: format!("{head}{}", hide(&container[log])), start: first, name })
    }
}

/// Returns the text of a log configuration, in which each value that may be secret is hidden.
fn hide(log: &str) -> String {
    let Ok(members) = json::members(log) else {
        return HIDDEN.to_owned();
    };
    let mut shown = log.to_owned();
    for member in members.iter().rev() {
        let value = &log[member.value.clone()];
        let hidden = match member.key.as_str() {
            "logDriver" => continue,
            "options" => hide_options(value),
            "secretOptions" if value.trim() == "[]" => continue,
            _ => HIDDEN.to_owned(),
        };
        shown = json::exchange(&shown, &member.value, &hidden);
    }
    shown
}

fn hide_options(options: &str) -> String {
    if options == "null" {
        return options.to_owned();
    }
    let Ok(members) = json::members(options) else {
        return HIDDEN.to_owned();
    };
    let mut shown = options.to_owned();
    for member in members.iter().rev() {
        let harmless = is_shown(&member.key)
            && serde_json::from_str::<Value>(&options[member.value.clone()])
                .is_ok_and(|value| !value.is_object() && !value.is_array());
        if !harmless {
            shown = json::exchange(&shown, &member.value, HIDDEN);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_log_configuration_is_shown_and_unknown_options_are_hidden() {
        let document = "{\"containerDefinitions\": [{\n  \"name\": \"app\",\n  \"environment\": [{\"name\": \"K\", \"value\": \"CANARY\"}],\n  \"logConfiguration\": {\n    \"logDriver\": \"splunk\",\n    \"options\": {\"splunk-token\": \"CANARY\", \"mode\": \"blocking\"},\n    \"secretOptions\": [{\"name\": \"x\", \"valueFrom\": \"CANARY\"}]\n  }\n}]}";
        let lines = LogLines::of(&TaskDefinition::parse(document).unwrap(), 0).unwrap();
        assert_eq!(
            lines.text,
            "  \"logConfiguration\": {\n    \"logDriver\": \"splunk\",\n    \"options\": {\"splunk-token\": \"…\", \"mode\": \"blocking\"},\n    \"secretOptions\": \"…\"\n  }"
        );
        assert!(document[lines.start..].starts_with("  \"logConfiguration\""));
    }

    #[test]
    fn on_one_line_nothing_around_is_shown() {
        let document = r#"{"containerDefinitions":[{"name":"app","image":"CANARY","logConfiguration":{"logDriver":"awslogs"},"x":"CANARY"}]}"#;
        let lines = LogLines::of(&TaskDefinition::parse(document).unwrap(), 0).unwrap();
        assert_eq!(lines.text, r#""logConfiguration":{"logDriver":"awslogs"}"#);
    }
}
