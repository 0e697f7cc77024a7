//! New log groups in a file in HCL. Without them, the containers would log to groups that nothing creates.

use serde_json::{Value, json};

use super::groups::{Group, LOG_GROUP};
use super::hcl::quoted;
use super::view::unknown_of;
use crate::domain::edit::NewLogGroup;
use crate::domain::text::splice::Splice;

/// A log group that a fix adds to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewGroup {
    /// The name of the resource.
    resource: String,
    group: NewLogGroup,
}

impl NewGroup {
    /// Returns the new groups, with names of resources that no group of the folder has.
    pub(super) fn all(wanted: &[NewLogGroup], known: &[Group]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for group in wanted {
            if all.iter().any(|new| new.group.name == group.name) {
                continue;
            }
            let base = resource_name(&group.name);
            let is_taken = |name: &str, all: &[Self]| {
                known.iter().any(|group| group.name == name) || all.iter().any(|new| new.resource == name)
            };
            let mut resource = base.clone();
            let mut number = 2;
            while is_taken(&resource, &all) {
                resource = format!("{base}_{number}");
                number += 1;
            }
            all.push(Self { resource, group: group.clone() });
        }
        all
    }

    /// Returns the groups without repetitions.
    pub(super) fn distinct(all: &[Self]) -> Vec<&Self> {
        let mut distinct: Vec<&Self> = Vec::new();
        for group in all {
            if !distinct.contains(&group) {
                distinct.push(group);
            }
        }
        distinct
    }

    /// Whether two different groups have the same name of a resource.
    pub(super) fn collide(all: &[Self]) -> bool {
        let distinct = Self::distinct(all);
        let names: std::collections::HashSet<&str> = distinct.iter().map(|group| group.resource.as_str()).collect();
        names.len() < distinct.len()
    }

    /// Returns the task definition `new` as Logweir reads it from the changed file. A container that gets a new group
    /// refers to the resource of the group, so that Terraform creates the group first. A new text with variables is a
    /// value that only Terraform knows. `old` is the task definition before the fix.
    pub(super) fn referenced_in(new: &Value, old: &Value, groups: &[Self]) -> Value {
        let mut new = new.clone();
        let path = "/logConfiguration/options";
        for (index, container) in new["containerDefinitions"].as_array_mut().into_iter().flatten().enumerate() {
            let before = old["containerDefinitions"].get(index).and_then(|old| old.pointer(path)).cloned();
            let Some(options) = container.pointer_mut(path).and_then(Value::as_object_mut) else { continue };
            for (option, value) in options.iter_mut() {
                let Value::String(text) = value else { continue };
                let is_old = before.as_ref().and_then(|before| before.get(option)) == Some(&Value::from(text.as_str()));
                let created = groups.iter().find(|group| option == "awslogs-group" && group.group.name == *text);
                match created {
                    _ if is_old => {}
                    Some(group) => *value = json!({ "Ref": format!("{LOG_GROUP}.{}.name", group.resource) }),
                    None => *value = unknown_of(text).unwrap_or_else(|| text.as_str().into()),
                }
            }
        }
        new
    }

    /// Returns the change that adds the groups to the end of the file.
    pub(super) fn splice(text: &str, groups: &[Self]) -> Option<Splice> {
        if groups.is_empty() {
            return None;
        }
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
        let blocks: Vec<String> = groups.iter().map(|group| group.block(newline)).collect();
        Some(Splice { range: text.len()..text.len(), text: format!("{end}{newline}{}", blocks.join(newline)) })
    }

    fn block(&self, newline: &str) -> String {
        let mut attributes = vec![("name", quoted(&self.group.name))];
        if self.group.class != "STANDARD" {
            attributes.push(("log_group_class", quoted(&self.group.class)));
        }
        attributes.extend(self.group.retention_days.map(|days| ("retention_in_days", days.to_string())));
        attributes.extend(self.group.kms_key.as_ref().map(|key| ("kms_key_id", quoted(key))));
        let width = attributes.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let lines = attributes.iter().map(|(name, value)| format!("  {name:width$} = {value}{newline}"));
        format!("resource \"{LOG_GROUP}\" \"{}\" {{{newline}{}}}{newline}", self.resource, lines.collect::<String>())
    }
}

/// Returns a name for a resource, made from the letters and digits of the name of the group.
fn resource_name(group: &str) -> String {
    let words = group.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: Vec<&str> = words.collect();
    let name = name.join("_").to_ascii_lowercase();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("logs_{name}") }
}
