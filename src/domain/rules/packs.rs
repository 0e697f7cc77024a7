//! The rules that Logweir contains. Each pack of rules is one list.

use super::Rule;
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

pub fn names() -> Vec<&'static str> {
    LOGGING.iter().map(|rule| rule.name().name()).collect()
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
        let names: Vec<RuleName> = LOGGING.iter().map(|rule| rule.name()).collect();
        assert_eq!(names, RuleName::ALL);
    }
}
