//! The settings of the function, from its environment.

use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::domain::baseline::Baseline;
use crate::domain::event;
use crate::domain::report::BackoutBy;
use crate::workflow::Mode;

/// How long nobody else may go on with what a worker leaves. Above the function's time-out, which `template.yaml` sets.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// The same for taking back, which looks at every cluster of the account and so may take minutes.
pub const BACKOUT_LEASE: SignedDuration = SignedDuration::from_secs(360);

/// The baseline that is used where none is named, and the one that the package holds.
pub const SHIPPED_BASELINE: &str = include_str!("../infra/baseline.toml");

pub struct Settings {
    pub role: Role,
    /// The journal's table.
    pub table: String,
    pub own_roles: Vec<String>,
    /// The SNS topic whose subscribers are told of decisions, by ARN.
    pub topic: Option<String>,
    /// The EventBridge bus that is told, by name or ARN.
    pub bus: Option<String>,
    /// Where the function's own lines go.
    pub log_group: Option<String>,
}

/// What the function is for. The same program is deployed twice, with a role of its own each.
pub enum Role {
    Remediate(Box<Remediation>),
    Backout,
}

pub struct Remediation {
    pub mode: Mode,
    pub baseline: Baseline,
    /// The function that takes back.
    pub backout_function: Option<String>,
    /// The URL of the queue that events come from, to send back what has to wait.
    pub queue: Option<String>,
}

/// What is wrong with the function's environment, and which variable it is.
#[derive(Debug, thiserror::Error)]
#[error("{variable}: {message}")]
pub struct SettingsError {
    variable: &'static str,
    message: String,
}

fn wrong(variable: &'static str, message: impl Into<String>) -> SettingsError {
    SettingsError { variable, message: message.into() }
}

impl Settings {
    /// Reads the variables through `variable`. Whatever is missing or unknown is an error: a function that does not
    /// know what it may do does nothing.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let needed = |name: &'static str| {
            variable(name).filter(|value| !value.is_empty()).ok_or_else(|| wrong(name, "is not set"))
        };
        let role = match needed("LOGWEIR_ROLE")?.as_str() {
            "remediate" => Role::Remediate(Box::new(Remediation::read(&variable)?)),
            "backout" => Role::Backout,
            other => {
                let message = format!("`{other}` is not a role of this function: remediate or backout");
                return Err(wrong("LOGWEIR_ROLE", message));
            }
        };
        let JournalPlace::Table(table) =
            needed("LOGWEIR_JOURNAL")?.parse().map_err(|error| wrong("LOGWEIR_JOURNAL", error))?
        else {
            return Err(wrong("LOGWEIR_JOURNAL", "a function keeps its journal in a table: dynamodb:TABLE"));
        };
        let own_roles = own_roles(&needed("LOGWEIR_OWN_ROLES")?)?;
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let topic = set("LOGWEIR_TOPIC");
        if topic.as_ref().is_some_and(|topic| !is_topic(topic)) {
            return Err(wrong("LOGWEIR_TOPIC", "is not the ARN of an SNS topic"));
        }
        let (bus, log_group) = (set("LOGWEIR_BUS"), set("AWS_LAMBDA_LOG_GROUP_NAME"));
        Ok(Self { role, table, own_roles, topic, bus, log_group })
    }

    /// The queue that events come from.
    pub fn queue(&self) -> Option<&str> {
        match &self.role {
            Role::Remediate(remediation) => remediation.queue.as_deref(),
            Role::Backout => None,
        }
    }

    /// Who takes back what is done here: the function that is deployed for it, else whoever has access to the table.
    pub fn backout(&self, region: &str) -> BackoutBy {
        match &self.role {
            Role::Remediate(remediation) if remediation.backout_function.is_some() => BackoutBy::Function {
                name: remediation.backout_function.clone().unwrap_or_default(),
                region: region.to_owned(),
            },
            _ => {
                let journal = format!("dynamodb:{}", self.table);
                BackoutBy::Journal(["--journal", &journal, "--region", region].map(String::from).into())
            }
        }
    }
}

/// `arn:PARTITION:sns:REGION:ACCOUNT:NAME`.
fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "sns", ..]) && parts.len() == 6 && parts.iter().all(|part| !part.is_empty())
}

impl Remediation {
    fn read(variable: &impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let set = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &'static str| set(name).ok_or_else(|| wrong(name, "is not set"));
        let mode = needed("LOGWEIR_MODE")?.parse().map_err(|error: String| wrong("LOGWEIR_MODE", error))?;
        let path = PathBuf::from(needed("LOGWEIR_BASELINE")?);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| wrong("LOGWEIR_BASELINE", format!("{}: {error}", path.display())))?;
        let baseline =
            Baseline::parse(&text).map_err(|error| wrong("LOGWEIR_BASELINE", format!("{}:{error}", path.display())))?;
        let queue = set("LOGWEIR_QUEUE");
        if queue.as_ref().is_some_and(|url| !url.starts_with("http")) {
            return Err(wrong("LOGWEIR_QUEUE", "is not the URL of a queue"));
        }
        Ok(Self { mode, baseline, backout_function: set("LOGWEIR_BACKOUT_FUNCTION"), queue })
    }
}

/// Role ARNs, with commas between them. What is none could never match, and so would guard nothing.
pub fn own_roles(list: &str) -> Result<Vec<String>, SettingsError> {
    let roles: Vec<String> =
        list.split(',').map(|role| role.trim().to_owned()).filter(|role| !role.is_empty()).collect();
    match roles.iter().find(|role| !event::is_own(role, std::slice::from_ref(role))) {
        Some(_) => Err(wrong("LOGWEIR_OWN_ROLES", "is not a list of role ARNs")),
        None => Ok(roles),
    }
}

/// Where a journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalPlace {
    Folder(PathBuf),
    Table(String),
}

impl FromStr for JournalPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("file", folder)) if !folder.is_empty() => Ok(Self::Folder(folder.into())),
            Some(("dynamodb", table)) if !table.is_empty() => Ok(Self::Table(table.into())),
            _ => Err(format!("`{text}` is not a journal: file:FOLDER or dynamodb:TABLE")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mode: &str, journal: &str) -> Result<Settings, SettingsError> {
        Settings::read(|name| {
            Some(match name {
                "LOGWEIR_ROLE" => "remediate".into(),
                "LOGWEIR_MODE" => mode.into(),
                "LOGWEIR_BASELINE" => concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml").into(),
                "LOGWEIR_JOURNAL" => journal.into(),
                "LOGWEIR_OWN_ROLES" => "arn:aws:iam::111122223333:role/a, arn:aws:iam::111122223333:role/b".into(),
                _ => return None,
            })
        })
    }

    #[test]
    fn a_whole_environment_is_read() {
        let settings = read("register", "dynamodb:journal").unwrap();
        let Role::Remediate(remediation) = settings.role else { panic!() };
        assert_eq!(
            (remediation.mode, settings.table.as_str(), settings.own_roles.len()),
            (Mode::Register, "journal", 2)
        );
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let error = |settings: Result<Settings, SettingsError>| settings.err().unwrap().to_string();
        assert_eq!(error(read("", "dynamodb:j")), "LOGWEIR_MODE: is not set");
        assert_eq!(
            error(read("rolout", "dynamodb:j")),
            "LOGWEIR_MODE: `rolout` is not a mode: observe, register or rollout"
        );
        assert_eq!(
            error(read("observe", "file:/tmp")),
            "LOGWEIR_JOURNAL: a function keeps its journal in a table: dynamodb:TABLE"
        );
    }

    #[test]
    fn who_is_told_is_a_topic_or_nobody() {
        let read = |topic: &'static str| {
            Settings::read(|name| match name {
                "LOGWEIR_ROLE" => Some("backout".into()),
                "LOGWEIR_JOURNAL" => Some("dynamodb:journal".into()),
                "LOGWEIR_OWN_ROLES" => Some("arn:aws:iam::111122223333:role/a".into()),
                "LOGWEIR_TOPIC" => Some(topic.into()),
                _ => None,
            })
        };
        let arn = "arn:aws:sns:eu-west-1:111122223333:operators";
        assert_eq!(read(arn).unwrap().topic.as_deref(), Some(arn));
        assert_eq!(read("").unwrap().topic, None);
        let error = read("operators").err().unwrap().to_string();
        assert_eq!(error, "LOGWEIR_TOPIC: is not the ARN of an SNS topic");
    }

    #[test]
    fn the_role_decides_what_else_is_needed_and_none_is_taken_for_granted() {
        let read = |role: Option<&str>| {
            Settings::read(|name| match name {
                "LOGWEIR_ROLE" => role.map(String::from),
                "LOGWEIR_JOURNAL" => Some("dynamodb:journal".into()),
                "LOGWEIR_OWN_ROLES" => Some("arn:aws:iam::111122223333:role/a".into()),
                _ => None,
            })
        };
        assert!(matches!(read(Some("backout")).map(|settings| settings.role), Ok(Role::Backout)));
        let error = |role| read(role).err().unwrap().to_string();
        assert_eq!(error(Some("remediate")), "LOGWEIR_MODE: is not set");
        for none in [None, Some("")] {
            assert_eq!(error(none), "LOGWEIR_ROLE: is not set");
        }
        assert!(error(Some("Backout")).starts_with("LOGWEIR_ROLE: `Backout` is not a role"));
    }
}
