//! The outcomes of decisions, and the reasons for outcomes. Reports and records use the same words for outcomes and
//! reasons.

use serde::{Deserialize, Serialize};

/// The mode of Logweir, which limits the changes that Logweir may make. Each mode also allows the actions of all modes
/// that are listed before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Logweir plans and reports corrections, and changes nothing.
    Observe,
    /// Logweir creates log groups, sets their retention, and registers corrected revisions.
    Register,
    /// Logweir updates services to corrected revisions.
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
            _ => Err(format!("`{text}` is not a mode; use observe, register or rollout")),
        }
    }
}

/// The mode that a report names: the mode of a remediation, `backout`, `retirement` or `hold`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportMode {
    Observe,
    Register,
    Rollout,
    Backout,
    Retirement,
    /// An operator puts a family on hold, or ends its hold.
    Hold,
    /// An operator moves the containers of a revision to another log driver with `logweir firelens apply`.
    Migration,
    /// Logweir corrects where a cluster logs the sessions of ECS Exec.
    Correct,
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
            Self::Retirement => "retirement",
            Self::Hold => "hold",
            Self::Migration => "migration",
            Self::Correct => "correct",
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
    /// A run of the schedule, which finishes the unfinished work of other workers.
    Resume,
    /// A run of `logweir apply`, in which an operator names the revision.
    Apply,
    /// A request to back a record out.
    Backout,
    /// A request to put a family on hold, or to end its hold.
    Hold,
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Logweir found no fault, or only faults that the baseline exempts.
    Compliant,
    /// Logweir found at least one fault, and the mode allows only reports.
    Observed,
    Remediated,
    /// A service runs the corrected revision, and the deployment of that revision has completed.
    RolledOut,
    /// Logweir undid the actions of the correction.
    BackedOut,
    /// Logweir deregistered the corrected revision, because the source is deregistered and nothing used the corrected
    /// revision.
    Retired,
    /// Logweir registered the migrated revision that an operator planned.
    Migrated,
    /// The family is on hold from now on, because an operator asked for it.
    Held,
    /// The hold of the family has ended, because an operator asked for it.
    Released,
    /// Logweir reports a session on a container, and changes nothing.
    Reported,
    Partial,
    Skipped,
    /// The source is no longer the family's newest ACTIVE revision.
    Superseded,
    /// A guard, such as an open fuse, stopped Logweir before any change.
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
            Self::Retired => "retired",
            Self::Migrated => "migrated",
            Self::Held => "held",
            Self::Released => "released",
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NeedsOperator => "needs-operator",
        }
    }

    /// Returns the severity of the outcome, from 0 to 3. If a record has conclusions about several services, its head
    /// keeps the most severe conclusion.
    pub fn gravity(self) -> u8 {
        match self {
            Self::NeedsOperator => 3,
            Self::Failed => 2,
            Self::RolledOut => 1,
            _ => 0,
        }
    }

    /// Returns the log level for Lambda.
    pub fn level(self) -> &'static str {
        match self {
            Self::Failed | Self::NeedsOperator => "ERROR",
            Self::Partial | Self::Refused => "WARN",
            Self::Compliant
            | Self::Observed
            | Self::Remediated
            | Self::RolledOut
            | Self::BackedOut
            | Self::Retired
            | Self::Migrated
            | Self::Held
            | Self::Released
            | Self::Reported
            | Self::Skipped
            | Self::Superseded => "INFO",
        }
    }

    /// Returns the outcome in words.
    pub fn message(self) -> &'static str {
        match self {
            Self::Compliant => "nothing to fix",
            Self::Observed => "observed, nothing changed",
            Self::Remediated => "remediation completed",
            Self::RolledOut => "rollout completed",
            Self::BackedOut => "backed out",
            Self::Retired => "corrected revision retired",
            Self::Migrated => "migrated revision registered",
            Self::Held => "family on hold",
            Self::Released => "hold ended",
            Self::Reported => "session reported",
            Self::Partial => "remediation partly completed",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::Refused => "remediation refused",
            Self::Failed => "remediation failed",
            Self::NeedsOperator => "operator action needed",
        }
    }
}

/// How a decision or an attempt ended, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusion {
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The explanation in words, without any part of a task definition. The journal stores the explanation in the
    /// entries that led to the conclusion, and not in the conclusion.
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

    /// Returns the same conclusion with the explanation `why`.
    pub fn saying(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    /// Returns the same conclusion without its explanation. The journal stores conclusions in this form.
    pub fn without_words(self) -> Self {
        Self { why: None, ..self }
    }
}

/// The reason for an outcome. `docs/reference/outcomes.md` explains every reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    #[serde(alias = "own-revision")]
    RegisteredByLogweir,
    NotLatest,
    NewerRevision,
    Exempt,
    AdviceOnly,
    /// Logweir does not act on this kind of event.
    OtherEvent,
    /// The event reports an API call that failed.
    FailedCall,
    /// The record of this revision is already finished.
    Duplicate,
    /// The correction was backed out earlier.
    #[serde(alias = "suppressed")]
    BackedOutBefore,
    /// The family is on hold.
    #[serde(alias = "held")]
    OnHold,
    /// The family whose hold is to end is not on hold.
    NotOnHold,
    /// The family's fuse is open, because another tool keeps re-registering the fault or because a rollout failed.
    FuseOpen,
    /// The journal has no record of this revision.
    NoRecord,
    /// A service or task runs the corrected revision, so Logweir does not deregister the revision.
    StillRunning,
    /// An EventBridge rule or an EventBridge Scheduler schedule names the corrected revision.
    Pinned,
    /// The source is deregistered, so Logweir retires the corrected revision as soon as nothing uses it.
    SourceWithdrawn,
    /// A consumer other than a service uses the revision. Logweir names this consumer in the report and does not change
    /// it.
    #[serde(alias = "not-touched")]
    OtherConsumer,
    /// The deployment controller of the service is not ECS.
    UnsupportedController,
    ServiceInactive,
    /// The service runs another revision now.
    #[serde(alias = "service-moved-on")]
    ServiceChanged,
    /// The service was rolled back from the corrected revision to the source revision.
    #[serde(alias = "returned")]
    ServiceRolledBack,
    /// A deployment of the service has not completed yet.
    DeploymentUnderWay,
    /// A deployment of the service is paused until an operator continues it.
    DeploymentPaused,
    DeploymentFailed,
    /// Logweir's deployment neither completed nor failed before its deadline.
    Overdue,
    /// Another service of the family is in a rollout.
    InFlight,
    /// A freeze window is active.
    Frozen,
    /// The deployment of the source revision completed a short time ago, so a pipeline may still wait until the service
    /// is stable.
    Settling,
    /// The service does not have the tag that the baseline requires.
    NotOptedIn,
    /// The edits add or replace a log driver, and the service has no circuit breaker that rolls a failed deployment
    /// back.
    NoCircuitBreaker,
    /// A new deployment might start an image other than the running one.
    ImageChanged,
    ForeignAccount,
    ForeignRegion,
    /// The family or cluster is outside the scope of Logweir's stack.
    OutOfScope,
    ServiceOwned,
    #[serde(alias = "lease-held")]
    Locked,
    /// The registration rate limit allows no registration now.
    #[serde(alias = "budget-exhausted")]
    RateLimited,
    PassRoleDenied,
    AccessDenied,
    Sandboxed,
    /// A container of the source revision is privileged. Only a principal that may register privileged containers can
    /// correct the revision.
    Privileged,
    MissingExecutionRole,
    TooLarge,
    LostMembers,
    /// Another principal changed the cluster since Logweir read it.
    ClusterChanged,
    /// The cluster does not exist, or was deleted.
    ClusterInactive,
    /// Another principal changed the account setting since Logweir read it.
    SettingChanged,
    /// The caller has a value of its own, which hides the account's default from the caller.
    SettingHidden,
    /// The baseline lets containers block that the account setting would change.
    BaselineBlocks,
    Throttled,
    /// A read does not show an earlier registration yet.
    NotVisibleYet,
    /// A person opened a session of ECS Exec.
    SessionOpened,
    /// The session is open, or its transcript still has time to arrive.
    SessionPending,
    /// The session has ended, and it has a transcript, did not start, or cannot be judged.
    SessionEnded,
    /// The session has ended without a transcript, or is still open after a day.
    SessionUnlogged,
    /// A principal other than ECS opened a session on a container.
    SessionBypass,
    Unreadable,
}

impl Reason {
    /// Returns the outcome for a service that Logweir does not update for this reason.
    pub fn leaves_alone(self) -> Outcome {
        match self {
            Self::FuseOpen
            | Self::OnHold
            | Self::Frozen
            | Self::ImageChanged
            | Self::NoCircuitBreaker
            | Self::UnsupportedController => Outcome::Refused,
            Self::AccessDenied | Self::Unreadable | Self::PassRoleDenied | Self::Throttled | Self::NotVisibleYet => {
                Outcome::Failed
            }
            _ => Outcome::Skipped,
        }
    }

    /// Returns the name of the reason in reports, such as `fuse-open`.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| word.as_str().map(String::from)).unwrap_or_default()
    }
}
