//! The change of a task definition for each rule whose change Logweir can express.

use serde_json::{Value, json};

use super::member::with_member;
use super::{Choices, OPT_IN};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::text::placeholder::{is_marked, is_variable};

/// The capabilities with which a container has no power over the host. The runbook accepts them.
const HARMLESS: [&str; 7] = ["SYS_PTRACE", "NET_BIND_SERVICE", "AUDIT_WRITE", "CHOWN", "KILL", "SETUID", "SETGID"];

/// Returns the task definition with the change for a result of the rule. Returns `None` if Logweir proposes no change:
/// no change is safe to express, the person did not choose it, or a value on the way is known only after the
/// deployment.
pub(super) fn of(
    definition: &TaskDefinition,
    rule: &str,
    container: Option<usize>,
    choices: &Choices,
) -> Option<TaskDefinition> {
    if OPT_IN.contains(&rule) && !choices.rules.contains(rule) {
        return None;
    }
    let of_container = |path: &[&str], value: Value| {
        let index = container?.to_string();
        let path = [&["containerDefinitions", index.as_str()], path].concat();
        member(definition, &path, Some(&value))
    };
    match rule {
        "plaintext-efs" => efs(definition),
        "missing-tag" => tags(definition, choices),
        "root-user" => of_container(&["user"], json!(choices.user.as_ref()?)),
        "writable-root" => of_container(&["readonlyRootFilesystem"], json!(true)),
        "privileged-container" => of_container(&["privileged"], json!(false)),
        "kept-capabilities" => drop_capabilities(definition, container?),
        "added-capability" => remove_capabilities(definition, container?),
        "host-pid" => member(definition, &["pidMode"], None),
        "host-ipc" => member(definition, &["ipcMode"], None),
        _ => None,
    }
}

/// Returns the task definition with an init process in the container. Returns `None` on Windows, and for a container
/// that has the member.
pub(super) fn init(definition: &TaskDefinition, container: usize) -> Option<TaskDefinition> {
    let view = definition.view();
    let platform = &view["runtimePlatform"]["operatingSystemFamily"];
    let parameters = &view["containerDefinitions"][container]["linuxParameters"];
    let is_linux = platform.is_null() || platform == "LINUX";
    if !is_linux || is_variable(parameters) || !parameters["initProcessEnabled"].is_null() {
        return None;
    }
    let index = container.to_string();
    let path = ["containerDefinitions", index.as_str(), "linuxParameters", "initProcessEnabled"];
    member(definition, &path, Some(&json!(true)))
}

fn member(definition: &TaskDefinition, path: &[&str], value: Option<&Value>) -> Option<TaskDefinition> {
    // A value on the way may be a function of the template, which only its author can replace.
    let mut on_the_way = definition.view();
    for step in path {
        if is_variable(on_the_way) {
            return None;
        }
        on_the_way = step.parse::<usize>().ok().map_or(&on_the_way[*step], |index| &on_the_way[index]);
    }
    if is_variable(on_the_way) {
        return None;
    }
    let text = with_member(definition.text(), path, value)?;
    TaskDefinition::parse(text).ok()
}

/// Sets the encryption in transit of every volume of Amazon EFS that shows another setting or none.
fn efs(definition: &TaskDefinition) -> Option<TaskDefinition> {
    let mut changed = None;
    for (index, volume) in definition.view()["volumes"].as_array()?.iter().enumerate() {
        let efs = &volume["efsVolumeConfiguration"];
        let is_plain =
            efs.is_object() && efs["transitEncryption"] != "ENABLED" && !is_variable(&efs["transitEncryption"]);
        if !is_plain || is_variable(efs) {
            continue;
        }
        let index = index.to_string();
        let path = ["volumes", index.as_str(), "efsVolumeConfiguration", "transitEncryption"];
        changed = Some(member(changed.as_ref().unwrap_or(definition), &path, Some(&json!("ENABLED")))?);
    }
    changed
}

/// Adds the chosen tags whose keys the task definition does not have.
fn tags(definition: &TaskDefinition, choices: &Choices) -> Option<TaskDefinition> {
    let is_pascal = choices.pascal_tags?;
    let (key_name, value_name) = if is_pascal { ("Key", "Value") } else { ("key", "value") };
    let mut tags = match &definition.view()["tags"] {
        Value::Null => Vec::new(),
        Value::Array(tags) if !tags.iter().any(is_variable) => tags.clone(),
        _ => return None,
    };
    let known = tags.len();
    for (key, value) in &choices.tags {
        if !tags.iter().any(|tag| tag[key_name] == **key) {
            tags.push(json!({key_name: key, value_name: value}));
        }
    }
    if tags.len() == known { None } else { member(definition, &["tags"], Some(&json!(tags))) }
}

fn capabilities<'d>(definition: &'d TaskDefinition, container: usize, which: &str) -> &'d Value {
    &definition.view()["containerDefinitions"][container]["linuxParameters"]["capabilities"][which]
}

/// Drops all capabilities.
fn drop_capabilities(definition: &TaskDefinition, container: usize) -> Option<TaskDefinition> {
    let index = container.to_string();
    let path = ["containerDefinitions", index.as_str(), "linuxParameters", "capabilities", "drop"];
    member(definition, &path, Some(&json!(["ALL"])))
}

/// Removes the added capabilities that give power over the host. Keeps those that are known only after the deployment.
fn remove_capabilities(definition: &TaskDefinition, container: usize) -> Option<TaskDefinition> {
    let added = capabilities(definition, container, "add").as_array()?;
    let name = |text: &str| text.trim().to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
    let is_kept = |one: &&Value| match one.as_str() {
        Some(text) => is_marked(text) || HARMLESS.contains(&name(text).as_str()),
        None => true,
    };
    let left: Vec<&Value> = added.iter().filter(is_kept).collect();
    let index = container.to_string();
    let path = ["containerDefinitions", index.as_str(), "linuxParameters", "capabilities", "add"];
    let left = (!left.is_empty()).then(|| json!(left));
    member(definition, &path, left.as_ref())
}
