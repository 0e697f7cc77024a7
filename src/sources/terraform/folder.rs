//! The files of a folder in HCL, which form one module of Terraform: their resources, their local values and the other
//! files that they read.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::hcl::{Attribute, Block, Body, Expression, ExpressionKind, Fault};
use crate::bounded_file::{self, LARGEST};

/// The maximum number of files that Logweir reads from the folder of a file.
const MOST_FILES: usize = 500;

/// A file in HCL.
#[derive(Debug)]
pub(super) struct HclFile {
    pub(super) path: PathBuf,
    pub(super) text: Rc<str>,
    pub(super) body: Body,
    locals: OnceCell<HashMap<String, Attribute>>,
}

impl HclFile {
    pub(super) fn read(path: &Path, text: Rc<str>) -> Result<Self, Fault> {
        let body = Body::of_file(&text)?;
        Ok(Self { path: path.to_owned(), text, body, locals: OnceCell::new() })
    }

    /// Whether Terraform merges the blocks of the file over the blocks of the other files (source: Terraform,
    /// internal/configs/parser_config_dir.go).
    pub(super) fn is_override(&self) -> bool {
        let name = self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name.strip_suffix(".tf").or_else(|| name.strip_suffix(".tofu")).unwrap_or_default();
        stem == "override" || stem.ends_with("_override")
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

    /// Reads the file at the path that an expression gives. The path is plain: a text, or a text behind
    /// `${path.module}`. Returns the reason if Logweir does not read the file.
    pub(super) fn other_file(&self, text: &str, path: &Expression) -> Result<(PathBuf, String), String> {
        let relative = match &path.kind {
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

/// Whether the file is in HCL, by its name.
pub(in crate::sources) fn is_hcl(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with(".tf") || name.ends_with(".tofu")
}

/// Reads the other files of the folder, in the order of their names.
pub(super) fn read_others(folder: &Path, but: &Path) -> Vec<HclFile> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let files = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut names: Vec<_> =
        files.map(|entry| entry.file_name()).filter(|name| is_hcl(&name.to_string_lossy())).collect();
    names.sort();
    names.retain(|name| Some(name.as_os_str()) != but.file_name());
    let mut left = LARGEST;
    let read = |name: std::ffi::OsString| {
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
            ("x/override/main.tf", false),
            ("overrides.tf", false),
            ("weboverride.tf", false),
        ] {
            let file = HclFile::read(Path::new(path), "".into()).unwrap();
            assert_eq!(file.is_override(), is_override, "{path}");
        }
    }
}
