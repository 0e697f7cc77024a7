//! The places where a baseline and a journal are stored.

use std::fmt::{self, Display};
use std::path::PathBuf;
use std::str::FromStr;

use crate::bounded_file;
use crate::domain::text::plain::without_number;

/// The size of the largest baseline that Logweir reads from a file, in bytes.
const LARGEST: u64 = 1 << 20;

/// The place where a baseline is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BaselinePlace {
    File(PathBuf),
    /// The name of a Systems Manager parameter.
    Parameter(String),
}

impl BaselinePlace {
    /// Returns the baseline's text. Returns an error message if the text cannot be read.
    pub async fn text<E: Display>(
        &self,
        parameter: impl AsyncFnOnce(&str) -> Result<Option<String>, E>,
    ) -> Result<String, String> {
        match self {
            Self::File(path) => {
                bounded_file::read_text(path, LARGEST).map_err(|error| without_number(&error.to_string()).to_owned())
            }
            Self::Parameter(name) => match parameter(name).await {
                Ok(Some(text)) => Ok(text),
                Ok(None) => Err("this account and Region have no Systems Manager parameter of this name".into()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

impl FromStr for BaselinePlace {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.strip_prefix("ssm:") {
            Some(name) => Self::Parameter(name.into()),
            None => Self::File(text.into()),
        })
    }
}

impl Display for BaselinePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Parameter(name) => write!(f, "ssm:{name}"),
        }
    }
}

/// The place where a journal is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalPlace {
    Folder(PathBuf),
    Table(String),
}

impl Display for JournalPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "file:{}", folder.display()),
            Self::Table(table) => write!(f, "dynamodb:{table}"),
        }
    }
}

impl FromStr for JournalPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("file", folder)) if !folder.is_empty() => Ok(Self::Folder(folder.into())),
            Some(("dynamodb", table)) if !table.is_empty() => Ok(Self::Table(table.into())),
            _ => Err(format!("`{text}` is not a journal; use file:FOLDER or dynamodb:TABLE")),
        }
    }
}
