//! A task definition of Terraform as the JSON of the ECS API, with the way back from each byte of the JSON to the file.

use std::ops::Range;

use serde_json::{Value, json};

use super::hcl::{Expression, ExpressionKind, Object};
use super::members::effective;
use crate::sources::pascal::MAPS;

/// The longest expression that Logweir shows, in bytes.
const LONGEST: usize = 200;

/// The JSON of a task definition. The text is compact, and its values are in the order of the file.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) json: String,
    /// The start of each key and value: its offset in the JSON, and its offset in the file.
    starts: Vec<(usize, usize)>,
    /// The end of each key and value.
    ends: Vec<(usize, usize)>,
}

impl View {
    /// Returns the byte range in the file of a key or a value in the JSON.
    pub(super) fn place(&self, json: &Range<usize>) -> Range<usize> {
        let before = |marks: &[(usize, usize)], at: usize| match marks.partition_point(|(json, _)| *json <= at) {
            0 => 0,
            behind => marks[behind - 1].1,
        };
        let start = before(&self.starts, json.start);
        start..before(&self.ends, json.end).max(start)
    }
}

/// Returns the list of containers in this text in the JSON of the ECS API.
pub(super) fn list_of_containers(text: &str, list: &Expression) -> Value {
    value_of(text, list)
}

/// Returns the value of an expression in this text. A value that only Terraform knows is an intrinsic function.
pub(super) fn value_of(text: &str, expression: &Expression) -> Value {
    let mut writer = ViewWriter::new(text, 0..0, 0..0);
    writer.member("value", None, |writer| writer.containers(expression));
    let mut value: Value = serde_json::from_str(&writer.finish().json).unwrap_or_default();
    value.get_mut("value").map(Value::take).unwrap_or_default()
}

/// Writes a [`View`].
pub(super) struct ViewWriter<'t> {
    /// The text that contains the expressions.
    text: &'t str,
    view: View,
    whole: Range<usize>,
    /// The place of values that are not in `text`.
    elsewhere: Range<usize>,
    is_first: bool,
}

impl<'t> ViewWriter<'t> {
    /// Creates a writer of a task definition at the place `whole`. `elsewhere` is the place of values that are not in
    /// `text`.
    pub(super) fn new(text: &'t str, whole: Range<usize>, elsewhere: Range<usize>) -> Self {
        let mut writer = Self { text, view: View::default(), whole, elsewhere, is_first: true };
        writer.view.starts.push((0, writer.whole.start));
        writer.view.json.push('{');
        writer
    }

    /// Adds a member of the task definition. `place` is the place of its name, if the name is in the text.
    pub(super) fn member(&mut self, name: &str, place: Option<Range<usize>>, write: impl FnOnce(&mut Self)) {
        if !self.is_first {
            self.view.json.push(',');
        }
        self.is_first = false;
        let place = place.unwrap_or(self.elsewhere.clone());
        self.marked(&place, |writer| writer.text_value(name));
        self.view.json.push(':');
        write(self);
    }

    /// Adds a value that is not in the text, or that has this place in the text.
    pub(super) fn value_at(&mut self, place: Option<Range<usize>>, value: &Value) {
        let place = place.unwrap_or(self.elsewhere.clone());
        self.marked(&place, |writer| writer.view.json.push_str(&value.to_string()));
    }

    /// Adds the value of an expression in the text. A text that only Terraform knows stays a text.
    pub(super) fn expression(&mut self, expression: &Expression) {
        self.value(expression, Within::Names);
    }

    /// Adds the list of containers.
    pub(super) fn containers(&mut self, list: &Expression) {
        self.value(list, Within::Members);
    }

    /// Adds the value of an expression in another text.
    pub(super) fn foreign(&mut self, text: &str, expression: &Expression) {
        let mut other = ViewWriter::new(text, 0..0, 0..0);
        other.expression(expression);
        let json = other.view.json.split_off(1);
        let place = self.elsewhere.clone();
        self.marked(&place, |writer| writer.view.json.push_str(&json));
    }

    pub(super) fn finish(mut self) -> View {
        self.view.json.push('}');
        self.view.ends.push((self.view.json.len(), self.whole.end));
        self.view
    }

    fn marked(&mut self, place: &Range<usize>, write: impl FnOnce(&mut Self)) {
        self.view.starts.push((self.view.json.len(), place.start));
        write(self);
        self.view.ends.push((self.view.json.len(), place.end));
    }

    fn value(&mut self, expression: &Expression, within: Within) {
        self.marked(&expression.range.clone(), |writer| match &expression.kind {
            ExpressionKind::Literal(value) => writer.view.json.push_str(&value.to_string()),
            ExpressionKind::Text(text) => writer.text_value(text),
            ExpressionKind::List(items) => {
                writer.view.json.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        writer.view.json.push(',');
                    }
                    writer.value(item, within);
                }
                writer.view.json.push(']');
            }
            ExpressionKind::Object(object) => writer.object(object, within == Within::Map),
            _ => {
                let value = unknown(writer.text, expression, within == Within::Names).to_string();
                writer.view.json.push_str(&value);
            }
        });
    }

    fn object(&mut self, object: &Object, is_map: bool) {
        let Some(members) = effective(object, is_map) else {
            self.view.json.push_str(&json!({ "Ref": "repeated member" }).to_string());
            return;
        };
        self.view.json.push('{');
        for (index, (key, member)) in members.into_iter().enumerate() {
            if index > 0 {
                self.view.json.push(',');
            }
            self.marked(&member.name.clone(), |writer| writer.text_value(&key));
            self.view.json.push(':');
            let below = match key.as_str() {
                _ if is_map => Within::Map,
                "name" => Within::Names,
                key if MAPS.contains(&key) => Within::Map,
                _ => Within::Members,
            };
            self.value(&member.value, below);
        }
        self.view.json.push('}');
    }

    fn text_value(&mut self, text: &str) {
        self.view.json.push_str(&Value::from(text).to_string());
    }
}

/// What a value is part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Members of the ECS API.
    Members,
    /// A map whose keys the author chooses.
    Map,
    /// The name of a container, or a member of the task definition that names something.
    Names,
}

/// Returns a value that only Terraform knows, in the form in which the rules know such values. A name stays a text with
/// the variable, because Logweir finds containers by their names. Any other value is an intrinsic function: `Ref` with
/// a reference, or `Fn::Sub` with a text that contains variables.
fn unknown(text: &str, expression: &Expression, is_name: bool) -> Value {
    let source = &text[expression.range.clone()];
    let (inner, is_template) = match &expression.kind {
        ExpressionKind::Template(template) => (template.as_str(), true),
        _ => (source.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(source), false),
    };
    if inner.len() > LONGEST || inner.contains(['\n', '\r']) {
        return json!({ "Ref": "expression" });
    }
    match (is_name, is_template) {
        (true, true) => inner.into(),
        (true, false) => format!("${{{inner}}}").into(),
        (false, true) => unknown_of(inner).unwrap_or_else(|| inner.into()),
        (false, false) => reference(inner),
    }
}

/// Returns a text with variables as a value that only Terraform knows. Returns `None` for a text without variables.
pub(super) fn unknown_of(text: &str) -> Option<Value> {
    if !text.contains("${") && !text.contains("%{") {
        return None;
    }
    let sole = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).filter(|sole| !sole.contains("${"));
    Some(sole.map_or_else(|| json!({ "Fn::Sub": text }), reference))
}

/// Returns the text with variables that a value has which only Terraform knows. Returns `None` for any other value.
pub(super) fn text_of(value: &Value) -> Option<String> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    match members.iter().next()? {
        (key, Value::String(text)) if key == "Ref" => Some(format!("${{{text}}}")),
        (key, Value::String(text)) if key == "Fn::Sub" => Some(text.clone()),
        _ => None,
    }
}

/// Returns a reference to a value. The Region of the provider is the Region of the task, as `AWS::Region` is in
/// CloudFormation.
fn reference(inner: &str) -> Value {
    let steps: Vec<&str> = inner.split('.').collect();
    match steps.as_slice() {
        ["data", "aws_region", _, "name" | "id" | "region"] => json!({ "Ref": "AWS::Region" }),
        _ => json!({ "Ref": inner }),
    }
}
