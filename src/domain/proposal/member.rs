//! Sets and removes a member of a task definition's text by its path. All bytes outside the member stay unchanged.

use serde_json::{Value, json};

use crate::domain::text::json::{self, At, Layout};

/// Returns the text with the member at the path set to `value`, or without the member if `value` is `None`. Objects on
/// the way that are absent or null become objects. Returns `None` if the text has another value on the way.
pub(super) fn with_member(text: &str, path: &[&str], value: Option<&Value>) -> Option<String> {
    with(text, path, value, &Layout::of(text), "")
}

fn with(text: &str, path: &[&str], value: Option<&Value>, layout: &Layout, indent: &str) -> Option<String> {
    let (first, rest) = path.split_first()?;
    if text.trim_start().starts_with('[') {
        let place = json::items(text).ok()?.into_iter().nth(first.parse().ok()?)?;
        let indent = json::indent_before(text, place.start).unwrap_or(indent);
        let item = with(&text[place.clone()], rest, value, layout, indent)?;
        return Some(json::exchange(text, &place, &item));
    }
    let members = json::members(text).ok()?;
    let found = members.into_iter().find(|member| member.key == **first).map(|member| member.value);
    match (rest, found, value) {
        ([], _, Some(value)) => json::set(text, first, value, At::BeforeLast, layout, indent).ok(),
        ([], _, None) => json::remove(text, first).ok(),
        (_, Some(place), _) if &text[place.clone()] != "null" => {
            let indent = json::indent_before(text, place.start).unwrap_or(indent);
            let inner = with(&text[place.clone()], rest, value, layout, indent)?;
            Some(json::exchange(text, &place, &inner))
        }
        (_, _, None) => Some(text.to_owned()),
        (_, _, Some(value)) => {
            let nested = rest.iter().rev().fold(value.clone(), |inner, key| json!({*key: inner}));
            json::set(text, first, &nested, At::BeforeLast, layout, indent).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_set_where_it_belongs_and_nothing_else_changes() {
        let text = "{\n  \"a\": [\n    {\n      \"x\": 1.50,\n      \"y\": null\n    }\n  ],\n  \"b\": \"c\"\n}";
        let set = |path: &[&str], value: Value| with_member(text, path, Some(&value)).unwrap();
        assert_eq!(set(&["a", "0", "x"], json!(2)), text.replace("1.50", "2"));
        assert_eq!(
            set(&["a", "0", "y", "z"], json!(["ALL"])),
            text.replace("null", "{\n        \"z\": [\"ALL\"]\n      }")
        );
        let nested = set(&["a", "0", "l", "c"], json!(true));
        let value: Value = serde_json::from_str(&nested).unwrap();
        assert_eq!(value["a"][0]["l"], json!({"c": true}));
        assert_eq!(with_member(text, &["b"], None).unwrap(), text.replace(",\n  \"b\": \"c\"", ""));
        assert_eq!(with_member(text, &["n", "m"], None).unwrap(), text);
        assert_eq!(with_member(text, &["a", "7", "x"], Some(&json!(1))), None);
        assert_eq!(with_member(text, &["b", "x"], Some(&json!(1))), None);
    }
}
