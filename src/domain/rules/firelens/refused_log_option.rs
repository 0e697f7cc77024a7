//! An option of a container that logs through awsfirelens that ECS refuses, such as a number instead of a text.
//!
//! The rule `refused-log-option` belongs to the pack `logging`. The pack `firelens` contains its findings about
//! awsfirelens.

use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;
use crate::domain::rules::logging::refused_log_option::{RefusedLogOption, check};

pub(in crate::domain::rules) struct RefusedFirelensOption;

impl Rule for RefusedFirelensOption {
    fn name(&self) -> RuleName {
        RefusedLogOption.name()
    }

    fn summary(&self) -> &'static str {
        RefusedLogOption.summary()
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects().filter(Subject::logs_to_router).flat_map(|subject| check(&subject)).collect()
    }
}
