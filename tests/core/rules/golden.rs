//! The golden cases, `tests/core/rules/<fault>/<case>/`: one situation each, with the expected results of the rules.
//!
//! | file | holds |
//! |---|---|
//! | `input.json` | the task definition |
//! | `baseline.toml` | the baseline; if absent, all defaults |
//! | `facts.json` | the facts besides the document; if absent, none: offline, without a Region |
//! | `findings.json` | expected: the contents of the plan |
//! | `fixed.json` | expected: the exact bytes after the plan's edits; absent if there are none |

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use logweir::domain::baseline::{Baseline, Delivery};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::LogGroupChange;
use logweir::domain::plan::Plan;
use logweir::domain::rules::facts::{DefaultMode, LogGroup, Observation};
use serde::Deserialize;

/// The current time of a case whose facts name no time.
pub const NOW: &str = "2026-11-21T12:00:00Z";

pub struct Case {
    pub folder: PathBuf,
    /// `<fault>/<case>`
    pub name: String,
    pub input: String,
    pub baseline: String,
    pub facts: Facts,
}

/// The facts besides the document, owned.
#[derive(Clone, Debug)]
pub struct Facts {
    pub account: Option<String>,
    pub region: Option<String>,
    pub tags: Vec<(String, String)>,
    pub default_mode: DefaultMode,
    pub log_groups: Option<BTreeMap<String, LogGroup>>,
    pub now: Timestamp,
}

impl Facts {
    /// No AWS, no Region.
    pub fn none() -> Self {
        Self {
            account: None,
            region: None,
            tags: Vec::new(),
            default_mode: DefaultMode::NotChecked,
            log_groups: None,
            now: NOW.parse().unwrap(),
        }
    }

    pub fn observe<'a>(&'a self, definition: &'a TaskDefinition) -> Observation<'a> {
        Observation {
            definition,
            account: self.account.as_deref(),
            region: self.region.as_deref(),
            tags: &self.tags,
            default_mode: self.default_mode.clone(),
            log_groups: self.log_groups.as_ref(),
            template: None,
            now: self.now,
        }
    }

    /// The facts after the plan's log-group changes.
    pub fn after(&self, plan: &Plan) -> Self {
        let mut after = self.clone();
        for change in &plan.log_groups {
            let groups = after.log_groups.as_mut().expect("a plan changes log groups only after they were read");
            let retention = match change {
                LogGroupChange::Create(group) => group.retention_days,
                LogGroupChange::SetRetention { new, .. } => Some(*new),
            };
            let made = LogGroup::Exists { retention, policy: None, empty: Some(true) };
            groups.insert(change.name().to_owned(), made);
        }
        after
    }
}

impl Case {
    pub fn definition(&self) -> TaskDefinition {
        TaskDefinition::parse(self.input.as_str()).unwrap_or_else(|error| panic!("{}: input.json: {error}", self.name))
    }

    pub fn baseline(&self) -> Baseline {
        Baseline::parse(&self.baseline).unwrap_or_else(|error| panic!("{}: baseline.toml:{error}", self.name))
    }
}

/// Every case, sorted by name.
pub fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/core/rules");
    let mut cases: Vec<Case> = folders(&root).iter().flat_map(|fault| folders(fault)).map(load).collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!cases.is_empty(), "no case was found below {}", root.display());
    cases
}

fn folders(under: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(under).unwrap_or_else(|error| panic!("{}: {error}", under.display()));
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
}

fn load(folder: PathBuf) -> Case {
    let word = |path: &Path| path.file_name().unwrap().to_str().expect("folder names are plain").to_owned();
    let name = format!("{}/{}", word(folder.parent().unwrap()), word(&folder));
    let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
    let facts = match read("facts.json") {
        Some(text) => serde_json::from_str::<FactsFile>(&text)
            .unwrap_or_else(|error| panic!("{name}: facts.json: {error}"))
            .into(),
        None => Facts::none(),
    };
    Case {
        input: read("input.json").unwrap_or_else(|| panic!("{name}: no input.json")),
        baseline: read("baseline.toml").unwrap_or_else(|| "version = 1\n".into()),
        facts,
        name,
        folder,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsFile {
    account: Option<String>,
    region: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    default_mode: Option<ModeFile>,
    /// The log groups by name. `null` is a group that does not exist.
    log_groups: Option<BTreeMap<String, Option<GroupFile>>>,
    now: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ModeFile {
    Known(Delivery),
    Unreadable(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupFile {
    retention: Option<u32>,
    policy: Option<String>,
    empty: Option<bool>,
}

impl From<FactsFile> for Facts {
    fn from(file: FactsFile) -> Self {
        let group = |group: Option<GroupFile>| match group {
            None => LogGroup::Missing,
            Some(GroupFile { retention, policy, empty }) => LogGroup::Exists { retention, policy, empty },
        };
        let default_mode = match file.default_mode {
            None => DefaultMode::NotChecked,
            Some(ModeFile::Known(mode)) => DefaultMode::Known(mode),
            Some(ModeFile::Unreadable(why)) => DefaultMode::Unreadable(why),
        };
        Self {
            account: file.account,
            region: file.region,
            tags: file.tags.into_iter().collect(),
            default_mode,
            log_groups: file
                .log_groups
                .map(|groups| groups.into_iter().map(|(name, found)| (name, group(found))).collect()),
            now: file.now.unwrap_or(Self::none().now),
        }
    }
}
