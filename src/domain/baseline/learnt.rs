//! Learns settings of a baseline from the containers that exist: the most common value becomes the value of the
//! baseline. Without enough evidence, the default stays.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use toml::Value;

use super::group_pattern::patterns;
use super::settings::BaselineSettings;
use super::values::{LOG_DRIVERS, RETENTION_DAYS};
use crate::domain::text::plain::shortened;
use crate::domain::text::{count, names};

/// The maximum number of containers that one survey holds. The names of a log group may be long, and each has several
/// patterns.
const MOST_CONTAINERS: usize = 20_000;

/// The number of containers or log groups that must have a value, so that Logweir learns it. One alone may be an
/// exception.
const LEAST: usize = 2;

/// A log driver is in use if at least one of this number of containers has it.
const SHARE: usize = 10;

/// The maximum length of a value in a comment, in characters.
const LONGEST: usize = 60;

/// How one container logs, as far as its task definition shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerLog {
    pub family: Option<String>,
    /// The name of the container.
    pub name: Option<String>,
    pub driver: Option<String>,
    /// The name of the log group of a container with the log driver awslogs.
    pub group: Option<String>,
    /// The Region to which a container with the log driver awslogs logs.
    pub region: Option<String>,
}

/// The containers and the log groups from which Logweir learns.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    containers: Vec<ContainerLog>,
    /// The number of containers that the survey does not hold.
    left_out: usize,
    /// The retention of each log group in days. `None` if the events in the group never expire.
    groups: BTreeMap<String, Option<u32>>,
}

/// A value, and the number of containers or log groups that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    pub value: String,
    pub count: usize,
}

/// Why a setting has its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "basis")]
pub enum Basis {
    /// The value is the most common one.
    MostCommon,
    /// The value lists what is in use.
    InUse,
    /// The value follows from the learnt value of another setting.
    Follows { setting: &'static str },
    /// The value is the default, because the evidence is not enough.
    Default { because: String },
}

/// A setting of a baseline, with the evidence for its value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LearntSetting {
    /// The key in `logweir.toml`, such as `logging.group`.
    pub key: &'static str,
    pub value: Value,
    #[serde(flatten)]
    pub basis: Basis,
    /// The values that the containers or log groups have, the most common value first.
    pub seen: Vec<Seen>,
    /// The number of containers or log groups that have the value of the setting.
    pub count: usize,
    /// The number of containers or log groups that show a value.
    pub of: usize,
    /// What `count` and `of` count: `container` or `log group`.
    pub unit: &'static str,
}

impl LearntSetting {
    /// Returns the evidence as a sentence without a full stop, such as `Learnt from 7 of 9 containers; also seen:
    /// /app/{family} (2)`.
    pub fn evidence(&self) -> String {
        let Self { count, of, unit, .. } = self;
        let with_counts = |all: &[&Seen]| {
            let texts: Vec<String> =
                all.iter().map(|seen| format!("{} ({})", shortened(&seen.value, LONGEST), seen.count)).collect();
            names(texts.iter().map(String::as_str))
        };
        let start = match &self.basis {
            Basis::Follows { setting } => return format!("Follows from {setting}"),
            Basis::Default { because } => return format!("The default, because {because}"),
            Basis::MostCommon => format!("Learnt from {count} of {}", counted(*of, unit)),
            Basis::InUse => {
                let used: Vec<&Seen> = self.seen.iter().filter(|seen| self.has(seen)).collect();
                format!("Learnt from {count} of {}: {}", counted(*of, unit), with_counts(&used))
            }
        };
        let others: Vec<&Seen> = self.seen.iter().filter(|seen| !self.has(seen)).collect();
        if others.is_empty() { start } else { format!("{start}; also seen: {}", with_counts(&others)) }
    }

    /// Whether the setting has this value, or lists it.
    fn has(&self, seen: &Seen) -> bool {
        has(&self.value, &seen.value)
    }
}

fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(own) => own == text,
        Value::Integer(own) => own.to_string() == text,
        Value::Array(all) => all.iter().any(|one| has(one, text)),
        _ => false,
    }
}

impl Survey {
    pub fn add(&mut self, container: ContainerLog) {
        if self.containers.len() < MOST_CONTAINERS {
            self.containers.push(container);
        } else {
            self.left_out += 1;
        }
    }

    /// Adds a log group with its retention in days. `None` if the events in the group never expire.
    pub fn add_group(&mut self, name: String, retention: Option<u32>) {
        self.groups.insert(name, retention);
    }

    /// Returns the number of containers, without those that the survey does not hold.
    pub fn containers(&self) -> usize {
        self.containers.len()
    }

    /// Returns the number of containers that the survey does not hold.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Returns each setting that Logweir can learn, in the order of the baseline.
    pub fn learn(&self) -> Vec<LearntSetting> {
        let group = self.group();
        let create = create(&group);
        vec![self.accept(), group, create, self.retention()]
    }

    /// Returns the Regions to which containers log, the most common Region first. A baseline has no setting for them.
    pub fn regions(&self) -> Vec<Seen> {
        tally(self.containers.iter().filter_map(|container| container.region.clone()))
    }

    fn accept(&self) -> LearntSetting {
        let known = |driver: &&str| LOG_DRIVERS.contains(driver);
        let drivers = self.containers.iter().filter_map(|container| container.driver.as_deref()).filter(known);
        let seen = tally(drivers.map(String::from));
        let of: usize = seen.iter().map(|seen| seen.count).sum();
        let is_used = |seen: &&Seen| seen.count >= LEAST && seen.count * SHARE >= of;
        let mut used: Vec<String> = seen.iter().filter(is_used).map(|seen| seen.value.clone()).collect();
        let basis = match used.is_empty() {
            true => Basis::Default { because: too_little(&seen, "log driver") },
            false => Basis::InUse,
        };
        if used.is_empty() {
            used = BaselineSettings::default().logging.accept;
        } else if !used.iter().any(|driver| driver == "awslogs") {
            // A baseline must accept the log driver that Logweir writes.
            used.push("awslogs".into());
        }
        setting("logging.accept", texts(used), basis, seen, "container")
    }

    /// Returns the most common pattern of the log groups' names. Each container counts for the one of its patterns that
    /// most containers have.
    fn group(&self) -> LearntSetting {
        let of_container = |container: &ContainerLog| {
            let name = container.group.as_deref()?;
            let patterns = patterns(name, container.family.as_deref(), container.name.as_deref());
            (!patterns.is_empty()).then_some(patterns)
        };
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for pattern in self.containers.iter().filter_map(of_container).flatten() {
            *counts.entry(pattern).or_default() += 1;
        }
        let best = |patterns: Vec<String>| {
            let ranked =
                patterns.into_iter().enumerate().map(|(place, pattern)| (counts[&pattern], Reverse(place), pattern));
            ranked.max().map(|(_, _, pattern)| pattern)
        };
        let seen = tally(self.containers.iter().filter_map(of_container).filter_map(best));
        let default = BaselineSettings::default().logging.group;
        most_common("logging.group", Value::String(default), seen, ("container", "pattern"), |text| Ok(text.into()))
    }

    fn retention(&self) -> LearntSetting {
        const NEVER: &str = "never";
        let texts = self.groups.values().map(|days| days.map_or_else(|| NEVER.to_owned(), |days| days.to_string()));
        let seen = tally(texts);
        let default = BaselineSettings::default().log_group.retention_days.unwrap_or_default();
        let days = |text: &str| {
            let days = text.parse().ok().filter(|days| RETENTION_DAYS.contains(days));
            let unusable = match text {
                NEVER => "the most common case is that events never expire".to_owned(),
                days => format!("CloudWatch Logs does not support the most common retention of {days} days"),
            };
            days.map(|days| Value::Integer(i64::from(days))).ok_or(unusable)
        };
        let default = Value::Integer(i64::from(default));
        most_common("log-group.retention-days", default, seen, ("log group", "retention"), days)
    }
}

/// Returns the setting with the most common of the values, or with its default value. `value` returns the reason why a
/// baseline cannot have a value.
fn most_common(
    key: &'static str,
    default: Value,
    seen: Vec<Seen>,
    (unit, noun): (&'static str, &str),
    value: impl Fn(&str) -> Result<Value, String>,
) -> LearntSetting {
    let chosen = match seen.as_slice() {
        [first, second, ..] if first.count >= LEAST && first.count == second.count => {
            let tied = seen.iter().take_while(|seen| seen.count == first.count).map(|seen| &*seen.value);
            Err(format!("these are equally common ({} each): {}", counted(first.count, unit), names(tied)))
        }
        [first, ..] if first.count >= LEAST => value(&first.value),
        _ => Err(too_little(&seen, noun)),
    };
    let (value, basis) = match chosen {
        Ok(value) => (value, Basis::MostCommon),
        Err(because) => (default, Basis::Default { because }),
    };
    setting(key, value, basis, seen, unit)
}

fn setting(key: &'static str, value: Value, basis: Basis, seen: Vec<Seen>, unit: &'static str) -> LearntSetting {
    let count = seen.iter().filter(|seen| has(&value, &seen.value)).map(|seen| seen.count).sum();
    let of = seen.iter().map(|seen| seen.count).sum();
    LearntSetting { key, value, basis, seen, count, of, unit }
}

fn texts(all: impl IntoIterator<Item = String>) -> Value {
    Value::Array(all.into_iter().map(Value::String).collect())
}

/// Returns why Logweir learns nothing from the values, none of which occurs `LEAST` times.
fn too_little(seen: &[Seen], noun: &str) -> String {
    match seen {
        [] => format!("nothing shows a {noun}"),
        [only] => format!("only one shows a {noun}: {}", shortened(&only.value, LONGEST)),
        _ => format!("no {noun} occurs twice"),
    }
}

fn counted(number: usize, unit: &str) -> String {
    count(number as u64, unit)
}

/// Returns the names of the log groups that Logweir may create: those that have the pattern of `group`. If the pattern
/// begins with a placeholder, the default stays, because every name may have such a pattern.
fn create(group: &LearntSetting) -> LearntSetting {
    let pattern = group.value.as_str().unwrap_or_default();
    let default = || texts(BaselineSettings::default().log_group.create);
    let follows = Basis::Follows { setting: group.key };
    let kept = |because: &str| Basis::Default { because: because.into() };
    let (value, basis) = match (&group.basis, pattern.split_once('{')) {
        (Basis::Default { .. }, _) => (default(), kept("logging.group has its default")),
        (_, None) => (texts([pattern.to_owned()]), follows),
        (_, Some((start, _))) if start.chars().any(|c| c.is_ascii_alphanumeric()) => {
            (texts([format!("{start}*")]), follows)
        }
        _ => (default(), kept("the pattern of logging.group begins with a placeholder")),
    };
    setting("log-group.create", value, basis, Vec::new(), group.unit)
}

/// Returns the values with their numbers, the most common value first. Equally common values are in alphabetical order.
fn tally(values: impl Iterator<Item = String>) -> Vec<Seen> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let mut seen: Vec<Seen> = counts.into_iter().map(|(value, count)| Seen { value, count }).collect();
    seen.sort_by_key(|seen| Reverse(seen.count));
    seen
}
