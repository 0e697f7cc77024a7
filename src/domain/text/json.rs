//! JSON as text. The functions return the position of each member and item in the text, so that a caller can replace
//! one value while all other bytes stay unchanged.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// One member of an object: its unescaped key, and the positions of its key and its value in the object's text.
pub(crate) struct Member {
    pub(crate) key: String,
    /// The position of the key as the text spells it, with its quotes.
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// Returns the members of the object `text` in their order, including members with repeated keys.
pub(crate) fn members(text: &str) -> Result<Vec<Member>, serde_json::Error> {
    let Raw(raw) = serde_json::from_str(text)?;
    let mut end = None;
    let member = |(key, value): (String, &RawValue)| {
        let (value, from) = (place(text, value.get()), key_start(text, end));
        end = Some(value.end);
        // Between a key and its value, JSON allows only a colon and white space.
        let colon = text[from..value.start].trim_end_matches(|c: char| c.is_ascii_whitespace() || c == ':');
        Member { key, name: from..from + colon.len(), value }
    };
    Ok(raw.into_iter().map(member).collect())
}

/// Returns the positions of the items of the array `text`.
pub(crate) fn items(text: &str) -> Result<Vec<Range<usize>>, serde_json::Error> {
    let raw: Vec<&RawValue> = serde_json::from_str(text)?;
    Ok(raw.into_iter().map(|value| place(text, value.get())).collect())
}

/// Returns the position of `part`, a slice of `whole`.
fn place(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// A JSON value without a repeated key in any of its objects. JSON parsers disagree about the value of a repeated key.
pub(crate) struct Unambiguous(pub(crate) Value);

impl<'de> Deserialize<'de> for Unambiguous {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_string<E>(self, value: String) -> Result<Value, E> {
                Ok(value.into())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut all = Vec::new();
                while let Some(Unambiguous(item)) = items.next_element()? {
                    all.push(item);
                }
                Ok(Value::Array(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
                let mut all = serde_json::Map::new();
                while let Some((key, Unambiguous(value))) = members.next_entry::<String, _>()? {
                    if all.insert(key, value).is_some() {
                        return Err(A::Error::custom("an object has the same key twice"));
                    }
                }
                Ok(Value::Object(all))
            }
        }
        deserializer.deserialize_any(Values).map(Self)
    }
}

struct Raw<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Raw<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Raw(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The layout of a document. Logweir writes a new member in the layout of the other members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The line break of the document. `None` if the document has only one line.
    newline: Option<&'static str>,
    /// One step of indentation.
    unit: String,
    /// The text between the colon after a key and the value: a space, or an empty text.
    colon: &'static str,
}

impl Layout {
    pub(crate) fn of(text: &str) -> Self {
        let newline = text.contains('\n').then(|| if text.contains("\r\n") { "\r\n" } else { "\n" });
        let unit = text
            .lines()
            .map(|line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()])
            .find(|indent| !indent.is_empty())
            .map_or_else(
                || "  ".to_owned(),
                |indent| {
                    if indent.starts_with('\t') { "\t".to_owned() } else { indent.to_owned() }
                },
            );
        let compact = newline.is_none() && !text.contains("\": ");
        Self { newline, unit, colon: if compact { "" } else { " " } }
    }

    /// Returns the text of `value` for a line that is indented by `indent`.
    pub(crate) fn render(&self, value: &Value, indent: &str) -> String {
        match (value, self.newline) {
            (Value::Object(map), Some(newline)) if !map.is_empty() => {
                let inner = format!("{indent}{}", self.unit);
                let lines: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{inner}{}:{}{}", quoted(key), self.colon, self.render(value, &inner)))
                    .collect();
                format!("{{{newline}{}{newline}{indent}}}", lines.join(&format!(",{newline}")))
            }
            (Value::Object(map), None) => {
                let members: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}:{}{}", quoted(key), self.colon, self.render(value, "")))
                    .collect();
                format!("{{{}}}", members.join(&format!(",{}", self.colon)))
            }
            (Value::Array(items), Some(newline)) if items.iter().any(Value::is_object) => {
                let inner = format!("{indent}{}", self.unit);
                let lines: Vec<String> =
                    items.iter().map(|item| format!("{inner}{}", self.render(item, &inner))).collect();
                format!("[{newline}{}{newline}{indent}]", lines.join(&format!(",{newline}")))
            }
            (Value::Array(items), _) => {
                let items: Vec<String> = items.iter().map(|item| self.render(item, indent)).collect();
                format!("[{}]", items.join(&format!(",{}", self.colon)))
            }
            _ => value.to_string(),
        }
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The position of a new member in its object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// After the last member, where a person would add a member. The line of the previous last member gains a comma.
    End,
    /// Before the last member, so that no line of another member changes.
    BeforeLast,
}

/// Returns `object` with the member `key` set to `value`. An existing value is replaced in place. `indent` is the
/// indentation of the line on which the object begins.
pub(crate) fn set(
    object: &str,
    key: &str,
    value: &Value,
    at: At,
    layout: &Layout,
    indent: &str,
) -> Result<String, serde_json::Error> {
    let members = members(object)?;
    if let Some(member) = members.iter().find(|member| member.key == key) {
        let indent = indent_before(object, member.value.start).unwrap_or(indent);
        return Ok(exchange(object, &member.value, &layout.render(value, indent)));
    }
    let Some(last) = members.last() else {
        let mut fresh = serde_json::Map::new();
        fresh.insert(key.to_owned(), value.clone());
        return Ok(layout.render(&Value::Object(fresh), indent));
    };
    let before_last = members.len().checked_sub(2).map(|i| members[i].value.end);
    let key_start = key_start(object, before_last);
    let separator = separator_before(object, key_start);
    let colon = if object[..last.value.start].ends_with(':') { "" } else { " " };
    // A new member gets a separate line only if the last member has a separate line. An object on one line stays on one
    // line.
    let (layout, indent) = match separator.rfind('\n') {
        Some(newline) => (layout.clone(), &separator[newline + 1..]),
        None => (Layout { newline: None, unit: String::new(), colon: if colon.is_empty() { "" } else { " " } }, ""),
    };
    let fresh = format!("{}:{colon}{}", quoted(key), layout.render(value, indent));
    // `remove` deletes exactly the text that this function inserts. White space at the end of another line stays there.
    let between = between(separator);
    Ok(match at {
        At::End => format!("{},{between}{fresh}{}", &object[..last.value.end], &object[last.value.end..]),
        At::BeforeLast => format!("{}{fresh},{between}{}", &object[..key_start], &object[key_start..]),
    })
}

/// Returns an object with the members `new` in the layout of the object `old`. Returns `None` if `old` has no member.
pub(crate) fn alike(old: &str, new: &serde_json::Map<String, Value>) -> Result<Option<String>, serde_json::Error> {
    let members = members(old)?;
    let (Some(first), Some(last)) = (members.first(), members.last()) else { return Ok(None) };
    let (opening, colon) = (&old[..first.name.start], &old[first.name.end..first.value.start]);
    let separator = match members.get(1) {
        Some(second) => old[first.value.end..second.name.start].to_owned(),
        None if opening.len() == 1 && !colon.ends_with(':') => ", ".to_owned(),
        None => format!(",{}", &opening[1..]),
    };
    let entries: Vec<String> = new.iter().map(|(key, value)| format!("{}{colon}{value}", quoted(key))).collect();
    Ok(Some([opening, &entries.join(&separator), &old[last.value.end..]].concat()))
}

/// Returns `object` without the member `key` and its comma.
pub(crate) fn remove(object: &str, key: &str) -> Result<String, serde_json::Error> {
    let members = members(object)?;
    let Some(i) = members.iter().position(|member| member.key == key) else {
        return Ok(object.to_owned());
    };
    let end = members[i].value.end;
    let previous_end = i.checked_sub(1).map(|previous| members[previous].value.end);
    let cut = match (previous_end, members.len() > i + 1) {
        (_, true) => key_start(object, previous_end)..key_start(object, Some(end)),
        (Some(previous_end), false) => previous_end..end,
        (None, false) => 1..object.len() - 1,
    };
    Ok(exchange(object, &cut, ""))
}

/// Returns `text` with the bytes at `range` replaced by `with`.
pub(crate) fn exchange(text: &str, range: &Range<usize>, with: &str) -> String {
    [&text[..range.start], with, &text[range.end..]].concat()
}

/// Returns the position of the first key after the value that ends at `previous_end`. If `previous_end` is `None`,
/// returns the position of the first key of the object.
pub(crate) fn key_start(object: &str, previous_end: Option<usize>) -> usize {
    let from = previous_end.unwrap_or_else(|| object.find('{').map_or(0, |open| open + 1));
    from + object[from..].bytes().take_while(|byte| byte.is_ascii_whitespace() || *byte == b',').count()
}

/// Returns the white space before position `at`.
fn separator_before(text: &str, at: usize) -> &str {
    let head = &text[..at];
    &head[head.trim_end_matches([' ', '\t', '\r', '\n']).len()..]
}

/// Returns the white space to write before a new member. `separator` is the white space before an existing member of
/// the object. The returned white space contains no blank lines, even if blank lines precede the existing member.
fn between(separator: &str) -> &str {
    match separator.rfind("\r\n").or_else(|| separator.rfind('\n')) {
        Some(newline) => &separator[newline..],
        None => separator,
    }
}

/// Returns the indentation of the line that contains the position `at`. Returns `None` for the first line.
pub(crate) fn indent_before(text: &str, at: usize) -> Option<&str> {
    let line = &text[text[..at].rfind('\n')? + 1..];
    Some(&line[..line.len() - line.trim_start_matches([' ', '\t']).len()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn with_mode(object: &str) -> String {
        set(object, "mode", &json!("non-blocking"), At::End, &Layout::of(object), "").unwrap()
    }

    #[test]
    fn a_value_is_exchanged_in_its_place() {
        assert_eq!(with_mode(r#"{ "mode" : "blocking" , "x":1.50}"#), r#"{ "mode" : "non-blocking" , "x":1.50}"#);
    }

    #[test]
    fn a_new_member_looks_like_its_neighbours() {
        assert_eq!(with_mode("{\"a\":1}"), "{\"a\":1,\"mode\":\"non-blocking\"}");
        assert_eq!(with_mode("{\r\n\t\"a\": 1\r\n}"), "{\r\n\t\"a\": 1,\r\n\t\"mode\": \"non-blocking\"\r\n}");
        assert_eq!(with_mode("{ \"a\": 1, \"b\": 2 }"), "{ \"a\": 1, \"b\": 2, \"mode\": \"non-blocking\" }");
    }

    #[test]
    fn before_the_last_no_other_line_changes() {
        let object = "{\n  \"name\": \"app\",\n  \"image\": \"x\"\n}";
        let set =
            set(object, "logConfiguration", &json!({"logDriver": "awslogs"}), At::BeforeLast, &Layout::of(object), "")
                .unwrap();
        assert_eq!(
            set,
            "{\n  \"name\": \"app\",\n  \"logConfiguration\": {\n    \"logDriver\": \"awslogs\"\n  },\n  \"image\": \"x\"\n}"
        );
    }

    #[test]
    fn an_object_is_written_like_another_one() {
        let new = serde_json::Map::from_iter([("x".to_owned(), json!("1")), ("y".to_owned(), json!([2]))]);
        for (old, text) in [
            ("{\"a\":1}", "{\"x\":\"1\",\"y\":[2]}"),
            ("{ \"a\": 1 }", "{ \"x\": \"1\", \"y\": [2] }"),
            ("{\"a\": 1}", "{\"x\": \"1\", \"y\": [2]}"),
            ("{\n   \"a\" : 1\n }", "{\n   \"x\" : \"1\",\n   \"y\" : [2]\n }"),
        ] {
            assert_eq!(alike(old, &new).unwrap().as_deref(), Some(text));
        }
        assert_eq!(alike("{}", &new).unwrap(), None);
    }

    #[test]
    fn removing_what_was_added_gives_the_text_back() {
        for object in [
            "{\"a\":1}",
            "{ \"a\": 1 }",
            "{\n  \"a\": 1\n}",
            "{\"a\":1,\"b\":[]}",
            "{\n\n \"a\": 1 ,\n\n \"b\" : 2\n}",
            "{\n \"a\": 1,  \n \"b\": 2\n}",
        ] {
            for at in [At::End, At::BeforeLast] {
                let added = set(object, "mode", &json!("non-blocking"), at, &Layout::of(object), "").unwrap();
                assert_eq!(remove(&added, "mode").unwrap(), object);
            }
        }
    }

    #[test]
    fn the_first_and_the_only_member_can_be_removed() {
        assert_eq!(remove("{\"a\":1, \"b\":2}", "a").unwrap(), "{\"b\":2}");
        assert_eq!(remove("{ \"a\":1 }", "a").unwrap(), "{}");
    }

    #[test]
    fn an_unambiguous_value_has_no_repeated_key() {
        let read = |text: &str| serde_json::from_str(text).map(|Unambiguous(value)| value);
        for text in [r#"{"a":[null,true,1,-1,1.5,"x\n",{"b":{}}],"b":{"a":1}}"#, "[]", "18446744073709551615", "\"\""] {
            assert_eq!(read(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
        }
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"\u0061":2}}]"#] {
            assert!(read(text).unwrap_err().to_string().starts_with("an object has the same key twice"), "{text}");
        }
    }

    #[test]
    fn escaped_keys_are_read() {
        assert_eq!(members(r#"{"m\u006fde":1}"#).unwrap()[0].key, "mode");
    }

    #[test]
    fn a_member_knows_where_its_key_is_written() {
        let text = " { \"a:\" :1 ,\"\\u0062\"\n:\t[ ] }";
        let names: Vec<&str> = members(text).unwrap().into_iter().map(|member| &text[member.name]).collect();
        assert_eq!(names, ["\"a:\"", "\"\\u0062\""]);
    }
}
