//! The rules that Logweir contains. Each pack of rules is one list.

use super::Rule;
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

/// Returns the rules of all packs, each once.
pub fn every() -> Vec<&'static dyn Rule> {
    let is_of_logging = |rule: &&&dyn Rule| LOGGING.iter().any(|other| other.name() == rule.name());
    LOGGING.iter().chain(FIRELENS.iter().filter(|rule| !is_of_logging(rule))).copied().collect()
}

/// Returns the one-line description of a rule.
pub fn summary(rule: RuleName) -> &'static str {
    every().into_iter().find(|other| other.name() == rule).map_or("", Rule::summary)
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
        let names: Vec<RuleName> = every().into_iter().map(Rule::name).collect();
        assert_eq!(names, RuleName::ALL);
    }
}
