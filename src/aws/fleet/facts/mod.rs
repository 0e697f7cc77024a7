//! Reads the facts of ECS for the runbook: clusters, services, tasks, capacity providers and account settings.

mod clusters;
mod providers;
mod services;
mod settings;
mod tasks;

use serde_json::Value;

use super::text;
use crate::domain::runbook::account::ecs::TagPair;

/// Returns the items of a list. Returns none if the member is no list.
fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Returns the texts that `member` finds in the items of a list.
fn texts(items: &Value, member: &str) -> Vec<String> {
    list(items).iter().filter_map(|item| text(&item[member])).collect()
}

fn tags(items: &Value) -> Vec<TagPair> {
    let tag = |tag: &Value| Some((text(&tag["key"])?, text(&tag["value"]).unwrap_or_default()));
    list(items).iter().filter_map(tag).collect()
}
