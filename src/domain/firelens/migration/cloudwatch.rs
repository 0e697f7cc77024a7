//! The CloudWatch output of a container that logs through awslogs: each option of awslogs as an option of the output.

use serde_json::Value;

use super::RETRIES;
use super::choices::{Choices, Style};
use super::draft::Draft;
use super::log_name::{check_group, check_stream};
use super::multiline::{self, Multiline};
use super::option::{Fate, fate};
use super::output::Output;
use crate::domain::ecs::task_definition::{Container, Options};
use crate::domain::firelens::plugin::plugin;
use crate::domain::text::plain::plain;

/// The text that names the task in the name of a log stream. The init image of AWS sets the variable.
pub(super) const TASK_ID: &str = "${ECS_TASK_ID}";

/// A container that moves from awslogs to the router.
pub(super) struct Moved {
    pub(super) output: Output,
    /// The secret options that the output keeps.
    pub(super) secrets: Vec<Value>,
    pub(super) multiline: Option<Multiline>,
}

/// The options of one container while they are read.
#[derive(Default)]
struct Reading {
    /// The options of the output, in the order of the options of awslogs.
    options: Vec<(&'static str, Value)>,
    prefix: Option<String>,
    creates_group: bool,
    pattern: Option<String>,
    datetime: Option<String>,
}

/// The place of the stream's name among the options of the output, until the name is known.
const STREAM: &str = "stream";
const CREATES_GROUP: &str = "auto_create_group";

/// Returns the output of the container. Adds a blocker for each option that cannot move.
pub(super) fn moved(container: Container<'_>, options: Options<'_>, choices: &Choices, draft: &mut Draft) -> Moved {
    let name = container.name().unwrap_or_default();
    let reading = match options {
        Options::Map(map) => {
            let mut reading = Reading::default();
            for (option, value) in map {
                reading.read(name, choices.style, option, value, draft);
            }
            reading
        }
        Options::Absent | Options::Null => Reading::default(),
        Options::Malformed(found) => {
            draft.block(
                "unreadable-options",
                format!("the log options of container `{name}` are {found} instead of an object"),
            );
            Reading::default()
        }
        Options::Unknown => {
            let message = format!("the log options of container `{name}` are a placeholder; render the document first");
            draft.block("unreadable-options", message);
            Reading::default()
        }
    };
    let secrets = secrets(container, choices, draft);
    let multiline = reading.multiline(name, draft);
    Moved { output: reading.output(name, choices, draft), secrets, multiline }
}

impl Reading {
    fn read(&mut self, name: &str, style: Style, option: &str, value: &Value, draft: &mut Draft) {
        let shown = plain(option, 100);
        let fate = fate(option);
        let text = match value.as_str() {
            Some(text) => text,
            None if matches!(fate, Fate::Blocks(_)) => "",
            None => {
                let message = format!("{shown} of container `{name}` is no text, and ECS refuses it; write a text");
                return draft.block("unreadable-options", message);
            }
        };
        if !is_writable(name, style, option, text, draft) {
            return;
        }
        match fate {
            Fate::Output(_) if value == "" => {}
            Fate::Output(option) => self.options.push((option, value.clone())),
            Fate::StreamPrefix => {
                self.prefix = Some(text.to_owned()).filter(|prefix| !prefix.is_empty());
                self.options.push((STREAM, Value::Null));
            }
            Fate::Multiline => self.pattern = Some(text.to_owned()),
            Fate::Datetime => self.datetime = Some(text.to_owned()),
            Fate::CreateGroup => match text {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => {
                    if text != "true" {
                        let message =
                            format!("container `{name}`: {shown} is spelled `{text}`; ECS accepts only `true`");
                        draft.say("spelling", message);
                    }
                    self.creates_group = true;
                    self.options.push((CREATES_GROUP, "true".into()));
                }
                "0" | "f" | "F" | "false" | "FALSE" | "False" => {}
                _ => draft.block(
                    "unreadable-options",
                    format!(
                        "{shown} of container `{name}` is neither true nor false; write `true`, or remove the option"
                    ),
                ),
            },
            Fate::Dropped(why) => {
                draft.say(
                    "dropped-option",
                    format!("container `{name}`: {shown} has no counterpart and is left out: {why}"),
                );
            }
            Fate::Blocks(why) => {
                let message = format!("{shown} of container `{name}` cannot move: {why}; remove the option");
                draft.block("untranslatable-option", message);
            }
        }
    }

    /// Returns the multiline parser of the container. If both options are set, awslogs uses the date format (source:
    /// moby, daemon/logger/awslogs/cloudwatchlogs.go).
    fn multiline(&self, name: &str, draft: &mut Draft) -> Option<Multiline> {
        if self.datetime.is_some() && self.pattern.is_some() {
            let message = format!(
                "container `{name}`: awslogs-multiline-pattern is left out, because awslogs uses awslogs-datetime-format if \
                 both are set"
            );
            draft.say("dropped-option", message);
        }
        let (option, start) = match (&self.datetime, &self.pattern) {
            (Some(format), _) => ("awslogs-datetime-format", multiline::of_datetime(format)),
            (None, Some(pattern)) => ("awslogs-multiline-pattern", multiline::of_pattern(pattern)),
            (None, None) => return None,
        };
        match start {
            Ok(start) => Some(Multiline { container: name.to_owned(), start }),
            Err(why) => {
                let message = format!("{option} of container `{name}` cannot move: {why}; write another expression");
                draft.block("untranslatable-pattern", message);
                None
            }
        }
    }

    fn output(self, name: &str, choices: &Choices, draft: &mut Draft) -> Output {
        let has = |option: &str| self.options.iter().any(|(name, _)| *name == option);
        for (option, source) in [("region", "awslogs-region"), ("log_group_name", "awslogs-group")] {
            if !has(option) {
                let message =
                    format!("container `{name}` sets no {source}, which the output needs as {option}; set it");
                draft.block("missing-option", message);
            }
        }
        let prefix = self.prefix.as_deref();
        let (option, stream) = stream(choices.style, name, prefix);
        let named = |task: &str| match option {
            "log_stream_name" => stream.replace(TASK_ID, task),
            _ => format!("{stream}{name}-firelens-{task}"),
        };
        check_stream(name, named, draft);
        say_stream(name, prefix, option, &named("TASK-ID"), draft);
        let place = if has(STREAM) { None } else { Some((STREAM, Value::Null)) };
        let mut output = Output::new(choices.plugin.name());
        for (name, value) in self.options.into_iter().chain(place) {
            output = match name {
                STREAM => output.with(option, stream.as_str()),
                name => output.with(name, value),
            };
        }
        output = output.with("log_key", "log");
        if !self.creates_group {
            output = output.with(CREATES_GROUP, "false");
        }
        output.with("retry_limit", RETRIES)
    }
}

/// Checks that the output can have the text of an option. Adds a blocker if it cannot.
fn is_writable(name: &str, style: Style, option: &str, text: &str, draft: &mut Draft) -> bool {
    let shown = plain(option, 100);
    if text.chars().any(char::is_control) {
        let message = format!(
            "{shown} of container `{name}` has a control character, which would change the router's configuration"
        );
        draft.block("refused-characters", message);
        return false;
    }
    if option == "awslogs-group" {
        check_group(name, text, draft);
    }
    let is_kept = matches!(fate(option), Fate::Output(_) | Fate::StreamPrefix);
    if is_kept && style == Style::SameNames && text.contains("${") {
        let message = format!(
            "{shown} of container `{name}` has a variable in the notation `${{…}}`, and the tool that replaces it would \
             also replace {TASK_ID}, which style same-names writes; plan the registered revision (ecs:FAMILY), or use \
             style simple"
        );
        draft.block("template", message);
    }
    true
}

/// Returns the option and the value that name the log stream. The plugin writes the tag, `CONTAINER-firelens-TASK`,
/// directly behind a prefix.
fn stream(style: Style, name: &str, prefix: Option<&str>) -> (&'static str, String) {
    match (style, prefix) {
        (Style::SameNames, Some(prefix)) => ("log_stream_name", format!("{prefix}/{name}/{TASK_ID}")),
        (Style::SameNames, None) => ("log_stream_name", format!("{name}/{TASK_ID}")),
        (_, prefix) => ("log_stream_prefix", format!("{}/", prefix.unwrap_or(name))),
    }
}

fn say_stream(name: &str, prefix: Option<&str>, option: &str, new: &str, draft: &mut Draft) {
    let message = match prefix {
        Some(prefix) if option == "log_stream_name" => {
            format!("container `{name}`: the log streams keep their names, {prefix}/{name}/TASK-ID")
        }
        Some(prefix) => format!(
            "container `{name}`: the log streams are called {new} instead of {prefix}/{name}/TASK-ID, so the log tab of the \
             ECS console and queries by stream name do not find them; style same-names keeps the names"
        ),
        None => format!(
            "container `{name}`: without awslogs-stream-prefix, the log streams are called after the ID of the Docker \
             container, and no style can keep these names; the new names are {new}"
        ),
    };
    draft.say("stream-names", message);
}

/// Returns the secret options that the output keeps. Adds a blocker for every other one.
fn secrets(container: Container<'_>, choices: &Choices, draft: &mut Draft) -> Vec<Value> {
    let name = container.name().unwrap_or_default();
    let list = container.member("logConfiguration").and_then(|log| log.get("secretOptions"));
    let secrets = match list {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(secrets)) => secrets,
        Some(_) => {
            draft.block("secret-option", format!("secretOptions of container `{name}` is no list; write a list"));
            return Vec::new();
        }
    };
    let known = plugin(choices.plugin.name());
    let is_kept = |secret: &&Value| {
        let option = secret["name"].as_str();
        option.is_some_and(|option| known.is_some_and(|plugin| plugin.option(option).is_some()))
    };
    for secret in secrets.iter().filter(|secret| !is_kept(secret)) {
        let message = match secret["name"].as_str() {
            Some(option) => format!(
                "{} under secretOptions of container `{name}` cannot move: the output {} has no such option, and the value \
                 is secret; write the value under options",
                plain(option, 100),
                choices.plugin.name()
            ),
            None => format!("an item of secretOptions of container `{name}` has no name; correct or remove the item"),
        };
        draft.block("secret-option", message);
    }
    secrets.iter().filter(is_kept).cloned().collect()
}
