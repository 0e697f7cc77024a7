//! The task definitions in a plan or a state, each with the place of its resource in the files in HCL beside the plan.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use serde_json::{Map, Value};

use super::definition::TASK_DEFINITION;
use super::folder::{HclFile, read_others};
use super::read_only_site::ReadOnlySite;
use super::show::{self, Shown, ShownDefinition, ShownGroup, Unread};
use super::state;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::readings::Reading;
use crate::domain::rules::facts::{DefinedGroup, TemplateFacts};
use crate::domain::verdict::Unknown;
use crate::sources::source_text::SourceText;
use crate::sources::unseen_site::UnseenSite;
use crate::sources::{Document, Resource, SourceError};

/// The maximum number of modules in modules whose folders Logweir looks for.
const DEEPEST: usize = 10;

/// Reads the task definitions in a plan or a state. `path` is the file that contains the text, or `None` for a text
/// that is not in a file. Returns `None` if the text is neither a plan nor a state.
pub(in crate::sources) fn read_shown(
    origin: &str,
    path: Option<&Path>,
    text: &str,
) -> Option<Result<Vec<Document>, SourceError>> {
    // Plans have a version of their format, and state files have a lineage.
    if !["\"format_version\"", "\"lineage\"", "\"encrypted_data\""].iter().any(|mark| text.contains(mark)) {
        return None;
    }
    let members: Map<String, Value> = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let read = if show::is_shown(&members) {
        show::read(&members)
    } else if state::is_state(&members) {
        state::read(&members)
    } else {
        return None;
    };
    let faulty = |fault: Unread| SourceError::whole(origin, fault.message, Some(fault.help));
    let shown = match read {
        Ok(shown) => shown,
        Err(fault) => return Some(Err(faulty(fault))),
    };
    let places = Places { folder: path.and_then(Path::parent), calls: calls(&members), files: HashMap::new() };
    Some(documents(origin, &text.into(), shown, places))
}

fn documents(
    origin: &str,
    text: &SourceText,
    shown: Shown,
    mut places: Places<'_>,
) -> Result<Vec<Document>, SourceError> {
    let Shown { definitions, groups, gap } = shown;
    let facts = Rc::new(TemplateFacts::new(groups.iter().map(fact), None));
    let document = |shown: ShownDefinition| {
        let place = places.of(&shown.address);
        let document = document(origin, text, &facts, shown, place)?;
        let unknowns = document.unknowns.into_iter().chain(gap.map(Unknown::of_whole)).collect();
        Ok(Document { unknowns, ..document })
    };
    let mut documents = definitions.into_iter().map(document).collect::<Result<Vec<_>, _>>()?;
    if let Some(why) = gap.filter(|_| documents.is_empty()) {
        let resource = Resource { kind: "plan".into(), id: "plan".into(), construct: None };
        documents.extend(Document::unseen(origin, text.clone(), resource, UnseenSite::default(), why));
    }
    Ok(documents)
}

fn fact(ShownGroup { address, name, retention }: &ShownGroup) -> DefinedGroup {
    DefinedGroup {
        id: address.clone(),
        name: Some(name.clone()),
        retention: *retention,
        branches: Vec::new(),
        defaults: Vec::new(),
        is_editable: false,
    }
}

fn document(
    origin: &str,
    text: &SourceText,
    facts: &Rc<TemplateFacts>,
    shown: ShownDefinition,
    place: Option<(PathBuf, SourceText, Range<usize>)>,
) -> Result<Document, SourceError> {
    let ShownDefinition { kind, address, pointer, definition, unknown } = shown;
    let definition = TaskDefinition::parse(definition.to_string())
        .map_err(|error| SourceError::whole(origin, format!("{address}: {error}"), None))?;
    let (origin, text, place) = match place {
        Some((path, text, place)) => (path.display().to_string(), text, place),
        None => (origin.to_owned(), text.clone(), 0..0),
    };
    Ok(Document {
        origin,
        readings: vec![Reading::of(definition.clone())],
        definition,
        tags: Vec::new(),
        resource: Some(Resource { kind, id: address, construct: None }),
        unknowns: unknown.into_iter().map(Unknown::of_containers).collect(),
        template: Some(facts.clone()),
        text,
        site: Box::new(ReadOnlySite { pointer, place, why: "Logweir does not change plans or states" }),
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
    fn of(&mut self, address: &str) -> Option<(PathBuf, SourceText, Range<usize>)> {
        let address = without_indices(address);
        let (module, name) = match address.rsplit_once(&format!("{TASK_DEFINITION}.")) {
            Some((module, name)) => (module.trim_end_matches('.').to_owned(), name.to_owned()),
            None => return None,
        };
        let folder = self.folder_of(&module)?;
        let files = self.files.entry(folder.clone()).or_insert_with(|| read_others(&folder, Path::new("")));
        files.iter().find_map(|file| {
            let (_, block) = file.named("resource", TASK_DEFINITION).find(|(found, _)| *found == name)?;
            let (text, header) = file.source(block.range.start);
            Some((file.path.clone(), text, header))
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
