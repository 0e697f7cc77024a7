//! The log group of a container: its name in the task definition, and the facts that AWS reports about it.

use serde_json::Value;

use super::naming::is_group_name;
use super::options::Given;
use crate::domain::ecs::task_definition::Options;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::{DefinedGroup, LogGroup};

impl Case<'_> {
    /// Whether a rule needs facts about a log group that Logweir did not read.
    pub fn lacks_log_groups(&self) -> bool {
        match self.seen.log_groups {
            // Logweir knows the retention of a log group that the template defines, and the deployment creates the
            // group.
            None if self.seen.template.is_some() => {
                self.subjects().any(|subject| subject.awslogs().is_some_and(|_| subject.defined_group().is_none()))
            }
            None => true,
            Some(groups) => {
                self.subjects().filter_map(|subject| subject.group()).any(|name| !groups.contains_key(&name))
            }
        }
    }
}

impl<'a> Case<'a> {
    /// Returns the log group that all containers of a template use, as a text of the function `Fn::Sub`: `${Group}` for
    /// the log group that the resource `Group` defines. Returns `None` if no container uses a log group, if they use
    /// several groups, or if another function gives the group.
    pub(super) fn shared_group(&self) -> Option<&str> {
        self.shared_group.get_or_init(|| self.find_shared_group()).as_deref()
    }

    fn find_shared_group(&self) -> Option<String> {
        self.seen.template?;
        let mut groups = self.subjects().filter(|subject| subject.awslogs().is_some()).map(|it| it.group_text());
        let first = groups.next()??;
        groups.all(|group| group.as_ref() == Some(&first)).then_some(first)
    }
}

impl<'a> Subject<'_, 'a> {
    /// Returns the log group of the container as a text of the function `Fn::Sub`.
    fn group_text(&self) -> Option<String> {
        if let Some(group) = self.defined_group() {
            return Some(format!("${{{}}}", group.id));
        }
        match self.awslogs()?.value("awslogs-group")? {
            Value::String(name) => is_group_name(name).then(|| name.clone()),
            function => match (function.get("Ref"), function.get("Fn::Sub")) {
                (Some(name), _) => name.as_str().map(|name| format!("${{{name}}}")),
                (_, Some(text)) => text.as_str().map(String::from),
                _ => None,
            },
        }
    }

    /// Returns the log group of the container if the template defines it.
    pub fn defined_group(&self) -> Option<&'a DefinedGroup> {
        let template = self.case.seen.template?;
        let given = self.awslogs()?.value("awslogs-group")?;
        let id = match given {
            Value::String(name) => return template.named(name),
            function => function.get("Ref").or_else(|| function.get("Fn::Sub"))?.as_str()?,
        };
        let id = id.strip_prefix("${").and_then(|id| id.strip_suffix('}')).unwrap_or(id);
        template.group(id)
    }

    /// Returns the name of the log group that the container will log to after its fixes. `None` if the container logs
    /// to no log group in the task's Region, or if the name is not valid.
    pub fn group(&self) -> Option<String> {
        let group = match self.awslogs() {
            Some(options) => self.group_of(options)?,
            None if self.is_given_awslogs() => self.given_group().ok()?,
            None => return None,
        };
        is_group_name(&group).then_some(group)
    }

    fn group_of(&self, options: Options<'a>) -> Option<String> {
        match self.given(options, "awslogs-region") {
            Given::Absent => {}
            Given::Text(region) if Some(region) == self.case.seen.region => {}
            Given::Unknown(_) if self.is_own_region(options) => {}
            _ => return None,
        }
        match self.given(options, "awslogs-group") {
            Given::Text(group) => Some(group.to_owned()),
            Given::Absent if self.case.is_editable(self.container) && !self.is_exempt(RuleName::UnnamedLogGroup) => {
                self.named_group().ok()
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
