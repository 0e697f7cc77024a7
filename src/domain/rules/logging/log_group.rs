//! The log group of a container: its name in the task definition, and the facts that AWS reports about it.

use super::naming::is_group_name;
use super::options::Given;
use crate::domain::ecs::task_definition::Options;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::LogGroup;

impl Case<'_> {
    /// Whether a rule needs facts about a log group that Logweir did not read.
    pub fn lacks_log_groups(&self) -> bool {
        match self.seen.log_groups {
            None => true,
            Some(groups) => {
                self.subjects().filter_map(|subject| subject.group()).any(|name| !groups.contains_key(&name))
            }
        }
    }
}

impl<'a> Subject<'_, 'a> {
    /// Returns the name of the log group that the container will log to after its fixes. `None` if the container logs
    /// to no log group in the task's Region, or if the name is not valid.
    pub fn group(&self) -> Option<String> {
        let group = match self.awslogs() {
            Some(options) => self.group_of(options)?,
            None if self.is_given_awslogs() => self.baseline_group().ok()?,
            None => return None,
        };
        is_group_name(&group).then_some(group)
    }

    fn group_of(&self, options: Options<'a>) -> Option<String> {
        match self.given(options, "awslogs-region") {
            Given::Absent => {}
            Given::Text(region) if Some(region) == self.case.seen.region => {}
            _ => return None,
        }
        match self.given(options, "awslogs-group") {
            Given::Text(group) => Some(group.to_owned()),
            Given::Absent if self.case.is_editable(self.container) && !self.is_exempt(RuleName::UnnamedLogGroup) => {
                self.baseline_group().ok()
            }
            _ => None,
        }
    }

    /// Returns the name of the container's log group, and the facts that AWS reports about the group.
    pub fn observed_group(&self) -> Option<(String, &'a LogGroup)> {
        let name = self.group()?;
        let found = self.case.seen.log_groups?.get(&name)?;
        Some((name, found))
    }
}
