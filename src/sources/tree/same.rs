//! Compares a tree with the tree after its changes: outside of the changes, every node must be as it was.

use std::collections::HashSet;

use super::{Entry, Kind, Node, NodeId, Op, Tree};

/// The two texts with their trees, and the changes.
struct Pair<'t> {
    old: (&'t str, &'t Tree),
    new: (&'t str, &'t Tree),
    ops: &'t [Op],
    changed: HashSet<NodeId>,
}

/// Whether the new text differs from the old text outside of the changes `ops`. The caller checks the changed values
/// themselves.
pub(in crate::sources) fn differs_elsewhere(old: (&str, &Tree), new: (&str, &Tree), ops: &[Op]) -> bool {
    let changed = ops.iter().map(Op::node).collect();
    let pair = Pair { old, new, ops, changed };
    let comments = |(text, tree): (&str, &Tree)| -> Vec<String> {
        tree.comments.iter().map(|comment| text[comment.clone()].to_owned()).collect()
    };
    let removes = ops.iter().any(|op| matches!(op, Op::Remove { .. } | Op::RemoveItem { .. }));
    old.1.roots.len() != new.1.roots.len()
        || (!removes && comments(old) != comments(new))
        || !old.1.roots.iter().zip(&new.1.roots).all(|(old, new)| pair.same(*old, *new))
}

impl Pair<'_> {
    fn same(&self, old: NodeId, new: NodeId) -> bool {
        let (before, after) = (self.old.1.node(old), self.new.1.node(new));
        let is_changed = self.changed.contains(&old);
        let are_collections = matches!(
            (&before.kind, &after.kind),
            (Kind::Mapping(_), Kind::Mapping(_)) | (Kind::Sequence(_), Kind::Sequence(_))
        );
        if is_changed && !are_collections {
            return true;
        }
        let is_filled = is_changed && self.old.1.entries(old).is_empty();
        if (before.style != after.style && !is_filled) || !same_marks(before, after) {
            return false;
        }
        match (&before.kind, &after.kind) {
            (Kind::Scalar(_), Kind::Scalar(_)) => self.old.0[before.place.clone()] == self.new.0[after.place.clone()],
            (Kind::Alias(_), Kind::Alias(_)) => self.old.0[before.place.clone()] == self.new.0[after.place.clone()],
            (Kind::Sequence(items), Kind::Sequence(new)) if is_changed => self.same_items(old, items, new),
            (Kind::Sequence(old), Kind::Sequence(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.same(*old, *new))
            }
            (Kind::Mapping(entries), Kind::Mapping(_)) if is_changed => self.same_entries(old, entries, new),
            (Kind::Mapping(old), Kind::Mapping(new)) => {
                old.len() == new.len() && old.iter().zip(new).all(|(old, new)| self.same_entry(old, new))
            }
            _ => false,
        }
    }

    fn same_entry(&self, old: &Entry, new: &Entry) -> bool {
        self.same(old.key, new.key) && self.same(old.value, new.value)
    }

    /// Compares a sequence that lost the removed items and got the new items at its end.
    fn same_items(&self, id: NodeId, old: &[NodeId], new: &[NodeId]) -> bool {
        let (mut removed, mut added) = (HashSet::new(), 0);
        for op in self.ops.iter().filter(|op| op.node() == id) {
            match op {
                Op::RemoveItem { index, .. } => drop(removed.insert(*index)),
                Op::Append { values, .. } => added += values.len(),
                Op::Set { .. } | Op::Remove { .. } | Op::Replace { .. } => return true,
            }
        }
        let kept: Vec<NodeId> =
            old.iter().enumerate().filter(|(index, _)| !removed.contains(index)).map(|(_, item)| *item).collect();
        new.len() == kept.len() + added && kept.iter().zip(new).all(|(old, new)| self.same(*old, *new))
    }

    /// Compares a mapping that lost the removed keys and got the new keys.
    fn same_entries(&self, id: NodeId, old: &[Entry], new: NodeId) -> bool {
        let here = self.ops.iter().filter(|op| op.node() == id);
        let (mut added, mut removed) = (HashSet::new(), HashSet::new());
        for op in here {
            match op {
                Op::Set { key, .. } => drop(added.insert(key.as_str())),
                Op::Remove { key, .. } => drop(removed.insert(key.as_str())),
                Op::Replace { .. } | Op::Append { .. } | Op::RemoveItem { .. } => return true,
            }
        }
        let entries = self.new.1.entries(new);
        let is_kept = |entry: &&Entry| !removed.contains(self.old.1.key(entry));
        let is_old = |entry: &&Entry| !added.contains(self.new.1.key(entry));
        let (kept, standing): (Vec<_>, Vec<_>) =
            (old.iter().filter(is_kept).collect(), entries.iter().filter(is_old).collect());
        entries.len() == standing.len() + added.len()
            && kept.len() == standing.len()
            && kept.into_iter().zip(standing).all(|(old, new)| self.same_entry(old, new))
    }
}

fn same_marks(before: &Node, after: &Node) -> bool {
    before.tag == after.tag
        && before.is_anchored == after.is_anchored
        && before.is_forced_string == after.is_forced_string
}
