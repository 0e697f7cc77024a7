//! The templates of AWS CloudFormation and AWS SAM: resources, parameters, conditions and functions.

mod conditions;
pub(super) mod functions;
mod groups;
mod new_group;
mod parameters;
mod template;

use std::collections::BTreeMap;

use super::tree::NodeId;

pub(super) use new_group::{NewGroup, RetentionNode, group_ops, retention_node};
pub(super) use template::Template;

/// The assumed values of conditions.
pub(super) type Assignment = BTreeMap<String, bool>;

/// A resource of a template.
pub(super) struct TemplateResource<'t> {
    pub(super) id: &'t str,
    pub(super) kind: &'t str,
    pub(super) node: NodeId,
}
