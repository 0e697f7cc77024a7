//! Task definitions that Terraform or OpenTofu makes: files in HCL, and plans and states in JSON.
//!
//! A value that only Terraform knows is an intrinsic function for the rules: `{"Ref": "var.mode"}` for an expression,
//! and `{"Fn::Sub": "/ecs/${var.name}"}` for a text with variables.

mod blocks;
mod change;
mod containers;
mod definition;
mod folder;
mod groups;
mod hcl;
mod hcl_site;
mod members;
mod modules;
mod new_group;
mod read_only_site;
mod resolver;
mod retention;
mod show;
mod shown;
mod state;
mod style;
mod to_write;
mod uses;
mod view;

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use definition::{Broken, CLOUD_CONTROL, Definition, EMBEDDED, IN_TEMPLATE, STACKS, UNREAD_TYPE, definitions};
use folder::{Folder, HclFile};
use groups::{Group, groups};
use hcl::Block;
use hcl_site::HclSite;
use read_only_site::ReadOnlySite;

use super::error::Cause;
use super::kind::Kind;
use super::site::Site;
use super::source_text::SourceText;
use super::unseen_site::UnseenSite;
use super::{Document, FileKind, Resource, SourceError};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::readings::Reading;
use crate::domain::rules::facts::{DefinedGroup, TemplateFacts};
use crate::domain::text::place;
use crate::domain::verdict::Unknown;

pub(super) use definition::TASK_DEFINITION;
pub(super) use shown::read_shown;

/// Reads the task definitions in a text in HCL, or in the JSON syntax of Terraform. `path` is the file that contains
/// the text.
pub(super) fn read_hcl(origin: &str, path: &Path, text: &str) -> Result<Vec<Document>, SourceError> {
    let broken = |broken: Broken| {
        let place::Position { line, column } = place::position(text, broken.at);
        // A walk passes over a file that defines no task definition, even if the file is not HCL.
        let cause = if text.contains(TASK_DEFINITION) { Cause::Faulty } else { Cause::OtherKind(Kind::Terraform) };
        SourceError { cause, line, column, ..SourceError::whole(origin, broken.why, None) }
    };
    let file = HclFile::read(path, text.into()).map_err(|fault| broken(fault.into()))?;
    let folder = Rc::new(Folder::of(file, path.parent()));
    // The offsets of a file in JSON are offsets of its HCL.
    let broken = |fault: Broken| broken(Broken { at: folder.offset(fault.at), ..fault });
    let found = definitions(&folder).map_err(broken)?;
    let mut others: Vec<Document> = unread(origin, &folder).chain(modules::documents(origin, &folder)).collect();
    if found.is_empty() && others.is_empty() {
        return Err(SourceError::of_kind(origin, text, 0, FileKind::TerraformConfiguration));
    }
    let groups = Rc::new(groups(&folder));
    let facts = Facts::of(&groups, &found);
    let mut documents = Vec::new();
    for definition in found {
        documents.push(document(origin, &folder, &groups, &facts, definition).map_err(broken)?);
    }
    documents.append(&mut others);
    Ok(documents)
}

/// Returns the resources of the file that make task definitions and that Logweir does not read.
fn unread<'f>(origin: &'f str, folder: &'f Folder) -> impl Iterator<Item = Document> + use<'f> {
    folder.file.body.blocks.iter().filter(|block| block.kind == "resource").filter_map(move |block| {
        let [of_type, name] = block.labels.as_slice() else { return None };
        let why = match of_type.as_str() {
            CLOUD_CONTROL => UNREAD_TYPE,
            of_type if STACKS.contains(&of_type) => {
                folder.file.text[block.range.clone()].contains(IN_TEMPLATE).then_some(EMBEDDED)?
            }
            _ => return None,
        };
        unseen(origin, folder, block, resource(of_type, address(of_type, name)), why)
    })
}

/// Returns the document of a block that may make task definitions which the file does not show.
fn unseen(origin: &str, folder: &Folder, block: &Block, resource: Resource, why: &str) -> Option<Document> {
    let (text, place) = folder.file.source(block.range.start);
    let pointer = format!("/{}/{}", block.kind, block.labels.join("/"));
    Document::unseen(origin, text, resource, UnseenSite { pointer, place }, why)
}

fn document(
    origin: &str,
    folder: &Rc<Folder>,
    groups: &Rc<Vec<Group>>,
    facts: &Facts,
    definition: Definition,
) -> Result<Document, Broken> {
    let parsed = TaskDefinition::parse(definition.view.json.clone());
    let parsed = parsed.map_err(|error| Broken { at: definition.header.start, why: error.to_string() })?;
    let unknowns = definition.unknown.iter().map(Unknown::of_containers).collect();
    let resource = resource(TASK_DEFINITION, address(TASK_DEFINITION, &definition.name));
    let (file, text, site) = placed(folder, groups, definition);
    let template = if site.is_read_only() { &facts.read_only } else { &facts.editable };
    Ok(Document {
        origin: file.unwrap_or_else(|| origin.to_owned()),
        readings: vec![Reading::of(parsed.clone())],
        definition: parsed,
        tags: Vec::new(),
        resource: Some(resource),
        unknowns,
        template: Some(template.clone()),
        text,
        site,
    })
}

/// Returns the place of a task definition, with the text that contains the place, and with the path of this text if it
/// is another file than the target.
fn placed(
    folder: &Rc<Folder>,
    groups: &Rc<Vec<Group>>,
    definition: Definition,
) -> (Option<String>, SourceText, Box<dyn Site>) {
    if folder.file.is_json() {
        let (text, place) = folder.file.source(definition.header.start);
        let pointer = format!("/resource/{TASK_DEFINITION}/{}", definition.name);
        let why = "Logweir does not change JSON files of Terraform";
        return (None, text, Box::new(ReadOnlySite { pointer, place, why }));
    }
    let listed = definition.listed.as_ref().filter(|listed| listed.path != folder.file.path);
    let (file, text) = match listed {
        Some(listed) => (Some(listed.path.display().to_string()), listed.text.clone()),
        None => (None, folder.file.text.clone()),
    };
    (file, text, Box::new(HclSite { folder: folder.clone(), definition, groups: groups.clone() }))
}

fn resource(kind: &str, id: String) -> Resource {
    Resource { kind: kind.to_owned(), id, construct: None }
}

/// Returns the address of a resource of the root module.
fn address(of_type: &str, name: &str) -> String {
    format!("{of_type}.{name}")
}

/// The log groups of a folder as facts for the rules. The id of a group is the reference to its name. A reference of a
/// task definition to one of several groups, such as `aws_cloudwatch_log_group.web[0].name`, is an id, too.
struct Facts {
    /// The facts for a task definition that Logweir can change.
    editable: Rc<TemplateFacts>,
    read_only: Rc<TemplateFacts>,
}

impl Facts {
    fn of(groups: &[Group], definitions: &[Definition]) -> Self {
        let fact = |group: &Group| DefinedGroup {
            id: format!("{}.name", address(groups::LOG_GROUP, &group.name)),
            name: group.group.clone(),
            retention: group.retention,
            branches: Vec::new(),
            defaults: Vec::new(),
            is_editable: group.is_editable,
        };
        let named: HashMap<&str, &Group> = groups.iter().rev().map(|group| (group.name.as_str(), group)).collect();
        let mut facts: Vec<DefinedGroup> = groups.iter().map(fact).collect();
        for id in definitions.iter().flat_map(references) {
            let group = groups::referenced(&id).and_then(|name| named.get(name)).map(|group| fact(group));
            facts.extend(group.filter(|group| group.id != id).map(|group| DefinedGroup { id, name: None, ..group }));
        }
        let read_only = facts.iter().map(|fact| DefinedGroup { is_editable: false, ..fact.clone() });
        let read_only = Rc::new(TemplateFacts::new(read_only, None));
        Self { editable: Rc::new(TemplateFacts::new(facts, None)), read_only }
    }
}

/// Returns the references that the log options of a task definition have in the place of a log group.
fn references(definition: &Definition) -> Vec<String> {
    let json: Value = serde_json::from_str(&definition.view.json).unwrap_or_default();
    let containers = json["containerDefinitions"].as_array().into_iter().flatten();
    let groups = containers.filter_map(|container| container.pointer("/logConfiguration/options/awslogs-group"));
    groups.filter_map(|group| Some(group.get("Ref")?.as_str()?.to_owned())).collect()
}

/// Returns the JSON pointer in the JSON syntax of Terraform for a JSON pointer into the task definition.
fn pointer_in_hcl(below: &str) -> String {
    let names = definition::ATTRIBUTES.into_iter().chain([("container_definitions", "containerDefinitions")]);
    for (hcl, ecs) in names {
        if let Some(rest) = below.strip_prefix('/').and_then(|below| below.strip_prefix(ecs))
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("/{hcl}{rest}");
        }
    }
    below.to_owned()
}

#[cfg(test)]
mod tests;
