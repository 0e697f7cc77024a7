//! Reads HCL, the language of Terraform and OpenTofu, with the place of each value in the text (source: HCL native
//! syntax specification).
//!
//! The reader takes linear time, and reads only the values of the requested block. The reader reads lists, objects and
//! calls, and keeps every other expression as one opaque piece of text. The text is untrusted, so the reader limits the
//! nesting of values and never panics.

mod block;
mod expression;
mod json;
mod json_file;
mod quoted;
mod scanner;

use std::ops::Range;

use serde_json::Value;

pub(super) use block::{Attribute, Block, Body};
pub(super) use expression::read as read_expression;
pub(super) use json::read as read_json;
pub(super) use json_file::JsonFile;
pub(super) use quoted::quoted;

/// The maximum number of lists, objects and calls around a value.
pub(super) const DEEPEST: usize = 100;

/// The reason why a text is not HCL, with the byte offset of the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sources) struct Fault {
    pub(in crate::sources) at: usize,
    pub(in crate::sources) message: &'static str,
}

/// A value or an expression, with its byte range in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub(super) range: Range<usize>,
    pub(super) kind: ExpressionKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExpressionKind {
    /// A number, a boolean or null.
    Literal(Value),
    /// A text without variables.
    Text(String),
    /// A text with variables. Each variable is as the author wrote it, and the rest of the text is without escapes.
    Template(String),
    /// A heredoc, with the byte range of its lines.
    Heredoc(Range<usize>),
    List(Vec<Expression>),
    Object(Object),
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    /// A reference such as `aws_cloudwatch_log_group.web.name`. An index is the step `[]`.
    Reference(Vec<String>),
    /// Any other expression.
    Opaque,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object {
    pub(super) members: Vec<Member>,
    /// Whether the object is in JSON, which needs quoted keys, colons and commas.
    pub(super) is_json: bool,
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    /// The key. `None` if an expression gives the key.
    pub(super) key: Option<String>,
    /// The byte range of the key.
    pub(super) name: Range<usize>,
    pub(super) value: Expression,
    /// The byte offset of the comma behind the value.
    pub(super) comma: Option<usize>,
}

impl Block {
    /// Returns the byte range of the first line of the block in `text`, up to its opening brace.
    pub(super) fn header(&self, text: &str) -> Range<usize> {
        let end = text[self.range.start..self.inner.start.saturating_sub(1)].trim_end().len();
        self.range.start..self.range.start + end
    }
}

impl Member {
    /// Returns the byte range from the key to the end of the value.
    #[cfg(test)]
    pub(super) fn range(&self) -> Range<usize> {
        self.name.start..self.value.range.end
    }
}

impl Expression {
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            ExpressionKind::Text(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Expression {
        read_expression(text, 0..text.len()).unwrap()
    }

    fn kind(text: &str) -> ExpressionKind {
        read(text).kind
    }

    #[test]
    fn each_kind_of_expression_is_read() {
        let reference =
            |steps: &[&str]| ExpressionKind::Reference(steps.iter().map(|step| (*step).to_owned()).collect());
        for (text, expected) in [
            ("1.50", ExpressionKind::Literal(1.5.into())),
            ("-2", ExpressionKind::Literal((-2).into())),
            ("true", ExpressionKind::Literal(true.into())),
            ("null", ExpressionKind::Literal(Value::Null)),
            (r#""a\tb\"\u00e4$${x}""#, ExpressionKind::Text("a\tb\"ä${x}".into())),
            (r#""/ecs/${var.a}""#, ExpressionKind::Template("/ecs/${var.a}".into())),
            (r#""${lookup(m, "}")}""#, ExpressionKind::Template(r#"${lookup(m, "}")}"#.into())),
            ("var.a", reference(&["var", "a"])),
            ("aws_x.web[0].name", reference(&["aws_x", "web", "[]", "name"])),
            ("a ? b : c", ExpressionKind::Opaque),
            ("a.b + 1", ExpressionKind::Opaque),
            ("-var.a", ExpressionKind::Opaque),
            ("(1)", ExpressionKind::Opaque),
            ("[for x in y : x]", ExpressionKind::Opaque),
            ("{ for k, v in y : k => v }", ExpressionKind::Opaque),
            ("f(x).y", ExpressionKind::Opaque),
            ("a.*.b", ExpressionKind::Opaque),
            ("!a", ExpressionKind::Opaque),
            ("provider::aws::arn(x)", ExpressionKind::Opaque),
        ] {
            assert_eq!(kind(text), expected, "{text}");
            assert_eq!(read(text).range, 0..text.len(), "{text}");
        }
    }

    #[test]
    fn an_object_has_members_in_every_spelling() {
        let text = "{ a = 1, \"b\" : [2, 3,],\n  c-d = f(x) # no\n  (e) = 4\n  \"${f}\" = 5\n}";
        let ExpressionKind::Object(object) = kind(text) else { panic!("{text}") };
        let keys: Vec<_> = object.members.iter().map(|member| member.key.as_deref()).collect();
        assert_eq!(keys, [Some("a"), Some("b"), Some("c-d"), None, None]);
        let ranges: Vec<_> = object.members.iter().map(|member| &text[member.range()]).collect();
        assert_eq!(ranges, ["a = 1", "\"b\" : [2, 3,]", "c-d = f(x)", "(e) = 4", "\"${f}\" = 5"]);
        assert_eq!(object.members[0].comma, Some(7));
        assert_eq!(object.members[2].comma, None);
    }

    #[test]
    fn a_heredoc_ends_at_its_mark() {
        for text in ["<<EOF\na ${<<X\nEOF\nX\n} b\nEOFX\n  EOF", "<<-EOF\r\n  a\r\n  EOF"] {
            let ExpressionKind::Heredoc(lines) = kind(text) else { panic!("{text}") };
            assert!(text[lines.clone()].starts_with([' ', 'a']) && text[lines].ends_with('\n'), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_expression_is_a_fault() {
        for text in ["", "\"a", "\"a\nb\"", "[1", "{ a }", "{ a = }", "<<EOF\na", "f(", "\"${\"", ")", "/* x"] {
            assert!(read_expression(text, 0..text.len()).is_err(), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_a_fault_and_no_crash() {
        for (open, close) in [("[", "]"), ("{a=", "}"), ("f(", ")")] {
            let text = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
            assert_eq!(read_expression(&text, 0..text.len()).unwrap_err().message, "the values are nested too deeply");
        }
        for (open, close) in [("(", ")"), ("\"${", "}\""), ("!", ""), ("a ? ", ""), ("-", "1")] {
            let text = format!("{}a{}", open.repeat(100_000), close.repeat(100_000));
            let _ = read_expression(&text, 0..text.len());
        }
    }
}
