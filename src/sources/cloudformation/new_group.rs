//! Changes of the log groups of a template: a new log group, and the retention of a log group.

use serde_json::{Map, Value, json};

use super::Template;
use crate::domain::edit::NewLogGroup;
use crate::sources::Retention;
use crate::sources::tree::{NodeId, Op, Tree};

/// A log group that the template gets.
pub(in crate::sources) struct NewGroup<'g> {
    /// The logical id of the new resource.
    pub(in crate::sources) id: String,
    pub(in crate::sources) group: &'g NewLogGroup,
}

impl<'g> NewGroup<'g> {
    /// Gives the log group a logical id that the template does not use.
    pub(in crate::sources) fn of(template: &Template, group: &'g NewLogGroup) -> Self {
        let words = group.name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let capitalized = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
        // A logical id has at most 255 letters and digits (source: AWS CloudFormation user guide, resources).
        let name: String = words.map(capitalized).collect::<String>().chars().take(200).collect();
        let name = format!("{name}LogGroup");
        let is_free = |id: &String| template.resource(id).is_none();
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let id = std::iter::once(name.clone()).chain(numbered).find(is_free).unwrap_or(name.clone());
        Self { id, group }
    }

    /// Returns the change of the template that defines the log group. `text` turns a text into its value in the
    /// template.
    pub(in crate::sources) fn op(&self, template: &Template, text: impl Fn(&str) -> Value) -> Op {
        let NewLogGroup { name, class, kms_key, retention_days } = self.group;
        let mut properties = Map::new();
        properties.insert("LogGroupName".into(), text(name));
        if class != "STANDARD" {
            properties.insert("LogGroupClass".into(), class.as_str().into());
        }
        if let Some(key) = kms_key {
            properties.insert("KmsKeyId".into(), key.as_str().into());
        }
        if let Some(days) = retention_days {
            properties.insert("RetentionInDays".into(), (*days).into());
        }
        let value = json!({
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": properties,
        });
        Op::Set { mapping: template.resources_node(), key: self.id.clone(), value }
    }
}

/// Returns the changes of the template that give its log groups their retentions.
pub(in crate::sources) fn group_ops(
    tree: &Tree,
    template: &Template,
    retentions: &[Retention],
) -> Result<Vec<Op>, String> {
    let op = |Retention { group, days }: &Retention| {
        let resource = template.resource(group).ok_or_else(|| format!("the template has no `{group}`"))?;
        Ok(match retention_node(tree, resource) {
            RetentionNode::Value(node) => Op::Replace { node, value: (*days).into() },
            RetentionNode::Properties(mapping) => {
                Op::Set { mapping, key: "RetentionInDays".into(), value: (*days).into() }
            }
            RetentionNode::Resource(mapping) => {
                Op::Set { mapping, key: "Properties".into(), value: json!({"RetentionInDays": days}) }
            }
        })
    };
    retentions.iter().map(op).collect()
}

/// The place of the retention of a log group.
pub(in crate::sources) enum RetentionNode {
    /// The retention itself.
    Value(NodeId),
    /// The properties of a group without a retention.
    Properties(NodeId),
    /// A group without properties.
    Resource(NodeId),
}

pub(in crate::sources) fn retention_node(tree: &Tree, resource: NodeId) -> RetentionNode {
    let Some(properties) = tree.entry(resource, "Properties") else { return RetentionNode::Resource(resource) };
    match tree.entry(tree.target(properties.value), "RetentionInDays") {
        Some(entry) => RetentionNode::Value(entry.value),
        None => RetentionNode::Properties(properties.value),
    }
}
