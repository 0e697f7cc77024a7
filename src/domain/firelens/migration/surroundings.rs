//! What a plan knows beside the task definition: its account and Region, and the baseline.

use serde_json::{Map, Value, json};

use crate::domain::baseline::{
    Baseline, BaselineSettings, Delivery, LONGEST_LOG_NAME, Workload, is_log_name_character, size_text,
};
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::text::placeholder::is_marked;

/// What a plan knows beside the task definition.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The account of the task definition, if it is known.
    pub account: Option<&'a str>,
    /// The Region of the task definition, if it is known.
    pub region: Option<&'a str>,
    /// The tags of the revision.
    pub tags: &'a [(String, String)],
    pub baseline: &'a Baseline,
}

impl Surroundings<'_> {
    /// Returns the settings of the baseline for a container.
    fn settings(&self, definition: &TaskDefinition, container: &str) -> &BaselineSettings {
        self.baseline.settings(&Workload {
            family: definition.family(),
            container: Some(container),
            account: self.account,
            region: self.region,
            tags: self.tags,
            cluster: None,
            service_tags: &[],
        })
    }

    /// Returns the awslogs configuration that the baseline gives a container with this name. The buffer has the
    /// smallest size that the baseline accepts, because a sidecar writes few lines. The error is the reason why there is
    /// no valid configuration.
    pub(super) fn own_log(&self, definition: &TaskDefinition, container: &str, region: &str) -> Result<Value, String> {
        let settings = self.settings(definition, container);
        let logging = &settings.logging;
        let filled = |template: &str| {
            let family = definition.family().ok_or("the document names no family, which is a part of its name")?;
            let name = template.replace("{family}", family).replace("{container}", container);
            match is_marked(&name) || (name.len() <= LONGEST_LOG_NAME && name.chars().all(is_log_name_character)) {
                true => Ok(name),
                false => Err("CloudWatch Logs does not accept the name that the baseline gives"),
            }
        };
        let mut options = Map::new();
        options.insert("awslogs-group".into(), filled(&logging.group)?.into());
        options.insert("awslogs-region".into(), region.into());
        options.insert("awslogs-stream-prefix".into(), filled(&logging.stream_prefix)?.into());
        options.insert("mode".into(), logging.delivery.mode().into());
        if logging.delivery == Delivery::NonBlocking {
            options.insert("max-buffer-size".into(), size_text(logging.min_buffer_size).into());
        }
        Ok(json!({"logDriver": "awslogs", "options": options}))
    }
}
