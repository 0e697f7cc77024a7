//! The facts that a rule may use. A rule knows only the facts in an [`Observation`].

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::baseline::Delivery;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::verdict::ParameterDefault;

pub struct Observation<'a> {
    pub definition: &'a TaskDefinition,
    /// The account that the definition belongs to, if the account is known.
    pub account: Option<&'a str>,
    /// The Region that the definition belongs to, if the Region is known.
    pub region: Option<&'a str>,
    /// The tags of the revision, which are not part of the definition.
    pub tags: &'a [(String, String)],
    /// The delivery mode that ECS uses in this account and Region for a container without the option `mode`.
    pub default_mode: DefaultMode,
    /// The facts about each log group in the task's Region that the definition uses, or would use after its fixes. The
    /// key is the name of the log group. `None` if Logweir did not read log groups from AWS.
    pub log_groups: Option<&'a BTreeMap<String, LogGroup>>,
    /// The facts in the template or the HCL files around the definition. `None` for any other definition.
    pub template: Option<&'a TemplateFacts>,
    pub now: Timestamp,
}

/// The facts in a template of CloudFormation, or in a folder of HCL files, outside of a task definition. In the rules,
/// *template* stands for both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFacts {
    /// The log groups of the template, by their logical ids. The id of a group in HCL is the reference to its name.
    groups: BTreeMap<String, DefinedGroup>,
    /// The logical ids of the log groups whose names the template shows.
    names: BTreeMap<String, String>,
    /// The notation of the Region of the task in the language of the template. `None` for HCL, which has none, so a fix
    /// writes the name of the Region.
    pub own_region: Option<&'static str>,
}

impl TemplateFacts {
    /// Returns the facts about a template with these log groups. `own_region` is the notation of the task's Region.
    pub fn new(groups: impl IntoIterator<Item = DefinedGroup>, own_region: Option<&'static str>) -> Self {
        let mut facts = Self { own_region, ..Self::default() };
        for group in groups {
            if let Some(name) = &group.name {
                facts.names.insert(name.clone(), group.id.clone());
            }
            facts.groups.insert(group.id.clone(), group);
        }
        facts
    }

    /// Returns the log group with the logical id.
    pub fn group(&self, id: &str) -> Option<&DefinedGroup> {
        self.groups.get(id)
    }

    /// Returns the log group with the name.
    pub fn named(&self, name: &str) -> Option<&DefinedGroup> {
        self.group(self.names.get(name)?)
    }
}

/// A log group that a template defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinedGroup {
    /// The logical id of the resource.
    pub id: String,
    /// The name of the log group. `None` if a function or CloudFormation itself gives the name.
    pub name: Option<String>,
    pub retention: DefinedRetention,
    /// The retentions of the branches of a condition (`Fn::If`) that decides about the retention. Empty if no condition
    /// decides.
    pub branches: Vec<RetentionBranch>,
    /// The parameters whose defaults give the retention.
    pub defaults: Vec<ParameterDefault>,
    /// Whether a fix can change the group. `false` if another file defines the group, or if Logweir changes nothing in
    /// the file.
    pub is_editable: bool,
}

/// The retention of a log group in one branch of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetentionBranch {
    /// The values of the conditions, such as `condition IsProduction is true`.
    pub when: String,
    pub retention: DefinedRetention,
    pub defaults: Vec<ParameterDefault>,
}

/// The retention of a log group that a template defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinedRetention {
    /// Events in the group never expire.
    Unbounded,
    Days(u32),
    /// The number of days is the default of a parameter.
    ByDefault(u32),
    /// A function or an expression gives the retention.
    Unknown,
}

impl<'a> Observation<'a> {
    /// Returns the facts about a definition in a file: no account, no tags, and nothing that Logweir reads from AWS.
    pub fn of_document(definition: &'a TaskDefinition, region: Option<&'a str>, now: Timestamp) -> Self {
        Self {
            definition,
            account: None,
            region,
            tags: &[],
            default_mode: DefaultMode::NotChecked,
            log_groups: None,
            template: None,
            now,
        }
    }

    /// Whether the definition is a registered revision. A registered revision has no placeholders, because ECS has
    /// accepted all its values.
    pub fn is_live(&self) -> bool {
        self.default_mode != DefaultMode::NotChecked
    }
}

/// The default delivery mode of an account and Region, as the account setting `defaultLogDriverMode` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultMode {
    /// Logweir did not read the account setting, because the task definition is in a file and is not a registered
    /// revision.
    NotChecked,
    /// Logweir could not read the account setting. The text is the reason for the failure.
    Unreadable(String),
    /// The default mode that applies to the account. If the account lacks the setting `defaultLogDriverMode`, the
    /// default mode is non-blocking, which has been the default of ECS since 2025-06-25 (source: ECS API reference,
    /// LogConfiguration).
    Known(Delivery),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogGroup {
    Missing,
    Exists {
        /// The retention in days. `None` if events in the group never expire.
        retention: Option<u32>,
        /// The name of the account-level policy that overrides the retention of the group, if there is such a policy.
        policy: Option<String>,
        /// Whether the log group has no log streams. `None` if Logweir did not need this fact, or was not allowed to
        /// read the log streams.
        empty: Option<bool>,
    },
}
