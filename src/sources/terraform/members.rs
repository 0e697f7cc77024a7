//! The members of an object in HCL or JSON that have an effect.

use super::hcl::{Member, Object};

/// Returns the members of the object that have an effect, each with its name in the JSON of the ECS API. The last one
/// of several members with the same key has the effect (source: HCL, hclsyntax/expression.go, ObjectConsExpr), and
/// Terraform takes the names of members in any case (source: encoding/json of Go). `is_map` says that the keys are no
/// names of members.
pub(super) fn effective(object: &Object, is_map: bool) -> Vec<(String, &Member)> {
    let mut seen = std::collections::HashSet::new();
    let mut members: Vec<(String, &Member)> = Vec::new();
    for member in object.members.iter().rev() {
        let Some(key) = &member.key else { continue };
        let key = if is_map { key.clone() } else { with_small_initial(key) };
        if seen.insert(key.clone()) {
            members.push((key, member));
        }
    }
    members.reverse();
    members
}

fn with_small_initial(key: &str) -> String {
    let mut letters = key.chars();
    match letters.next() {
        Some(first) if first.is_ascii_uppercase() => first.to_ascii_lowercase().to_string() + letters.as_str(),
        _ => key.to_owned(),
    }
}
