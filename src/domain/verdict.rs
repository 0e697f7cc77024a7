//! How certain a verdict is: whether Logweir could decide about a fault, and why it could not decide.

use serde::{Deserialize, Serialize};

use super::rule_name::RuleName;

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
    /// The text does not show whether the fault exists. Such a finding is no fault.
    Unknown,
}

impl Decided {
    /// Returns the name in the spelling of reports, such as `by-default`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::ByDefault => "by-default",
            Self::Unknown => "unknown",
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_spelling_in_json() {
        for decided in [Decided::Yes, Decided::ByDefault, Decided::Unknown] {
            assert_eq!(serde_json::json!(decided), decided.name());
        }
    }
}
