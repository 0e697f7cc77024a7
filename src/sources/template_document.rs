//! Reads the task definitions in templates of AWS CloudFormation and AWS SAM.

use std::rc::Rc;

use super::cloudformation::{Template, TemplateResource, functions};
use super::readings::{Found, readings};
use super::source_text::SourceText;
use super::tree::{NodeId, Tree};
use super::tree_site::TreeSite;
use super::unseen_site::UnseenSite;
use super::view::Unviewed;
use super::{Document, Resource, SourceError};
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::NotATaskDefinition;
use crate::domain::verdict::Unknown;

const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";

/// Reads the task definitions of the template with this root. Returns `None` if the root is no template.
pub(super) fn documents(
    origin: &str,
    text: &SourceText,
    tree: &Rc<Tree>,
    root: NodeId,
    family: Option<&str>,
) -> Option<Result<Vec<Document>, SourceError>> {
    let template = Rc::new(Template::of(origin, text, tree, root)?);
    if let Some((first, second)) = template.repeated(tree) {
        return Some(Err(SourceError::repeated(origin, text, tree, first, second)));
    }
    let definitions = template.resources(tree).filter(|resource| resource.kind == TASK_DEFINITION);
    let documents: Result<Vec<Document>, _> =
        definitions.map(|resource| document(origin, text, tree, &template, &resource, family)).collect();
    Some(documents.map(|documents| match template.partial() {
        Some(why) if documents.is_empty() => unseen(origin, text, tree, root, why).into_iter().collect(),
        _ => documents,
    }))
}

/// Returns the document of a template whose task definitions only CloudFormation knows.
fn unseen(origin: &str, text: &SourceText, tree: &Tree, root: NodeId, why: &str) -> Option<Document> {
    let resource = Resource { kind: "template".into(), id: "template".into(), construct: None };
    let node = tree.get(root, "Resources").unwrap_or(root);
    let site = UnseenSite { pointer: tree.pointer(node), place: tree.node(node).start..tree.node(node).place.end };
    Document::unseen(origin, text.clone(), resource, site, why)
}

fn document(
    origin: &str,
    text: &SourceText,
    tree: &Rc<Tree>,
    template: &Rc<Template>,
    resource: &TemplateResource<'_>,
    family: Option<&str>,
) -> Result<Document, SourceError> {
    let at = |node: NodeId| tree.node(node).start;
    let properties = tree.get(resource.node, "Properties").unwrap_or(resource.node);
    let error = |error: NotATaskDefinition| SourceError::at(origin, text, at(properties), error);
    let condition = tree.get(resource.node, "Condition").and_then(|condition| tree.scalar(condition));
    let found = readings(tree, template, properties, condition, family).map_err(|why| match why {
        Unviewed::TooLarge => SourceError::too_large_view(origin, text, at(properties)),
        Unviewed::Repeated { first, second } => SourceError::repeated(origin, text, tree, first, second),
    })?;
    let Found { readings, shapes, mut unknowns, not_a_definition } = found;
    if let Some(why) = not_a_definition {
        return Err(error(why));
    }
    let Some(first) = readings.first() else { return Err(error(NotATaskDefinition::NoContainers)) };
    if let Some(why) = template.partial() {
        unknowns.push(Unknown::of_whole(why));
    }
    let construct = construct(tree, resource.node);
    Ok(Document {
        origin: origin.to_owned(),
        definition: first.definition.clone(),
        tags: tags(tree, properties),
        resource: Some(Resource { kind: TASK_DEFINITION.to_owned(), id: resource.id.to_owned(), construct }),
        unknowns,
        readings,
        template: Some(template.facts().clone()),
        text: text.clone(),
        site: Box::new(TreeSite {
            tree: tree.clone(),
            template: Some(template.clone()),
            node: properties,
            is_pascal: true,
            family: family.map(String::from),
            shapes,
        }),
    })
}

/// Returns the path of the construct that the CDK made the resource for.
fn construct(tree: &Tree, resource: NodeId) -> Option<String> {
    let metadata = tree.get(resource, "Metadata")?;
    tree.scalar(tree.get(metadata, "aws:cdk:path")?).map(String::from)
}

/// Returns the tags of the task definition whose keys and values the template shows.
fn tags(tree: &Tree, properties: NodeId) -> Vec<Tag> {
    let Some(list) = tree.get(properties, "Tags") else { return Vec::new() };
    let text = |tag: NodeId, key: &str| {
        let node = tree.get(tag, key)?;
        functions::function(tree, node).is_none().then(|| tree.scalar(node)).flatten()
    };
    let tag = |tag: &NodeId| Some(Tag::new(text(tree.target(*tag), "Key")?, text(tree.target(*tag), "Value")?));
    tree.items(list).iter().filter_map(tag).collect()
}
