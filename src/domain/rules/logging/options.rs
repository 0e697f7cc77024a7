//! The log driver options of a container.

use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rules::case::Subject;

impl<'a> Subject<'_, 'a> {
    /// Returns the options if the container uses `driver` and the options are readable.
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

    /// Returns the options if the container uses awslogs and the options are readable.
    pub fn awslogs(&self) -> Option<Options<'a>> {
        self.options_of("awslogs")
    }
}
