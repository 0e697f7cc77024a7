//! What the logging rules ask of one container.

use crate::domain::ecs::task_definition::{Log, Options};
use crate::domain::rules::case::Subject;

impl<'a> Subject<'_, 'a> {
    /// The options, if the driver is `driver` and they can be read.
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

    pub fn awslogs(&self) -> Option<Options<'a>> {
        self.options_of("awslogs")
    }

    pub fn baseline_region(&self) -> Result<String, &'static str> {
        self.case.seen.region.map(String::from).ok_or("the Region is not known; give --region")
    }
}
