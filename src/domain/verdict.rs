//! How certain a verdict is: whether Logweir could decide about a fault, and why it could not decide.

use serde::{Deserialize, Serialize};

use super::rule_name::RuleName;
use super::text::plain::plain;

/// Whether a finding is decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decided {
    /// The text shows the fault.
    #[default]
    Yes,
    /// The fault exists with a default value, such as the default of a template's parameter. A deployment of the text
    /// may set another value.
    ByDefault,
    /// A simulation or another incomplete read shows the fault. What it does not show may remove the fault.
    Likely,
    /// The text does not show whether the fault exists. Such a finding is no fault.
    Unknown,
}

impl Decided {
    /// Returns the name in the spelling of reports, such as `by-default`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::ByDefault => "by-default",
            Self::Likely => "likely",
            Self::Unknown => "unknown",
        }
    }
}

/// A parameter of a template, with its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterDefault {
    pub parameter: String,
    pub value: String,
}

/// The longest default in a message, in characters.
const LONGEST: usize = 100;

impl ParameterDefault {
    /// Returns the text that a message about a fault ends with, if the fault exists with these defaults.
    pub fn because(defaults: &[Self]) -> String {
        let default = |Self { parameter, value }: &Self| {
            format!("parameter `{}` has the default `{}`", plain(parameter, LONGEST), plain(value, LONGEST))
        };
        let defaults: Vec<String> = defaults.iter().map(default).collect();
        if defaults.is_empty() { String::new() } else { format!(", by default: {}", defaults.join(" and ")) }
    }
}

/// A part of a task definition that the text does not show, such as a value under an intrinsic function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The rules that cannot judge because of this part. Empty if the part may concern every rule.
    pub rules: Vec<RuleName>,
    /// The JSON pointer to the part in the task definition (RFC 6901).
    pub pointer: String,
    pub why: String,
}

impl Unknown {
    /// Returns the reason `why` the text does not show the containers.
    pub fn of_containers(why: impl Into<String>) -> Self {
        Self { rules: Vec::new(), pointer: "/containerDefinitions".into(), why: why.into() }
    }

    /// Returns the reason `why` the text does not show the whole task definition.
    pub fn of_whole(why: impl Into<String>) -> Self {
        Self { rules: Vec::new(), pointer: String::new(), why: why.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_spelling_in_json() {
        for decided in [Decided::Yes, Decided::ByDefault, Decided::Likely, Decided::Unknown] {
            assert_eq!(serde_json::json!(decided), decided.name());
        }
    }
}
