//! The changes of a tree that turn one view of it into another one.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::cloudformation::NewGroup;
use super::pascal;
use super::tree::{NodeId, Op, SHARED, Tree};
use super::view::{Below, Member, Shape};

/// The members whose values are maps from keys that the author chooses.
const MAPS: [&str; 4] = ["options", "dockerLabels", "labels", "driverOpts"];

/// Finds the changes of a tree that turn one view of it into another one.
pub(super) struct Differ<'s> {
    pub(super) tree: &'s Tree,
    pub(super) is_pascal: bool,
    pub(super) new_groups: &'s [NewGroup<'s>],
    /// Returns the value of a new text in the file.
    pub(super) text: &'s dyn Fn(&str) -> Value,
}

impl Differ<'_> {
    /// `has_members` says whether the keys are names of members, and not keys that the author chooses.
    pub(super) fn compare(
        &self,
        shape: &Shape,
        (old, new): (&Value, &Value),
        has_members: bool,
        changes: &mut Changes,
    ) -> Result<(), String> {
        if old == new {
            return Ok(());
        }
        match (&shape.below, old, new) {
            (Below::Object(members), Value::Object(old), Value::Object(new)) => {
                for Member { key, name, shape: below } in members {
                    let Some(before) = old.get(key) else { continue };
                    match new.get(key) {
                        Some(after) => {
                            let has_members = has_members && !MAPS.contains(&key.as_str());
                            self.compare(below, (before, after), has_members, changes)?;
                        }
                        None if self.tree.node(*name).parent != Some(shape.node) => {
                            return Err("a merge key of YAML adds the value".into());
                        }
                        None => {
                            let key = self.tree.scalar(*name).unwrap_or_default().to_owned();
                            changes.add(Op::Remove { mapping: shape.node, key }, self.tree)?;
                        }
                    }
                }
                for (key, value) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
                    let value = self.value(key, value, has_members && !MAPS.contains(&key.as_str()));
                    let key = self.key(key, has_members);
                    // CloudFormation removes a value `AWS::NoValue`, but its key is there.
                    let op = match self.tree.entry(shape.node, &key) {
                        Some(removed) => Op::Replace { node: removed.value, value },
                        None => Op::Set { mapping: shape.node, key, value },
                    };
                    changes.add(op, self.tree)?;
                }
                Ok(())
            }
            (Below::List(items), Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
                let pairs = items.iter().zip(old.iter().zip(new));
                pairs.into_iter().try_for_each(|(item, pair)| self.compare(item, pair, has_members, changes))
            }
            (Below::List(items), Value::Array(old), Value::Array(new))
                if self.tree.items(shape.node).len() == old.len() =>
            {
                self.compare_items((shape.node, items), (old, new), has_members, changes)
            }
            _ => {
                let value = self.value("", new, has_members);
                changes.add(Op::Replace { node: shape.node, value }, self.tree)
            }
        }
    }

    /// Finds the changes of a list that lost items, or got items at its end. Items with the same name are the same item.
    fn compare_items(
        &self,
        (sequence, items): (NodeId, &[Shape]),
        (old, new): (&[Value], &[Value]),
        has_members: bool,
        changes: &mut Changes,
    ) -> Result<(), String> {
        let is_same = |old: &Value, new: &Value| old == new || (old["name"].is_string() && old["name"] == new["name"]);
        let mut rest = new.iter().peekable();
        let mut removed = Vec::new();
        for (index, (item, old)) in items.iter().zip(old).enumerate() {
            match rest.next_if(|new| is_same(old, new)) {
                Some(new) => self.compare(item, (old, new), has_members, changes)?,
                None => removed.push(index),
            }
        }
        // The last item first, so that each index is valid after the removals before it.
        for index in removed.into_iter().rev() {
            changes.add(Op::RemoveItem { sequence, index }, self.tree)?;
        }
        let values: Vec<Value> = rest.map(|value| self.value("", value, has_members)).collect();
        if values.is_empty() {
            return Ok(());
        }
        changes.add(Op::Append { sequence, values }, self.tree)
    }

    fn key(&self, key: &str, has_members: bool) -> String {
        if has_members && self.is_pascal {
            return pascal::pointer_to_pascal(&format!("/{key}"))[1..].to_owned();
        }
        key.to_owned()
    }

    /// Returns a new value as the file spells it.
    fn value(&self, key: &str, value: &Value, has_members: bool) -> Value {
        match value {
            Value::Object(members) => {
                let member = |(key, value): (&String, &Value)| {
                    let below = has_members && !MAPS.contains(&key.as_str());
                    (self.key(key, has_members), self.value(key, value, below))
                };
                Value::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
            Value::String(text) if key == "awslogs-group" => {
                match self.new_groups.iter().find(|group| group.group.name == *text) {
                    Some(group) => json!({"Ref": group.id}),
                    None => (self.text)(text),
                }
            }
            Value::String(text) => (self.text)(text),
            Value::Array(items) => items.iter().map(|item| self.value(key, item, has_members)).collect(),
            value => value.clone(),
        }
    }
}

/// The changes of a tree, each once.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) ops: Vec<Op>,
    /// The index of the change of each key of a mapping, and of each replaced node.
    places: HashMap<(NodeId, Option<String>), usize>,
}

impl Changes {
    /// Adds a change. The readings of a task definition and the aliases of a value share nodes, so a change may be there
    /// already.
    pub(super) fn add(&mut self, op: Op, tree: &Tree) -> Result<(), String> {
        let place = match &op {
            Op::Set { mapping, key, .. } | Op::Remove { mapping, key } => (*mapping, Some(key.clone())),
            Op::Replace { node, .. } => (*node, None),
            Op::Append { sequence, .. } => (*sequence, Some("-".to_owned())),
            Op::RemoveItem { sequence, index } => (*sequence, Some(index.to_string())),
        };
        let node = place.0;
        let at = *self.places.entry(place).or_insert(self.ops.len());
        match self.ops.get(at) {
            Some(other) if *other == op => Ok(()),
            Some(_) if tree.is_shared(node) => Err(SHARED.into()),
            Some(_) => Err("the branches of the conditions need different values in the same place".into()),
            None => {
                self.ops.push(op);
                Ok(())
            }
        }
    }
}
