//! The log group of a container: its name in the task definition, and the facts that AWS reports about it.

use serde_json::Value;

use super::naming::is_group_name;
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

    fn group_of(&self, options: Options<'_>) -> Option<String> {
        match options.value("awslogs-region") {
            None | Some(Value::Null) => {}
            Some(Value::String(region)) if region.is_empty() || Some(region.as_str()) == self.case.seen.region => {}
            Some(_) => return None,
        }
        match options.value("awslogs-group") {
            Some(Value::String(group)) if !group.is_empty() => Some(group.clone()),
            None | Some(Value::Null | Value::String(_))
                if self.case.is_editable(self.container) && !self.is_exempt(RuleName::UnnamedLogGroup) =>
            {
                self.baseline_group().ok()
            }
            _ => None,
        }
    }

    /// Whether the text is a valid log group name, or contains a placeholder whose value is not known yet.
    pub fn could_be_a_group(&self, name: &str) -> bool {
        self.is_placeholder(name) || is_group_name(name)
    }

    /// Returns advice if this container belongs to a registered revision and Logweir cannot read the log group of the
    /// container. Returns `None` otherwise.
    pub fn unseen_group(&self) -> Option<&'static str> {
        let options = self.awslogs().filter(|_| self.case.seen.is_live())?;
        match (options.text("awslogs-region"), options.text("awslogs-group")) {
            (Some(region), _) if Some(region) != self.case.seen.region => {
                Some("check the log group yourself; Logweir does not change a container that logs to another Region")
            }
            (_, Some(group)) if !is_group_name(group) => {
                Some("give the log group a valid name; until then, Logweir does not change the container")
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
