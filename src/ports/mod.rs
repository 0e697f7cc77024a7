//! The ports of the core to the outside, one file for each port. Adapters implement these traits; the workflow knows
//! nothing else.
//!
//! Traits are plain, with generics over them: every future is `Send`, and nothing is boxed.

mod clock;
mod error;
mod journal;
mod log_groups;
mod notifier;
mod own_log;
mod queue;
mod services;
mod state;
mod task_definitions;

pub use clock::{Clock, SystemClock};
pub use error::{Answer, ErrorKind, PortError};
pub use journal::{CommitError, Expected, Filter, Journal};
pub use log_groups::LogGroups;
pub use notifier::Notifier;
pub use own_log::OwnLog;
pub use queue::{LONGEST_DELAY, Message, Queue};
pub use services::Services;
pub use state::{StateKind, StoredState};
pub use task_definitions::TaskDefinitions;

pub use crate::domain::ecs::wire::Described;

/// All ports together, so that a use case takes one argument.
pub trait Ports: Sync {
    type TaskDefinitions: TaskDefinitions;
    type Services: Services;
    type LogGroups: LogGroups;
    type Journal: Journal;
    type Clock: Clock;

    fn task_definitions(&self) -> &Self::TaskDefinitions;
    fn services(&self) -> &Self::Services;
    fn log_groups(&self) -> &Self::LogGroups;
    fn journal(&self) -> &Self::Journal;
    fn clock(&self) -> &Self::Clock;
}

/// Adapters put together; ECS's knows task definitions and services.
#[derive(Clone, Debug)]
pub struct Adapters<E, L, J, C> {
    pub ecs: E,
    pub log_groups: L,
    pub journal: J,
    pub clock: C,
}

impl<E: TaskDefinitions + Services, L: LogGroups, J: Journal, C: Clock> Ports for Adapters<E, L, J, C> {
    type TaskDefinitions = E;
    type Services = E;
    type LogGroups = L;
    type Journal = J;
    type Clock = C;

    fn task_definitions(&self) -> &E {
        &self.ecs
    }
    fn services(&self) -> &E {
        &self.ecs
    }
    fn log_groups(&self) -> &L {
        &self.log_groups
    }
    fn journal(&self) -> &J {
        &self.journal
    }
    fn clock(&self) -> &C {
        &self.clock
    }
}
