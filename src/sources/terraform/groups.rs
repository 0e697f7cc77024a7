//! The log groups that a folder of HCL defines: resources `aws_cloudwatch_log_group`.

use std::ops::Range;

use serde_json::Value;

use super::folder::{Folder, HclFile};
use super::hcl::{Block, Body, ExpressionKind};
use crate::domain::rules::facts::DefinedRetention;

/// The type of the resource.
pub(super) const LOG_GROUP: &str = "aws_cloudwatch_log_group";

/// A log group in HCL.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// The name of the resource.
    pub(super) name: String,
    /// The name of the log group. A name with variables is in the text of Terraform.
    pub(super) group: Option<String>,
    pub(super) retention: DefinedRetention,
    /// Whether the group is in the file itself, and not in another file of its folder.
    pub(super) is_here: bool,
    /// Whether a fix of the file can change the group.
    pub(super) is_editable: bool,
    /// The place of the retention in the file of the group, or of the resource.
    pub(super) place: Range<usize>,
}

/// Returns the log groups of the folder. A block that cannot be read is left out. The name and the retention of a group
/// that an override file changes are unknown.
pub(super) fn groups(folder: &Folder) -> Vec<Group> {
    let of_file = |file: &HclFile, is_here| {
        let blocks = file.named("resource", LOG_GROUP);
        blocks.filter_map(|(name, block)| group(file, name, block, is_here)).collect::<Vec<_>>()
    };
    let mut groups = of_file(&folder.file, true);
    let others = folder.others().iter().filter(|file| !file.is_override());
    groups.extend(others.flat_map(|file| of_file(file, false)));
    for group in &mut groups {
        if folder.override_of_block("resource", LOG_GROUP, &group.name).is_some() {
            group.group = None;
            group.retention = DefinedRetention::Unknown;
        }
    }
    groups
}

fn group(file: &HclFile, name: &str, block: &Block, is_here: bool) -> Option<Group> {
    let body = block.body(&file.text).ok()?;
    let group = body.attribute("name").and_then(|attribute| match &attribute.value.kind {
        ExpressionKind::Text(text) | ExpressionKind::Template(text) => Some(text.clone()),
        _ => None,
    });
    let retention = body.attribute("retention_in_days");
    let place = retention.map_or_else(|| block.header(&file.text), |attribute| attribute.range.clone());
    let is_editable = is_here && !file.is_json();
    Some(Group { name: name.to_owned(), group, retention: retention_of(&body), is_here, is_editable, place })
}

/// Returns the retention of a log group. The retention 0 keeps all events (source: AWS provider, resource
/// aws_cloudwatch_log_group).
fn retention_of(body: &Body) -> DefinedRetention {
    match body.attribute("retention_in_days").map(|attribute| &attribute.value.kind) {
        None | Some(ExpressionKind::Literal(Value::Null)) => DefinedRetention::Unbounded,
        Some(ExpressionKind::Literal(Value::Number(days))) => match days.as_u64() {
            Some(0) => DefinedRetention::Unbounded,
            Some(days) => u32::try_from(days).map_or(DefinedRetention::Unknown, DefinedRetention::Days),
            None => DefinedRetention::Unknown,
        },
        Some(ExpressionKind::Text(days)) => match days.parse() {
            Ok(0) => DefinedRetention::Unbounded,
            Ok(days) => DefinedRetention::Days(days),
            Err(_) => DefinedRetention::Unknown,
        },
        Some(_) => DefinedRetention::Unknown,
    }
}

/// Returns the name of the resource in a reference to the name of a log group, such as
/// `aws_cloudwatch_log_group.web[0].name`.
pub(super) fn referenced(reference: &str) -> Option<&str> {
    let rest = reference.strip_prefix(LOG_GROUP)?.strip_prefix('.')?;
    let (resource, attribute) = rest.rsplit_once('.')?;
    let name = resource.split_once('[').map_or(resource, |(name, _)| name);
    (matches!(attribute, "name" | "id") && !name.contains('.')).then_some(name)
}
