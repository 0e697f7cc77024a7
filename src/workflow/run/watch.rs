//! The interface between a run and the person who started it.

use jiff::Timestamp;

use crate::domain::run::RunLine;

/// What a run does now.
#[derive(Clone, Copy, Debug)]
pub enum RunEvent<'e> {
    /// The run begins with an item or a service.
    Begins { about: &'e str },
    /// The registration rate limit allows the next registration at this time.
    WaitsForSlot { until: Timestamp },
    /// The run waits because of this reason, for example for the end of a deployment.
    Waits { about: &'e str, why: &'e str },
    /// The run has a result for an item or a service.
    Ends(&'e RunLine),
}

/// Learns what a run does, and may stop it.
pub trait RunWatch {
    /// Whether the run has to stop after its present step.
    fn is_stopped(&self) -> bool;

    fn sees(&self, event: RunEvent<'_>);
}
