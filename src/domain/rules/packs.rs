//! The rules that Logweir contains. Each pack of rules is one list.

use super::Rule;
use super::exec::case::ExecRule;
use super::exec::{
    allowed_direct_session, forbidden_exec, insufficient_exec_rights, insufficient_transcript_rights,
    missing_exec_role, missing_init_process, missing_session_key, missing_transcript_destination, mixed_session_logs,
    outdated_exec_platform, proxied_exec_agent, read_only_exec_root, shared_pid_namespace, static_exec_credentials,
    unavailable_exec_agent, unencrypted_transcripts, unfit_transcript_retention, unlogged_container_sessions,
    unlogged_sessions, unmet_session_encryption, unusable_session_key,
};
use super::firelens::deep_router_health_check::DeepRouterHealthCheck;
use super::firelens::exposed_registration_key::ExposedRegistrationKey;
use super::firelens::exposed_router_port::ExposedRouterPort;
use super::firelens::failing_router_health_check::FailingRouterHealthCheck;
use super::firelens::insufficient_router_memory::InsufficientRouterMemory;
use super::firelens::invalid_output_option::InvalidOutputOption;
use super::firelens::misplaced_launcher_arguments::MisplacedLauncherArguments;
use super::firelens::missing_output_option::MissingOutputOption;
use super::firelens::missing_task_role::MissingTaskRole;
use super::firelens::moving_router_image::MovingRouterImage;
use super::firelens::non_essential_router::NonEssentialRouter;
use super::firelens::refused_log_option::RefusedFirelensOption;
use super::firelens::unavailable_output_plugin::UnavailableOutputPlugin;
use super::firelens::unfulfillable_router_dependency::UnfulfillableRouterDependency;
use super::firelens::unknown_output_option::UnknownOutputOption;
use super::firelens::unlimited_retries::UnlimitedRetries;
use super::firelens::unordered_router_start::UnorderedRouterStart;
use super::firelens::unsupported_router_image::UnsupportedRouterImage;
use super::firelens::unusable_router_configuration::UnusableRouterConfiguration;
use super::firelens::windows_router::WindowsRouter;
use super::logging::blocking_delivery::BlockingDelivery;
use super::logging::foreign_region::ForeignRegion;
use super::logging::missing_execution_role::MissingExecutionRole;
use super::logging::missing_log_driver::MissingLogDriver;
use super::logging::missing_log_group::MissingLogGroup;
use super::logging::refused_log_option::RefusedLogOption;
use super::logging::unaccepted_log_driver::UnacceptedLogDriver;
use super::logging::unbounded_retention::UnboundedRetention;
use super::logging::unnamed_log_group::UnnamedLogGroup;
use super::logging::unroutable_firelens::UnroutableFirelens;
use super::logging::unsized_buffer::UnsizedBuffer;
use crate::domain::rule_name::RuleName;

/// The rules of the pack `logging`, in the order in which Logweir lists the findings of one container.
pub static LOGGING: &[&dyn Rule] = &[
    &MissingLogDriver,
    &UnacceptedLogDriver,
    &BlockingDelivery,
    &UnsizedBuffer,
    &UnnamedLogGroup,
    &RefusedLogOption,
    &ForeignRegion,
    &MissingLogGroup,
    &UnboundedRetention,
    &MissingExecutionRole,
    &UnroutableFirelens,
];

/// The rules of the pack `firelens`, in the same order. The deployed function does not contain this pack, but it contains
/// the first two rules, which are also rules of the pack `logging`.
pub static FIRELENS: &[&dyn Rule] = &[
    &UnroutableFirelens,
    &RefusedFirelensOption,
    &UnavailableOutputPlugin,
    &UnknownOutputOption,
    &MissingOutputOption,
    &InvalidOutputOption,
    &UnlimitedRetries,
    &MissingTaskRole,
    &MisplacedLauncherArguments,
    &UnusableRouterConfiguration,
    &UnfulfillableRouterDependency,
    &UnorderedRouterStart,
    &InsufficientRouterMemory,
    &FailingRouterHealthCheck,
    &DeepRouterHealthCheck,
    &ExposedRouterPort,
    &ExposedRegistrationKey,
    &WindowsRouter,
    &UnsupportedRouterImage,
    &MovingRouterImage,
    &NonEssentialRouter,
];

/// The rules of the pack `exec`, in the order in which Logweir lists the findings of one resource. The deployed function
/// does not contain this pack.
pub static EXEC: &[ExecRule] = &[
    unlogged_sessions::RULE,
    unlogged_container_sessions::RULE,
    mixed_session_logs::RULE,
    missing_transcript_destination::RULE,
    unmet_session_encryption::RULE,
    unencrypted_transcripts::RULE,
    unfit_transcript_retention::RULE,
    missing_session_key::RULE,
    unusable_session_key::RULE,
    allowed_direct_session::RULE,
    forbidden_exec::RULE,
    outdated_exec_platform::RULE,
    unavailable_exec_agent::RULE,
    missing_exec_role::RULE,
    insufficient_exec_rights::RULE,
    insufficient_transcript_rights::RULE,
    read_only_exec_root::RULE,
    missing_init_process::RULE,
    static_exec_credentials::RULE,
    shared_pid_namespace::RULE,
    proxied_exec_agent::RULE,
];

/// The name of a rule with the one-line description of the fault that the rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleSummary {
    pub name: RuleName,
    pub summary: &'static str,
}

/// Returns the rules of all packs, each once.
pub fn summaries() -> Vec<RuleSummary> {
    let of_definitions = every().into_iter().map(|rule| RuleSummary { name: rule.name(), summary: rule.summary() });
    let of_exec = EXEC.iter().map(|rule| RuleSummary { name: rule.name, summary: rule.summary });
    of_definitions.chain(of_exec).collect()
}

/// Returns the rules of the packs about task definitions, each once.
pub fn every() -> Vec<&'static dyn Rule> {
    let is_of_logging = |rule: &&&dyn Rule| LOGGING.iter().any(|other| other.name() == rule.name());
    LOGGING.iter().chain(FIRELENS.iter().filter(|rule| !is_of_logging(rule))).copied().collect()
}

/// Returns the one-line description of a rule.
pub fn summary(rule: RuleName) -> &'static str {
    summaries().into_iter().find(|other| other.name == rule).map_or("", |rule| rule.summary)
}

/// Returns the explanation of a rule, which is the text below its heading in `docs/rules.md`.
pub fn explanation(rule: RuleName) -> Option<&'static str> {
    const DOCS: &str = include_str!("../../../docs/rules.md");
    let (_, section) = DOCS.split_once(&format!("\n## `{rule}`\n"))?;
    Some(section.split_once("\n## ").map_or(section, |(section, _)| section).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_rules_of_one_pack() {
        let names: Vec<RuleName> = summaries().into_iter().map(|rule| rule.name).collect();
        assert_eq!(names, RuleName::ALL);
    }
}
