//! The log groups that a template defines.

use serde_json::Value;

use super::functions::{function, text_without_variables};
use super::parameters::Defaults;
use super::{Assignment, TemplateResource, conditions};
use crate::domain::rules::facts::{DefinedGroup, DefinedRetention, RetentionBranch};
use crate::domain::verdict::ParameterDefault;
use crate::sources::tree::{Entry, NodeId, Tree};

const LOG_GROUP: &str = "AWS::Logs::LogGroup";

/// Returns the log groups of the template with this root.
pub(super) fn groups<'t>(
    tree: &'t Tree,
    root: NodeId,
    resources: impl Iterator<Item = TemplateResource<'t>>,
    defaults: &Defaults,
) -> Vec<DefinedGroup> {
    let reader = Reader { tree, defaults, conditions: tree.get(root, "Conditions") };
    resources.filter(|resource| resource.kind == LOG_GROUP).map(|resource| reader.group(&resource)).collect()
}

/// The longest list of branches that Logweir reads for the retention of one log group.
const MOST: usize = 16;

struct Reader<'t> {
    tree: &'t Tree,
    defaults: &'t Defaults,
    conditions: Option<NodeId>,
}

impl Reader<'_> {
    fn group(&self, resource: &TemplateResource<'_>) -> DefinedGroup {
        let tree = self.tree;
        let properties = tree.get(resource.node, "Properties");
        let property = |key: &str| tree.get(properties?, key);
        let name = property("LogGroupName").and_then(|node| name(tree, node));
        let group = DefinedGroup {
            id: resource.id.to_owned(),
            name,
            retention: DefinedRetention::Unknown,
            branches: Vec::new(),
            defaults: Vec::new(),
            is_editable: true,
        };
        // An include, a macro or a merge key may add the retention.
        let adds = |entry: &Entry| tree.key(entry).starts_with("Fn::") || tree.key(entry) == "<<";
        let is_added = properties.is_some_and(|properties| {
            tree.entries(properties).iter().any(adds) || function(tree, properties).is_some()
        });
        let Some(node) = property("RetentionInDays") else {
            let retention = if is_added { DefinedRetention::Unknown } else { DefinedRetention::Unbounded };
            return DefinedGroup { retention, ..group };
        };
        let mut branches = Vec::new();
        self.branches(node, 0, &mut Assignment::new(), &mut branches);
        match <[RetentionBranch; 1]>::try_from(branches) {
            Ok([RetentionBranch { when, retention, defaults }]) if when.is_empty() => {
                DefinedGroup { retention, defaults, ..group }
            }
            Ok(only) => DefinedGroup { branches: only.into(), ..group },
            Err(branches) if branches.len() <= MOST => DefinedGroup { branches, ..group },
            Err(_) => group,
        }
    }

    /// Adds the retention in each branch of the conditions.
    fn branches(&self, node: NodeId, depth: usize, assumed: &mut Assignment, branches: &mut Vec<RetentionBranch>) {
        let tree = self.tree;
        // An alias can lead back to the value around it.
        let is_small = branches.len() <= MOST && depth < MOST;
        let found = function(tree, node).filter(|found| found.name == "Fn::If" && is_small);
        if let Some([condition, yes, no]) = found.map(|found| tree.items(found.argument))
            && let Some(condition) = tree.scalar(*condition)
        {
            let known = conditions::value(tree, self.conditions, condition, assumed);
            for (value, branch) in [(true, yes), (false, no)] {
                if known.is_none_or(|known| known == value) {
                    let was_assumed = assumed.insert(condition.to_owned(), value);
                    self.branches(tree.target(*branch), depth + 1, assumed, branches);
                    match was_assumed {
                        Some(before) => assumed.insert(condition.to_owned(), before),
                        None => assumed.remove(condition),
                    };
                }
            }
            return;
        }
        let is = |(condition, value): (&String, &bool)| format!("condition `{condition}` is {value}");
        let when = assumed.iter().map(is).collect::<Vec<_>>().join(" and ");
        let (retention, defaults) = self.retention(node);
        branches.push(RetentionBranch { when, retention, defaults });
    }

    fn retention(&self, node: NodeId) -> (DefinedRetention, Vec<ParameterDefault>) {
        let tree = self.tree;
        let days = |text: &str| text.trim().parse::<u32>().ok().filter(|days| *days > 0);
        let Some(found) = function(tree, node) else {
            let retention = match tree.scalar(node).and_then(days) {
                Some(days) => DefinedRetention::Days(days),
                None if tree.is_null(node) => DefinedRetention::Unbounded,
                None => DefinedRetention::Unknown,
            };
            return (retention, Vec::new());
        };
        if found.name == "Ref" && tree.scalar(found.argument) == Some("AWS::NoValue") {
            return (DefinedRetention::Unbounded, Vec::new());
        }
        match self.defaults.value(tree, &found) {
            Some(Value::String(text)) => match days(&text) {
                Some(days) => (DefinedRetention::ByDefault(days), self.defaults.used(tree, &found)),
                None => (DefinedRetention::Unknown, Vec::new()),
            },
            _ => (DefinedRetention::Unknown, Vec::new()),
        }
    }
}

fn name(tree: &Tree, node: NodeId) -> Option<String> {
    match function(tree, node) {
        Some(found) => text_without_variables(tree, &found),
        None => tree.scalar(node).filter(|_| !tree.is_null(node)).map(String::from),
    }
}
