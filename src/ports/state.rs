//! The states that the journal stores in addition to its records: the state of each family, the state of each service,
//! the state of the registration rate limit, the state of the reconciliation, the pins of corrected revisions, the
//! baseline in the function's package, and the watches over sessions of ECS Exec. The records of a cluster, of the
//! settings and tags of a resource, of an account setting, and of a run of `logweir apply --all`, are also states.

use std::fmt::Display;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::baseline::published::{PackagedName, PublishedBaseline};
use crate::domain::ecs::cluster::ClusterArn;
use crate::domain::ecs::default_log_mode::SettingName;
use crate::domain::ecs::resource::ResourceArn;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::exec::watch::{SessionName, SessionWatch};
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::limits::rate::{RateLimit, RateLimitName};
use crate::domain::limits::reconciliation::{Reconciliation, ReconciliationName};
use crate::domain::limits::service_history::ServiceHistory;
use crate::domain::pins::{HolderName, PinHolder, RevisionPins};
use crate::domain::record::{ClusterRecord, ResourceRecord, SettingRecord};
use crate::domain::run::{Run, RunName, RunPage, RunPageName};

/// A state that a journal stores under a name. Every change increases the version of the state by one. A journal
/// replaces the stored version of a state only by the next version.
pub trait StoredState: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {
    type Name: Clone + Ord + Display + Send + Sync;

    const KIND: StateKind;

    fn name(&self) -> &Self::Name;

    /// Returns the name of a stored state, even if this release of Logweir cannot read the rest of the state. Returns
    /// `None` if the text contains no name.
    fn name_in(text: &str) -> Option<Self::Name>;

    fn version(&self) -> u32;
    /// Returns the time of the state's last change.
    fn changed_at(&self) -> Timestamp;

    /// Returns whether this release of Logweir supports the state's format.
    fn is_known(&self) -> bool;

    /// Returns the time after which a journal may delete this state. `None` if the state stays.
    fn expires(&self) -> Option<Timestamp> {
        None
    }

    /// Returns whether [`super::Journal::listed`] lists this state.
    fn is_listed(&self) -> bool {
        false
    }
}

/// The kinds of state that a journal stores. An adapter of the journal compiles only if it handles every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateKind {
    Family,
    ServiceHistory,
    RateLimit,
    Reconciliation,
    PinHolder,
    RevisionPins,
    PublishedBaseline,
    SessionWatch,
    ClusterRecord,
    ResourceRecord,
    Run,
    RunPage,
    SettingRecord,
}

impl StateKind {
    /// Returns the name under which a journal stores a state of this kind. A journal file uses the name for a JSON
    /// member, and DynamoDB uses the name for an attribute.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Family => "family",
            Self::ServiceHistory => "pointings",
            Self::RateLimit => "budget",
            Self::Reconciliation => "reconciliation",
            Self::PinHolder => "pin-holder",
            Self::RevisionPins => "pins",
            Self::PublishedBaseline => "baseline",
            Self::SessionWatch => "session",
            Self::ClusterRecord => "cluster",
            Self::ResourceRecord => "resource",
            Self::Run => "run",
            Self::RunPage => "run-page",
            Self::SettingRecord => "setting",
        }
    }
}

macro_rules! stored_state {
    (
        $state:ident, $(#[$attribute:meta])? $key:ident: $name:ty
        $(, is_listed: $is_listed:expr)? $(, expires: $expires:ident)?
    ) => {
        impl StoredState for $state {
            type Name = $name;

            const KIND: StateKind = StateKind::$state;

            fn name(&self) -> &$name {
                &self.$key
            }
            fn name_in(text: &str) -> Option<$name> {
                #[derive(Deserialize)]
                struct Named {
                    $(#[$attribute])?
                    $key: $name,
                }
                serde_json::from_str(text).ok().map(|named: Named| named.$key)
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
                let is_listed: fn(&Self) -> bool = $is_listed;
                is_listed(self)
            })?
            $(fn expires(&self) -> Option<Timestamp> {
                Some(self.$expires())
            })?
        }
    };
}

stored_state!(Family, #[serde(flatten)] name: FamilyName, is_listed: Family::is_stopped);
stored_state!(ServiceHistory, service: ServiceArn);
stored_state!(RateLimit, #[serde(flatten)] name: RateLimitName);
stored_state!(Reconciliation, #[serde(flatten)] name: ReconciliationName);
stored_state!(PinHolder, holder: HolderName);
stored_state!(RevisionPins, revision: RevisionArn);
stored_state!(PublishedBaseline, place: PackagedName);
stored_state!(SessionWatch, #[serde(flatten)] name: SessionName, expires: expires);
stored_state!(ClusterRecord, cluster: ClusterArn, is_listed: |_| true);
stored_state!(ResourceRecord, resource: ResourceArn, is_listed: |_| true);
stored_state!(Run, #[serde(flatten)] name: RunName);
stored_state!(RunPage, #[serde(flatten)] name: RunPageName);
stored_state!(SettingRecord, #[serde(flatten)] name: SettingName, is_listed: |_| true);
