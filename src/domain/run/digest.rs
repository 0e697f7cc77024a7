//! Digests of JSON values that do not depend on the order of the members of an object.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::domain::ecs::wire::Described;
use crate::domain::text::hex;

/// Returns the digest `sha256:…` of the task definition and the tags of a revision. The order of the tags and of the
/// members of each object does not matter, because ECS promises no order.
pub fn source_digest(described: &Described) -> String {
    let mut tags: Vec<(&str, &str)> = described.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())).collect();
    tags.sort_unstable();
    let mut sha = Sha256::new();
    update(&mut sha, described.definition.view());
    update(&mut sha, &serde_json::json!(tags));
    text(sha)
}

/// Returns the digest `sha256:…` of a JSON value.
pub fn value_digest(value: &Value) -> String {
    let mut sha = Sha256::new();
    update(&mut sha, value);
    text(sha)
}

fn text(sha: Sha256) -> String {
    format!("sha256:{}", hex(&sha.finalize()))
}

fn update(sha: &mut Sha256, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            sha.update(b"{");
            for name in names {
                sha.update(Value::from(name.as_str()).to_string());
                sha.update(b":");
                update(sha, &members[name]);
                sha.update(b",");
            }
            sha.update(b"}");
        }
        Value::Array(items) => {
            sha.update(b"[");
            for item in items {
                update(sha, item);
                sha.update(b",");
            }
            sha.update(b"]");
        }
        scalar => sha.update(scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_does_not_matter_and_everything_else_does() {
        let digest = value_digest(&json!({"a": [1, {"b": "c", "d": null}]}));
        assert_eq!(value_digest(&json!({"a": [1, {"d": null, "b": "c"}]})), digest);
        for other in [json!({"a": [{"b": "c", "d": null}, 1]}), json!({"a": [1, {"b": "c"}]}), json!({})] {
            assert_ne!(value_digest(&other), digest, "{other}");
        }
    }
}
