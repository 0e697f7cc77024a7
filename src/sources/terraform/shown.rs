//! The task definitions in a plan or a state, each with the place of its resource in the files in HCL beside the plan.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::definition::TASK_DEFINITION;
use super::folder::{HclFile, read_others};
use super::read_only_site::ReadOnlySite;
use super::show::{self, Shown, ShownDefinition, ShownGroup};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::readings::Reading;
use crate::domain::rules::facts::{DefinedGroup, DefinedRetention, TemplateFacts};
use crate::domain::verdict::Unknown;
use crate::sources::{Document, Resource, SourceError};

/// The maximum number of modules in modules whose folders Logweir looks for.
const DEEPEST: usize = 10;

/// Returns the outer members of a plan or a state. Returns `None` for any other text.
pub(in crate::sources) fn is_plan_or_state(text: &str) -> bool {
    // Only plans and states have this member.
    text.contains("\"format_version\"") && members(text).is_some_and(|members| show::is_shown(&members))
}

fn members(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()
}

/// Reads the task definitions in a plan or a state. `path` is the file that contains the text, or `None` for a text
/// that is not in a file.
pub(in crate::sources) fn read_shown(
    origin: &str,
    path: Option<&Path>,
    text: &str,
) -> Result<Vec<Document>, SourceError> {
    let members = members(text).unwrap_or_default();
    let shown = show::read(&members).map_err(|version| {
        let message = format!("the plan or state has the format version {version}, but Logweir reads version 1");
        SourceError::whole(
            origin,
            message,
            Some("print it with a version of Terraform or OpenTofu that writes version 1"),
        )
    })?;
    let Shown { definitions, groups } = shown;
    let facts = TemplateFacts::new(groups.iter().map(fact), None);
    let mut places = Places { folder: path.and_then(Path::parent), calls: calls(&members), files: HashMap::new() };
    let text: Rc<str> = text.into();
    let document = |shown: ShownDefinition| {
        let place = places.of(&shown.address);
        document(origin, &text, &facts, shown, place)
    };
    definitions.into_iter().map(document).collect()
}

fn fact(group: &ShownGroup) -> DefinedGroup {
    let retention = group.days.map_or(DefinedRetention::Unbounded, DefinedRetention::Days);
    DefinedGroup { id: group.address.clone(), name: Some(group.name.clone()), retention, is_editable: false }
}

fn document(
    origin: &str,
    text: &Rc<str>,
    facts: &TemplateFacts,
    shown: ShownDefinition,
    place: Option<(PathBuf, Rc<str>, Range<usize>)>,
) -> Result<Document, SourceError> {
    let ShownDefinition { address, pointer, definition, unknown } = shown;
    let definition = TaskDefinition::parse(definition.to_string())
        .map_err(|error| SourceError::whole(origin, format!("{address}: {error}"), None))?;
    let reason = |why| Unknown { rules: Vec::new(), pointer: "/containerDefinitions".into(), why };
    let (origin, text, place) = match place {
        Some((path, text, place)) => (path.display().to_string(), text, place),
        None => (origin.to_owned(), text.clone(), 0..0),
    };
    Ok(Document {
        origin,
        readings: vec![Reading::of(definition.clone())],
        definition,
        tags: Vec::new(),
        resource: Some(Resource { kind: TASK_DEFINITION.into(), id: address, construct: None }),
        unknowns: unknown.into_iter().map(reason).collect(),
        template: Some(facts.clone()),
        text,
        site: Box::new(ReadOnlySite { pointer, place, why: "Logweir changes no plan and no state" }),
    })
}

/// The calls of modules in the configuration of a plan: the source of each module with a local path, by its address.
fn calls(plan: &Map<String, Value>) -> HashMap<String, String> {
    let mut calls = HashMap::new();
    let root = plan.get("configuration").and_then(|configuration| configuration.get("root_module"));
    let mut open: Vec<(String, &Value, usize)> = root.map(|root| (String::new(), root, 0)).into_iter().collect();
    while let Some((address, module, depth)) = open.pop() {
        let inner = module.get("module_calls").and_then(Value::as_object).filter(|_| depth < DEEPEST);
        for (name, call) in inner.into_iter().flatten() {
            let address = format!("{address}{}module.{name}", if address.is_empty() { "" } else { "." });
            if let Some(source) = call.get("source").and_then(Value::as_str) {
                calls.insert(address.clone(), source.to_owned());
            }
            open.extend(call.get("module").map(|module| (address, module, depth + 1)));
        }
    }
    calls
}

/// Finds the resources of a plan in the files in HCL beside it.
struct Places<'p> {
    folder: Option<&'p Path>,
    calls: HashMap<String, String>,
    /// The files of each folder that Logweir has read.
    files: HashMap<PathBuf, Vec<HclFile>>,
}

impl Places<'_> {
    /// Returns the file in HCL that defines the resource, with the place of the resource in the text.
    fn of(&mut self, address: &str) -> Option<(PathBuf, Rc<str>, Range<usize>)> {
        let address = without_indices(address);
        let (module, name) = match address.rsplit_once(&format!("{TASK_DEFINITION}.")) {
            Some((module, name)) => (module.trim_end_matches('.').to_owned(), name.to_owned()),
            None => return None,
        };
        let folder = self.folder_of(&module)?;
        let files = self.files.entry(folder.clone()).or_insert_with(|| read_others(&folder, Path::new("")));
        files.iter().find_map(|file| {
            let (_, block) = file.named("resource", TASK_DEFINITION).find(|(found, _)| *found == name)?;
            Some((file.path.clone(), file.text.clone(), block.header(&file.text)))
        })
    }

    /// Returns the folder of a module, below the folder of the plan.
    fn folder_of(&self, module: &str) -> Option<PathBuf> {
        let mut folder = self.folder?.to_owned();
        let mut address = String::new();
        for step in module.split('.').filter(|step| !step.is_empty() && *step != "module") {
            address = format!("{address}{}module.{step}", if address.is_empty() { "" } else { "." });
            let source = Path::new(self.calls.get(&address)?.strip_prefix("./")?);
            let is_below = source.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            folder = folder.join(Some(source).filter(|_| is_below)?);
        }
        let is_link = folder.ancestors().take_while(|path| Some(*path) != self.folder).any(Path::is_symlink);
        Some(folder).filter(|_| !is_link)
    }
}

/// Returns an address without the indices in brackets: `module.a["x"].b.c[0]` becomes `module.a.b.c`.
fn without_indices(address: &str) -> String {
    let (mut plain, mut depth, mut in_text) = (String::new(), 0_usize, false);
    let mut letters = address.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' if in_text => drop(letters.next()),
            '"' if depth > 0 => in_text = !in_text,
            '[' if !in_text => depth += 1,
            ']' if !in_text => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_indices() {
        assert_eq!(without_indices("module.a[\"x].\\\"y\"].aws_x.web[0]"), "module.a.aws_x.web");
        assert_eq!(without_indices("aws_x.web"), "aws_x.web");
    }
}
