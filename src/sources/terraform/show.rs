//! Plans and states as `terraform show -json` and `tofu show -json` print them (source: Terraform, JSON output format).
//!
//! A plan shows sensitive values in clear, and marks them in a second tree. No value of this kind leaves this module:
//! an attribute with a sensitive part is unknown.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::blocks::{self, BLOCKS};
use super::definition::{ATTRIBUTES, CLOUD_CONTROL, EMBEDDED, IN_TEMPLATE, STACKS, TASK_DEFINITION, UNREAD_TYPE};
use super::groups::LOG_GROUP;
use super::hcl::{ExpressionKind, read_json};
use super::view::list_of_containers;
use crate::domain::rules::facts::DefinedRetention;

/// The major version of the format that Logweir reads.
const VERSION: &str = "1";

/// The resources of a plan or a state that Logweir judges.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) definitions: Vec<ShownDefinition>,
    pub(super) groups: Vec<ShownGroup>,
    /// Why the plan does not show everything that Terraform is going to change.
    pub(super) gap: Option<&'static str>,
}

/// A task definition in a plan or a state.
#[derive(Debug)]
pub(super) struct ShownDefinition {
    /// The type of the resource.
    pub(super) kind: String,
    pub(super) address: String,
    /// The JSON pointer to the attributes of the resource.
    pub(super) pointer: String,
    /// The task definition in the JSON of the ECS API.
    pub(super) definition: Value,
    /// Why Logweir does not know the containers.
    pub(super) unknown: Option<String>,
}

/// A log group in a plan or a state.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShownGroup {
    pub(super) address: String,
    pub(super) name: String,
    pub(super) retention: DefinedRetention,
}

/// Whether the JSON object is a plan or a state of this format.
pub(super) fn is_shown(members: &Map<String, Value>) -> bool {
    members.get("format_version").is_some_and(Value::is_string)
        && ["resource_changes", "planned_values", "values", "terraform_version"]
            .iter()
            .any(|key| members.contains_key(*key))
}

/// The reason why Logweir does not read a plan or a state.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// Reads a plan or a state.
pub(super) fn read(members: &Map<String, Value>) -> Result<Shown, Unread> {
    let version = members.get("format_version").and_then(Value::as_str).unwrap_or_default();
    if version.split('.').next() != Some(VERSION) {
        let version: String = version.chars().take(20).collect();
        return Err(Unread {
            message: format!("the plan or state has the format version {version}, but Logweir reads version 1"),
            help: "print it with a version of Terraform or OpenTofu that writes version 1",
        });
    }
    let mut shown = Shown { gap: gap(members), ..Shown::default() };
    let mut changed = HashSet::new();
    for (index, resource) in items(members, "resource_changes").iter().enumerate() {
        changed.insert(text(resource, "address"));
        shown.add_change(resource, &format!("/resource_changes/{index}/change/after"), false);
    }
    for (index, deferred) in items(members, "deferred_changes").iter().enumerate() {
        let Some(resource) = deferred.get("resource_change") else { continue };
        changed.insert(text(resource, "address"));
        shown.add_change(resource, &format!("/deferred_changes/{index}/resource_change/change/after"), true);
    }
    // A plan of some resources (`-target`) lists the other ones only among its planned values.
    for root in ["planned_values", "values"] {
        if let Some(module) = members.get(root).and_then(|values| values.get("root_module")) {
            shown.add_module(module, &format!("/{root}/root_module"), &changed);
        }
    }
    Ok(shown)
}

/// Returns why a plan does not show everything that Terraform is going to change.
fn gap(plan: &Map<String, Value>) -> Option<&'static str> {
    if plan.get("errored") == Some(&Value::Bool(true)) {
        return Some("the plan ended with an error (`errored`), so it may lack resources");
    }
    if plan.get("complete") == Some(&Value::Bool(false)) {
        return Some("the plan lacks some of the changes (`complete` is false), so it may lack resources");
    }
    let is_deferred = !items(plan, "deferred_changes").is_empty();
    is_deferred.then_some("the plan defers changes (`deferred_changes`), so it may lack resources")
}

impl Shown {
    /// Adds the resources of a module and of the modules in it, except those with the addresses `known`.
    fn add_module(&mut self, module: &Value, pointer: &str, known: &HashSet<&str>) {
        let mut open = vec![(module, pointer.to_owned())];
        while let Some((module, pointer)) = open.pop() {
            for (index, resource) in list(module, "resources").iter().enumerate() {
                if known.contains(text(resource, "address")) {
                    continue;
                }
                let nothing = Value::Null;
                let values = Attributes {
                    known: resource.get("values").unwrap_or(&nothing),
                    unknown: &nothing,
                    sensitive: resource.get("sensitive_values").unwrap_or(&nothing),
                };
                self.add(resource, &values, &format!("{pointer}/resources/{index}/values"), false);
            }
            for (index, child) in list(module, "child_modules").iter().enumerate() {
                open.push((child, format!("{pointer}/child_modules/{index}")));
            }
        }
    }

    fn add_change(&mut self, resource: &Value, pointer: &str, is_deferred: bool) {
        let nothing = Value::Null;
        let Some(change) = resource.get("change") else { return };
        let actions: Vec<&str> = list(change, "actions").iter().filter_map(Value::as_str).collect();
        let is_gone = actions == ["delete"] || actions == ["forget"];
        let after = change.get("after").unwrap_or(&nothing);
        if is_gone || !(after.is_object() || is_deferred) {
            return;
        }
        let values = Attributes {
            known: after,
            unknown: change.get("after_unknown").unwrap_or(&nothing),
            sensitive: change.get("after_sensitive").unwrap_or(&nothing),
        };
        self.add(resource, &values, pointer, is_deferred);
    }

    /// Adds a resource. The values of a deferred change are not final.
    pub(super) fn add(&mut self, resource: &Value, values: &Attributes<'_>, pointer: &str, is_deferred: bool) {
        if text(resource, "mode") == "data" {
            return;
        }
        let (kind, address) = (text(resource, "type"), text(resource, "address"));
        match kind {
            TASK_DEFINITION if !is_deferred => self.definitions.push(definition(address, values, pointer)),
            TASK_DEFINITION => self.definitions.push(unread(kind, address, pointer, DEFERRED)),
            CLOUD_CONTROL => self.definitions.push(unread(kind, address, pointer, UNREAD_TYPE)),
            kind if STACKS.contains(&kind) && text(values.known, "template_body").contains(IN_TEMPLATE) => {
                self.definitions.push(unread(kind, address, pointer, EMBEDDED));
            }
            LOG_GROUP if !is_deferred => self.groups.extend(group(address, values)),
            _ => {}
        }
    }
}

const DEFERRED: &str = "Terraform defers the change of the resource to a later plan";

fn items<'v>(members: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    members.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The attributes of a resource.
pub(super) struct Attributes<'v> {
    pub(super) known: &'v Value,
    /// The marks of the attributes whose values Terraform knows only after the apply.
    pub(super) unknown: &'v Value,
    /// The marks of the attributes whose values are sensitive.
    pub(super) sensitive: &'v Value,
}

/// What a plan or a state says about an attribute.
enum Shows<'v> {
    Nothing,
    /// Terraform knows the value only after the apply.
    Later,
    /// The value is sensitive, or a part of the value is.
    Sensitive,
    Value(&'v Value),
}

impl<'v> Attributes<'v> {
    fn get(&self, name: &str) -> Shows<'v> {
        let is_marked = |tree: &Value| *tree == Value::Bool(true) || tree.get(name).is_some_and(marks_something);
        match self.known.get(name).filter(|value| !value.is_null()) {
            _ if is_marked(self.unknown) => Shows::Later,
            None => Shows::Nothing,
            Some(_) if is_marked(self.sensitive) => Shows::Sensitive,
            Some(value) => Shows::Value(value),
        }
    }
}

/// Whether a tree of marks has a mark.
fn marks_something(marks: &Value) -> bool {
    match marks {
        Value::Bool(is_marked) => *is_marked,
        Value::Array(items) => items.iter().any(marks_something),
        Value::Object(members) => members.values().any(marks_something),
        _ => false,
    }
}

fn later() -> Value {
    json!({ "Ref": "known after apply" })
}

fn hidden() -> Value {
    json!({ "Ref": "sensitive value" })
}

fn definition(address: &str, values: &Attributes<'_>, pointer: &str) -> ShownDefinition {
    let mut members = Map::new();
    for (name, member) in ATTRIBUTES {
        let value = match values.get(name) {
            Shows::Nothing => continue,
            Shows::Later => later(),
            Shows::Sensitive => hidden(),
            Shows::Value(value) => value.clone(),
        };
        members.insert(member.into(), value);
    }
    for (kind, name) in BLOCKS {
        let value = match values.get(kind) {
            Shows::Nothing => continue,
            Shows::Later => later(),
            Shows::Sensitive => hidden(),
            Shows::Value(Value::Array(blocks)) if blocks.is_empty() => continue,
            Shows::Value(Value::Array(blocks)) => blocks::member(kind, blocks),
            Shows::Value(_) => later(),
        };
        members.insert(name.into(), value);
    }
    let containers = match values.get("container_definitions") {
        Shows::Value(value) => parsed(value),
        Shows::Sensitive => Err("container_definitions is sensitive"),
        Shows::Later => Err("Terraform knows container_definitions only after apply"),
        Shows::Nothing => Err("the resource shows no container_definitions"),
    };
    let unknown = containers.as_ref().err().map(|why| (*why).to_owned());
    members.insert("containerDefinitions".into(), containers.unwrap_or_else(|_| json!([later()])));
    ShownDefinition {
        kind: TASK_DEFINITION.to_owned(),
        address: address.to_owned(),
        pointer: pointer.to_owned(),
        definition: Value::Object(members),
        unknown,
    }
}

/// Returns a task definition whose containers Logweir does not read.
fn unread(kind: &str, address: &str, pointer: &str, why: &str) -> ShownDefinition {
    ShownDefinition {
        kind: kind.to_owned(),
        address: address.to_owned(),
        pointer: pointer.to_owned(),
        definition: json!({ "containerDefinitions": [later()] }),
        unknown: Some(why.to_owned()),
    }
}

/// Parses the value of `container_definitions`, which is JSON in a text. Some versions of the provider show an empty
/// text (source: hashicorp/terraform-provider-aws#38482).
fn parsed(value: &Value) -> Result<Value, &'static str> {
    let Value::String(text) = value else { return Err("container_definitions is not a text") };
    if text.trim().is_empty() {
        return Err("container_definitions is an empty text");
    }
    let list = read_json(text, 0..text.len(), false).map_err(|_| "container_definitions is not JSON")?;
    match &list.kind {
        ExpressionKind::List(items) if items.is_empty() => Err("container_definitions is an empty list"),
        ExpressionKind::List(_) => Ok(list_of_containers(text, &list)),
        _ => Err("container_definitions is not a list"),
    }
}

fn group(address: &str, values: &Attributes<'_>) -> Option<ShownGroup> {
    let Shows::Value(Value::String(name)) = values.get("name") else { return None };
    let retention = match values.get("retention_in_days") {
        Shows::Value(days) => match days.as_u64().map(u32::try_from) {
            Some(Ok(0)) => DefinedRetention::Unbounded,
            Some(Ok(days)) => DefinedRetention::Days(days),
            _ => DefinedRetention::Unknown,
        },
        Shows::Nothing => DefinedRetention::Unbounded,
        Shows::Later | Shows::Sensitive => DefinedRetention::Unknown,
    };
    Some(ShownGroup { address: address.to_owned(), name: name.clone(), retention })
}

#[cfg(test)]
mod tests;
