//! Changes as data: the old and new log configuration of a container, and the old and new state of a log group.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A change of a log group. A log group is not part of the task definition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
pub enum LogGroupChange {
    Create(NewLogGroup),
    /// Sets the retention of a log group from `old` to `new` days. `old` is `None` if events in the group never expire.
    SetRetention {
        name: String,
        old: Option<u32>,
        new: u32,
        ground: Ground,
    },
}

/// The reason why Logweir may set the retention of a log group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ground {
    /// Logweir created the log group itself, as part of the same correction.
    Made,
    /// The log group has no log streams.
    Empty,
    /// A name pattern under `log-group.adopt` in the baseline matches the log group.
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

/// A log group to create, with its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLogGroup {
    pub name: String,
    pub class: String,
    pub kms_key: Option<String>,
    /// The retention of the new log group, in days. `None` if the events in the group never expire.
    pub retention_days: Option<u32>,
}

/// A change of one container's log configuration. The edit names the container, and applies only if the container still
/// has the old values. The reversed edit restores the old values.
///
/// A change of options contains only the options that Logweir changes, so that the journal stores no other options of
/// the container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    pub container: String,
    #[serde(flatten)]
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum Change {
    /// Changes options of the existing log driver.
    Options { before: Holder, after: Holder, options: Vec<OptionChange> },
    /// Adds, replaces or removes the whole `logConfiguration`.
    Configuration {
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        old: Option<Value>,
        #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
        new: Option<Value>,
    },
}

/// The form of the member `options` in a log configuration: a map, null, or absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    Map,
    Null,
    Absent,
}

/// The old and the new value of an option. `None` means that the option is absent, and not that its value is null.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OptionChange {
    pub option: String,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub old: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub new: Option<Value>,
}

/// Deserializes an existing member as `Some`, even if the value of the member is null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Edit {
    /// Returns the edit that reverses this edit.
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

    /// Returns the changed options of the edit, for reports. A changed log driver counts as the option `logDriver`.
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
