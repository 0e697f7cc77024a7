//! One container's log configuration or one log group, before and after a change, as data.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

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
