//! The log group that a container logs to, as the document names it and as AWS has it.

use serde_json::Value;

use crate::domain::ecs::task_definition::{Options, is_placeholder};
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
    /// The group that the baseline names for this container, or why it cannot.
    pub fn baseline_group(&self) -> Result<String, &'static str> {
        self.fill(&self.settings.logging.group)
    }

    pub fn baseline_prefix(&self) -> Result<String, &'static str> {
        self.fill(&self.settings.logging.stream_prefix)
    }

    fn fill(&self, template: &str) -> Result<String, &'static str> {
        let mut name = template.to_owned();
        if name.contains("{family}") {
            name = name.replace("{family}", self.case.seen.definition.family().ok_or("the document names no family")?);
        }
        if name.contains("{container}") {
            name = name.replace("{container}", self.container.name().ok_or("the container has no name")?);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
        let fits = name.len() <= 512 && name.chars().all(allowed);
        if !fits && !is_placeholder(&name) {
            return Err("the name that the baseline gives is none that CloudWatch Logs takes");
        }
        Ok(name)
    }

    /// The group of the own Region that the container's logs go to once its fixes are made.
    pub fn group(&self) -> Option<String> {
        let group = match self.awslogs() {
            Some(options) => self.group_of(options)?,
            None if self.is_given_awslogs() => self.baseline_group().ok()?,
            None => return None,
        };
        let is_one = is_group_name(&group);
        is_one.then_some(group)
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

/// Source: CloudWatch Logs API reference, CreateLogGroup.
pub(super) fn is_group_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    (1..=512).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with("aws/")
}
