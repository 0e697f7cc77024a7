//! Reads YAML files: task definitions, and templates of CloudFormation.

use std::rc::Rc;

use super::cloudformation::Assignment;
use super::cloudformation::functions::function;
use super::kind;
use super::readings::parse;
use super::recognize::recognize;
use super::shape::NotFound;
use super::source_text::SourceText;
use super::tree::{Kind, NodeId, Tree};
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
    let (text, tree): (SourceText, Rc<Tree>) = (text.into(), Rc::new(tree));
    let mut search = Search { origin, text: &text, tree: &tree, family, documents: Vec::new(), has_template: false };
    for root in &tree.roots {
        search.visit(*root, Around::Nothing)?;
    }
    if !search.documents.is_empty() {
        return Ok(search.documents);
    }
    if search.has_template {
        return Err(SourceError::no_definition(origin));
    }
    let is_template = tree.roots.iter().any(|root| tree.entry(*root, "AWSTemplateFormatVersion").is_some());
    // A text may also only mention task definitions.
    let kind = if is_template { FileKind::CloudFormation } else { FileKind::Yaml };
    Err(SourceError::of_kind(origin, &text, 0, kind))
}

const CONTAINERS: [&str; 2] = ["containerDefinitions", "ContainerDefinitions"];

/// What is around a node of a YAML text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// The node is a whole document.
    Nothing,
    /// The member `resources` of the document. The Serverless Framework writes a template in this member (source:
    /// Serverless Framework, AWS infrastructure resources).
    Resources,
    Definition,
    Other,
}

/// Finds the task definitions and the templates in a YAML text. They may be at any place, such as in a list, under the
/// name of a service, or in the file of another tool.
struct Search<'t> {
    origin: &'t str,
    text: &'t SourceText,
    tree: &'t Rc<Tree>,
    family: Option<&'t str>,
    documents: Vec<Document>,
    has_template: bool,
}

impl Search<'_> {
    /// Visits a node and the nodes in it. Does not follow aliases, because the search also visits their anchors.
    fn visit(&mut self, node: NodeId, around: Around) -> Result<(), SourceError> {
        let Self { origin, text, tree, family, .. } = *self;
        let has = |key: &str| tree.entry(node, key).is_some();
        let is_root = around == Around::Nothing;
        let is_named = is_root && (has("AWSTemplateFormatVersion") || has("Fn::Transform"));
        if matches!(around, Around::Nothing | Around::Resources)
            && (is_named || has("Resources"))
            && let Some(found) = template_document::documents(origin, text, tree, node, family)
        {
            self.documents.extend(found?);
            self.has_template = true;
            return Ok(());
        }
        let kind = tree.entry(node, "Type").and_then(|entry| tree.scalar(tree.target(entry.value)));
        if around == Around::Other && kind.is_some_and(|kind| kind.starts_with("AWS::")) {
            // The file of another tool, such as a test of CloudFormation Guard, may contain resources as examples.
            return Ok(());
        }
        let is_definition = !is_named && has_containers(tree, node, is_root);
        if is_definition && around == Around::Definition {
            let place = tree.node(node).start..tree.node(node).place.end;
            return Err(SourceError::not_found(origin, text, &NotFound::Nested { place }));
        }
        if is_definition {
            self.documents.push(document(origin, text, tree, node, family)?);
        }
        for entry in tree.entries(node) {
            let below = match tree.key(entry) {
                key if is_definition && CONTAINERS.contains(&key) => continue,
                _ if is_definition || around == Around::Definition => Around::Definition,
                "resources" if is_root => Around::Resources,
                _ => Around::Other,
            };
            self.visit(entry.value, below)?;
        }
        // The resources may be a list of templates.
        let below = if is_root { Around::Other } else { around };
        tree.items(node).iter().try_for_each(|item| self.visit(*item, below))
    }
}

/// Whether the node has a list of containers. In the root of a text, another value in the place of the list is a fault.
fn has_containers(tree: &Tree, node: NodeId, is_root: bool) -> bool {
    let lists = |key: &&str| {
        tree.entry(node, key).is_some_and(|entry| {
            let value = tree.target(entry.value);
            is_root || matches!(tree.node(value).kind, Kind::Sequence(_)) || function(tree, value).is_some()
        })
    };
    CONTAINERS.iter().any(lists)
}

fn document(
    origin: &str,
    text: &SourceText,
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
        is_wide: false,
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
        Self::whole(origin, message, None).of_other_kind(kind::Kind::CloudFormation)
    }
}
