//! The files of a folder that describe families, and the changes that `logweir fix` would make in them: the patch for
//! the owner of each family.

use std::ffi::OsStr;
use std::path::Path;

use super::connect::wait;
use super::context::Context;
use super::failure::Failure;
use super::load::load_all;
use super::loaded::Loaded;
use super::patch_path::patch_path;
use super::rule_choice::RuleChoiceArgs;
use super::targets::{self, Target, WalkArgs};
use crate::domain::audit::AuditHome;
use crate::domain::owner::{Owner, OwnerKind, SourceName, Traces, describes};
use crate::domain::rules::packs::LOGGING;
use crate::domain::text::placeholder::is_placeholder;
use crate::render::json::{FamilySource, OwnedFamily};
use crate::render::unified_diff;
use crate::sources::Document;

/// The type of a task definition in a template.
const IN_TEMPLATE: &str = "AWS::ECS::TaskDefinition";

/// The names of the configuration of ecspresso, which is in the folder of the task definition.
const ECSPRESSO: [&str; 4] = ["ecspresso.yml", "ecspresso.yaml", "ecspresso.json", "ecspresso.jsonnet"];

/// The task definitions in the files of a folder.
#[derive(Debug, Default)]
pub(super) struct SourceFolder(Vec<Described>);

/// A task definition in a file, with what identifies its family.
#[derive(Debug)]
struct Described {
    family: Option<String>,
    is_template: bool,
    source: FamilySource,
}

impl SourceFolder {
    /// Reads the task definitions in a folder, and plans their corrections. Reports a file that cannot be read, and
    /// continues.
    pub(super) fn read(context: &Context, folder: &Path) -> Result<Self, Failure> {
        if !folder.exists() {
            let failure = Failure::error(format!("{}: no such folder", folder.display()));
            return Err(failure.help("name the folder with the files that describe the families: --sources DIR"));
        }
        let targets = targets::read(&[folder.display().to_string()], &WalkArgs::default())?.without_other_files();
        let baselines = wait(context.baselines(&targets.list))?;
        let chosen = baselines.choose(&RuleChoiceArgs::default(), LOGGING);
        let mut found = Vec::new();
        load_all(context, &chosen, &targets, &mut |target, loaded| match loaded {
            Ok(all) => found.extend(all.iter().filter_map(|loaded| described(target, loaded))),
            Err(failure) => context.printer.target_failure(&target.origin(), &failure),
        })?;
        Ok(Self(found))
    }

    /// Returns the owner of a family and the files that describe the family. Returns `None` if neither is known. Another
    /// account or Region may have a family of the same name with another owner.
    pub(super) fn family(&self, home: &AuditHome, family: &str, traces: &Traces<'_>) -> Option<OwnedFamily> {
        let owner = Owner::of(traces);
        let is_of = |found: &&Described| {
            let (named, resource) = (found.family.as_deref(), found.source.resource.as_deref());
            let name = SourceName { family: named, resource, is_template: found.is_template };
            describes(&name, family, owner.as_ref())
        };
        let sources: Vec<FamilySource> = self.0.iter().filter(is_of).map(|found| found.source.clone()).collect();
        let by_file = || sources.iter().find_map(|source| Some(Owner::of_source(source.deployed_by?, &source.file)));
        let owner = owner.clone().or_else(by_file);
        if owner.is_none() && sources.is_empty() {
            return None;
        }
        let warning = owner.as_ref().map(Owner::warning);
        let (account, region) = (home.account.clone(), home.region.clone());
        Some(OwnedFamily { account, region, family: family.to_owned(), owner, warning, sources })
    }
}

fn described(target: &Target, loaded: &Loaded) -> Option<Described> {
    let document = loaded.document.as_ref()?;
    let Target::File(file) = target else { return None };
    let path = patch_path(&std::env::current_dir().unwrap_or_default(), &file.path);
    let (diff, refused) = match patch(loaded, document, &path) {
        Ok(diff) => (Some(diff).filter(|diff| !diff.is_empty()), None),
        Err(why) => (None, Some(why)),
    };
    let resource = document.resource.as_ref();
    let source = FamilySource {
        file: target.origin(),
        resource: resource.map(|resource| resource.id.clone()),
        deployed_by: tool(document, &file.path),
        diff,
        refused,
    };
    let family = loaded.definition.family().filter(|family| !is_placeholder(family)).map(String::from);
    Some(Described { family, is_template: resource.is_some_and(|resource| resource.kind == IN_TEMPLATE), source })
}

/// Returns the tool that deploys a task definition of a file.
fn tool(document: &Document, path: &Path) -> Option<OwnerKind> {
    match &document.resource {
        Some(resource) if resource.kind == "aws_ecs_task_definition" => Some(OwnerKind::Terraform),
        Some(resource) if resource.construct.is_some() => Some(OwnerKind::Cdk),
        Some(_) => Some(OwnerKind::Cloudformation),
        None => {
            let folder = path.parent()?;
            ECSPRESSO.iter().any(|name| folder.join(name).is_file()).then_some(OwnerKind::Ecspresso)
        }
    }
}

/// Returns the patch for one task definition of a file. Returns why Logweir does not change the file.
fn patch(loaded: &Loaded, document: &Document, path: &OsStr) -> Result<String, String> {
    if !loaded.is_corrected(false) {
        return Ok(String::new());
    }
    if document.is_read_only() {
        return Err("Logweir does not change this file".into());
    }
    let correction = loaded.correction(document, false).map_err(|conflict| conflict.to_string())?;
    let text = Document::corrected(&[(document, &correction)]).map_err(|refused| refused.why)?;
    Ok(unified_diff(path, document.text(), &text))
}
