//! Why no task definition was read from a file: what, where, and what to do.

use std::fmt;

use super::position;
use crate::domain::ecs::task_definition::{NotATaskDefinition, is_placeholder};
use crate::domain::text::json;

/// Line and column count from 1. Holds nothing of the file's content.
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
    /// An error about the file as a whole.
    pub fn whole(origin: &str, message: impl Into<String>, help: Option<&str>) -> Self {
        Self { origin: origin.into(), line: 0, column: 0, message: message.into(), help: help.map(String::from) }
    }

    pub(super) fn not_yet(origin: &str, what: &str) -> Self {
        let help = "give the task definition itself as JSON, as `aws ecs describe-task-definition` prints it";
        Self { line: 1, column: 1, ..Self::whole(origin, format!("{what} is not read yet"), Some(help)) }
    }

    pub(super) fn not_json(origin: &str, body: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
        let line = body.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        let help = if body.trim().is_empty() {
            Some("the file is empty")
        } else if line.contains("//") || line.contains("/*") {
            Some("JSON has no comments")
        } else if is_placeholder(line) || ["{{", "{%", "<%", "${"].iter().any(|mark| body.contains(mark)) {
            Some("this looks like a template: render it first, then check what it renders to")
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
                Some("a RegisterTaskDefinition input or a DescribeTaskDefinition answer is read")
            }
            NotATaskDefinition::NotAnObject { found: "an array" } => {
                Some("a list of containers alone is not read; put it under containerDefinitions, beside a family")
            }
            _ => None,
        };
        let (line, column) = position(body, at);
        Self { line, column, ..Self::whole(origin, error.to_string(), help) }
    }
}
