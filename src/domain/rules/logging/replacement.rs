//! The complete awslogs configuration for a container without a log driver, or with a driver that Logweir may replace.

use serde_json::{Map, Value, json};

use crate::domain::baseline::{Delivery, MissingDriver};
use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::edit::NewLogGroup;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::Subject;

impl Subject<'_, '_> {
    /// Returns the complete awslogs configuration that the baseline gives this container. The error is the reason why
    /// Logweir cannot write this configuration.
    pub fn complete_configuration(&self) -> Result<Map<String, Value>, &'static str> {
        if let Some(needs) = self.case.forbids_awslogs() {
            return Err(needs.objection());
        }
        if self.case.seen.template.is_some() && !self.case.seen.definition.has_execution_role() {
            return Err("the task definition has no execution role, with which ECS could write to the log group");
        }
        let is_non_blocking = self.settings.logging.delivery == Delivery::NonBlocking;
        if self.logs_to_router() && self.case.would_lose_all_of_firelens() {
            return Err("ECS refuses a FireLens router that no container logs to (remove the router, too)");
        }
        if is_non_blocking && !self.case.buffers().fit(self.container.index) {
            return Err("the buffers of its containers do not fit into the memory of the task");
        }
        let mut options = Map::new();
        options.insert("awslogs-group".into(), self.given_group()?.into());
        options.insert("awslogs-region".into(), self.baseline_region()?.into());
        options.insert("awslogs-stream-prefix".into(), self.baseline_prefix()?.into());
        options.insert("mode".into(), self.settings.logging.delivery.mode().into());
        if is_non_blocking {
            options.insert("max-buffer-size".into(), self.buffer().text().into());
        }
        let Value::Object(configuration) = json!({"logDriver": self.settings.logging.driver, "options": options})
        else {
            return Err("the log configuration is not a JSON object");
        };
        Ok(configuration)
    }

    /// Returns the log group that a fix gives this container. In a template, this is the group that the other
    /// containers use, because that group exists before the containers start.
    pub fn given_group(&self) -> Result<String, &'static str> {
        match self.case.shared_group() {
            Some(group) => Ok(group.to_owned()),
            None => self.baseline_group(),
        }
    }

    /// Returns the note about a log configuration that a fix writes into a file: a container does not start, or loses
    /// its logs, if its log group does not exist. Returns `None` if Logweir or the template creates the group.
    pub fn group_note(&self) -> Option<String> {
        if self.case.seen.is_live() || self.case.seen.template.is_some() {
            return None;
        }
        let group = self.given_group().ok()?;
        Some(format!("the log group `{group}` must exist before this is deployed"))
    }

    /// Returns the log group for a container that names none. In a template, only a group that other containers use is
    /// certain to exist.
    pub fn named_group(&self) -> Result<String, &'static str> {
        if self.case.seen.template.is_some() && self.case.shared_group().is_none() {
            return Err("no other container of the task definition shows which log group exists");
        }
        self.given_group()
    }

    /// Returns the log group that the template has to define for the fix of this container. Returns `None` if the other
    /// containers share one log group, or if the task definition is in no template.
    pub fn new_group(&self) -> Option<NewLogGroup> {
        if self.case.seen.template.is_none() || self.case.shared_group().is_some() {
            return None;
        }
        let group = &self.settings.log_group;
        Some(NewLogGroup {
            name: self.baseline_group().ok()?,
            class: group.class.clone(),
            kms_key: group.kms_key.clone(),
            retention_days: group.retention_days,
        })
    }

    /// Whether the baseline lists the driver under `logging.replace`.
    pub fn is_replaced(&self, driver: &str) -> bool {
        self.settings.logging.replace.iter().any(|name| name == driver)
    }

    /// Whether the log configuration may hold a secret. The journal keeps a replaced configuration for a backout, so
    /// such a configuration must hold no secret. An option counts as harmless only if `HARMLESS` lists the option and
    /// its value does not look like a credential and is no placeholder.
    pub fn may_hold_a_secret(&self) -> bool {
        const HARMLESS: [&str; 12] = [
            "max-size",
            "max-file",
            "compress",
            "mode",
            "max-buffer-size",
            "syslog-facility",
            "syslog-format",
            "gelf-compression-type",
            "gelf-compression-level",
            "fluentd-async",
            "cache-disabled",
            "tag",
        ];
        let harmless = |(key, value): (&String, &Value)| {
            HARMLESS.contains(&key.as_str())
                && value
                    .as_str()
                    .is_some_and(|text| text.len() <= 64 && !text.contains(['@', '=']) && !self.is_placeholder(text))
        };
        let more_than_options = self.container.member("logConfiguration").is_some_and(|c| {
            c.as_object().is_some_and(|members| members.keys().any(|key| key != "logDriver" && key != "options"))
        });
        more_than_options
            || match self.container.log() {
                Log::Configured { options: Options::Map(map), .. } => !map.iter().all(harmless),
                Log::Configured { options: Options::Malformed(_) | Options::Unknown, .. } => true,
                _ => false,
            }
    }

    /// Whether a fix gives this container the awslogs configuration of the baseline.
    pub fn is_given_awslogs(&self) -> bool {
        self.is_asked_to_use_awslogs() && self.complete_configuration().is_ok()
    }

    /// Whether the baseline asks for awslogs, because the container has no log driver, or a log driver that Logweir
    /// replaces.
    pub fn is_asked_to_use_awslogs(&self) -> bool {
        let asked_for = match self.container.log() {
            Log::None => {
                self.settings.logging.missing_driver == MissingDriver::Fix
                    && !self.is_exempt(RuleName::MissingLogDriver)
            }
            Log::Configured { driver, .. } => {
                self.is_replaced(driver) && !self.is_exempt(RuleName::UnacceptedLogDriver) && !self.may_hold_a_secret()
            }
            Log::Malformed(_) | Log::Unknown => false,
        };
        asked_for && self.case.is_editable(self.container)
    }
}
