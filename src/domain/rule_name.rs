//! The names of all rules, in the spelling of baselines, findings and reports.
//!
//! This file imports nothing from the crate, so that a baseline can name a rule without a dependency on the code of the
//! rules.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a rule, which is also the name of the fault that the rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleName {
    MissingLogDriver,
    UnacceptedLogDriver,
    BlockingDelivery,
    UnsizedBuffer,
    UnnamedLogGroup,
    RefusedLogOption,
    ForeignRegion,
    MissingLogGroup,
    UnboundedRetention,
    MissingExecutionRole,
    UnroutableFirelens,
    UnavailableOutputPlugin,
    UnknownOutputOption,
    MissingOutputOption,
    InvalidOutputOption,
    UnlimitedRetries,
    MissingTaskRole,
    MisplacedLauncherArguments,
    UnusableRouterConfiguration,
    UnfulfillableRouterDependency,
    UnorderedRouterStart,
    InsufficientRouterMemory,
    FailingRouterHealthCheck,
    DeepRouterHealthCheck,
    ExposedRouterPort,
    ExposedRegistrationKey,
    WindowsRouter,
    UnsupportedRouterImage,
    MovingRouterImage,
    NonEssentialRouter,
    UnloggedSessions,
    UnloggedContainerSessions,
    MixedSessionLogs,
    MissingTranscriptDestination,
    UnmetSessionEncryption,
    UnencryptedTranscripts,
    UnfitTranscriptRetention,
    MissingSessionKey,
    UnusableSessionKey,
    AllowedDirectSession,
    ForbiddenExec,
    OutdatedExecPlatform,
    UnavailableExecAgent,
    MissingExecRole,
    InsufficientExecRights,
    InsufficientTranscriptRights,
    ReadOnlyExecRoot,
    MissingInitProcess,
    StaticExecCredentials,
    SharedPidNamespace,
    ProxiedExecAgent,
}

/// The error for a text that is not a rule name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rule is called `{0}`")]
pub struct NoSuchRule(String);

impl RuleName {
    /// All rule names, in the order of the rules in their packs.
    pub const ALL: [Self; 51] = [
        Self::MissingLogDriver,
        Self::UnacceptedLogDriver,
        Self::BlockingDelivery,
        Self::UnsizedBuffer,
        Self::UnnamedLogGroup,
        Self::RefusedLogOption,
        Self::ForeignRegion,
        Self::MissingLogGroup,
        Self::UnboundedRetention,
        Self::MissingExecutionRole,
        Self::UnroutableFirelens,
        Self::UnavailableOutputPlugin,
        Self::UnknownOutputOption,
        Self::MissingOutputOption,
        Self::InvalidOutputOption,
        Self::UnlimitedRetries,
        Self::MissingTaskRole,
        Self::MisplacedLauncherArguments,
        Self::UnusableRouterConfiguration,
        Self::UnfulfillableRouterDependency,
        Self::UnorderedRouterStart,
        Self::InsufficientRouterMemory,
        Self::FailingRouterHealthCheck,
        Self::DeepRouterHealthCheck,
        Self::ExposedRouterPort,
        Self::ExposedRegistrationKey,
        Self::WindowsRouter,
        Self::UnsupportedRouterImage,
        Self::MovingRouterImage,
        Self::NonEssentialRouter,
        Self::UnloggedSessions,
        Self::UnloggedContainerSessions,
        Self::MixedSessionLogs,
        Self::MissingTranscriptDestination,
        Self::UnmetSessionEncryption,
        Self::UnencryptedTranscripts,
        Self::UnfitTranscriptRetention,
        Self::MissingSessionKey,
        Self::UnusableSessionKey,
        Self::AllowedDirectSession,
        Self::ForbiddenExec,
        Self::OutdatedExecPlatform,
        Self::UnavailableExecAgent,
        Self::MissingExecRole,
        Self::InsufficientExecRights,
        Self::InsufficientTranscriptRights,
        Self::ReadOnlyExecRoot,
        Self::MissingInitProcess,
        Self::StaticExecCredentials,
        Self::SharedPidNamespace,
        Self::ProxiedExecAgent,
    ];

    /// Whether the rule judges clusters and their workloads, so that an exemption from it may name a cluster.
    pub fn is_about_exec(self) -> bool {
        self as usize >= Self::UnloggedSessions as usize
    }

    /// Returns the name in the spelling of files and reports, such as `missing-log-driver`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MissingLogDriver => "missing-log-driver",
            Self::UnacceptedLogDriver => "unaccepted-log-driver",
            Self::BlockingDelivery => "blocking-delivery",
            Self::UnsizedBuffer => "unsized-buffer",
            Self::UnnamedLogGroup => "unnamed-log-group",
            Self::RefusedLogOption => "refused-log-option",
            Self::ForeignRegion => "foreign-region",
            Self::MissingLogGroup => "missing-log-group",
            Self::UnboundedRetention => "unbounded-retention",
            Self::MissingExecutionRole => "missing-execution-role",
            Self::UnroutableFirelens => "unroutable-firelens",
            Self::UnavailableOutputPlugin => "unavailable-output-plugin",
            Self::UnknownOutputOption => "unknown-output-option",
            Self::MissingOutputOption => "missing-output-option",
            Self::InvalidOutputOption => "invalid-output-option",
            Self::UnlimitedRetries => "unlimited-retries",
            Self::MissingTaskRole => "missing-task-role",
            Self::MisplacedLauncherArguments => "misplaced-launcher-arguments",
            Self::UnusableRouterConfiguration => "unusable-router-configuration",
            Self::UnfulfillableRouterDependency => "unfulfillable-router-dependency",
            Self::UnorderedRouterStart => "unordered-router-start",
            Self::InsufficientRouterMemory => "insufficient-router-memory",
            Self::FailingRouterHealthCheck => "failing-router-health-check",
            Self::DeepRouterHealthCheck => "deep-router-health-check",
            Self::ExposedRouterPort => "exposed-router-port",
            Self::ExposedRegistrationKey => "exposed-registration-key",
            Self::WindowsRouter => "windows-router",
            Self::UnsupportedRouterImage => "unsupported-router-image",
            Self::MovingRouterImage => "moving-router-image",
            Self::NonEssentialRouter => "non-essential-router",
            Self::UnloggedSessions => "unlogged-sessions",
            Self::UnloggedContainerSessions => "unlogged-container-sessions",
            Self::MixedSessionLogs => "mixed-session-logs",
            Self::MissingTranscriptDestination => "missing-transcript-destination",
            Self::UnmetSessionEncryption => "unmet-session-encryption",
            Self::UnencryptedTranscripts => "unencrypted-transcripts",
            Self::UnfitTranscriptRetention => "unfit-transcript-retention",
            Self::MissingSessionKey => "missing-session-key",
            Self::UnusableSessionKey => "unusable-session-key",
            Self::AllowedDirectSession => "allowed-direct-session",
            Self::ForbiddenExec => "forbidden-exec",
            Self::OutdatedExecPlatform => "outdated-exec-platform",
            Self::UnavailableExecAgent => "unavailable-exec-agent",
            Self::MissingExecRole => "missing-exec-role",
            Self::InsufficientExecRights => "insufficient-exec-rights",
            Self::InsufficientTranscriptRights => "insufficient-transcript-rights",
            Self::ReadOnlyExecRoot => "read-only-exec-root",
            Self::MissingInitProcess => "missing-init-process",
            Self::StaticExecCredentials => "static-exec-credentials",
            Self::SharedPidNamespace => "shared-pid-namespace",
            Self::ProxiedExecAgent => "proxied-exec-agent",
        }
    }
}

impl FromStr for RuleName {
    type Err = NoSuchRule;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|rule| rule.name() == text).ok_or_else(|| NoSuchRule(text.to_owned()))
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Allows `join` on a list of rule names.
impl Borrow<str> for RuleName {
    fn borrow(&self) -> &str {
        self.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_and_written_alike_wherever_it_stands() {
        for rule in RuleName::ALL {
            assert_eq!(rule.name().parse(), Ok(rule));
            assert_eq!(serde_json::json!(rule), rule.name());
        }
        assert_eq!("typo".parse::<RuleName>().unwrap_err().to_string(), "no rule is called `typo`");
    }
}
