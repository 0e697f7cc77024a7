//! The severity of a finding, which says how much harm the fault does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::rule_name::RuleName;

/// The severity of a finding. A higher severity is the greater value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A remark, which does not change the exit code of `logweir check`.
    Note,
    /// A fault of a task definition that ECS accepts and runs.
    Warning,
    /// A fault because of which ECS or CloudWatch Logs refuses the task definition, the task or its log lines, or no
    /// session of ECS Exec starts or has a transcript.
    Error,
}

impl Severity {
    /// All severities, the highest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// Returns the name in the spelling of files and reports, such as `warning`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }

    /// Whether a task definition with a finding of this severity is not compliant in `logweir check`.
    pub fn is_fault(self) -> bool {
        self >= Self::Warning
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl RuleName {
    /// Returns the severity of the rule's findings, unless the baseline sets another severity.
    pub const fn severity(self) -> Severity {
        match self {
            Self::UnnamedLogGroup
            | Self::RefusedLogOption
            | Self::MissingLogGroup
            | Self::MissingExecutionRole
            | Self::UnroutableFirelens
            | Self::UnavailableOutputPlugin
            | Self::UnknownOutputOption
            | Self::MissingOutputOption
            | Self::InvalidOutputOption
            | Self::MissingTaskRole
            | Self::MisplacedLauncherArguments
            | Self::UnusableRouterConfiguration
            | Self::UnfulfillableRouterDependency
            | Self::FailingRouterHealthCheck
            | Self::WindowsRouter
            | Self::MissingTranscriptDestination
            | Self::UnmetSessionEncryption
            | Self::UnusableSessionKey
            | Self::MissingExecRole
            | Self::InsufficientExecRights => Severity::Error,
            Self::MissingLogDriver
            | Self::UnacceptedLogDriver
            | Self::BlockingDelivery
            | Self::UnsizedBuffer
            | Self::ForeignRegion
            | Self::UnboundedRetention
            | Self::UnlimitedRetries
            | Self::UnorderedRouterStart
            | Self::InsufficientRouterMemory
            | Self::DeepRouterHealthCheck
            | Self::ExposedRouterPort
            | Self::ExposedRegistrationKey
            | Self::UnsupportedRouterImage
            | Self::UnloggedSessions
            | Self::UnloggedContainerSessions
            | Self::UnencryptedTranscripts
            | Self::UnfitTranscriptRetention
            | Self::AllowedDirectSession
            | Self::ForbiddenExec
            | Self::OutdatedExecPlatform
            | Self::UnavailableExecAgent
            | Self::InsufficientTranscriptRights
            | Self::ReadOnlyExecRoot
            | Self::StaticExecCredentials
            | Self::ProxiedExecAgent => Severity::Warning,
            Self::MovingRouterImage
            | Self::NonEssentialRouter
            | Self::MixedSessionLogs
            | Self::MissingSessionKey
            | Self::MissingInitProcess
            | Self::SharedPidNamespace => Severity::Note,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_below_warnings_and_warnings_are_below_errors() {
        assert!(Severity::ALL.is_sorted_by(|higher, lower| higher > lower));
        assert_eq!(Severity::ALL.map(Severity::is_fault), [true, true, false]);
    }

    #[test]
    fn a_name_is_the_spelling_in_json() {
        for severity in Severity::ALL {
            assert_eq!(serde_json::json!(severity), severity.name());
        }
    }
}
