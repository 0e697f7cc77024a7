//! JSON in its author's spelling: numbers, escapes and layouts that a parser would respell.

use proptest::prelude::*;
use proptest::sample::select;

/// A value with control over every byte of its text. Keys and scalars are raw JSON text.
#[derive(Clone, Debug)]
pub enum Json {
    Scalar(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The layout of a written document.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// `None` writes everything on one line.
    newline: Option<&'static str>,
    unit: &'static str,
    colon: &'static str,
    comma: &'static str,
}

pub const COMPACT: Layout = Layout { newline: None, unit: "", colon: ":", comma: "," };

impl Json {
    pub fn raw(text: impl Into<String>) -> Self {
        Self::Scalar(text.into())
    }

    pub fn text(text: &str) -> Self {
        Self::Scalar(serde_json::to_string(text).unwrap())
    }

    pub fn write(&self, layout: Layout) -> String {
        self.write_at(layout, 0)
    }

    fn write_at(&self, layout: Layout, depth: usize) -> String {
        let (open, close, parts): (_, _, Vec<String>) = match self {
            Self::Scalar(text) => return text.clone(),
            Self::Array(items) => ('[', ']', items.iter().map(|item| item.write_at(layout, depth + 1)).collect()),
            Self::Object(members) => {
                let member = |(key, value): &(String, Self)| {
                    format!("{key}{}{}", layout.colon, value.write_at(layout, depth + 1))
                };
                ('{', '}', members.iter().map(member).collect())
            }
        };
        match layout.newline {
            _ if parts.is_empty() => format!("{open}{close}"),
            None => format!("{open}{}{close}", parts.join(layout.comma)),
            Some(newline) => {
                let indent = |depth: usize| format!("{newline}{}", layout.unit.repeat(depth));
                format!(
                    "{open}{}{}{}{close}",
                    indent(depth + 1),
                    parts.join(&format!("{}{}", layout.comma, indent(depth + 1))),
                    indent(depth)
                )
            }
        }
    }
}

pub fn layouts() -> BoxedStrategy<Layout> {
    let line = |colon, comma| Layout { newline: None, unit: "", colon, comma };
    let lines = |newline, unit| Layout { newline: Some(newline), unit, colon: ": ", comma: "," };
    select(vec![
        COMPACT,
        line(": ", ", "),
        lines("\n", "  "),
        lines("\n", "    "),
        lines("\n", "\t"),
        lines("\r\n", "  "),
        Layout { newline: Some("\n"), unit: "", colon: ":", comma: "," },
        Layout { newline: Some("\n"), unit: "  ", colon: " : ", comma: " ,\n" },
    ])
    .boxed()
}

/// Numbers and texts that a parser would respell, and ordinary ones.
pub fn scalars() -> BoxedStrategy<Json> {
    select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1.50",
        "1E9",
        "1e-7",
        "12345678901234567890123",
        "-9007199254740993",
        "0.1",
        r#""""#,
        r#""text""#,
        r#""caf\u00e9""#,
        r#""\/\b\t\"""#,
        r#""\ud83d\ude00""#,
        r#""\": {""#,
        r#""a\": b""#,
        r#""\u0000""#,
    ])
    .prop_map(Json::raw)
    .boxed()
}

/// Any JSON at all, three levels deep.
pub fn anything() -> BoxedStrategy<Json> {
    let key = select(vec![
        r#""a""#,
        r#""name""#,
        r#""logConfiguration""#,
        r#""options""#,
        r#""\u006dode""#,
        r#""""#,
        r#""a/b~c""#,
    ]);
    scalars()
        .prop_recursive(3, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
                prop::collection::btree_map(key.clone(), inner, 0..4).prop_map(|members| Json::Object(
                    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
                )),
            ]
        })
        .boxed()
}
