//! Task definitions from files: where the document stands in the text, so that the answer has the shape of the question.

mod error;
mod files;

use std::ops::Range;

use serde_json::Value;

use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::{NotATaskDefinition, TaskDefinition};
use crate::domain::text::json;

pub use error::SourceError;
pub use files::{FileTarget, discover, read_file, read_stdin};

/// A text that holds one task definition: a RegisterTaskDefinition input or a DescribeTaskDefinition answer.
pub struct Document {
    /// What the user called it.
    pub origin: String,
    text: String,
    /// Where the task definition itself stands.
    place: Range<usize>,
    /// The RFC 6901 pointer of the task definition in the text.
    pub pointer: &'static str,
    pub definition: TaskDefinition,
    pub tags: Vec<Tag>,
}

impl Document {
    pub fn parse(origin: &str, text: String) -> Result<Self, SourceError> {
        let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let body = &text[bom..];
        if let Some(what) = not_yet(origin, body) {
            return Err(SourceError::not_yet(origin, what));
        }
        let wrapped = match serde_json::from_str::<Value>(body) {
            Err(error) => return Err(SourceError::not_json(origin, body, &error)),
            Ok(view) => view.get("containerDefinitions").is_none() && view["taskDefinition"].is_object(),
        };
        let error = |error: NotATaskDefinition| SourceError::not_a_task_definition(origin, body, error);
        let members = json::members(body).unwrap_or_default();
        let member = |name: &str| members.iter().find(|member| member.key == name).map(|member| member.value.clone());
        let (place, pointer) = match member("taskDefinition").filter(|_| wrapped) {
            Some(place) => (place, "/taskDefinition"),
            None => {
                let start = body.len() - body.trim_start().len();
                (start..start + body.trim().len(), "")
            }
        };
        let definition = TaskDefinition::parse(&body[place.clone()]).map_err(error)?;
        let tags = member("tags").and_then(|place| Tag::parse_list(&body[place]).ok()).unwrap_or_default();
        let place = place.start + bom..place.end + bom;
        Ok(Self { origin: origin.to_owned(), place, pointer, definition, tags, text })
    }

    /// The whole text, as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands behind the task definition.
    pub fn after(&self) -> &str {
        &self.text[self.place.end..]
    }

    /// The whole text with another task definition in it; every byte around it stays.
    pub fn with(&self, definition: &TaskDefinition) -> String {
        json::exchange(&self.text, &self.place, definition.text())
    }

    /// The line on which position `at` of the task definition's text lies, and the column, both from 1.
    pub fn position(&self, at: usize) -> (usize, usize) {
        position(&self.text, self.place.start + at)
    }
}

/// Line and column, from 1, of a position in a text.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let head = text.get(..at).unwrap_or(text);
    let line_start = head.rfind('\n').map_or(0, |newline| newline + 1);
    let column = head[line_start..].trim_start_matches('\u{feff}').chars().count() + 1;
    (head.matches('\n').count() + 1, column)
}

/// What a text is that Logweir will read one day.
fn not_yet(origin: &str, body: &str) -> Option<&'static str> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| origin.to_ascii_lowercase().ends_with(ending));
    if ends(&[".tf", ".tfvars", ".hcl"]) {
        return Some("a Terraform file");
    }
    if ends(&[".jsonnet", ".libsonnet"]) {
        return Some("a Jsonnet file");
    }
    let is_json = body.trim_start().starts_with(['{', '[']);
    if !is_json {
        if body.contains("AWSTemplateFormatVersion") || body.contains("AWS::ECS::TaskDefinition") {
            return Some("a CloudFormation template");
        }
        return ends(&[".yaml", ".yml"]).then_some("a YAML document");
    }
    let view: Value = serde_json::from_str(body).ok()?;
    let has = |member: &str| view.get(member).is_some();
    if has("containerDefinitions") {
        return None;
    }
    if has("AWSTemplateFormatVersion") || (has("Resources") && view["Resources"].is_object()) {
        return Some("a CloudFormation template");
    }
    (has("resource_changes") || has("planned_values")).then_some("a Terraform plan")
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = r#"{"family":"web","containerDefinitions":[]}"#;

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
            assert_eq!(error.message, format!("{what} is not read yet"), "{origin}");
        }
    }

    #[test]
    fn a_templated_file_is_told_to_be_rendered_first() {
        let text = "{\n  \"family\": \"web\",\n  \"containerDefinitions\": [{{ containers }}]\n}";
        let error = Document::parse("web.json", text.into()).err().unwrap();
        assert_eq!((error.line, error.column), (3, 29));
        assert!(error.help.unwrap().contains("render"));
    }
}
