//! The independent checks of an edit. One check compares the document before the edit with the document after the edit.
//! Another check compares the document that Logweir sent to ECS with the document that ECS returned.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Edit, patch};
use crate::domain::ecs::task_definition::TaskDefinition;

/// Applies the edits and returns the new definition. This function compares the old and the new definition twice: by
/// their bytes, and by their JSON values. The error says why an edit does not apply, or which differences lie outside
/// the edits.
pub fn edited(before: &TaskDefinition, edits: &[Edit]) -> Result<TaskDefinition, String> {
    let after = patch::apply(before, edits).map_err(|conflict| conflict.to_string())?;
    let unplanned = unplanned(before, &after, edits);
    if unplanned.is_empty() && is_same_elsewhere(before, &after, edits) {
        return Ok(after);
    }
    Err(format!("the edited document differs from the original outside the planned edits: {}", unplanned.join(", ")))
}

/// Whether `after` equals `before` byte for byte, except for the log configurations of the edited containers. Logweir
/// registers no document that fails this check.
pub fn is_same_elsewhere(before: &TaskDefinition, after: &TaskDefinition, edits: &[Edit]) -> bool {
    let rest = |definition: &TaskDefinition| patch::without_log_configurations(definition, edits).ok();
    let before = rest(before);
    before.is_some() && before == rest(after)
}

/// Returns the JSON pointers of the differences between `before` and `after` that lie outside the edits.
pub fn unplanned(before: &TaskDefinition, after: &TaskDefinition, edits: &[Edit]) -> Vec<String> {
    let edited: BTreeSet<String> = before
        .containers()
        .filter(|container| edits.iter().any(|edit| container.name() == Some(&edit.container)))
        .map(|container| format!("/containerDefinitions/{}/logConfiguration", container.index))
        .collect();
    let planned = |path: &str| edited.iter().any(|allowed| path == allowed || path.starts_with(&format!("{allowed}/")));
    let json_patch::Patch(operations) = json_patch::diff(before.view(), after.view());
    operations.iter().map(|operation| operation.path().to_string()).filter(|path| !planned(path)).collect()
}

/// Returns the JSON pointers of the sent values that ECS did not return. ECS may add members, and may leave out an
/// empty value, such as null, "" or []. The order of an object's members does not matter. This function pairs list
/// items with a unique name or key, such as containers and tags, by this name or key. It pairs all other list items by
/// position.
pub fn lost(sent: &Value, received: &Value) -> Vec<String> {
    let mut lost = Vec::new();
    compare(sent, received, &mut String::new(), &mut lost);
    lost
}

fn compare(sent: &Value, received: &Value, at: &mut String, lost: &mut Vec<String>) {
    if is_empty(sent) || sent == received {
        return;
    }
    match (sent, received) {
        (Value::Object(sent), Value::Object(received)) => {
            for (key, value) in sent {
                let length = at.len();
                *at += &format!("/{}", key.replace('~', "~0").replace('/', "~1"));
                compare(value, received.get(key).unwrap_or(&Value::Null), at, lost);
                at.truncate(length);
            }
        }
        (Value::Array(sent), Value::Array(received)) => {
            for (index, value) in sent.iter().enumerate() {
                let length = at.len();
                *at += &format!("/{index}");
                compare(value, partner(value, index, sent, received), at, lost);
                at.truncate(length);
            }
        }
        // A number may have two spellings, such as 512 and 512.0.
        (Value::Number(sent), Value::Number(received))
            if sent.as_f64() == received.as_f64() && sent.as_f64().is_some() => {}
        _ => lost.push(at.clone()),
    }
}

/// Returns the item of `received` that corresponds to `item`: the item with the same name or key if this name or key is
/// unique in `sent`, or otherwise the item at the same index.
fn partner<'v>(item: &Value, index: usize, sent: &[Value], received: &'v [Value]) -> &'v Value {
    for key in ["name", "key"] {
        let Some(name) = item.get(key).filter(|name| name.is_string()) else {
            continue;
        };
        let is_named = |other: &&Value| other.get(key) == Some(name);
        if sent.iter().filter(is_named).count() == 1 {
            return received.iter().find(is_named).unwrap_or(&Value::Null);
        }
    }
    received.get(index).unwrap_or(&Value::Null)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty() || members.values().all(is_empty),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_ecs_adds_reorders_or_empties_is_no_loss() {
        let sent = json!({"containerDefinitions": [{"name": "a", "x": ""}, {"name": "b", "environment": [{"name": "K", "value": "1"}, {"name": "L", "value": "2"}]}], "pidMode": null});
        let received = json!({"containerDefinitions": [{"name": "b", "cpu": 0, "environment": [{"name": "L", "value": "2"}, {"value": "1", "name": "K"}]}, {"name": "a"}], "volumes": []});
        assert_eq!(lost(&sent, &received), Vec::<String>::new());
    }

    #[test]
    fn a_lost_or_changed_member_is_named_by_its_pointer() {
        let sent = json!({"a/b": {"deep": [1, 2]}, "flag": false, "tags": [{"key": "k", "value": "v"}]});
        let received = json!({"a/b": {"deep": [1]}, "tags": [{"key": "k", "value": "w"}]});
        assert_eq!(lost(&sent, &received), ["/a~1b/deep/1", "/flag", "/tags/0/value"]);
    }

    #[test]
    fn a_value_of_another_type_is_a_loss() {
        assert_eq!(lost(&json!({"memory": "512"}), &json!({"memory": 512})), ["/memory"]);
    }
}
