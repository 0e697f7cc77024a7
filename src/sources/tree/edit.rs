//! Changes of a tree as changes of its text. A change of one value leaves all other bytes as they are.

use std::collections::BTreeMap;

use serde_json::Value;

use super::entries::{block, flow};
use super::items;
use super::write::{Manner, function};
use super::writer::Writer;
use super::{Kind, Language, NodeId, Style, Tree, value_of};
use crate::domain::text::splice::Splice;

/// One change of a tree.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sources) enum Op {
    /// Adds an entry with a new key to the mapping. The mapping may also be an absent value or null.
    Set { mapping: NodeId, key: String, value: Value },
    /// Removes the entry with the key from the mapping.
    Remove { mapping: NodeId, key: String },
    /// Replaces a scalar by another value.
    Replace { node: NodeId, value: Value },
    /// Adds items behind the last item of the sequence.
    Append { sequence: NodeId, values: Vec<Value> },
    /// Removes the item at the index from the sequence.
    RemoveItem { sequence: NodeId, index: usize },
}

impl Op {
    pub(super) fn node(&self) -> NodeId {
        match self {
            Self::Set { mapping, .. } | Self::Remove { mapping, .. } => *mapping,
            Self::Replace { node, .. } => *node,
            Self::Append { sequence, .. } | Self::RemoveItem { sequence, .. } => *sequence,
        }
    }
}

/// Returns the changes of `text` that make the changes of its tree, in the order of their positions. Returns the reason
/// why Logweir does not make a change.
pub(in crate::sources) fn splices(text: &str, tree: &Tree, ops: &[Op]) -> Result<Vec<Splice>, String> {
    let writer = Writer { text, tree, manner: tree.manner(text) };
    let mut nodes: BTreeMap<NodeId, Vec<&Op>> = BTreeMap::new();
    for op in ops {
        nodes.entry(op.node()).or_default().push(op);
    }
    let mut splices = Vec::new();
    for (node, ops) in nodes {
        writer.check(node)?;
        splices.extend(writer.change(node, &ops)?);
    }
    Ok(splices)
}

/// Returns the text that a person can write for the changes, with the place of each change.
pub(in crate::sources) fn suggestion(text: &str, tree: &Tree, ops: &[Op]) -> String {
    let manner = tree.manner(text);
    let mut lines = Vec::new();
    let mut under = None;
    for op in ops {
        match op {
            Op::Set { mapping, key, value } => {
                if under != Some(*mapping) {
                    lines.push(format!("under {}, write", shown(tree, *mapping)));
                }
                under = Some(*mapping);
                let entry = match tree.language {
                    Language::Yaml => manner.block_entry(key, value, "  "),
                    Language::Json => format!("{}: {}", manner.key(key), manner.flow(value, "  ")),
                };
                lines.push(format!("  {entry}"));
                continue;
            }
            Op::Remove { mapping, key } => lines.push(format!("under {}, remove {key}", shown(tree, *mapping))),
            Op::Replace { node, value } => {
                lines.push(format!("at {}, write {}", shown(tree, *node), manner.flow(value, "")));
            }
            Op::Append { sequence, values } => {
                let values: Vec<String> = values.iter().map(|value| manner.flow(value, "")).collect();
                lines.push(format!("at the end of {}, write {}", shown(tree, *sequence), values.join(", ")));
            }
            Op::RemoveItem { sequence, index } => {
                lines.push(format!("in {}, remove item {}", shown(tree, *sequence), index + 1));
            }
        }
        under = None;
    }
    lines.join("\n")
}

/// Returns the path of a node for a message.
fn shown(tree: &Tree, node: NodeId) -> String {
    let pointer = tree.pointer(node);
    if pointer.is_empty() { "the top of the file".into() } else { pointer }
}

impl Writer<'_> {
    fn change(&self, id: NodeId, ops: &[&Op]) -> Result<Vec<Splice>, String> {
        if let [Op::Replace { value, .. }] = ops {
            return self.replace(id, value);
        }
        if matches!(self.tree.node(id).kind, Kind::Sequence(_)) {
            return items::change(self, id, ops);
        }
        let mut sets = Vec::new();
        let mut removed = Vec::new();
        for op in ops {
            match op {
                Op::Set { key, value, .. } => sets.push((key.as_str(), value)),
                Op::Remove { key, .. } => removed.push(
                    self.tree
                        .entries(id)
                        .iter()
                        .position(|entry| self.tree.key(entry) == key)
                        .ok_or("the mapping lacks the key")?,
                ),
                Op::Replace { .. } | Op::Append { .. } | Op::RemoveItem { .. } => {
                    return Err("two corrections change the same value".into());
                }
            }
        }
        removed.sort_unstable();
        let node = self.tree.node(id);
        match (&node.kind, node.style) {
            (Kind::Mapping(entries), _) if entries.is_empty() => self.fill(id, &object(&sets)),
            (Kind::Scalar(_), _) => self.fill(id, &object(&sets)),
            (Kind::Mapping(_), Style::Block) => block(self, id, &sets, &removed),
            (Kind::Mapping(_), _) => flow(self, id, &sets, &removed),
            _ => Err("the value is not a mapping".into()),
        }
    }

    /// Replaces a scalar.
    fn replace(&self, id: NodeId, value: &Value) -> Result<Vec<Splice>, String> {
        let node = self.tree.node(id);
        if !matches!(node.kind, Kind::Scalar(_)) || node.style == Style::BlockScalar {
            return Err("the value is not a scalar".into());
        }
        if value.is_object() && function(value).is_none() {
            return self.fill(id, value);
        }
        let strings = match node.style {
            Style::SingleQuoted | Style::DoubleQuoted => node.style,
            _ => Style::Plain,
        };
        let manner = Manner { strings, is_multi_line: false, ..self.manner.clone() };
        let text = manner.flow(value, "");
        let text = if node.place.is_empty() { format!(" {text}") } else { text };
        Ok(vec![Splice { range: node.start..node.place.end, text }])
    }

    /// Gives an empty value, which may be absent, the entries of the object `value`.
    fn fill(&self, id: NodeId, value: &Value) -> Result<Vec<Splice>, String> {
        let node = self.tree.node(id);
        let is_empty = match &node.kind {
            Kind::Scalar(_) => value_of(node).is_some_and(|value| value.is_null()),
            Kind::Mapping(entries) => entries.is_empty(),
            _ => false,
        };
        let is_removed = node.tag.as_deref() == Some("Ref") && self.tree.scalar(id) == Some("AWS::NoValue");
        if !is_removed && (!is_empty || node.tag.is_some()) {
            return Err("the mapping has another value for the key".into());
        }
        let parent = node.parent.filter(|parent| self.tree.node(*parent).style == Style::Block);
        let key = parent.and_then(|parent| self.tree.entries(parent).iter().find(|entry| entry.value == id).copied());
        let (Some(parent), Some(entry)) = (parent, key) else {
            let indent = self.indentation(node.start);
            let manner = Manner { is_multi_line: self.manner.is_multi_line, ..self.manner.clone() };
            let text = manner.flow(value, &indent);
            let text = if node.place.is_empty() { format!(" {text}") } else { text };
            return Ok(vec![Splice { range: node.start..node.place.end, text }]);
        };
        let outer = self.block_indent(parent)?;
        let inner = format!("{outer}{}", self.manner.unit);
        let mut lines = String::new();
        for (key, value) in value.as_object().into_iter().flatten() {
            lines += &format!("{}{inner}{}", self.manner.newline, self.manner.block_entry(key, value, &inner));
        }
        let colon = self.tree.node(entry.key).place.end;
        let colon = colon + self.text[colon..node.start].find(':').map_or(0, |at| at + 1);
        let end = self.line_end(node.place.end)?;
        let mut splices = vec![Splice { range: end..end, text: lines }];
        if colon < node.place.end {
            splices.insert(0, Splice { range: colon..node.place.end, text: String::new() });
        }
        Ok(splices)
    }
}

fn object(sets: &[(&str, &Value)]) -> Value {
    Value::Object(sets.iter().map(|(key, value)| ((*key).to_owned(), (*value).clone())).collect())
}
