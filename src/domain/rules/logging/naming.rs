//! The names that the baseline gives to log groups and log streams, and the check that CloudWatch Logs accepts a name.

pub(in crate::domain::rules) use crate::domain::baseline::is_group_name;
use crate::domain::baseline::{LONGEST_LOG_NAME, is_log_name_character};
use crate::domain::rules::case::Subject;
use crate::domain::text::placeholder::is_marked;

/// The Region of the task, in the notation of CloudFormation's function `Fn::Sub`.
pub(super) const OWN_REGION: &str = "${AWS::Region}";

impl Subject<'_, '_> {
    /// Returns the name that the baseline gives to the log group of this container. The error is the reason why the
    /// baseline gives no valid name.
    pub fn baseline_group(&self) -> Result<String, &'static str> {
        self.fill(&self.settings.logging.group)
    }

    /// Returns the stream prefix that the baseline gives to this container. The error is the reason why the baseline
    /// gives no valid prefix.
    pub fn baseline_prefix(&self) -> Result<String, &'static str> {
        let prefix = self.fill(&self.settings.logging.stream_prefix)?;
        match self.check_stream_prefix(&prefix) {
            Ok(()) => Ok(prefix),
            Err(_) => Err("the baseline gives a name of a log stream that CloudWatch Logs does not accept"),
        }
    }

    /// Returns the Region that the container must log to, which is the Region of the task. In a template, the Region
    /// has the notation of the function `Fn::Sub`.
    pub fn baseline_region(&self) -> Result<String, &'static str> {
        if let Some(own) = self.case.seen.template.and_then(|template| template.own_region) {
            return Ok(own.to_owned());
        }
        self.case.seen.region.map(String::from).ok_or("the Region is not known (set it with --region)")
    }

    fn fill(&self, template: &str) -> Result<String, &'static str> {
        let mut name = template.to_owned();
        if name.contains("{family}") {
            name = name.replace("{family}", self.case.seen.definition.family().ok_or("the document names no family")?);
        }
        if name.contains("{container}") {
            name = name.replace("{container}", self.container.name().ok_or("the container has no name")?);
        }
        let fits = name.len() <= LONGEST_LOG_NAME && name.chars().all(is_log_name_character);
        if !fits && !is_marked(&name) {
            return Err("the baseline gives a name that CloudWatch Logs does not accept");
        }
        Ok(name)
    }
}
