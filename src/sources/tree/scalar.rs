//! The value of a scalar: a string, a number, a boolean or null. A text without quotes is a string only if it has no
//! other meaning.

use serde_json::{Number, Value};

use super::{Kind, Node, Style};

/// Returns the value of a scalar. Returns `None` for another node.
pub(in crate::sources) fn value_of(node: &Node) -> Option<Value> {
    let Kind::Scalar(text) = &node.kind else { return None };
    Some(match node.style {
        Style::Plain if !node.is_forced_string => plain(text),
        _ => Value::String(text.clone()),
    })
}

/// Returns the value of a text without quotes. CloudFormation and the AWS CLI read YAML 1.1, in which `yes` and `on`
/// are booleans (source: AWS CloudFormation user guide, template formats; PyYAML, resolver.py).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

/// Returns the number that JSON and YAML read alike. A text such as `010`, which YAML 1.1 reads as an octal number,
/// stays a text.
fn number(text: &str) -> Option<Number> {
    let first = text.bytes().next()?;
    if !first.is_ascii_digit() && first != b'-' {
        return None;
    }
    serde_json::from_str::<Number>(text).ok()
}

/// Whether YAML reads the text without quotes as exactly this string, in a mapping by indentation and in braces. The
/// answer may be `false` for a text that needs no quotes.
pub(super) fn needs_no_quotes(text: &str) -> bool {
    let is_ordinary = |c: char| c.is_ascii_alphanumeric() || "_./-+:".contains(c);
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let is_size = text.strip_suffix(['k', 'm', 'g']).is_some_and(|size| size.bytes().all(|byte| byte.is_ascii_digit()));
    let is_word = starts_well && !text.ends_with(':') && text.chars().all(is_ordinary) || is_size && text.len() > 1;
    is_word && plain(text).is_string() && !["y", "Y", "n", "N"].contains(&text)
}

/// Returns the text in quotes of this style.
pub(super) fn quoted(text: &str, style: Style) -> String {
    let is_simple = !text.contains(|c: char| c.is_control() || c == '\u{feff}' || c == '\u{85}' || c == '\u{2028}');
    match style {
        Style::SingleQuoted if is_simple => format!("'{}'", text.replace('\'', "''")),
        _ => Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_without_quotes_has_the_type_that_the_tools_of_aws_read() {
        for (text, value) in [
            ("awslogs", json!("awslogs")),
            ("25m", json!("25m")),
            ("25", json!(25)),
            ("-1.5e3", json!(-1500.0)),
            ("012345678901", json!("012345678901")),
            ("0x1f", json!("0x1f")),
            ("1_000", json!("1_000")),
            ("2010-09-09", json!("2010-09-09")),
            ("True", json!(true)),
            ("yes", json!(true)),
            ("off", json!(false)),
            ("y", json!("y")),
            ("~", json!(null)),
            ("", json!(null)),
            ("NaN", json!("NaN")),
        ] {
            assert_eq!(plain(text), value, "{text}");
        }
    }

    #[test]
    fn a_text_that_means_something_else_gets_quotes() {
        for text in ["non-blocking", "25m", "/ecs/web", "eu-west-1", "app", "web_1.2", "AWS::Logs::LogGroup"] {
            assert!(needs_no_quotes(text), "{text}");
        }
        for text in
            ["", "true", "on", "y", "25", "1e3", "-", "- a", "a: b", "a:", "a #b", "*a", "&a", "!a", "@a", "1:30"]
        {
            assert!(!needs_no_quotes(text), "{text}");
        }
    }
}
