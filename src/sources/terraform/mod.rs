//! Task definitions that Terraform or OpenTofu makes: files in HCL, and plans and states in JSON.
//!
//! A value that only Terraform knows is an intrinsic function for the rules: `{"Ref": "var.mode"}` for an expression,
//! and `{"Fn::Sub": "/ecs/${var.name}"}` for a text with variables.

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
mod retention;
mod show;
mod shown;
mod style;
mod to_write;
mod uses;
mod view;

use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use definition::{Broken, Definition, TASK_DEFINITION, definitions};
use folder::{Folder, HclFile};
use groups::{Group, GroupRetention, groups};
use hcl_site::HclSite;

use super::error::Cause;
use super::kind::Kind;
use super::site::Site;
use super::{Document, FileKind, Resource, SourceError};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::readings::Reading;
use crate::domain::rules::facts::{DefinedGroup, DefinedRetention, TemplateFacts};
use crate::domain::text::place;
use crate::domain::verdict::Unknown;

pub(super) use folder::is_hcl;
pub(super) use shown::{is_plan_or_state, read_shown};

/// Reads the task definitions in a text in HCL. `path` is the file that contains the text.
pub(super) fn read_hcl(origin: &str, path: &Path, text: &str) -> Result<Vec<Document>, SourceError> {
    let broken = |broken: Broken| {
        let place::Position { line, column } = place::position(text, broken.at);
        // A walk passes over a file that defines no task definition, even if the file is not HCL.
        let cause = if text.contains(TASK_DEFINITION) { Cause::Faulty } else { Cause::OtherKind(Kind::Terraform) };
        SourceError { cause, line, column, ..SourceError::whole(origin, broken.why, None) }
    };
    let file = HclFile::read(path, text.into()).map_err(|fault| broken(fault.into()))?;
    let folder = Rc::new(Folder::of(file, path.parent()));
    let found = definitions(&folder).map_err(broken)?;
    let has_calls = !folder.file.is_override() && modules::calls(&folder.file).next().is_some();
    if found.is_empty() && !has_calls {
        return Err(SourceError::of_kind(origin, text, 0, FileKind::TerraformConfiguration));
    }
    let groups = Rc::new(groups(&folder));
    let mut documents = Vec::new();
    for definition in found {
        documents.push(document(origin, &folder, &groups, definition).map_err(broken)?);
    }
    documents.extend(modules::documents(origin, &folder));
    Ok(documents)
}

fn document(
    origin: &str,
    folder: &Rc<Folder>,
    groups: &Rc<Vec<Group>>,
    definition: Definition,
) -> Result<Document, Broken> {
    let parsed = TaskDefinition::parse(definition.view.json.clone());
    let parsed = parsed.map_err(|error| Broken { at: definition.header.start, why: error.to_string() })?;
    let site = HclSite { folder: folder.clone(), definition, groups: groups.clone() };
    let (definition, facts) = (&site.definition, facts(groups, &site));
    let listed = definition.listed.as_ref().filter(|listed| listed.path != folder.file.path);
    let (origin, text) = match listed {
        Some(listed) => (listed.path.display().to_string(), listed.text.clone()),
        None => (origin.to_owned(), folder.file.text.clone()),
    };
    let unknown =
        |why: &String| Unknown { rules: Vec::new(), pointer: "/containerDefinitions".into(), why: why.clone() };
    Ok(Document {
        origin,
        readings: vec![Reading::of(parsed.clone())],
        definition: parsed,
        tags: Vec::new(),
        resource: Some(resource(TASK_DEFINITION, address(TASK_DEFINITION, &definition.name))),
        unknowns: definition.unknown.iter().map(unknown).collect(),
        template: Some(facts),
        text,
        site: Box::new(site),
    })
}

fn resource(kind: &str, id: String) -> Resource {
    Resource { kind: kind.to_owned(), id, construct: None }
}

/// Returns the address of a resource of the root module.
fn address(of_type: &str, name: &str) -> String {
    format!("{of_type}.{name}")
}

/// Returns the log groups of the folder as facts for the rules. The id of a group is the reference to its name. A
/// reference of the task definition to one of several groups, such as `aws_cloudwatch_log_group.web[0].name`, is an id,
/// too.
fn facts(groups: &[Group], site: &HclSite) -> TemplateFacts {
    let is_read_only = site.is_read_only();
    let fact = |group: &Group| DefinedGroup {
        id: format!("{}.name", address(groups::LOG_GROUP, &group.name)),
        name: group.group.clone(),
        retention: match group.retention {
            GroupRetention::Unbounded => DefinedRetention::Unbounded,
            GroupRetention::Days(days) => DefinedRetention::Days(days),
            GroupRetention::Unknown => DefinedRetention::Unknown,
        },
        is_editable: group.is_here && !is_read_only,
    };
    let mut facts: Vec<DefinedGroup> = groups.iter().map(fact).collect();
    let json: Value = serde_json::from_str(&site.definition.view.json).unwrap_or_default();
    for container in json["containerDefinitions"].as_array().into_iter().flatten() {
        let reference = container.pointer("/logConfiguration/options/awslogs-group").and_then(|group| group.get("Ref"));
        let Some(id) = reference.and_then(Value::as_str) else { continue };
        let known = groups.iter().zip(&facts).find(|(group, _)| groups::referenced(id) == Some(&group.name));
        if let (Some((_, fact)), true) = (known, facts.iter().all(|fact| fact.id != id)) {
            facts.push(DefinedGroup { id: id.to_owned(), name: None, ..fact.clone() });
        }
    }
    TemplateFacts::new(facts, None)
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
