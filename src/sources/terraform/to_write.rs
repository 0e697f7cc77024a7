//! The text that a user can write instead of a fix that Logweir does not make.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::hcl::Object;
use super::style::Style;

/// Returns the members to write into the containers, in HCL or in JSON. Shows only values that the fix sets. Returns
/// `None` if nothing has to be written.
pub(super) fn text(old: &Value, new: &Value, is_json: bool) -> Option<String> {
    let empty = Vec::new();
    let (old, new) = (old.as_array().unwrap_or(&empty), new.as_array().unwrap_or(&empty));
    let mut text = String::new();
    for (old, new) in old.iter().zip(new).filter(|(old, new)| old != new) {
        let style = Style::of("", &Object { members: Vec::new(), is_json }, "  ");
        let (members, removed) = changed(old, new);
        let name = new["name"].as_str().map_or_else(|| "a container".to_owned(), |name| format!("container {name}"));
        let mark = if is_json { "//" } else { "#" };
        let _ = writeln!(text, "{mark} {}", name.replace(['\n', '\r'], " "));
        for (key, value) in &members {
            let _ = writeln!(text, "{}", style.member(key, value, Some("")));
        }
        for option in removed {
            let _ = writeln!(text, "{mark} remove the option {option}");
        }
    }
    (!text.is_empty()).then_some(text)
}

/// Returns the new log configuration of a container, or those of its options that a fix sets and removes.
fn changed(old: &Value, new: &Value) -> (Map<String, Value>, Vec<String>) {
    let (old, new) = (&old["logConfiguration"], &new["logConfiguration"]);
    let mut members = Map::new();
    if old["logDriver"] != new["logDriver"] {
        members.insert("logConfiguration".into(), new.clone());
        return (members, Vec::new());
    }
    let options = |log: &Value| log["options"].as_object().cloned().unwrap_or_default();
    let (before, after) = (options(old), options(new));
    let removed = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
    let set: Map<String, Value> = after.into_iter().filter(|(key, value)| before.get(key) != Some(value)).collect();
    if !set.is_empty() {
        members.insert("options".into(), Value::Object(set));
    }
    (members, removed)
}
