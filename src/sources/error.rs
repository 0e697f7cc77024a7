//! The error of reading a task definition from a file. The error contains a message, the place in the file, and a help
//! text.

use std::fmt;
use std::ops::Range;
use std::path::Path;

use super::FileKind;
use super::kind::Kind;
use super::recognize::recognize;
use super::shape::NotFound;
use super::syntax::SyntaxError;
use super::tree::{NodeId, Tree, Unparsed, escaped};
use crate::domain::ecs::task_definition::NotATaskDefinition;
use crate::domain::text::json;
use crate::domain::text::place::{self, Position};
use crate::domain::text::plain::plain;

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
    /// The file is of another kind.
    OtherKind(Kind),
}

impl Cause {
    pub(super) fn not_json(text: &str) -> Self {
        // A task definition has this member, which ECS and CloudFormation spell differently. A plan or a state names
        // the type of the resource.
        let names = ["containerDefinitions", "ContainerDefinitions", "aws_ecs_task_definition"];
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

    /// Returns the position of the error. Returns `None` if the error is about the file as a whole.
    pub fn position(&self) -> Option<Position> {
        (self.line > 0).then_some(Position { line: self.line, column: self.column })
    }

    /// Creates the error about a value, at the position `at`, that is of another kind than a task definition.
    pub(super) fn of_kind(origin: &str, body: &str, at: usize, kind: FileKind) -> Self {
        let (line, column) = position(body, at);
        let message = format!("not a task definition: the file is {}", kind.name());
        Self { cause: Cause::OtherKind(kind.kind()), line, column, ..Self::whole(origin, message, kind.help()) }
    }

    /// Creates the error about a JSON text that contains no task definition.
    pub(super) fn not_found(origin: &str, body: &str, why: &NotFound) -> Self {
        let whole = body.len() - body.trim_start().len()..body.trim_end().len();
        let at = |at, message: &str, help: &str| {
            let (line, column) = position(body, at);
            Self { line, column, ..Self::whole(origin, message, Some(help)) }
        };
        match why {
            NotFound::NoShape => match recognize(origin, body) {
                Some(kind) => Self::of_kind(origin, body, whole.start, kind),
                None => {
                    let error = match body[whole.clone()].bytes().next() {
                        Some(b'{') => NotATaskDefinition::NoContainers,
                        Some(b'[') => NotATaskDefinition::NotAnObject { found: "an array" },
                        Some(b'"') => NotATaskDefinition::NotAnObject { found: "a string" },
                        Some(b't' | b'f') => NotATaskDefinition::NotAnObject { found: "a boolean" },
                        Some(b'n') => NotATaskDefinition::NotAnObject { found: "null" },
                        _ => NotATaskDefinition::NotAnObject { found: "a number" },
                    };
                    let error = Self::not_a_task_definition(origin, body, whole, &|at| at, error);
                    Self { cause: Cause::OtherKind(Kind::Other), ..error }
                }
            },
            NotFound::NoFamily => Self {
                cause: Cause::OtherKind(Kind::ContainerList),
                ..at(
                    whole.start,
                    "the file is a list of containers, and Logweir does not know the family of their task definition",
                    "name the family with --family FAMILY",
                )
            },
            NotFound::MixedCase => at(
                whole.start,
                "not a task definition: its members are partly in PascalCase and partly in camelCase",
                "write all members in camelCase, as `aws ecs describe-task-definition` prints them",
            ),
            NotFound::Item { index, place } => {
                let kind = recognize("", &body[place.clone()]).map_or("not a task definition", FileKind::name);
                let message = format!("item {} of the list is {kind}", index + 1);
                at(place.start, &message, "give a list that contains only task definitions")
            }
            NotFound::Nested { place } => {
                at(place.start, "a task definition contains another task definition", "write each one in its own file")
            }
        }
    }

    /// Returns the error as one about a file of another kind.
    pub(super) fn of_other_kind(self, kind: Kind) -> Self {
        Self { cause: Cause::OtherKind(kind), ..self }
    }

    /// Creates the error about a file that is larger than any file of its kind.
    pub(super) fn too_large(origin: &str, largest: usize) -> Self {
        let error = Self::whole(origin, format!("larger than the limit of {} MiB", largest >> 20), None);
        Self { cause: Cause::TooLarge, ..error }
    }

    /// Creates the error about a text that is not YAML.
    pub(super) fn not_yaml(origin: &str, text: &str, why: &Unparsed) -> Self {
        let (line, column) = position(text, why.at);
        let is_template = ["{{", "{%", "<%", "[%"].iter().any(|mark| text.contains(mark));
        let help = is_template.then_some("the file looks like a template: render it first, then check the result");
        let cause = match is_template {
            // In a folder, the source of a template is another kind of file.
            true => Cause::OtherKind(Kind::Yaml),
            false => Cause::not_json(text),
        };
        Self { cause, line, column, ..Self::whole(origin, format!("not YAML: {}", why.message), help) }
    }

    /// Creates the error about the task definition at the position `at`.
    pub(super) fn at(origin: &str, text: &str, at: usize, error: NotATaskDefinition) -> Self {
        let (line, column) = position(text, at);
        Self { line, column, ..Self::whole(origin, error.to_string(), None) }
    }

    /// Creates the error about the task definition at the position `at`, which is too large or nested too deeply.
    pub(super) fn too_large_view(origin: &str, text: &str, at: usize) -> Self {
        let (line, column) = position(text, at);
        let message = "the task definition is nested too deeply, or aliases or conditions make it too large";
        Self { line, column, ..Self::whole(origin, message, None) }
    }

    /// Creates the error about a key that occurs twice.
    pub(super) fn repeated(origin: &str, text: &str, tree: &Tree, first: NodeId, second: NodeId) -> Self {
        let [from, to] = [first, second].map(|key| position(text, tree.node(key).start));
        let parent = tree.node(second).parent.map(|parent| tree.pointer(parent)).unwrap_or_default();
        let pointer = plain(&format!("{parent}/{}", escaped(tree.scalar(second).unwrap_or_default())), 200);
        let message = format!(
            "`{pointer}` occurs twice, in line {}, column {} and in line {}, column {}; Logweir cannot know which of the \
             two AWS would use",
            from.0, from.1, to.0, to.1
        );
        Self { line: to.0, column: to.1, ..Self::whole(origin, message, Some("remove one of the two members")) }
    }

    pub(super) fn not_json(origin: &str, body: &str, error: &serde_json::Error) -> Self {
        let SyntaxError { at, message, help } = SyntaxError::of(body, error);
        let (line, column) = position(body, at);
        let cause = Cause::not_json(body);
        Self { cause, line, column, ..Self::whole(origin, format!("not JSON: {message}"), help) }
    }

    /// Creates the error about the task definition in `body`, which is no valid task definition. `position_of` maps a
    /// position in the text of the task definition to its position in `body`.
    pub(super) fn not_a_task_definition(
        origin: &str,
        body: &str,
        place: Range<usize>,
        position_of: &dyn Fn(usize) -> usize,
        error: NotATaskDefinition,
    ) -> Self {
        if let NotATaskDefinition::Repeated(repeated) = &error {
            let [first, second] = [repeated.first, repeated.second].map(|at| position(body, position_of(at)));
            let message = format!(
                "`{}` occurs twice, in line {}, column {} and in line {}, column {}; Logweir cannot know which of the \
                 two ECS would use",
                repeated.pointer, first.0, first.1, second.0, second.1
            );
            let (line, column) = second;
            return Self { line, column, ..Self::whole(origin, message, Some("remove one of the two members")) };
        }
        let at = json::members(&body[place.clone()])
            .unwrap_or_default()
            .into_iter()
            .rev()
            .find(|member| matches!(&*member.key, "containerDefinitions" | "ContainerDefinitions"))
            .map_or(place.start, |member| place.start + member.value.start);
        let help = match &error {
            NotATaskDefinition::NoContainers | NotATaskDefinition::NotAnObject { .. } => {
                Some("give a RegisterTaskDefinition input or a DescribeTaskDefinition response")
            }
            NotATaskDefinition::ContainersNotAList { found: "a placeholder" | "an intrinsic function" } => {
                Some("render the template, then check the rendered document")
            }
            _ => None,
        };
        let (line, column) = position(body, at);
        Self { line, column, ..Self::whole(origin, error.to_string(), help) }
    }
}

fn position(text: &str, at: usize) -> (usize, usize) {
    let Position { line, column } = place::position(text, at);
    (line, column)
}
