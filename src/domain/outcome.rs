//! How a decision ends, and why: the words that reports, records and operators use.

use serde::{Deserialize, Serialize};

/// How far Logweir goes. Each mode includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Plan and report; nothing is written but the report.
    Observe,
    /// Make log groups, set retention, register corrected revisions.
    Register,
    /// Point services at corrected revisions.
    Rollout,
}

impl Mode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Register => "register",
            Self::Rollout => "rollout",
        }
    }
}

impl std::str::FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "observe" => Ok(Self::Observe),
            "register" => Ok(Self::Register),
            "rollout" => Ok(Self::Rollout),
            _ => Err(format!("`{text}` is not a mode: observe, register or rollout")),
        }
    }
}

/// The mode of a report: a remediation's mode, or a backout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportMode {
    Observe,
    Register,
    Rollout,
    Backout,
}

impl From<Mode> for ReportMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Observe => Self::Observe,
            Mode::Register => Self::Register,
            Mode::Rollout => Self::Rollout,
        }
    }
}

impl ReportMode {
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => Mode::Observe.name(),
            Self::Register => Mode::Register.name(),
            Self::Rollout => Mode::Rollout.name(),
            Self::Backout => "backout",
        }
    }
}

/// The trigger of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TriggerKind {
    /// A delivered event.
    Event,
    /// An event that an operator replays.
    Replay,
    /// The schedule, which finishes the unfinished work of other workers.
    Resume,
    /// An operator who named the revision.
    Apply,
    /// A request to back out.
    Backout,
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing that counts was found.
    Compliant,
    /// Something was found, and the mode is to look only.
    Observed,
    Remediated,
    /// A service runs the corrected revision: its deployment has completed.
    RolledOut,
    /// What was done was taken back.
    BackedOut,
    Partial,
    Skipped,
    /// Another revision is the family's newest now.
    Superseded,
    /// A guard said no.
    Refused,
    Failed,
    NeedsOperator,
}

impl Outcome {
    pub fn because(self, reason: Reason) -> Conclusion {
        Conclusion { reason: Some(reason), ..self.into() }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Compliant => "compliant",
            Self::Observed => "observed",
            Self::Remediated => "remediated",
            Self::RolledOut => "rolled-out",
            Self::BackedOut => "backed-out",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NeedsOperator => "needs-operator",
        }
    }

    /// Which of several is to be told: of what became of services, the gravest.
    pub fn gravity(self) -> u8 {
        match self {
            Self::NeedsOperator => 3,
            Self::Failed => 2,
            Self::RolledOut => 1,
            _ => 0,
        }
    }

    /// As Lambda files log lines by.
    pub fn level(self) -> &'static str {
        match self {
            Self::Failed | Self::NeedsOperator => "ERROR",
            Self::Partial | Self::Refused => "WARN",
            Self::Compliant
            | Self::Observed
            | Self::Remediated
            | Self::RolledOut
            | Self::BackedOut
            | Self::Skipped
            | Self::Superseded => "INFO",
        }
    }

    /// The outcome in words.
    pub fn message(self) -> &'static str {
        match self {
            Self::Compliant => "nothing to mend",
            Self::Observed => "observed, nothing changed",
            Self::Remediated => "remediation completed",
            Self::RolledOut => "rollout completed",
            Self::BackedOut => "backed out",
            Self::Partial => "not all of it was done",
            Self::Skipped => "left alone",
            Self::Superseded => "superseded",
            Self::Refused => "remediation refused",
            Self::Failed => "remediation failed",
            Self::NeedsOperator => "an operator is needed",
        }
    }
}

/// How a decision or an attempt ended, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// In words. Never holds anything of a document. The journal does not store the words here, but in the entries that
    /// led to the conclusion.
    #[serde(skip)]
    pub why: Option<String>,
}

impl From<Outcome> for Conclusion {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, reason: None, why: None }
    }
}

impl Conclusion {
    pub fn new(outcome: Outcome, reason: Option<Reason>, why: Option<String>) -> Self {
        Self { outcome, reason, why }
    }

    /// Returns the same conclusion with these words.
    pub fn saying(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    /// Returns the same conclusion in the form that the journal stores.
    pub fn without_words(self) -> Self {
        Self { why: None, ..self }
    }
}

/// Why it ended so, where the outcome alone does not say it. `docs/operations.md` has a line for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    OwnRevision,
    NotLatest,
    NewerRevision,
    Exempt,
    AdviceOnly,
    /// The event is none that Logweir acts on.
    OtherEvent,
    /// The call that the event tells of had failed.
    FailedCall,
    /// The record of this revision is finished already.
    Duplicate,
    /// A backout took its correction back.
    Suppressed,
    /// Somebody holds the family for a while.
    Held,
    /// The family was corrected too often: somebody keeps putting the fault back.
    FuseOpen,
    /// Nothing was ever done about this revision.
    NoRecord,
    /// Something runs our revision, so it stays.
    StillRunning,
    /// Something else than a service uses the revision: it is named, and left as it is.
    NotTouched,
    /// Not a deployment controller of ECS's own.
    UnsupportedController,
    ServiceInactive,
    /// The service runs something else by now.
    ServiceMovedOn,
    /// Somebody returned the service from our revision to its source.
    Returned,
    /// A deployment of the service has not completed yet.
    DeploymentUnderWay,
    /// One waits for somebody to let it go on.
    DeploymentPaused,
    DeploymentFailed,
    /// Neither completed nor failed in its time.
    Overdue,
    /// Another service of the family is on its way.
    InFlight,
    /// A freeze window.
    Frozen,
    /// The service does not carry the tag that the baseline asks for.
    NotOptedIn,
    /// A driver was added or replaced, and no circuit breaker would roll a failure back.
    NoCircuitBreaker,
    /// A new deployment might start another image than the one that runs.
    ImageChanged,
    ForeignAccount,
    ForeignRegion,
    /// The deployment is for other families or clusters.
    OutOfScope,
    ServiceOwned,
    LeaseHeld,
    /// Everybody's registrations together would be too many for the account.
    BudgetExhausted,
    PassRoleDenied,
    AccessDenied,
    Sandboxed,
    /// A container of the source is privileged: whoever may register such a one has to correct it.
    Privileged,
    MissingExecutionRole,
    TooLarge,
    LostMembers,
    Throttled,
    Unreadable,
}

impl Reason {
    /// What it means that a service is left alone for this reason.
    pub fn leaves_alone(self) -> Outcome {
        match self {
            Self::FuseOpen
            | Self::Held
            | Self::Frozen
            | Self::ImageChanged
            | Self::NoCircuitBreaker
            | Self::UnsupportedController => Outcome::Refused,
            Self::AccessDenied | Self::Unreadable | Self::PassRoleDenied | Self::Throttled => Outcome::Failed,
            _ => Outcome::Skipped,
        }
    }

    /// The word that stands for it in reports.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| word.as_str().map(String::from)).unwrap_or_default()
    }
}
