//! The state that the journal stores beside its records: of each family, of each service, and of the registration rate
//! limit.

use std::fmt::Display;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::ecs::service::ServiceArn;
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::limits::rate::{RateLimit, RateLimitName};
use crate::domain::limits::service_history::ServiceHistory;

/// A state that a journal stores under a name. Every change increases the version by one. A journal only replaces the
/// preceding version.
pub trait StoredState: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    type Name: Clone + Ord + Display + Send + Sync;

    const KIND: StateKind;

    fn name(&self) -> &Self::Name;
    fn version(&self) -> u32;
    /// The time of its last change.
    fn changed_at(&self) -> Timestamp;

    /// Returns whether this release of Logweir supports the state's format.
    fn is_known(&self) -> bool;

    /// Returns whether [`super::Journal::stopped`] lists it.
    fn is_listed(&self) -> bool {
        false
    }
}

/// The kinds of state. An adapter that does not handle a new kind does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    Family,
    ServiceHistory,
    RateLimit,
}

impl StateKind {
    /// Returns the name of the member or attribute that holds the state, in every form of the journal.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::ServiceHistory => "pointings",
            Self::RateLimit => "budget",
        }
    }
}

macro_rules! stored_state {
    ($state:ident, $key:ident: $name:ty $(, is_listed: $is_listed:ident)?) => {
        impl StoredState for $state {
            type Name = $name;

            const KIND: StateKind = StateKind::$state;

            fn name(&self) -> &$name {
                &self.$key
            }
            fn version(&self) -> u32 {
                self.version
            }
            fn changed_at(&self) -> Timestamp {
                self.at
            }
            fn is_known(&self) -> bool {
                self.schema <= Self::SCHEMA
            }
            $(fn is_listed(&self) -> bool {
                self.$is_listed()
            })?
        }
    };
}

stored_state!(Family, name: FamilyName, is_listed: is_stopped);
stored_state!(ServiceHistory, service: ServiceArn);
stored_state!(RateLimit, name: RateLimitName);
