//! The log groups that a template defines.

use serde_json::Value;

use super::TemplateResource;
use super::functions::{function, text_without_variables};
use super::parameters::Defaults;
use crate::domain::rules::facts::{DefinedGroup, DefinedRetention};
use crate::sources::tree::{NodeId, Tree};

const LOG_GROUP: &str = "AWS::Logs::LogGroup";

pub(super) fn groups<'t>(
    tree: &'t Tree,
    resources: impl Iterator<Item = TemplateResource<'t>>,
    defaults: &Defaults,
) -> Vec<DefinedGroup> {
    let groups = resources.filter(|resource| resource.kind == LOG_GROUP);
    groups
        .map(|resource| {
            let property = |key: &str| tree.get(tree.get(resource.node, "Properties")?, key);
            DefinedGroup {
                id: resource.id.to_owned(),
                name: property("LogGroupName").and_then(|node| name(tree, node)),
                retention: retention(tree, defaults, property("RetentionInDays")),
                is_editable: true,
            }
        })
        .collect()
}

fn name(tree: &Tree, node: NodeId) -> Option<String> {
    match function(tree, node) {
        Some(found) => text_without_variables(tree, &found),
        None => tree.scalar(node).filter(|_| !tree.is_null(node)).map(String::from),
    }
}

fn retention(tree: &Tree, defaults: &Defaults, node: Option<NodeId>) -> DefinedRetention {
    let Some(node) = node else { return DefinedRetention::Unbounded };
    let days = |text: &str| text.trim().parse::<u32>().ok().filter(|days| *days > 0);
    let Some(found) = function(tree, node) else {
        return match tree.scalar(node).and_then(days) {
            Some(days) => DefinedRetention::Days(days),
            None if tree.is_null(node) => DefinedRetention::Unbounded,
            None => DefinedRetention::Unknown,
        };
    };
    if tree.scalar(found.argument) == Some("AWS::NoValue") {
        return DefinedRetention::Unbounded;
    }
    match defaults.value(tree, &found) {
        Some(Value::String(text)) => days(&text).map_or(DefinedRetention::Unknown, DefinedRetention::ByDefault),
        _ => DefinedRetention::Unknown,
    }
}
