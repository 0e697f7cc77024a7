//! The log group of a container, as the document names it and as AWS describes it.

use serde_json::Value;

use super::naming::is_group_name;
use crate::domain::ecs::task_definition::Options;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::LogGroup;

impl Case<'_> {
    /// Whether a log group that a verdict depends on was not looked for.
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
    /// The group of the own Region that the container's logs go to once its fixes are made.
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

    /// Whether the text is a valid log group name, or becomes one after its placeholders are filled in.
    pub fn could_be_a_group(&self, name: &str) -> bool {
        self.is_placeholder(name) || is_group_name(name)
    }

    /// Why a live container's log group cannot be looked at.
    pub fn unseen_group(&self) -> Option<&'static str> {
        let options = self.awslogs().filter(|_| self.case.seen.is_live())?;
        match (options.text("awslogs-region"), options.text("awslogs-group")) {
            (Some(region), _) if Some(region) != self.case.seen.region => {
                Some("see yourself that its log group exists in the other Region; the container is left alone")
            }
            (_, Some(group)) if !is_group_name(group) => {
                Some("name a log group that can exist; the container is left alone until then")
            }
            _ => None,
        }
    }

    /// The container's log group as AWS has it, with its name.
    pub fn observed_group(&self) -> Option<(String, &'a LogGroup)> {
        let name = self.group()?;
        let found = self.case.seen.log_groups?.get(&name)?;
        Some((name, found))
    }
}
