//! The error of reading a task definition from a file. The error contains a message, the place in the file, and a help
//! text.

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value};

use super::kind::Kind;
use super::position;
use crate::domain::ecs::task_definition::NotATaskDefinition;
use crate::domain::text::json;

/// The reason why Logweir cannot read a file as a task definition. `line` and `column` count from 1. If `line` is 0,
/// the error is about the file as a whole. The error contains no part of the file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    pub(super) cause: Cause,
    pub origin: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
}

/// The cause of a [`SourceError`], which decides whether a walk passes over the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Logweir could not read the file, or the task definition in the file has an error.
    Faulty,
    /// The file is larger than any task definition.
    TooLarge,
    /// The text is not JSON.
    NotJson {
        /// Whether the text contains the name of the member `containerDefinitions`.
        mentions_containers: bool,
        /// Whether the text begins as a JSON object or list begins.
        opens_as_json: bool,
    },
    /// The document is JSON of another kind.
    OtherJson(Kind),
    /// The document has a format that Logweir does not support.
    Unsupported(Kind),
}

impl Cause {
    pub(super) fn not_json(text: &str) -> Self {
        // A task definition has this member, which ECS and CloudFormation spell differently.
        let names = ["containerDefinitions", "ContainerDefinitions"];
        Self::NotJson {
            mentions_containers: names.iter().any(|name| text.contains(name)),
            opens_as_json: text.trim_start().starts_with(['{', '[']),
        }
    }
}

impl std::error::Error for SourceError {}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.origin, self.message),
            line => write!(f, "{}:{line}:{}: {}", self.origin, self.column, self.message),
        }
    }
}

impl SourceError {
    /// Creates an error about the file as a whole.
    pub fn whole(origin: &str, message: impl Into<String>, help: Option<&str>) -> Self {
        Self {
            cause: Cause::Faulty,
            origin: origin.into(),
            line: 0,
            column: 0,
            message: message.into(),
            help: help.map(String::from),
        }
    }

    /// Creates the error about a folder in which a walk found no task definition.
    pub fn without_task_definition(folder: &Path) -> Self {
        let help =
            "hidden files and the files that .gitignore lists are not read: name the file itself, or use --no-ignore";
        Self::whole(&folder.display().to_string(), "this folder contains no task definition", Some(help))
    }

    pub(super) fn not_yet(origin: &str, kind: Kind, what: &str) -> Self {
        let cause = Cause::Unsupported(kind);
        let help = "give the task definition as JSON, in the form that `aws ecs describe-task-definition` prints";
        Self { cause, line: 1, column: 1, ..Self::whole(origin, format!("{what} is not supported yet"), Some(help)) }
    }

    pub(super) fn not_json(origin: &str, body: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        let line = body.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        let help = if body.trim().is_empty() {
            Some("the file is empty")
        } else if line.contains("//") || line.contains("/*") {
            Some("remove the comments, because JSON allows no comments")
        } else if ["{{", "{%", "<%", "${", "$(", "%{"].iter().any(|mark| line.contains(mark)) {
            Some("the file looks like a template: render it first, then check the result")
        } else {
            None
        };
        let (line, column) = (error.line(), error.column());
        let cause = Cause::not_json(body);
        Self { cause, line, column, ..Self::whole(origin, format!("not JSON: {message}"), help) }
    }

    /// Creates the error about a part of `body` that begins at the byte position `start`, and is not a task definition.
    pub(super) fn not_a_task_definition(origin: &str, body: &str, start: usize, error: NotATaskDefinition) -> Self {
        if let NotATaskDefinition::Repeated(repeated) = &error {
            let [first, second] = [repeated.first, repeated.second].map(|at| position(body, start + at));
            let message = format!(
                "`{}` occurs twice, in line {}, column {} and in line {}, column {}; Logweir cannot know which of the \
                 two ECS would use",
                repeated.pointer, first.0, first.1, second.0, second.1
            );
            let (line, column) = second;
            return Self { line, column, ..Self::whole(origin, message, Some("remove one of the two members")) };
        }
        let at = json::members(body)
            .unwrap_or_default()
            .into_iter()
            .rev()
            .find(|member| member.key == "containerDefinitions")
            .map_or(body.len() - body.trim_start().len(), |member| member.value.start);
        let help = match &error {
            NotATaskDefinition::NoContainers => {
                Some("give a RegisterTaskDefinition input or a DescribeTaskDefinition response")
            }
            NotATaskDefinition::ContainersNotAList { found: "a placeholder" | "an intrinsic function" } => {
                Some("render the template, then check the rendered document")
            }
            NotATaskDefinition::NotAnObject { found: "an array" } => {
                Some("put this list of containers under containerDefinitions, and add a family")
            }
            _ => None,
        };
        let cause = match &error {
            NotATaskDefinition::NoContainers => Cause::OtherJson(Kind::Other),
            NotATaskDefinition::NotAnObject { .. } if is_container_list(body) => Cause::OtherJson(Kind::ContainerList),
            NotATaskDefinition::NotAnObject { .. } => Cause::OtherJson(Kind::Other),
            _ => Cause::Faulty,
        };
        let (line, column) = position(body, at);
        Self { cause, line, column, ..Self::whole(origin, error.to_string(), help) }
    }
}

/// Whether the document is a list of containers, as Terraform takes it.
fn is_container_list(body: &str) -> bool {
    let list: Vec<Map<String, Value>> = serde_json::from_str(body).unwrap_or_default();
    let has = |container: &Map<String, Value>, member: &str| container.contains_key(member);
    let is_container =
        |container| has(container, "name") && ["image", "logConfiguration"].iter().any(|member| has(container, member));
    !list.is_empty() && list.iter().all(is_container)
}
