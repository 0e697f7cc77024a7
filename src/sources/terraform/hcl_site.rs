//! A task definition in a file in HCL: its places in the file, and the changes of the file that correct it.

use std::ops::Range;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::change;
use super::containers::Holder;
use super::definition::{Definition, TASK_DEFINITION, definitions, is_editable};
use super::folder::{Folder, HclFile};
use super::groups::{Group, groups, referenced};
use super::new_group::NewGroup;
use super::retention;
use super::to_write;
use super::uses;
use crate::domain::rules::facts::DefinedRetention;
use crate::domain::text::place::{self, Found};
use crate::domain::text::splice::Splice;
use crate::sources::site::{Refused, Site};
use crate::sources::source_text::SourceText;
use crate::sources::{Correction, Document, Retention};

/// The place of a task definition in a file in HCL.
pub(super) struct HclSite {
    pub(super) folder: Rc<Folder>,
    pub(super) definition: Definition,
    pub(super) groups: Rc<Vec<Group>>,
}

impl HclSite {
    fn file(&self) -> &HclFile {
        &self.folder.file
    }

    /// Returns the text that contains the list of containers.
    fn text(&self) -> &SourceText {
        self.definition.listed.as_ref().map_or(&self.file().text, |listed| &listed.text)
    }

    /// Returns the log group of the folder with this id, which is a reference to its name.
    fn group(&self, id: &str) -> Option<&Group> {
        let name = referenced(id)?;
        self.groups.iter().find(|group| group.name == name)
    }

    /// Returns the place of the retention that a JSON pointer names. `None` if the pointer names none, or if the group
    /// is in another file.
    fn place_of_group(&self, pointer: &str) -> Option<Range<usize>> {
        let id = pointer.strip_prefix("/logGroups/")?.rsplit_once('/')?.0.replace("~1", "/").replace("~0", "~");
        let is_here = self.text().is(&self.file().text);
        self.group(&id).filter(|group| group.is_here && is_here).map(|group| group.place.clone())
    }

    /// Returns the changes of the list of containers.
    fn changed(&self, old: &Value, new: &Value) -> Result<Vec<Splice>, Refused> {
        let key = "containerDefinitions";
        if old[key] == new[key] {
            return Ok(Vec::new());
        }
        let refused =
            |why: String, is_json| Refused { why, text_to_write: to_write::text(&old[key], &new[key], is_json) };
        let Some(listed) = &self.definition.listed else {
            return Err(refused("Logweir does not know the containers".into(), false));
        };
        if !is_editable(listed, self.file()) {
            let why = match listed.holder {
                Holder::QuotedJson => "the containers are JSON in a text with quotation marks".to_owned(),
                _ => format!("the containers are in {}", listed.path.display()),
            };
            return Err(refused(why, listed.holder == Holder::WholeFile));
        }
        let splices = change::splices(&listed.text, &listed.list, &old[key], &new[key])
            .map_err(|why| refused(why.to_owned(), false))?;
        match uses::shared(&self.folder, &splices) {
            Some(name) => Err(refused(format!("other parts of the folder use `local.{name}`, too"), false)),
            None => Ok(splices),
        }
    }
}

impl Site for HclSite {
    fn pointer(&self, _reading: usize, below: &str) -> String {
        format!("/resource/{TASK_DEFINITION}/{}{}", self.definition.name, super::pointer_in_hcl(below))
    }

    fn spots(&self, document: &Document, _reading: usize, pointers: &[&str]) -> Vec<Found> {
        let view = &self.definition.view;
        let found = place::locate(document.definition.text(), pointers.iter().copied());
        let spot = |(pointer, found): (&&str, Found)| match self.place_of_group(pointer) {
            Some(value) => Found { key: None, value, depth: 0 },
            None => Found {
                key: found.key.as_ref().map(|key| view.place(key)),
                value: view.place(&found.value),
                depth: found.depth,
            },
        };
        pointers.iter().zip(found).map(spot).collect()
    }

    fn is_read_only(&self) -> bool {
        self.definition.listed.as_ref().is_some_and(|listed| !is_editable(listed, self.file()))
    }

    fn splices(&self, document: &Document, correction: &Correction) -> Result<Vec<Splice>, Refused> {
        let old = document.definition.view();
        let new = correction.definitions.first().map_or(old, |definition| definition.view());
        let new_groups = new_groups(self, correction);
        let new = NewGroup::referenced_in(new, old, &new_groups);
        let mut splices = self.changed(old, &new)?;
        for wanted in &correction.retentions {
            match self.group(&wanted.group) {
                Some(group) if group.is_here => splices.extend(retention::splice(self.file(), group, wanted.days)),
                _ => {
                    let why = format!("the log group `{}` is in another file of the folder", wanted.group);
                    let text_to_write = Some(format!("retention_in_days = {}\n", wanted.days));
                    return Err(Refused { why, text_to_write });
                }
            }
        }
        if let Some(splice) = NewGroup::splice(&self.file().text, &new_groups) {
            splices.push(splice);
        }
        splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
        Ok(splices)
    }

    fn check(&self, text: &str, corrected: &[(&Document, &Correction)]) -> Result<(), Refused> {
        let unexpected = || Refused::because("the changed file would not have the meaning that Logweir intends");
        let old = self.file();
        let file = HclFile::read(&old.path, text.into()).map_err(|_| unexpected())?;
        let folder = self.folder.with(file);
        let found = definitions(&folder).map_err(|_| unexpected())?;
        let mut created = Vec::new();
        for (document, correction) in corrected {
            let expected = correction.definitions.first().unwrap_or(&document.definition).view();
            let new_groups = new_groups(self, correction);
            let expected = NewGroup::referenced_in(expected, document.definition.view(), &new_groups);
            let id = document.resource.as_ref().map(|resource| resource.id.as_str()).unwrap_or_default();
            let name = id.strip_prefix(TASK_DEFINITION).and_then(|name| name.strip_prefix('.')).unwrap_or_default();
            let found = found.iter().find(|found| found.name == name).ok_or_else(unexpected)?;
            let found: Value = serde_json::from_str(&found.view.json).unwrap_or_default();
            if sorted(&found) != sorted(&expected) {
                return Err(unexpected());
            }
            created.extend(new_groups);
        }
        let groups = groups(&folder);
        let is_kept = |wanted: &Retention| {
            let name = referenced(&wanted.group).unwrap_or_default();
            let found = groups.iter().find(|group| group.name == name);
            found.is_some_and(|group| group.retention == DefinedRetention::Days(wanted.days))
        };
        let has_all_retentions = corrected.iter().flat_map(|(_, correction)| &correction.retentions).all(is_kept);
        let has_same_blocks = outline(old)
            == outline(&folder.file)[..old.body.blocks.len().min(folder.file.body.blocks.len())]
            && folder.file.body.blocks.len() == old.body.blocks.len() + NewGroup::distinct(&created).len();
        if has_all_retentions && has_same_blocks && !NewGroup::collide(&created) { Ok(()) } else { Err(unexpected()) }
    }
}

fn new_groups(site: &HclSite, correction: &Correction) -> Vec<NewGroup> {
    NewGroup::all(&correction.new_groups, &site.groups)
}

/// Returns the kind and the labels of each block, and the text of each block that Logweir never changes.
fn outline(file: &HclFile) -> Vec<(&str, &[String], &str)> {
    let changes = |kind: &str, labels: &[String]| {
        kind == "locals"
            || (kind == "resource"
                && labels
                    .first()
                    .is_some_and(|of_type| [TASK_DEFINITION, super::groups::LOG_GROUP].contains(&of_type.as_str())))
    };
    let blocks = file.body.blocks.iter();
    blocks
        .map(|block| {
            let text = if changes(&block.kind, &block.labels) { "" } else { &file.text[block.range.clone()] };
            (block.kind.as_str(), block.labels.as_slice(), text)
        })
        .collect()
}

/// Returns the value with the members of each object in the order of their keys.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            members.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(Map::from_iter(members))
        }
        value => value.clone(),
    }
}
