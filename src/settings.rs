//! The settings of the function, from its environment.

use std::path::PathBuf;
use std::str::FromStr;

use jiff::SignedDuration;

use crate::domain::baseline::Baseline;
use crate::domain::event;
use crate::workflow::Mode;

/// How long nobody else may go on with what a worker leaves. Above the function's time-out, which `template.yaml` sets.
pub const LEASE: SignedDuration = SignedDuration::from_secs(120);

/// The baseline that is used where none is named, and the one that the package holds.
pub const SHIPPED_BASELINE: &str = include_str!("../infra/baseline.toml");

pub struct Settings {
    pub mode: Mode,
    pub baseline: Baseline,
    /// The journal's table.
    pub table: String,
    pub own_roles: Vec<String>,
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
        let role = needed("LOGWEIR_ROLE")?;
        if role != "remediate" {
            return Err(wrong("LOGWEIR_ROLE", format!("`{role}` is not a role of this function: remediate")));
        }
        let mode = needed("LOGWEIR_MODE")?.parse().map_err(|error: String| wrong("LOGWEIR_MODE", error))?;
        let path = PathBuf::from(needed("LOGWEIR_BASELINE")?);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| wrong("LOGWEIR_BASELINE", format!("{}: {error}", path.display())))?;
        let baseline =
            Baseline::parse(&text).map_err(|error| wrong("LOGWEIR_BASELINE", format!("{}:{error}", path.display())))?;
        let JournalPlace::Table(table) =
            needed("LOGWEIR_JOURNAL")?.parse().map_err(|error| wrong("LOGWEIR_JOURNAL", error))?
        else {
            return Err(wrong("LOGWEIR_JOURNAL", "a function keeps its journal in a table: dynamodb:TABLE"));
        };
        let own_roles = own_roles(&needed("LOGWEIR_OWN_ROLES")?)?;
        Ok(Self { mode, baseline, table, own_roles })
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
        assert_eq!((settings.mode, settings.table.as_str(), settings.own_roles.len()), (Mode::Register, "journal", 2));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let error = |settings: Result<Settings, SettingsError>| settings.err().unwrap().to_string();
        assert_eq!(error(read("", "dynamodb:j")), "LOGWEIR_MODE: is not set");
        assert_eq!(error(read("rolout", "dynamodb:j")), "LOGWEIR_MODE: `rolout` is not a mode: observe or register");
        assert_eq!(
            error(read("observe", "file:/tmp")),
            "LOGWEIR_JOURNAL: a function keeps its journal in a table: dynamodb:TABLE"
        );
    }
}
