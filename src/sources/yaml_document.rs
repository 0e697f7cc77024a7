//! Reads YAML files: task definitions, and templates of CloudFormation.

use std::rc::Rc;

use super::cloudformation::Assignment;
use super::kind::Kind;
use super::readings::parse;
use super::recognize::recognize;
use super::shape::NotFound;
use super::tree::{NodeId, Tree};
use super::tree_site::TreeSite;
use super::view::{Seen, Unviewed, Viewer};
use super::{Document, FileKind, SourceError, template_document};
use crate::domain::ecs::task_definition::NotATaskDefinition;
use crate::domain::readings::Reading;

/// The largest YAML file or template that Logweir reads, in bytes. CloudFormation accepts templates of at most 1 MB
/// (source: AWS CloudFormation user guide, quotas).
pub(super) const LARGEST: usize = 1 << 20;

/// Whether the text may be a task definition in YAML, or a template.
pub(super) fn may_be_yaml(origin: &str, body: &str) -> bool {
    let kind = recognize(origin, body);
    matches!(kind, Some(FileKind::CloudFormation | FileKind::Yaml | FileKind::YamlTaskDefinition))
}

/// Reads the task definitions in a YAML text.
pub(super) fn documents(origin: &str, text: &str, family: Option<&str>) -> Result<Vec<Document>, SourceError> {
    if text.len() > LARGEST {
        return Err(SourceError::too_large(origin, LARGEST));
    }
    let tree = Tree::of_yaml(text).map_err(|why| SourceError::not_yaml(origin, text, &why))?;
    let (text, tree): (Rc<str>, Rc<Tree>) = (text.into(), Rc::new(tree));
    let (mut documents, mut is_template) = (Vec::new(), false);
    for root in &tree.roots {
        if let Some(found) = template_document::documents(origin, &text, &tree, *root, family) {
            documents.extend(found?);
            is_template = true;
        } else if let Some(node) = definition(&tree, *root) {
            documents.push(document(origin, &text, &tree, node, family)?);
        }
    }
    if !documents.is_empty() {
        return Ok(documents);
    }
    if is_template {
        return Err(SourceError::no_definition(origin));
    }
    let is_template = tree.roots.iter().any(|root| tree.entry(*root, "AWSTemplateFormatVersion").is_some());
    // A text may also only mention task definitions.
    let kind = if is_template { FileKind::CloudFormation } else { FileKind::Yaml };
    Err(SourceError::of_kind(origin, &text, 0, kind))
}

/// Returns the node of the task definition in a YAML document: its root, or the value of its member `taskDefinition`.
fn definition(tree: &Tree, root: NodeId) -> Option<NodeId> {
    let root = tree.target(root);
    if tree.entry(root, "AWSTemplateFormatVersion").is_some() {
        return None;
    }
    let has_containers = |node: &NodeId| {
        ["containerDefinitions", "ContainerDefinitions"].iter().any(|key| tree.entry(*node, key).is_some())
    };
    let is_resource = tree.get(root, "Type").and_then(|kind| tree.scalar(kind)) == Some("AWS::ECS::TaskDefinition");
    let properties = is_resource.then(|| tree.get(root, "Properties")).flatten();
    let wrapped = ["taskDefinition", "TaskDefinition"].into_iter().filter_map(|key| tree.get(root, key));
    std::iter::once(root).chain(properties).chain(wrapped).find(has_containers)
}

fn document(
    origin: &str,
    text: &Rc<str>,
    tree: &Rc<Tree>,
    node: NodeId,
    family: Option<&str>,
) -> Result<Document, SourceError> {
    let is_pascal = tree.entry(node, "containerDefinitions").is_none();
    let starts = |entry: &super::tree::Entry| tree.key(entry).starts_with(|c: char| c.is_ascii_lowercase());
    if is_pascal && tree.entries(node).iter().any(starts) {
        return Err(SourceError::not_found(origin, text, &NotFound::MixedCase));
    }
    let assignment = Assignment::new();
    let mut viewer = Viewer {
        tree,
        template: None,
        assignment: &assignment,
        with_defaults: false,
        is_pascal,
        seen: Seen::default(),
    };
    let at = tree.node(node).start;
    let view = viewer.definition(node).map_err(|why| match why {
        Unviewed::TooLarge => SourceError::too_large_view(origin, text, at),
        Unviewed::Repeated { first, second } => SourceError::repeated(origin, text, tree, first, second),
    })?;
    let view = view.ok_or_else(|| SourceError::at(origin, text, at, NotATaskDefinition::NoContainers))?;
    let definition = parse(view.value, family).map_err(|error| SourceError::at(origin, text, at, error))?;
    Ok(Document {
        origin: origin.to_owned(),
        readings: vec![Reading::of(definition.clone())],
        definition,
        tags: Vec::new(),
        resource: None,
        unknowns: Vec::new(),
        template: None,
        text: text.clone(),
        site: Box::new(TreeSite {
            tree: tree.clone(),
            template: None,
            node,
            is_pascal,
            family: family.map(String::from),
            shapes: vec![view.shape],
        }),
    })
}

impl SourceError {
    /// Creates the error about a template without a task definition.
    pub(super) fn no_definition(origin: &str) -> Self {
        let message = "the template has no resource of the type AWS::ECS::TaskDefinition";
        Self::whole(origin, message, None).of_other_kind(Kind::CloudFormation)
    }
}
