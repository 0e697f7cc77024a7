//! The difference between two documents as a JSON Patch (RFC 6902), for the programs of other people.

use serde_json::Value;

/// Returns the JSON Patch (RFC 6902) that changes `before` into `after`, with `prefix` before each pointer. For a
/// removed value, the patch contains only the pointer and not the value.
pub fn between(before: &Value, after: &Value, prefix: &str) -> Value {
    let mut patch = serde_json::json!(::json_patch::diff(before, after));
    for operation in patch.as_array_mut().into_iter().flatten() {
        let path = format!("{prefix}{}", operation["path"].as_str().unwrap_or_default());
        operation["path"] = path.into();
    }
    patch
}
