//! How the containers of a task definition log, for the settings that Logweir learns.

use super::task_definition::{Container, Log, TaskDefinition};
use crate::domain::baseline::ContainerLog;
use crate::domain::text::placeholder::is_placeholder;

impl TaskDefinition {
    /// Returns how each container logs. In a document, a placeholder does not count as a value. In a registered
    /// revision, every value is a literal.
    pub fn container_logs(&self, is_registered: bool) -> impl Iterator<Item = ContainerLog> {
        let family = literal(self.family(), is_registered);
        self.containers().map(move |container| of(container, family.clone(), is_registered))
    }
}

fn of(container: Container<'_>, family: Option<String>, is_registered: bool) -> ContainerLog {
    let name = literal(container.name(), is_registered);
    let log = ContainerLog { family, name, ..ContainerLog::default() };
    let Log::Configured { driver, options } = container.log() else { return log };
    let driver = literal(Some(driver), is_registered);
    let option = |name: &str| {
        let text = options.text(name).filter(|_| driver.as_deref() == Some("awslogs"));
        literal(text, is_registered)
    };
    let (group, region) = (option("awslogs-group"), option("awslogs-region"));
    ContainerLog { driver, group, region, ..log }
}

fn literal(text: Option<&str>, is_registered: bool) -> Option<String> {
    text.filter(|text| is_registered || !is_placeholder(text)).map(String::from)
}
