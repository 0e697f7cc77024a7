//! The ports: the traits through which the core uses AWS, the journal and the clock. Each trait has its own file.
//! Adapters implement these traits, and the use cases in `workflow` do all I/O through these traits.
//!
//! Callers are generic over the ports, so no future is boxed. Every future that a port returns is `Send`.

#[cfg(feature = "cli")]
mod account_settings;
mod audit_files;
mod bucket;
mod clock;
mod clusters;
mod error;
mod event_history;
mod exec_sessions;
mod fleet;
mod journal;
mod log_groups;
mod notifier;
mod own_log;
mod query_engine;
mod queue;
mod resources;
mod services;
mod state;
mod task_definitions;
mod watched_sessions;

#[cfg(feature = "cli")]
pub use account_settings::AccountSettings;
pub use audit_files::{AuditMemory, AuditPart, AuditProgress, AuditWatch, NoMemory, Unwatched};
pub use bucket::{Bucket, KeyPage, ListedObject, Object};
pub use clock::{Clock, SystemClock, Timer};
pub use clusters::Clusters;
pub use error::{Answer, ErrorKind, PortError};
pub use event_history::EventHistory;
pub use exec_sessions::{ExecSessions, Stored};
pub use fleet::{
    DescribedBatch, FleetReads, ListPage, MOST_GROUPS, MOST_SERVICES, MOST_TAGGED, MOST_TASKS, TaggedRevision,
};
pub use journal::{CommitError, Expected, Filter, Journal, Listed};
pub use log_groups::LogGroups;
pub use notifier::Notifier;
pub use own_log::OwnLog;
pub use query_engine::{QueryEngine, QueryState, RowPage};
pub use queue::{LONGEST_DELAY, Message, Queue};
pub use resources::Resources;
pub use services::{RevisionUsers, Services};
pub use state::{StateKind, StoredState};
pub use task_definitions::{FamilyPage, TaskDefinitions};
pub use watched_sessions::WatchedSessions;

pub use crate::domain::ecs::wire::{Described, RevisionStatus};

/// The ports that a use case needs, combined in one trait, so that a use case takes all of them as one argument.
pub trait Ports: Sync {
    type TaskDefinitions: TaskDefinitions;
    type Services: Services;
    type Clusters: Clusters;
    type Sessions: WatchedSessions;
    type LogGroups: LogGroups;
    type Journal: Journal;
    type Clock: Clock;

    fn task_definitions(&self) -> &Self::TaskDefinitions;
    fn services(&self) -> &Self::Services;
    fn clusters(&self) -> &Self::Clusters;
    fn sessions(&self) -> &Self::Sessions;
    fn log_groups(&self) -> &Self::LogGroups;
    fn journal(&self) -> &Self::Journal;
    fn clock(&self) -> &Self::Clock;
}

/// The ports of a use case that changes the settings and tags of clusters and services.
pub trait ResourcePorts: Ports {
    type Resources: Resources;

    fn resources(&self) -> &Self::Resources;
}

/// One adapter for each port of [`Ports`]. The adapter for ECS implements [`TaskDefinitions`], [`Services`],
/// [`Clusters`] and [`WatchedSessions`].
#[derive(Clone, Debug)]
pub struct Adapters<E, L, J, C> {
    pub ecs: E,
    pub log_groups: L,
    pub journal: J,
    pub clock: C,
}

impl<E, L: LogGroups, J: Journal, C: Clock> Ports for Adapters<E, L, J, C>
where
    E: TaskDefinitions + Services + Clusters + WatchedSessions,
{
    type TaskDefinitions = E;
    type Services = E;
    type Clusters = E;
    type Sessions = E;
    type LogGroups = L;
    type Journal = J;
    type Clock = C;

    fn task_definitions(&self) -> &E {
        &self.ecs
    }
    fn services(&self) -> &E {
        &self.ecs
    }
    fn clusters(&self) -> &E {
        &self.ecs
    }
    fn sessions(&self) -> &E {
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

impl<E, L: LogGroups, J: Journal, C: Clock> ResourcePorts for Adapters<E, L, J, C>
where
    E: TaskDefinitions + Services + Clusters + WatchedSessions + Resources,
{
    type Resources = E;

    fn resources(&self) -> &E {
        &self.ecs
    }
}
