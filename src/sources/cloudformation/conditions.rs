//! The conditions of a template. Logweir does not know the values of parameters, but a condition may follow from
//! another one, whose value Logweir assumes.

use super::Assignment;
use super::functions::function;
use crate::sources::tree::{NodeId, Tree};

/// The largest number of steps to find the value of one condition.
const MOST: usize = 200;

/// Returns the value of the condition if the assumed values of other conditions decide about it.
pub(super) fn value(tree: &Tree, conditions: Option<NodeId>, name: &str, assignment: &Assignment) -> Option<bool> {
    Evaluation { tree, conditions, assignment, steps: MOST }.named(name)
}

/// Whether the assumed values contradict each other: the definition of a condition gives it another value than the
/// assumed one.
pub(super) fn contradict(tree: &Tree, conditions: Option<NodeId>, assignment: &Assignment) -> bool {
    let Some(conditions) = conditions else { return false };
    assignment.iter().any(|(name, assumed)| {
        let Some(definition) = tree.get(conditions, name) else { return false };
        let mut evaluation = Evaluation { tree, conditions: Some(conditions), assignment, steps: MOST };
        evaluation.of(definition).is_some_and(|value| value != *assumed)
    })
}

struct Evaluation<'t> {
    tree: &'t Tree,
    conditions: Option<NodeId>,
    assignment: &'t Assignment,
    /// The number of steps that are left.
    steps: usize,
}

impl Evaluation<'_> {
    fn named(&mut self, name: &str) -> Option<bool> {
        if let Some(value) = self.assignment.get(name) {
            return Some(*value);
        }
        let definition = self.tree.get(self.conditions?, name)?;
        self.of(definition)
    }

    fn of(&mut self, node: NodeId) -> Option<bool> {
        self.steps = self.steps.checked_sub(1)?;
        let tree = self.tree;
        let found = function(tree, tree.target(node))?;
        let items = tree.items(found.argument);
        match found.name.as_ref() {
            "Condition" => self.named(tree.scalar(found.argument)?),
            "Fn::Not" => self.of(*items.first()?).map(|value| !value),
            "Fn::And" => self.all(items, true),
            "Fn::Or" => self.all(items, false),
            "Fn::Equals" => {
                let [left, right] = items else { return None };
                let literal = |id: NodeId| tree.node(id).tag.is_none().then(|| tree.scalar(id)).flatten();
                Some(literal(*left)? == literal(*right)?)
            }
            _ => None,
        }
    }

    /// Returns `neutral` if all items have this value, and the opposite if one item has the opposite value.
    fn all(&mut self, items: &[NodeId], neutral: bool) -> Option<bool> {
        let mut is_known = true;
        for item in items {
            match self.of(*item) {
                Some(value) if value != neutral => return Some(value),
                Some(_) => {}
                None => is_known = false,
            }
        }
        is_known.then_some(neutral)
    }
}
