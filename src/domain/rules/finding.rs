//! What a rule finds, and the fix that it carries as data.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::baseline::Exempted;
use crate::domain::edit::LogGroupChange;
use crate::domain::rule_name::RuleName;

/// A fault, and what would mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub rule: RuleName,
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
