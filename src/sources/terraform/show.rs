//! Plans and states as `terraform show -json` and `tofu show -json` print them (source: Terraform, JSON output format).
//!
//! A plan shows sensitive values in clear, and marks them in a second tree. No value of this kind leaves this module:
//! an attribute with a sensitive part is unknown.

use serde_json::{Map, Value, json};

use super::definition::{ATTRIBUTES, TASK_DEFINITION};
use super::groups::LOG_GROUP;

/// The major version of the format that Logweir reads.
const VERSION: &str = "1";

/// The resources of a plan or a state that Logweir judges.
#[derive(Debug, Default)]
pub(super) struct Shown {
    pub(super) definitions: Vec<ShownDefinition>,
    pub(super) groups: Vec<ShownGroup>,
}

/// A task definition in a plan or a state.
#[derive(Debug)]
pub(super) struct ShownDefinition {
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
    /// The retention in days. `None` if events in the group never expire.
    pub(super) days: Option<u32>,
}

/// Whether the JSON object is a plan or a state of this format.
pub(super) fn is_shown(members: &Map<String, Value>) -> bool {
    members.get("format_version").is_some_and(Value::is_string)
        && ["resource_changes", "planned_values", "values", "terraform_version"]
            .iter()
            .any(|key| members.contains_key(*key))
}

/// Reads a plan or a state. Returns the version of the format if Logweir does not know it.
pub(super) fn read(members: &Map<String, Value>) -> Result<Shown, String> {
    let version = members.get("format_version").and_then(Value::as_str).unwrap_or_default();
    if version.split('.').next() != Some(VERSION) {
        return Err(version.chars().take(20).collect());
    }
    let mut shown = Shown::default();
    if let Some(changes) = members.get("resource_changes").and_then(Value::as_array) {
        for (index, change) in changes.iter().enumerate() {
            shown.add_change(change, &format!("/resource_changes/{index}/change/after"));
        }
        return Ok(shown);
    }
    for root in ["planned_values", "values"] {
        if let Some(module) = members.get(root).and_then(|values| values.get("root_module")) {
            shown.add_module(module, &format!("/{root}/root_module"));
            break;
        }
    }
    Ok(shown)
}

impl Shown {
    /// Adds a module and the modules in it.
    fn add_module(&mut self, module: &Value, pointer: &str) {
        let mut open = vec![(module, pointer.to_owned())];
        while let Some((module, pointer)) = open.pop() {
            for (index, resource) in list(module, "resources").iter().enumerate() {
                let nothing = Value::Null;
                let values = Attributes {
                    known: resource.get("values").unwrap_or(&nothing),
                    unknown: &nothing,
                    sensitive: resource.get("sensitive_values").unwrap_or(&nothing),
                };
                self.add(resource, &values, &format!("{pointer}/resources/{index}/values"));
            }
            for (index, child) in list(module, "child_modules").iter().enumerate() {
                open.push((child, format!("{pointer}/child_modules/{index}")));
            }
        }
    }

    fn add_change(&mut self, resource: &Value, pointer: &str) {
        let nothing = Value::Null;
        let Some(change) = resource.get("change") else { return };
        let actions: Vec<&str> = list(change, "actions").iter().filter_map(Value::as_str).collect();
        let is_gone = actions == ["delete"] || actions == ["forget"];
        let Some(after) = change.get("after").filter(|after| after.is_object() && !is_gone) else { return };
        let values = Attributes {
            known: after,
            unknown: change.get("after_unknown").unwrap_or(&nothing),
            sensitive: change.get("after_sensitive").unwrap_or(&nothing),
        };
        self.add(resource, &values, pointer);
    }

    fn add(&mut self, resource: &Value, values: &Attributes<'_>, pointer: &str) {
        let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("mode") == "data" {
            return;
        }
        match text("type") {
            TASK_DEFINITION => self.definitions.push(definition(text("address"), values, pointer)),
            LOG_GROUP => self.groups.extend(group(text("address"), values)),
            _ => {}
        }
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The attributes of a resource.
struct Attributes<'v> {
    known: &'v Value,
    /// The marks of the attributes whose values Terraform knows only after the apply.
    unknown: &'v Value,
    /// The marks of the attributes whose values are sensitive.
    sensitive: &'v Value,
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
    let (containers, unknown) = match values.get("container_definitions") {
        Shows::Value(value) => parsed(value),
        Shows::Sensitive => (None, Some("container_definitions is sensitive")),
        Shows::Later => (None, Some("Terraform knows container_definitions only after apply")),
        Shows::Nothing => (None, Some("the resource shows no container_definitions")),
    };
    let containers = containers.unwrap_or_else(|| json!([later()]));
    members.insert("containerDefinitions".into(), containers);
    ShownDefinition {
        address: address.to_owned(),
        pointer: pointer.to_owned(),
        definition: Value::Object(members),
        unknown: unknown.map(String::from),
    }
}

/// Parses the value of `container_definitions`, which is JSON in a text. Some versions of the provider show an empty
/// text (source: hashicorp/terraform-provider-aws#38482).
fn parsed(value: &Value) -> (Option<Value>, Option<&'static str>) {
    let Value::String(text) = value else { return (None, Some("container_definitions is not a text")) };
    if text.trim().is_empty() {
        return (None, Some("container_definitions is an empty text"));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Array(items)) if items.is_empty() => (None, Some("container_definitions is an empty list")),
        Ok(Value::Array(items)) => (Some(Value::Array(items)), None),
        Ok(_) => (None, Some("container_definitions is no list")),
        Err(_) => (None, Some("container_definitions is not JSON")),
    }
}

fn group(address: &str, values: &Attributes<'_>) -> Option<ShownGroup> {
    let Shows::Value(Value::String(name)) = values.get("name") else { return None };
    let days = match values.get("retention_in_days") {
        Shows::Value(days) => match days.as_u64()? {
            0 => None,
            days => Some(u32::try_from(days).ok()?),
        },
        Shows::Nothing => None,
        Shows::Later | Shows::Sensitive => return None,
    };
    Some(ShownGroup { address: address.to_owned(), name: name.clone(), days })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "hunter2";

    fn shown(value: &Value) -> Shown {
        let Value::Object(members) = value else { panic!() };
        assert!(is_shown(members));
        read(members).unwrap()
    }

    fn change(actions: &[&str], after: Value, unknown: Value, sensitive: Value) -> Value {
        json!({
            "address": "module.a[\"x\"].aws_ecs_task_definition.web", "mode": "managed",
            "type": "aws_ecs_task_definition", "name": "web",
            "change": {"actions": actions, "before": {"container_definitions": "[]"}, "after": after,
                       "after_unknown": unknown, "after_sensitive": sensitive},
        })
    }

    fn plan(changes: &[Value]) -> Value {
        json!({"format_version": "1.2", "terraform_version": "1.13.0", "resource_changes": changes, "applyable": true})
    }

    fn containers() -> Value {
        json!([{"name": "app", "environment": [{"name": "P", "value": SECRET}], "logConfiguration": {
            "logDriver": "awslogs", "options": {
            "awslogs-group": SECRET, "mode": "blocking", "max-buffer-size": "25m"}}}])
    }

    fn web() -> Value {
        json!({"family": "web", "cpu": "256", "network_mode": "awsvpc", "execution_role_arn": null,
               "requires_compatibilities": ["FARGATE"], "container_definitions": containers().to_string()})
    }

    #[test]
    fn a_task_definition_is_what_it_will_be_after_the_plan() {
        for actions in [&["no-op"][..], &["create"], &["update"], &["delete", "create"], &["create", "delete"]] {
            let shown = shown(&plan(&[change(actions, web(), json!({}), json!({}))]));
            let found = &shown.definitions[0];
            assert_eq!(found.address, "module.a[\"x\"].aws_ecs_task_definition.web");
            assert_eq!(found.pointer, "/resource_changes/0/change/after");
            assert_eq!(found.definition["family"], "web");
            assert_eq!(found.definition["requiresCompatibilities"], json!(["FARGATE"]));
            assert_eq!(found.definition["containerDefinitions"], containers());
            assert!(found.definition.get("executionRoleArn").is_none() && found.unknown.is_none());
        }
        for (actions, after) in [(&["delete"][..], Value::Null), (&["forget"], Value::Null), (&["delete"], web())] {
            assert!(shown(&plan(&[change(actions, after, json!({}), json!({}))])).definitions.is_empty());
        }
    }

    #[test]
    fn containers_that_the_plan_does_not_show_are_unknown() {
        let without = |value: Option<&str>| {
            let mut web = web();
            match value {
                Some(text) => web["container_definitions"] = text.into(),
                None => drop(web.as_object_mut().unwrap().shift_remove("container_definitions")),
            }
            web
        };
        for (after, unknown) in [
            (without(None), json!({"container_definitions": true})),
            (web(), json!({"container_definitions": true})),
            (without(None), json!({})),
            (without(Some("")), json!({})),
            (without(Some("[]")), json!({})),
            (without(Some("{}")), json!({})),
            (without(Some("no JSON")), json!({})),
        ] {
            let shown = shown(&plan(&[change(&["create"], after, unknown, json!(false))]));
            let found = &shown.definitions[0];
            assert!(found.unknown.is_some());
            assert_eq!(found.definition["containerDefinitions"], json!([later()]));
        }
        let role = change(&["create"], web(), json!({"execution_role_arn": true}), json!({}));
        assert_eq!(shown(&plan(&[role])).definitions[0].definition["executionRoleArn"], later());
    }

    #[test]
    fn no_sensitive_value_leaves_the_plan() {
        for sensitive in
            [json!(true), json!({"container_definitions": true}), json!({"container_definitions": [{"x": true}]})]
        {
            let shown = shown(&plan(&[change(&["create"], web(), json!({}), sensitive)]));
            let text = shown.definitions[0].definition.to_string();
            assert!(!text.contains(SECRET) && !text.contains("\"app\""), "{text}");
            assert!(shown.definitions[0].unknown.is_some());
        }
        let family = change(&["create"], web(), json!({}), json!({"family": true}));
        assert_eq!(shown(&plan(&[family])).definitions[0].definition["family"], hidden());
    }

    #[test]
    fn a_state_has_modules_in_modules() {
        let resource = |address: &str| {
            json!({
                "address": address, "mode": "managed", "type": "aws_ecs_task_definition", "name": "web",
                "values": web(),
                "sensitive_values": {"container_definitions": address.starts_with("module")},
            })
        };
        let group = json!({"address": "aws_cloudwatch_log_group.web", "mode": "managed",
                           "type": "aws_cloudwatch_log_group",
                           "name": "web", "values": {"name": "/ecs/web", "retention_in_days": 0}});
        let data =
            json!({"address": "data.aws_ecs_task_definition.x", "mode": "data", "type": "aws_ecs_task_definition"});
        let state = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {
            "resources": [resource("aws_ecs_task_definition.web"), group, data],
            "child_modules": [{"address": "module.a", "child_modules": [
                {"address": "module.a.module.b",
                 "resources": [resource("module.a.module.b.aws_ecs_task_definition.web")]}]}],
        }}});
        let shown = shown(&state);
        assert_eq!(shown.definitions.len(), 2);
        assert_eq!(
            shown.definitions[1].pointer,
            "/values/root_module/child_modules/0/child_modules/0/resources/0/values"
        );
        assert!(shown.definitions[0].definition.to_string().contains(SECRET));
        assert!(!shown.definitions[1].definition.to_string().contains(SECRET));
        let expected =
            ShownGroup { address: "aws_cloudwatch_log_group.web".into(), name: "/ecs/web".into(), days: None };
        assert_eq!(shown.groups, [expected]);
    }

    #[test]
    fn another_major_version_is_refused() {
        let Value::Object(members) = json!({"format_version": "2.0", "resource_changes": []}) else { panic!() };
        assert_eq!(read(&members).unwrap_err(), "2.0");
    }
}
