//! Reads task definitions from files. Logweir remembers the position of a task definition in its file, so that it can
//! replace only the task definition and keep the rest of the file.

mod error;
mod files;
mod kind;
mod walk;

use std::ops::Range;

use serde_json::Value;

use crate::domain::ecs::repeated_key;
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::text::json;

pub use error::SourceError;
pub use files::{FileTarget, Found, named, read_file, read_found, read_stdin};
pub use kind::{Kind, PassedOver};
pub use walk::{WalkOptions, Walked, walk};

/// A JSON text that contains one task definition. The text is the input of RegisterTaskDefinition or the response of
/// DescribeTaskDefinition.
pub struct Document {
    /// The path of the file, or `<stdin>`.
    pub origin: String,
    text: String,
    /// The byte range of the task definition in the text.
    place: Range<usize>,
    /// The JSON pointer (RFC 6901) to the task definition in the text.
    pub pointer: &'static str,
    pub definition: TaskDefinition,
    pub tags: Vec<Tag>,
}

impl Document {
    pub fn parse(origin: &str, text: String) -> Result<Self, SourceError> {
        let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = &text[bom..];
        if let Some((kind, what)) = not_yet(origin, body) {
            return Err(SourceError::not_yet(origin, kind, what));
        }
        let wrapped = match serde_json::from_str::<Value>(body) {
            Err(error) => return Err(SourceError::not_json(origin, body, &error)),
            Ok(view) => view.get("containerDefinitions").is_none() && view["taskDefinition"].is_object(),
        };
        let error =
            |start: usize, error: NotATaskDefinition| SourceError::not_a_task_definition(origin, body, start, error);
        if let Ok(Some(repeated)) = repeated_key::in_response(body) {
            return Err(error(0, NotATaskDefinition::Repeated(repeated)));
        }
        let members = json::members(body).unwrap_or_default();
        let member = |name: &str| members.iter().find(|member| member.key == name).map(|member| member.value.clone());
        let (place, pointer) = match member("taskDefinition").filter(|_| wrapped) {
            Some(place) => (place, "/taskDefinition"),
            None => {
                let start = body.len() - body.trim_start().len();
                (start..start + body.trim().len(), "")
            }
        };
        let definition = TaskDefinition::parse(&body[place.clone()]).map_err(|found| error(place.start, found))?;
        let tags = member("tags").and_then(|place| Tag::parse_list(&body[place]).ok()).unwrap_or_default();
        let place = place.start + bom..place.end + bom;
        Ok(Self { origin: origin.to_owned(), place, pointer, definition, tags, text })
    }

    /// Returns the whole text, unchanged.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the part of the text that follows the task definition.
    pub fn after(&self) -> &str {
        &self.text[self.place.end..]
    }

    /// Returns the whole text with `definition` in place of the task definition. Every byte before and after the task
    /// definition stays the same.
    pub fn with(&self, definition: &TaskDefinition) -> String {
        json::exchange(&self.text, &self.place, definition.text())
    }

    /// Returns the line and the column, in the whole text, of the byte position `at` in the task definition. The line
    /// and the column count from 1.
    pub fn position(&self, at: usize) -> (usize, usize) {
        position(&self.text, self.place.start + at)
    }
}

/// Returns the line and the column of the byte position `at` in a text. The line and the column count from 1.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let head = text.get(..at).unwrap_or(text);
    let line_start = head.rfind('\n').map_or(0, |newline| newline + 1);
    let column = head[line_start..].trim_start_matches('\u{feff}').chars().count() + 1;
    (head.matches('\n').count() + 1, column)
}

const CLOUDFORMATION: &str = "a CloudFormation template";

/// Returns the kind and a name for the format of the text, if Logweir does not support this format yet.
fn not_yet(origin: &str, body: &str) -> Option<(Kind, &'static str)> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| origin.to_ascii_lowercase().ends_with(ending));
    if ends(&[".tf", ".tfvars", ".hcl"]) {
        return Some((Kind::Terraform, "a Terraform file"));
    }
    if ends(&[".jsonnet", ".libsonnet"]) {
        return Some((Kind::Jsonnet, "a Jsonnet file"));
    }
    let is_json = body.trim_start().starts_with(['{', '[']);
    if !is_json {
        if body.contains("AWSTemplateFormatVersion") || body.contains("AWS::ECS::TaskDefinition") {
            return Some((Kind::CloudFormation, CLOUDFORMATION));
        }
        return ends(&[".yaml", ".yml"]).then_some((Kind::Yaml, "a YAML document"));
    }
    let view: Value = serde_json::from_str(body).ok()?;
    let has = |member: &str| view.get(member).is_some();
    if has("containerDefinitions") {
        return None;
    }
    if has("AWSTemplateFormatVersion") || (has("Resources") && view["Resources"].is_object()) {
        return Some((Kind::CloudFormation, CLOUDFORMATION));
    }
    (has("resource_changes") || has("planned_values")).then_some((Kind::Terraform, "a Terraform plan"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = r#"{"family":"web","containerDefinitions":[{}]}"#;

    #[test]
    fn both_shapes_are_read_and_given_back_in_their_shape() {
        for (text, pointer) in [
            (INPUT.to_owned(), ""),
            (format!("\u{feff}\r\n {INPUT} \n"), ""),
            (
                format!("{{ \"taskDefinition\" : {INPUT}, \"tags\": [{{\"key\":\"a\",\"value\":\"b\"}}] }}"),
                "/taskDefinition",
            ),
        ] {
            let document = Document::parse("web.json", text.clone()).unwrap();
            assert_eq!((document.pointer, document.definition.text()), (pointer, INPUT));
            assert_eq!(document.with(&document.definition), text);
        }
    }

    #[test]
    fn what_is_not_read_yet_is_named() {
        for (origin, text, what) in [
            ("t.json", r#"{"Resources":{}}"#, "a CloudFormation template"),
            ("t.yaml", "AWSTemplateFormatVersion: 2010-09-09\n", "a CloudFormation template"),
            ("td.yml", "family: web\n", "a YAML document"),
            ("plan.json", r#"{"resource_changes":[]}"#, "a Terraform plan"),
        ] {
            let error = Document::parse(origin, text.into()).err().unwrap();
            assert_eq!(error.message, format!("{what} is not supported yet"), "{origin}");
        }
    }

    #[test]
    fn a_repeated_key_is_an_error_with_both_places() {
        let once = r#""logConfiguration":{"logDriver":"awslogs","options":{"mode":"blocking"}}"#;
        let twice = once.replace("\"blocking\"", "\"blocking\",\n\"mo\\u0064e\":\"non-blocking\"");
        let input = format!("{{\"containerDefinitions\":[{{{twice}}}]}}");
        for (text, pointer, first, line) in [
            (input.clone(), "/containerDefinitions/0/logConfiguration/options/mode", 80, 2),
            (
                format!("{{\"taskDefinition\":\n{input}}}"),
                "/containerDefinitions/0/logConfiguration/options/mode",
                80,
                3,
            ),
            (format!("{{\"taskDefinition\":{INPUT},\n\"taskDefinition\":{INPUT}}}"), "/taskDefinition", 2, 2),
            (format!("{{\"taskDefinition\":{INPUT},\"tags\":[],\n\"tags\":[]}}"), "/tags", 64, 2),
            (
                format!("{{\"taskDefinition\":{INPUT},\"tags\":[{{\"key\":\"a\",\n\"key\":\"b\"}}]}}"),
                "/tags/0/key",
                73,
                2,
            ),
        ] {
            let error = Document::parse("web.json", text).err().unwrap();
            assert_eq!((error.line, error.column), (line, 1), "{error}");
            let both =
                format!("`{pointer}` occurs twice, in line {}, column {first} and in line {line}, column 1;", line - 1);
            assert!(error.message.starts_with(&both), "{error}");
        }
    }

    #[test]
    fn a_templated_file_has_to_be_rendered_first() {
        let text = "{\n  \"family\": \"web\",\n  \"containerDefinitions\": [{{ containers }}]\n}";
        let error = Document::parse("web.json", text.into()).err().unwrap();
        assert_eq!((error.line, error.column), (3, 29));
        assert!(error.help.unwrap().contains("render"));
    }
}
