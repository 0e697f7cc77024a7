//! What a rule finds, and the fix that it carries as data.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// A fault, and what would mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's name, which is the fault's.
    pub rule: &'static str,
    /// The container by its name, `None` where the fault is the whole task's or the container has no name.
    pub container: Option<String>,
    /// The container by its place, for showing alone.
    pub index: Option<usize>,
    /// Where the fault stands in the task definition (RFC 6901).
    pub pointer: String,
    pub message: String,
    /// What is in force today, where the document alone does not say it.
    pub effective: Option<String>,
    pub fix: Fix,
    pub exempt: Option<Exempted>,
    /// What else the reader should know, an expired exemption among it.
    pub notes: Vec<String>,
}

impl Finding {
    pub fn counts(&self) -> bool {
        self.exempt.is_none()
    }
}

/// The exemption that covers a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exempted {
    pub owner: String,
    pub reason: String,
    /// The last day on which it holds (UTC).
    pub until: String,
}

/// How far a fix may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// What the author meant survives.
    Safe,
    /// It changes where logs go; done only where the baseline opts in.
    Unsafe,
    /// For a human; Logweir changes nothing.
    Advice,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Fix {
    /// Set (or remove: `None`) options of the awslogs configuration that stands there. Always safe.
    Options(Vec<(&'static str, Option<String>)>),
    /// Put a complete configuration where none, or a driver that may be replaced, stands.
    Configuration { safety: Safety, configuration: Map<String, Value> },
    /// Make a log group, or give one a retention. Always safe: what is not becomes advice.
    LogGroup(LogGroupChange),
    /// What a human can do.
    Advice(String),
}

impl Fix {
    pub fn safety(&self) -> Safety {
        match self {
            Self::Options(_) | Self::LogGroup(_) => Safety::Safe,
            Self::Configuration { safety, .. } => *safety,
            Self::Advice(_) => Safety::Advice,
        }
    }
}

/// A change of a log group that lies outside the task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum LogGroupChange {
    Create(NewLogGroup),
    /// `old` is the retention in days that stands there, `None` for "never expires".
    SetRetention {
        name: String,
        old: Option<u32>,
        new: u32,
        ground: Ground,
    },
}

/// Why a group may be given a retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// This record made it.
    Made,
    /// Nothing was ever written to it.
    Empty,
    /// The baseline adopts it by name.
    Adopted,
}

impl LogGroupChange {
    pub fn name(&self) -> &str {
        match self {
            Self::Create(group) => &group.name,
            Self::SetRetention { name, .. } => name,
        }
    }
}

/// A log group to be made, and all that it is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLogGroup {
    pub name: String,
    pub class: String,
    pub kms_key: Option<String>,
    pub retention_days: u32,
}

/// One container's log configuration, old and new, found by the container's name. It applies only where the old
/// still stands, and its reverse gives the old back.
///
/// Only options that Logweir sets appear in it, so that no value that the author wrote for himself is copied into a
/// journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    pub container: String,
    #[serde(flatten)]
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum Change {
    /// Options of the driver that stands there.
    Options { before: Holder, after: Holder, options: Vec<OptionChange> },
    /// The whole `logConfiguration`.
    Configuration {
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        old: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        new: Option<Value>,
    },
}

/// What `options` is: the map itself, or nothing yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    Map,
    Null,
    Absent,
}

/// One option before and after; `None` is absence, and differs from null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionChange {
    pub option: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub old: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub new: Option<Value>,
}

/// Reads a member that is there as `Some`, null included.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Edit {
    /// The edit that takes this one back.
    pub fn reversed(&self) -> Self {
        let change = match &self.change {
            Change::Configuration { old, new } => Change::Configuration { old: new.clone(), new: old.clone() },
            Change::Options { before, after, options } => Change::Options {
                before: *after,
                after: *before,
                options: options
                    .iter()
                    .rev()
                    .map(|change| OptionChange {
                        option: change.option.clone(),
                        old: change.new.clone(),
                        new: change.old.clone(),
                    })
                    .collect(),
            },
        };
        Self { container: self.container.clone(), change }
    }

    /// The edit option by option, for reports.
    pub fn options(&self) -> Vec<OptionChange> {
        match &self.change {
            Change::Options { options, .. } => options.clone(),
            Change::Configuration { old, new } => {
                let driver = |side: &Option<Value>| side.as_ref().and_then(|c| c.get("logDriver").cloned());
                let mut all = vec![OptionChange { option: "logDriver".into(), old: driver(old), new: driver(new) }];
                let options = |side: &Option<Value>| {
                    side.as_ref().and_then(|c| c.get("options")?.as_object().cloned()).unwrap_or_default()
                };
                let (old, new) = (options(old), options(new));
                let gone = old.iter().filter(|(key, _)| !new.contains_key(*key));
                all.extend(gone.map(|(key, value)| OptionChange {
                    option: key.clone(),
                    old: Some(value.clone()),
                    new: None,
                }));
                all.extend(new.iter().filter(|(key, value)| old.get(*key) != Some(*value)).map(|(key, value)| {
                    OptionChange { option: key.clone(), old: old.get(key).cloned(), new: Some(value.clone()) }
                }));
                all
            }
        }
    }
}
