//! Writes values in YAML by indentation, in YAML in braces, and in JSON.

use serde_json::Value;

use super::scalar::{needs_no_quotes, quoted};
use super::{Language, Style};

/// How a new value is written.
#[derive(Clone, Debug)]
pub(super) struct Manner {
    pub(super) language: Language,
    /// The line break of the text.
    pub(super) newline: &'static str,
    /// One step of indentation.
    pub(super) unit: String,
    /// The style of new strings. `Plain` for a string that gets quotes only if it needs them.
    pub(super) strings: Style,
    /// The style of new keys.
    pub(super) keys: Style,
    /// Whether a collection in braces has a space inside its braces.
    pub(super) is_padded: bool,
    /// Whether a JSON object is written on several lines.
    pub(super) is_multi_line: bool,
    /// The text behind the colon of a JSON object or a collection in braces.
    pub(super) colon: &'static str,
}

impl Manner {
    pub(super) fn key(&self, key: &str) -> String {
        match (self.language, self.keys) {
            (Language::Json, _) => quoted(key, Style::DoubleQuoted),
            (_, Style::Plain) if needs_no_quotes(key) => key.to_owned(),
            (_, Style::DoubleQuoted) => quoted(key, Style::DoubleQuoted),
            _ => quoted(key, Style::SingleQuoted),
        }
    }

    /// Returns the text of a string, a number, a boolean or null.
    fn scalar(&self, value: &Value) -> String {
        match (self.language, value) {
            (Language::Yaml, Value::String(text)) => match self.strings {
                Style::Plain if needs_no_quotes(text) => text.clone(),
                Style::DoubleQuoted => quoted(text, Style::DoubleQuoted),
                _ => quoted(text, Style::SingleQuoted),
            },
            _ => value.to_string(),
        }
    }

    /// Returns the text of a value in braces, or of a scalar. `indent` is the indentation of the line in which the
    /// value begins.
    pub(super) fn flow(&self, value: &Value, indent: &str) -> String {
        if let Some(short) = self.short(value) {
            return short;
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                let is_multi_line = self.is_multi_line && self.language == Language::Json && function(value).is_none();
                let inner = if is_multi_line { format!("{indent}{}", self.unit) } else { String::new() };
                let member = |(key, value): (&String, &Value)| {
                    format!("{inner}{}:{}{}", self.key(key), self.colon, self.flow(value, &inner))
                };
                let members: Vec<String> = members.iter().map(member).collect();
                if is_multi_line {
                    let newline = self.newline;
                    return format!("{{{newline}{}{newline}{indent}}}", members.join(&format!(",{newline}")));
                }
                let pad = if self.is_padded { " " } else { "" };
                format!("{{{pad}{}{pad}}}", members.join(&format!(",{}", self.gap())))
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item, indent)).collect();
                format!("[{}]", items.join(&format!(",{}", self.gap())))
            }
            value => self.scalar(value),
        }
    }

    /// Returns the text between a comma and the next value on the same line.
    pub(super) fn gap(&self) -> &'static str {
        match self.language {
            Language::Yaml => " ",
            Language::Json => self.colon,
        }
    }

    /// Returns the function of CloudFormation in its short form, such as `!Ref Group`.
    fn short(&self, value: &Value) -> Option<String> {
        let (name, argument) = function(value)?;
        if self.language == Language::Json {
            return None;
        }
        let text = argument.as_str()?;
        let is_name = text.chars().all(|c| c.is_ascii_alphanumeric() || c == ':' || c == '.');
        match name {
            "Ref" if is_name => Some(format!("!Ref {text}")),
            "Fn::GetAtt" if is_name => Some(format!("!GetAtt {text}")),
            "Fn::Sub" => Some(format!("!Sub {}", quoted(text, Style::SingleQuoted))),
            _ => None,
        }
    }

    /// Returns the lines of an entry of a mapping by indentation, without a line break at the end. The first line has
    /// no indentation.
    pub(super) fn block_entry(&self, key: &str, value: &Value, indent: &str) -> String {
        let key = self.key(key);
        match value {
            Value::Object(members) if !members.is_empty() && function(value).is_none() => {
                let inner = format!("{indent}{}", self.unit);
                let mut lines = format!("{key}:");
                for (key, value) in members {
                    lines += &format!("{}{inner}{}", self.newline, self.block_entry(key, value, &inner));
                }
                lines
            }
            Value::Array(items) if items.iter().any(is_mapping) => {
                let inner = format!("{indent}{}", self.unit);
                let items =
                    items.iter().map(|item| format!("{}{inner}{}", self.newline, self.block_item(item, &inner)));
                format!("{key}:{}", items.collect::<String>())
            }
            value => format!("{key}: {}", self.flow(value, indent)),
        }
    }

    /// Returns the lines of an item of a sequence by indentation, without a line break at the end. The first line, which
    /// begins with the dash, has no indentation.
    pub(super) fn block_item(&self, value: &Value, indent: &str) -> String {
        let Value::Object(members) = value else { return format!("- {}", self.flow(value, indent)) };
        if !is_mapping(value) {
            return format!("- {}", self.flow(value, indent));
        }
        let inner = format!("{indent}  ");
        let entries: Vec<String> = members.iter().map(|(key, value)| self.block_entry(key, value, &inner)).collect();
        format!("- {}", entries.join(&format!("{}{inner}", self.newline)))
    }
}

/// Whether the value is written as a mapping by indentation.
fn is_mapping(value: &Value) -> bool {
    value.as_object().is_some_and(|members| !members.is_empty()) && function(value).is_none()
}

/// Returns the name and the argument of a function of CloudFormation.
pub(super) fn function(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    let (name, argument) = members.iter().next()?;
    (name == "Ref" || name.starts_with("Fn::")).then_some((name.as_str(), argument))
}
