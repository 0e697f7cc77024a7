//! The options that a container gives its log driver.

use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rules::case::Subject;

impl<'a> Subject<'_, 'a> {
    /// The options, if the container logs through `driver` and they can be read.
    pub fn options_of(&self, driver: &str) -> Option<Options<'a>> {
        match self.container.log() {
            Log::Configured { driver: given, options }
                if given == driver && !matches!(options, Options::Malformed(_)) =>
            {
                Some(options)
            }
            _ => None,
        }
    }

    /// The options, if the container logs through awslogs and they can be read.
    pub fn awslogs(&self) -> Option<Options<'a>> {
        self.options_of("awslogs")
    }
}
