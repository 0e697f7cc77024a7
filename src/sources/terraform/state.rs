//! State files of Terraform and OpenTofu, such as `terraform.tfstate` (source: Terraform, internal/states/statefile,
//! version4.go). A state file contains sensitive values in clear, with the paths to them.

use serde_json::{Map, Value, json};

use super::show::{Attributes, Shown, Unread};

/// The version of the state files that Logweir reads. Terraform has written this version since 0.12.
const VERSION: u64 = 4;

/// Whether the JSON object is a state file.
pub(super) fn is_state(members: &Map<String, Value>) -> bool {
    let has = |keys: &[&str]| keys.iter().all(|key| members.contains_key(*key));
    has(&["version", "serial", "lineage"]) || has(&["meta", "encrypted_data"])
}

/// Reads a state file.
pub(super) fn read(members: &Map<String, Value>) -> Result<Shown, Unread> {
    if members.contains_key("encrypted_data") {
        return Err(Unread {
            message: "the state is encrypted".into(),
            help: "print it with `tofu show -json`, and check the result",
        });
    }
    if members.get("version").and_then(Value::as_u64) != Some(VERSION) {
        return Err(Unread {
            message: format!("the state file has another version than {VERSION}"),
            help: "print the state with `terraform show -json`, and check the result",
        });
    }
    let mut shown = Shown::default();
    for (index, resource) in list(members.get("resources")).iter().enumerate() {
        for (number, instance) in list(resource.get("instances")).iter().enumerate() {
            // A deposed instance is an old object that Terraform is about to delete.
            if instance.get("deposed").is_none() {
                let pointer = format!("/resources/{index}/instances/{number}/attributes");
                add(&mut shown, resource, instance, &pointer);
            }
        }
    }
    Ok(shown)
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn add(shown: &mut Shown, resource: &Value, instance: &Value, pointer: &str) {
    let nothing = Value::Null;
    let sensitive = sensitive(list(instance.get("sensitive_attributes")));
    let values =
        Attributes { known: instance.get("attributes").unwrap_or(&nothing), unknown: &nothing, sensitive: &sensitive };
    let mut named = resource.clone();
    named["address"] = address(resource, instance).into();
    shown.add(&named, &values, pointer, false);
}

/// Returns the address of an instance, such as `module.a.aws_ecs_task_definition.web["x"]`.
fn address(resource: &Value, instance: &Value) -> String {
    let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
    let module = if text("module").is_empty() { String::new() } else { format!("{}.", text("module")) };
    let index = instance.get("index_key").map(|key| format!("[{key}]")).unwrap_or_default();
    format!("{module}{}.{}{index}", text("type"), text("name"))
}

/// Returns the marks of the sensitive attributes. Each path is a list of steps, and the first step names the attribute.
/// A path of another form marks every attribute.
fn sensitive(paths: &[Value]) -> Value {
    let attribute = |path: &Value| Some((path.get(0)?.get("value")?.as_str()?.to_owned(), true));
    let marks: Option<Vec<(String, bool)>> = paths.iter().map(attribute).collect();
    marks.map_or(json!(true), |marks| marks.into_iter().map(|(name, mark)| (name, Value::Bool(mark))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(instances: Value) -> Map<String, Value> {
        let state = json!({"version": 4, "terraform_version": "1.9.0", "serial": 3, "lineage": "x", "resources": [
            {"module": "module.a", "mode": "managed", "type": "aws_ecs_task_definition", "name": "web",
             "instances": instances},
            {"mode": "managed", "type": "aws_cloudwatch_log_group", "name": "web",
             "instances": [{"attributes": {"name": "/ecs/web", "retention_in_days": 7}}]}]});
        let Value::Object(members) = state else { panic!() };
        assert!(is_state(&members));
        members
    }

    #[test]
    fn each_instance_is_a_task_definition() {
        let attributes = json!({"family": "web", "container_definitions": "[{\"name\":\"app\"}]"});
        let shown = read(&state(json!([
            {"index_key": "x", "attributes": attributes},
            {"index_key": 1, "attributes": attributes, "sensitive_attributes": [
                [{"type": "get_attr", "value": "container_definitions"}]]},
            {"attributes": attributes, "sensitive_attributes": [7]},
            {"attributes": attributes, "deposed": "0123abcd"},
        ])));
        let shown = shown.unwrap();
        let addresses: Vec<&str> = shown.definitions.iter().map(|found| found.address.as_str()).collect();
        let address = |index: &str| format!("module.a.aws_ecs_task_definition.web{index}");
        assert_eq!(addresses, [address("[\"x\"]"), address("[1]"), address("")]);
        assert_eq!(shown.definitions[1].pointer, "/resources/0/instances/1/attributes");
        let is_unknown: Vec<bool> = shown.definitions.iter().map(|found| found.unknown.is_some()).collect();
        assert_eq!(is_unknown, [false, true, true]);
        assert_eq!(shown.groups[0].address, "aws_cloudwatch_log_group.web");
    }

    #[test]
    fn a_state_of_another_version_or_an_encrypted_one_is_refused() {
        let mut old = state(json!([]));
        old.insert("version".into(), json!(3));
        assert!(read(&old).unwrap_err().message.contains("another version"));
        let Value::Object(encrypted) = json!({"meta": {}, "encrypted_data": "x", "encryption_version": "v0"}) else {
            panic!()
        };
        assert!(is_state(&encrypted) && read(&encrypted).unwrap_err().message.contains("encrypted"));
    }
}
