//! A task definition that is a part of a tree: of a YAML text, or of a template.

use std::rc::Rc;

use serde_json::{Value, json};

use super::cloudformation::{NewGroup, RetentionNode, Template, group_ops, retention_node};
use super::site::{Refused, Site};
use super::tree::{Language, NodeId, Op, Tree, differs_elsewhere, edit, escaped};
use super::tree_difference::{Changes, Differ};
use super::view::{Below, Member, Shape};
use super::{Correction, Document, pascal};
use crate::domain::text::place::Found;
use crate::domain::text::splice::Splice;

pub(super) struct TreeSite {
    pub(super) tree: Rc<Tree>,
    /// The template around the task definition. `None` if the task definition is in no template.
    pub(super) template: Option<Rc<Template>>,
    /// The node of the task definition.
    pub(super) node: NodeId,
    pub(super) is_pascal: bool,
    /// The family that the caller gave.
    pub(super) family: Option<String>,
    /// The shape of each reading.
    pub(super) shapes: Vec<Shape>,
}

impl TreeSite {
    /// Returns the node at the pointer, or the nearest enclosing node, and the number of the pointer's steps to it.
    fn nearest(&self, reading: usize, steps: &[String]) -> Nearest {
        let mut nearest = Nearest { name: None, node: self.node, depth: 0 };
        let Some(mut shape) = self.shapes.get(reading) else { return nearest };
        for step in steps {
            let (name, below) = match &shape.below {
                Below::Object(members) => match members.iter().find(|member| member.key == *step) {
                    Some(Member { name, shape, .. }) => (Some(*name), shape),
                    None => break,
                },
                Below::List(items) => match step.parse::<usize>().ok().and_then(|index| items.get(index)) {
                    Some(shape) => (None, shape),
                    None => break,
                },
                Below::Leaf => break,
            };
            nearest = Nearest { name, node: below.node, depth: nearest.depth + 1 };
            shape = below;
        }
        nearest
    }

    /// Returns the log group whose retention the pointer means.
    fn group(&self, below: &str) -> Option<NodeId> {
        let (id, _) = below.strip_prefix("/logGroups/")?.split_once('/')?;
        self.template.as_ref()?.resource(&unescaped(id))
    }

    /// Returns the entry that shows the retention of a log group, or its absence.
    fn group_spot(&self, resource: NodeId) -> Found {
        let key = match retention_node(&self.tree, resource) {
            RetentionNode::Value(_) => {
                let properties = self.tree.get(resource, "Properties");
                properties.and_then(|properties| self.tree.entry(properties, "RetentionInDays"))
            }
            RetentionNode::Properties(_) => self.tree.entry(resource, "Properties"),
            RetentionNode::Resource(_) => None,
        };
        match key {
            Some(entry) => self.found(Nearest { name: Some(entry.key), node: entry.value, depth: 1 }),
            None => {
                let parent = self.template.as_ref().map(|template| template.resources_node());
                let entry = parent.and_then(|parent| {
                    self.tree.entries(parent).iter().find(|entry| self.tree.target(entry.value) == resource).copied()
                });
                self.found(Nearest { name: entry.map(|entry| entry.key), node: resource, depth: 1 })
            }
        }
    }

    fn found(&self, nearest: Nearest) -> Found {
        let node = self.tree.node(nearest.node);
        let value = node.start..node.place.end.max(node.start);
        let key = nearest.name.map(|name| self.tree.node(name).place.clone());
        match key {
            // An alias has the place of its anchor, which is before the key.
            Some(key) if value.start < key.end => {
                Found { value: key.end..key.end, key: Some(key), depth: nearest.depth }
            }
            key => Found { key, value, depth: nearest.depth },
        }
    }

    /// Returns the changes of the tree that make the correction.
    fn changes(&self, document: &Document, correction: &Correction) -> Result<Vec<Op>, String> {
        let new_groups: Vec<NewGroup<'_>> = match &self.template {
            Some(template) => correction.new_groups.iter().map(|group| NewGroup::of(template, group)).collect(),
            None => Vec::new(),
        };
        let mut changes = Changes::default();
        let readings = document.readings.iter().zip(&correction.definitions).zip(&self.shapes);
        for ((reading, definition), shape) in readings {
            let text = |text: &str| self.text(text);
            let differ = Differ { tree: &self.tree, is_pascal: self.is_pascal, new_groups: &new_groups, text: &text };
            differ.compare(shape, (reading.definition.view(), definition.view()), true, &mut changes)?;
        }
        if let Some(template) = &self.template {
            for group in &new_groups {
                changes.add(group.op(template, |text| self.text(text)), &self.tree)?;
            }
            for op in group_ops(&self.tree, template, &correction.retentions)? {
                changes.add(op, &self.tree)?;
            }
        }
        Ok(changes.ops)
    }

    /// Returns the value of a text in the file. In a template, a text with variables is a function.
    fn text(&self, text: &str) -> Value {
        if self.template.is_none() || !text.contains("${") {
            return text.into();
        }
        let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        match inner.filter(|name| !name.contains(['$', '{', '}', '!'])) {
            Some(name) if !name.contains('.') => json!({"Ref": name}),
            Some(name) if self.tree.language == Language::Yaml => json!({"Fn::GetAtt": name}),
            Some(name) => json!({"Fn::GetAtt": name.split('.').collect::<Vec<_>>()}),
            None => json!({"Fn::Sub": text}),
        }
    }

    /// Returns the texts that mean one of the new log groups: its name, and the reference to its resource.
    fn new_names(&self, correction: &Correction) -> Vec<String> {
        let Some(template) = &self.template else { return Vec::new() };
        let groups = correction.new_groups.iter().map(|group| NewGroup::of(template, group));
        groups.flat_map(|group| [group.group.name.clone(), format!("${{{}}}", group.id)]).collect()
    }

    /// Returns the value with functions of CloudFormation as the texts of `Fn::Sub`, so that two spellings of one value
    /// are equal. Each of the new log groups has the same text.
    fn normal(&self, value: &Value, new_groups: &[String]) -> Value {
        let name = |text: &str| {
            let id = text.strip_prefix("${")?.strip_suffix('}')?;
            self.template.as_ref()?.group(id)?.name.clone()
        };
        let text = |text: String| match name(&text) {
            _ if new_groups.contains(&text) => "${new group}".into(),
            Some(name) => Value::String(name),
            None => Value::String(text),
        };
        match value {
            Value::String(string) => text(string.clone()),
            Value::Array(items) => items.iter().map(|item| self.normal(item, new_groups)).collect(),
            Value::Object(members) => {
                let only = members.iter().next().filter(|_| members.len() == 1);
                let function = only.and_then(|(name, argument)| match (name.as_str(), argument) {
                    ("Ref", Value::String(name)) => Some(format!("${{{name}}}")),
                    ("Fn::Sub", Value::String(text)) => Some(text.clone()),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
                        Some(format!("${{{}}}", parts?.join(".")))
                    }
                    _ => None,
                });
                match function {
                    Some(function) => text(function),
                    None => members.iter().map(|(key, value)| (key.clone(), self.normal(value, new_groups))).collect(),
                }
            }
            value => value.clone(),
        }
    }

    /// Returns the refusal of the changes, with the text to write.
    fn refusal(&self, document: &Document, why: &str, ops: &[Op]) -> Refused {
        let text = edit::suggestion(document.text(), &self.tree, ops);
        Refused { why: why.to_owned(), text_to_write: (!text.is_empty()).then_some(text) }
    }
}

/// A node with its key.
struct Nearest {
    name: Option<NodeId>,
    node: NodeId,
    depth: usize,
}

impl Site for TreeSite {
    fn pointer(&self, reading: usize, below: &str) -> String {
        if let Some(resource) = self.group(below) {
            return format!("{}/Properties/RetentionInDays", self.tree.pointer(resource));
        }
        let found = self.nearest(reading, &steps(below));
        let names = if self.is_pascal { pascal::pointer_to_pascal(below) } else { below.to_owned() };
        let rest: Vec<&str> = names.split('/').skip(1 + found.depth).collect();
        let rest: String = rest.iter().map(|step| format!("/{step}")).collect();
        self.tree.pointer(found.node) + &rest
    }

    fn spots(&self, _document: &Document, reading: usize, pointers: &[&str]) -> Vec<Found> {
        let spot = |pointer: &&str| match self.group(pointer) {
            Some(resource) => self.group_spot(resource),
            None => self.found(self.nearest(reading, &steps(pointer))),
        };
        pointers.iter().map(spot).collect()
    }

    fn splices(&self, document: &Document, correction: &Correction) -> Result<Vec<Splice>, Refused> {
        let ops = self.changes(document, correction).map_err(Refused::because)?;
        if ops.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(why) = self.template.as_ref().and_then(|template| template.generated()) {
            return Err(self.refusal(document, why, &ops));
        }
        edit::splices(document.text(), &self.tree, &ops).map_err(|why| self.refusal(document, &why, &ops))
    }

    fn patch(&self, document: &Document, correction: &Correction) -> Value {
        let ops = self.changes(document, correction).unwrap_or_default();
        let at = |mapping: &NodeId, key: &str| format!("{}/{}", self.tree.pointer(*mapping), escaped(key));
        let operations = |op: &Op| match op {
            Op::Set { mapping, key, value } => vec![json!({"op": "add", "path": at(mapping, key), "value": value})],
            Op::Remove { mapping, key } => vec![json!({"op": "remove", "path": at(mapping, key)})],
            Op::Replace { node, value } => {
                vec![json!({"op": "replace", "path": self.tree.pointer(*node), "value": value})]
            }
            Op::Append { sequence, values } => {
                values.iter().map(|value| json!({"op": "add", "path": at(sequence, "-"), "value": value})).collect()
            }
            Op::RemoveItem { sequence, index } => {
                vec![json!({"op": "remove", "path": at(sequence, &index.to_string())})]
            }
        };
        Value::Array(ops.iter().flat_map(operations).collect())
    }

    fn ops(&self, document: &Document, correction: &Correction) -> Vec<Op> {
        self.changes(document, correction).unwrap_or_default()
    }

    fn check(&self, text: &str, corrected: &[(&Document, &Correction)]) -> Result<(), Refused> {
        let mut ops = Vec::new();
        for (document, correction) in corrected {
            ops.extend(document.site.ops(document, correction));
        }
        let Some((first, _)) = corrected.first() else { return Ok(()) };
        let refused = |why: &str| self.refusal(first, why, &ops);
        let read = match self.tree.language {
            Language::Json => Tree::of_json(text),
            Language::Yaml => Tree::of_yaml(text).ok(),
        };
        let tree = read.ok_or_else(|| refused("the changed text cannot be read"))?;
        if differs_elsewhere((first.text(), &self.tree), (text, &tree), &ops) {
            return Err(refused("the change would have an effect on another part of the file"));
        }
        let documents = Document::parse_all(&first.origin, text, self.family.as_deref()).unwrap_or_default();
        let is_whole = documents.len() == corrected.len();
        for (index, (document, correction)) in corrected.iter().enumerate() {
            let names = self.new_names(correction);
            let same = |other: &&Document| other.resource == document.resource;
            let again = documents.get(index).filter(|_| is_whole).or_else(|| documents.iter().find(same));
            let readings = again.map_or(&[][..], |again| again.readings.as_slice());
            let is_right = readings.len() == document.readings.len()
                && correction.definitions.iter().zip(readings).all(|(wanted, found)| {
                    self.normal(wanted.view(), &names) == self.normal(found.definition.view(), &names)
                });
            if !is_right {
                return Err(refused("the changed text would not have the intended meaning"));
            }
        }
        Ok(())
    }
}

fn steps(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(unescaped).collect()
}

fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}
