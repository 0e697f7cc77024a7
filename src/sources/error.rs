//! The error of reading a task definition from a file. The error contains a message, the place in the file, and a help
//! text.

use std::fmt;

use super::position;
use crate::domain::ecs::task_definition::NotATaskDefinition;
use crate::domain::text::json;

/// The reason why Logweir cannot read a file as a task definition. `line` and `column` count from 1. If `line` is 0,
/// the error is about the file as a whole. The error contains no part of the file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    pub origin: String,
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
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
        Self { origin: origin.into(), line: 0, column: 0, message: message.into(), help: help.map(String::from) }
    }

    pub(super) fn not_yet(origin: &str, what: &str) -> Self {
        let help = "give the task definition as JSON, in the form that `aws ecs describe-task-definition` prints";
        Self { line: 1, column: 1, ..Self::whole(origin, format!("{what} is not supported yet"), Some(help)) }
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
        Self { line, column, ..Self::whole(origin, format!("not JSON: {message}"), help) }
    }

    pub(super) fn not_a_task_definition(origin: &str, body: &str, error: NotATaskDefinition) -> Self {
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
            NotATaskDefinition::NotAnObject { found: "an array" } => {
                Some("put this list of containers under containerDefinitions, and add a family")
            }
            _ => None,
        };
        let (line, column) = position(body, at);
        Self { line, column, ..Self::whole(origin, error.to_string(), help) }
    }
}
