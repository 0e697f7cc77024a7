//! Which rules a program links: each pack is one list.

use super::Rule;
use super::logging::{
    blocking_delivery, foreign_region, missing_execution_role, missing_log_driver, missing_log_group,
    unaccepted_log_driver, unbounded_retention, unnamed_log_group, unroutable_firelens, unsized_buffer,
};

/// The rules of the pack `logging`, in the order in which findings of one container are shown.
pub static LOGGING: &[&dyn Rule] = &[
    &missing_log_driver::Fault,
    &unaccepted_log_driver::Fault,
    &blocking_delivery::Fault,
    &unsized_buffer::Fault,
    &unnamed_log_group::Fault,
    &foreign_region::Fault,
    &missing_log_group::Fault,
    &unbounded_retention::Fault,
    &missing_execution_role::Fault,
    &unroutable_firelens::Fault,
];

pub fn names() -> Vec<&'static str> {
    LOGGING.iter().map(|rule| rule.name()).collect()
}

/// What `docs/rules.md` says of a rule: the text below its heading.
pub fn explanation(name: &str) -> Option<&'static str> {
    const DOCS: &str = include_str!("../../../docs/rules.md");
    let (_, section) = DOCS.split_once(&format!("\n## `{name}`\n"))?;
    Some(section.split_once("\n## ").map_or(section, |(section, _)| section).trim())
}
