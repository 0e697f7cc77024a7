//! The spelling of new members of an object in HCL or JSON: the spelling of the members around them.

use serde_json::{Map, Value};

use super::hcl::{Member, Object, quoted};
use super::view::text_of;

/// The spelling of the members of an object.
#[derive(Clone, Debug)]
pub(super) struct Style {
    /// Whether every key is in quotation marks.
    is_quoted: bool,
    /// Whether a key with a hyphen is without quotation marks.
    has_bare_hyphens: bool,
    /// The text between the key and the value, such as ` = ` or `: `.
    assignment: String,
    /// The number of characters from the start of a key to its `=`, if the members are aligned.
    column: usize,
    /// Whether a comma separates members in several lines.
    pub(super) has_commas: bool,
    /// The indentation of a nested object, relative to the object around it.
    unit: String,
    /// The end of a line.
    pub(super) newline: &'static str,
}

impl Style {
    /// Returns the spelling of the members of an object in `text`. `unit` is the indentation of its members, relative
    /// to its own line.
    pub(super) fn of(text: &str, object: &Object, unit: &str) -> Self {
        let names = || object.members.iter().map(|member| &text[member.name.clone()]);
        let assignments: Vec<&str> =
            object.members.iter().map(|member| &text[member.name.end..member.value.range.start]).collect();
        let is_colon = object.is_json || assignments.last().is_some_and(|assignment| assignment.contains(':'));
        let assignment = match assignments.last() {
            Some(assignment) if is_colon && assignment.starts_with([' ', '\t']) => " : ",
            _ if is_colon => ": ",
            _ => " = ",
        };
        Self {
            is_quoted: object.is_json || names().any(|name| name.starts_with('"')) && !names().any(is_plain_word),
            has_bare_hyphens: names().any(|name| name.contains('-') && !name.starts_with('"')),
            assignment: assignment.to_owned(),
            column: if is_colon { 0 } else { column(text, &object.members) },
            has_commas: is_colon || object.members.iter().any(|member| member.comma.is_some()),
            unit: unit.to_owned(),
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
        }
    }

    /// Returns the spelling of these members of a new object that is a member of an object in this spelling. If one
    /// key needs quotation marks, every key has them.
    fn nested(&self, members: &Map<String, Value>) -> Self {
        let is_quoted = self.is_quoted || members.keys().any(|key| self.key(key).starts_with('"'));
        Self { column: 0, is_quoted, ..self.clone() }
    }

    /// Returns a new member, whose line begins with `indent`. `None` for a member in the line of other members.
    pub(super) fn member(&self, key: &str, value: &Value, indent: Option<&str>) -> String {
        let mut text = self.key(key);
        // A value of several lines is not aligned, as in the result of `terraform fmt`.
        if let (false, Some(missing)) = (has_lines(value), self.column.checked_sub(text.chars().count() + 1)) {
            text.push_str(&" ".repeat(missing));
        }
        text.push_str(&self.assignment);
        text.push_str(&self.value(value, indent));
        text
    }

    fn key(&self, key: &str) -> String {
        let is_word = !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || (c == '-' && self.has_bare_hyphens))
            && !key.starts_with(|c: char| c.is_ascii_digit() || c == '-');
        if is_word && !self.is_quoted { key.to_owned() } else { quoted(key) }
    }

    /// Returns a value, whose line begins with `indent`.
    pub(super) fn value(&self, value: &Value, indent: Option<&str>) -> String {
        match value {
            Value::String(text) => self.quoted(text),
            Value::Object(_) if text_of(value).is_some() => {
                let text = text_of(value).unwrap_or_default();
                reference(&text).filter(|_| !self.is_json()).map_or_else(|| self.quoted(&text), str::to_owned)
            }
            Value::Object(members) => self.object(members, indent),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.value(item, None)).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        }
    }

    fn quoted(&self, text: &str) -> String {
        if self.is_json() { Value::from(text).to_string() } else { quoted(text) }
    }

    fn is_json(&self) -> bool {
        self.is_quoted && self.assignment.contains(':')
    }

    fn object(&self, members: &Map<String, Value>, indent: Option<&str>) -> String {
        if members.is_empty() {
            return "{}".into();
        }
        let Some(indent) = indent else {
            let nested = self.nested(members);
            let members: Vec<String> = members.iter().map(|(key, value)| nested.member(key, value, None)).collect();
            return format!("{{ {} }}", members.join(", "));
        };
        let mut nested = self.nested(members);
        if !nested.assignment.contains(':') {
            let scalars = members.iter().filter(|(_, value)| !has_lines(value));
            nested.column = scalars.map(|(key, _)| nested.key(key).chars().count() + 1).max().unwrap_or(0);
        }
        let inner = format!("{indent}{}", self.unit);
        let members: Vec<String> =
            members.iter().map(|(key, value)| format!("{inner}{}", nested.member(key, value, Some(&inner)))).collect();
        let between = format!("{}{}", if self.has_commas { "," } else { "" }, self.newline);
        format!("{{{0}{1}{0}{indent}}}", self.newline, members.join(&between))
    }
}

/// Whether the value has a line for each of its members.
fn has_lines(value: &Value) -> bool {
    value.is_object() && text_of(value).is_none()
}

/// Whether the key is a word without quotation marks and without hyphens.
fn is_plain_word(name: &str) -> bool {
    !name.starts_with(['"', '('])
}

/// Returns the reference in a text that is nothing but a reference, such as `${aws_cloudwatch_log_group.web.name}`.
fn reference(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))?;
    inner.chars().all(|c| c.is_ascii_alphanumeric() || "._-[]".contains(c)).then_some(inner)
}

/// Returns the number of characters before the `=` of the last member, if the members are aligned.
fn column(text: &str, members: &[Member]) -> usize {
    let width = |member: &Member| {
        let between = &text[member.name.end..member.value.range.start];
        let blanks = between.find('=').unwrap_or(0);
        text[member.name.clone()].chars().count() + blanks
    };
    let is_padded = |member: &Member| text[member.name.end..member.value.range.start].starts_with("  ");
    let Some(last) = members.last() else { return 0 };
    let lengths: std::collections::HashSet<usize> = members.iter().map(|member| member.name.len()).collect();
    let is_aligned = members.iter().any(is_padded)
        || (members.len() > 1 && lengths.len() == 1 && members.iter().all(|member| width(member) == width(last)));
    if is_aligned { width(last) } else { 0 }
}
