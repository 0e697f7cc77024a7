//! The results of the runbook: one for each requirement, resource and rule.

use serde::Serialize;

/// What a rule says about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The rule is not about resources of this kind.
    NotApplicable,
    Pass,
    /// Logweir did not read the facts that the rule needs.
    NotChecked,
    /// The facts that AWS shows do not decide the rule.
    Undecidable,
    /// No fault, but a setting that a person should think about.
    Advice,
    Fail,
}

impl Verdict {
    /// All verdicts, the most important one first.
    pub const ALL: [Self; 6] =
        [Self::Fail, Self::Advice, Self::Undecidable, Self::NotChecked, Self::Pass, Self::NotApplicable];

    pub const fn name(self) -> &'static str {
        match self {
            Self::NotApplicable => "not-applicable",
            Self::Pass => "pass",
            Self::NotChecked => "not-checked",
            Self::Undecidable => "undecidable",
            Self::Advice => "advice",
            Self::Fail => "fail",
        }
    }
}

/// The resource that a result is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Resource {
    /// `task-definition`, or `account` for what belongs to no task definition.
    pub kind: &'static str,
    /// The family, or the file of a task definition without a family.
    pub name: String,
    /// The ARN of a registered revision. `None` for a file.
    pub arn: Option<String>,
    /// The container, if the result is about one.
    pub container: Option<String>,
}

/// The fact that decided a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// Where Logweir read the fact: the file, or the operation of the API.
    pub source: String,
    /// The JSON pointer of the member in the task definition (RFC 6901).
    pub member: String,
    /// The value. `None` if the member is absent, or if the value may be a secret.
    pub value: Option<String>,
}

/// The result of one rule for one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RunbookResult {
    pub resource: Resource,
    pub rule: &'static str,
    pub verdict: Verdict,
    pub message: String,
    /// `None` for a rule whose facts Logweir did not read.
    pub evidence: Option<Evidence>,
}
