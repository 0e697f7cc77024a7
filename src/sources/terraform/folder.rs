//! The files of a folder in HCL, which form one module of Terraform: their resources, their local values and the other
//! files that they read.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::ops::Range;
use std::path::{self, Component, Path, PathBuf};

use super::hcl::{Attribute, Block, Body, Expression, ExpressionKind, Fault, JsonFile};
use crate::bounded_file::{self, LARGEST};
use crate::sources::kind::{ByName, by_name};
use crate::sources::source_text::SourceText;

/// The maximum number of files that Logweir reads from the folder of a file.
const MOST_FILES: usize = 500;

/// The maximum number of folders above a folder in which Logweir looks for a call of the folder as a module.
const HIGHEST: usize = 4;

/// A file in HCL, or in the JSON syntax of Terraform.
#[derive(Debug)]
pub(super) struct HclFile {
    pub(super) path: PathBuf,
    /// The text in HCL.
    pub(super) text: SourceText,
    pub(super) body: Body,
    json: Option<JsonSource>,
    locals: OnceCell<HashMap<String, Attribute>>,
    /// The places of the local values, with their names, and of the containers of task definitions.
    places: OnceCell<Vec<(Option<String>, Range<usize>)>>,
}

/// The JSON text that Logweir reads as HCL.
#[derive(Debug)]
struct JsonSource {
    text: SourceText,
    /// The place of the name of each block of the HCL in the JSON text.
    names: Vec<Range<usize>>,
}

impl HclFile {
    pub(super) fn read(path: &Path, text: SourceText) -> Result<Self, Fault> {
        let (path, locals, places) = (path.to_owned(), OnceCell::new(), OnceCell::new());
        if !path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
            let body = Body::of_file(&text)?;
            return Ok(Self { path, text, body, json: None, locals, places });
        }
        let JsonFile { hcl, places: names } = JsonFile::read(&text)?;
        let body = Body::of_file(&hcl).map_err(|fault| Fault { at: 0, ..fault })?;
        Ok(Self { path, text: hcl.into(), body, json: Some(JsonSource { text, names }), locals, places })
    }

    /// Whether the file is in the JSON syntax of Terraform, which Logweir does not change.
    pub(super) fn is_json(&self) -> bool {
        self.json.is_some()
    }

    /// Returns the text of the file itself, and the place in this text of the first line of the block that starts at
    /// this offset of the HCL.
    pub(super) fn source(&self, start: usize) -> (SourceText, Range<usize>) {
        let index = self.body.blocks.binary_search_by_key(&start, |block| block.range.start);
        match (&self.json, index) {
            (Some(json), Ok(index)) => (json.text.clone(), json.names.get(index).cloned().unwrap_or_default()),
            (Some(json), Err(_)) => (json.text.clone(), 0..0),
            (None, Ok(index)) => (self.text.clone(), self.body.blocks[index].header(&self.text)),
            (None, Err(_)) => (self.text.clone(), 0..0),
        }
    }

    /// Whether Terraform merges the blocks of the file over the blocks of the other files (source: Terraform,
    /// internal/configs/parser_config_dir.go).
    pub(super) fn is_override(&self) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_suffix(".json").unwrap_or(name);
        let stem = name.strip_suffix(".tf").or_else(|| name.strip_suffix(".tofu")).unwrap_or_default();
        stem == "override" || stem.ends_with("_override")
    }

    /// Returns the places of the local values and of the containers. `find` finds them.
    pub(super) fn containers_and_locals(
        &self,
        find: impl FnOnce() -> Vec<(Option<String>, Range<usize>)>,
    ) -> &[(Option<String>, Range<usize>)] {
        self.places.get_or_init(find)
    }

    /// Returns the local value `name` that the file defines.
    fn local(&self, name: &str) -> Option<&Attribute> {
        let locals = self.locals.get_or_init(|| {
            let blocks = self.body.blocks.iter().filter(|block| block.kind == "locals" && block.labels.is_empty());
            let bodies = blocks.filter_map(|block| block.body(&self.text).ok());
            bodies.flat_map(|body| body.attributes).map(|local| (local.name.clone(), local)).collect()
        });
        locals.get(name)
    }

    /// Returns the blocks of this kind, such as `resource`, and of this type, with their names.
    pub(super) fn named<'f, 'k>(
        &'f self,
        kind: &'k str,
        of_type: &'k str,
    ) -> impl Iterator<Item = (&'f str, &'f Block)> + use<'f, 'k> {
        self.body.blocks.iter().filter_map(move |block| Some((block.name_of(kind, of_type)?, block)))
    }
}

/// A file and the other files of its folder.
pub(super) struct Folder {
    pub(super) file: HclFile,
    /// The folder of the file. `None` for a text that is not in a file.
    path: Option<PathBuf>,
    others: OnceCell<Vec<HclFile>>,
}

impl Folder {
    /// Creates the folder of a file. `path` is the folder, or `None` for a text that is not in a file.
    pub(super) fn of(file: HclFile, path: Option<&Path>) -> Self {
        Self { file, path: path.map(Path::to_owned), others: OnceCell::new() }
    }

    /// Returns the offset in the text of the file itself for an offset of its HCL. For a file in JSON, this is the
    /// offset of the block around it.
    pub(super) fn offset(&self, at: usize) -> usize {
        if !self.file.is_json() {
            return at;
        }
        let block = self.file.body.blocks.iter().find(|block| block.range.contains(&at));
        block.map_or(0, |block| self.file.source(block.range.start).1.start)
    }

    /// Returns the folder with another version of the file.
    pub(super) fn with(&self, file: HclFile) -> Self {
        Self { file, path: self.path.clone(), others: OnceCell::new() }
    }

    /// Returns the file, and then the other files of the folder. A file that is not HCL is left out.
    pub(super) fn files(&self) -> impl Iterator<Item = &HclFile> {
        std::iter::once(&self.file).chain(self.others())
    }

    /// Returns the other files of the folder.
    pub(super) fn others(&self) -> &[HclFile] {
        self.others
            .get_or_init(|| self.path.as_deref().map(|path| read_others(path, &self.file.path)).unwrap_or_default())
    }

    /// Returns the override files of the folder.
    fn overrides(&self) -> impl Iterator<Item = &HclFile> {
        self.files().filter(|file| file.is_override())
    }

    /// Returns the reason why only Terraform knows a block, if an override file also has the block.
    pub(super) fn override_of_block(&self, kind: &str, of_type: &str, name: &str) -> Option<String> {
        let has_block = |file: &&HclFile| file.named(kind, of_type).any(|(found, _)| found == name);
        self.overrides().find(has_block).map(|file| overridden(file, &format!("{of_type}.{name}")))
    }

    /// Returns the reason why only Terraform knows a local value, if an override file also has the value.
    pub(super) fn override_of_local(&self, name: &str) -> Option<String> {
        let found = self.overrides().find(|file| file.local(name).is_some());
        found.map(|file| overridden(file, &format!("local.{name}")))
    }

    /// Returns the block of this kind, type and name, with its file. Returns `None` for a block that an override file
    /// changes.
    pub(super) fn block(&self, kind: &str, of_type: &str, name: &str) -> Option<(&HclFile, &Block)> {
        if self.override_of_block(kind, of_type, name).is_some() {
            return None;
        }
        self.files().find_map(|file| {
            let block = file.named(kind, of_type).find(|(found, _)| *found == name).map(|(_, block)| block);
            block.map(|block| (file, block))
        })
    }

    /// Returns the local value `name`, with its file. Returns `None` for a value that an override file changes.
    pub(super) fn local(&self, name: &str) -> Option<(&HclFile, &Attribute)> {
        if self.override_of_local(name).is_some() {
            return None;
        }
        self.files().find_map(|file| file.local(name).map(|local| (file, local)))
    }

    /// Whether another folder calls this folder as a module, as far as the folder's name and the folders above show.
    fn is_called(&self) -> bool {
        let Some(folder) = self.path.as_deref() else { return false };
        if folder.components().any(|part| part.as_os_str() == "modules") {
            return true;
        }
        let Ok(folder) = path::absolute(folder) else { return false };
        let calls = |above: &Path, file: &HclFile| {
            file.body.blocks.iter().filter(|block| block.kind == "module").any(|block| {
                let body = block.body(&file.text).ok();
                let source = body.as_ref().and_then(|body| body.attribute("source")?.value.text());
                source.and_then(|source| source.strip_prefix("./")).is_some_and(|source| {
                    // Components leave out `.` and a slash at the end.
                    above.join(source).components().eq(folder.components())
                })
            })
        };
        let mut above = folder.ancestors().skip(1).take(HIGHEST);
        above.any(|above| read_others(above, Path::new("")).iter().any(|file| calls(above, file)))
    }

    /// Reads the file at the path that an expression gives. The path is plain: a text, or a text behind
    /// `${path.module}`. Returns the reason if Logweir does not read the file.
    pub(super) fn other_file(&self, text: &str, path: &Expression) -> Result<(PathBuf, String), String> {
        let relative = match &path.kind {
            // The path is relative to the folder in which Terraform runs (source: Terraform, function file).
            ExpressionKind::Text(path) if self.is_called() => {
                return Err(format!(
                    "the path {path} is relative to the folder in which Terraform runs, and not to this module; write \
                     ${{path.module}}/{path}"
                ));
            }
            ExpressionKind::Text(path) => path.as_str(),
            ExpressionKind::Template(path) => {
                // `path.root` and `path.cwd` are other folders if the file belongs to a module that another one calls.
                let inner = path.strip_prefix("${path.module}/").unwrap_or_default();
                if inner.contains("${") { "" } else { inner }
            }
            _ => "",
        };
        if relative.is_empty() {
            let shown = &text[path.range.clone()];
            return Err(match shown.len() {
                0..=100 => format!("only Terraform knows the path {}", shown.replace(['\n', '\r'], " ")),
                _ => "only Terraform knows the path of the file".into(),
            });
        }
        let relative = Path::new(relative);
        let is_below = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let Some(folder) = self.path.as_deref().filter(|_| is_below) else {
            return Err(format!("the file {} is outside of the folder", relative.display()));
        };
        let mut whole = folder.to_owned();
        for part in relative.components() {
            whole.push(part);
            let is_link = fs::symlink_metadata(&whole).is_ok_and(|metadata| metadata.is_symlink());
            if is_link {
                return Err(format!("the path {} contains a symbolic link", relative.display()));
            }
        }
        // A pipe would block the run.
        let is_file = fs::symlink_metadata(&whole).is_ok_and(|metadata| metadata.is_file());
        let bytes = is_file.then(|| bounded_file::read(&whole, LARGEST).ok()).flatten();
        let bytes = bytes.ok_or_else(|| format!("Logweir cannot read the file {}", relative.display()))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok((whole, text)),
            Err(_) => Err(format!("the file {} is not UTF-8", relative.display())),
        }
    }
}

fn overridden(file: &HclFile, name: &str) -> String {
    let path = file.path.file_name().unwrap_or_default().to_string_lossy();
    format!("the override file {path} changes `{name}`; check the plan as well")
}

/// Whether the file is in HCL or in the JSON syntax of Terraform, by its name.
fn is_hcl(name: &OsStr) -> bool {
    by_name(&name.to_string_lossy()) == ByName::Hcl
}

/// Reads the other files of the folder, in the order of their names.
pub(super) fn read_others(folder: &Path, but: &Path) -> Vec<HclFile> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<_> = files.map(|entry| entry.file_name()).filter(|name| is_hcl(name)).collect();
    names.sort();
    names.retain(|name| Some(name.as_os_str()) != but.file_name());
    let mut left = LARGEST;
    let read = |name: OsString| {
        let path = folder.join(name);
        let bytes = bounded_file::read(&path, left).ok()?;
        left -= bytes.len() as u64;
        HclFile::read(&path, String::from_utf8(bytes).ok()?.into()).ok()
    };
    names.into_iter().take(MOST_FILES).filter_map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_file_is_known_by_its_name() {
        for (path, is_override) in [
            ("override.tf", true),
            ("x/web_override.tf", true),
            ("x/_override.tofu", true),
            ("x/_override.tf.json", true),
            ("x/override/main.tf", false),
            ("overrides.tf", false),
            ("weboverride.tf", false),
        ] {
            let file = HclFile::read(Path::new(path), "{}".into())
                .unwrap_or_else(|_| HclFile::read(Path::new(path), "".into()).unwrap());
            assert_eq!(file.is_override(), is_override, "{path}");
        }
    }
}
