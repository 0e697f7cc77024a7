//! The source revisions that wait for the end of their family's hold. Logweir refuses to correct a family on hold, and
//! SQS deletes the message of the event. The family's state contains the newest refused revisions, so that Logweir can
//! handle the events of these revisions after the hold.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;

/// The maximum number of deferred revisions of a family. Logweir corrects only the family's newest ACTIVE revision, but
/// an owner may deregister the newest revisions before the hold ends.
const MOST: usize = 5;

/// The maximum length of the ARNs of all services that a family's deferred revisions name, in bytes. About 1,000 ARNs
/// have this length. An item of DynamoDB has at most 400 KB.
const LONGEST: usize = 100_000;

/// The maximum number of services of a deferred revision about which one scheduled run sends messages.
const PORTION: usize = 100;

/// A source revision that Logweir did not correct because of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    pub source: RevisionArn,
    pub cause: Cause,
    /// The services that were created or updated with this revision during the hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceArn>,
    /// The number of events about other services with this revision, for which the family's state had no room.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Deferred {
    pub fn new(source: &RevisionArn, cause: &Cause) -> Self {
        Self { source: source.clone(), cause: cause.clone(), services: Vec::new(), left_out: 0 }
    }
}

/// The deferred revisions of a family, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct DeferredRevisions(Vec<Deferred>);

/// The stored form of the deferred revisions: the newest, and those that it replaced. Earlier versions of Logweir store
/// only the newest.
#[derive(Serialize, Deserialize)]
struct Stored {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deferred: Option<Deferred>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<Deferred>,
}

impl From<Stored> for DeferredRevisions {
    fn from(Stored { deferred, replaced }: Stored) -> Self {
        Self(deferred.into_iter().chain(replaced).collect())
    }
}

impl From<DeferredRevisions> for Stored {
    fn from(DeferredRevisions(revisions): DeferredRevisions) -> Self {
        let mut revisions = revisions.into_iter();
        Self { deferred: revisions.next(), replaced: revisions.collect() }
    }
}

impl DeferredRevisions {
    pub fn newest(&self) -> Option<&Deferred> {
        self.0.first()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of events about services for which the family's state had no room.
    pub fn left_out(&self) -> u64 {
        self.0.iter().map(|deferred| u64::from(deferred.left_out)).sum()
    }

    /// Adds a source revision. Forgets the oldest revision if there are too many.
    pub fn add(&mut self, source: &RevisionArn, cause: &Cause) {
        if self.0.iter().all(|deferred| deferred.source != *source) {
            self.0.push(Deferred::new(source, cause));
            self.0.sort_by_key(|deferred| Reverse(deferred.source.revision));
            self.0.truncate(MOST);
        }
    }

    /// Adds a service to the deferred revision that the service runs. Forgets services of the oldest revision if there
    /// are too many.
    pub fn add_service(&mut self, source: &RevisionArn, service: &ServiceArn) {
        let Some(deferred) = self.0.iter_mut().find(|deferred| deferred.source == *source) else { return };
        if deferred.services.contains(service) {
            return;
        }
        deferred.services.push(service.clone());
        let all = self.0.iter().flat_map(|deferred| &deferred.services);
        let mut length: usize = all.map(|service| service.to_string().len()).sum();
        for deferred in self.0.iter_mut().rev() {
            while length > LONGEST
                && let Some(service) = deferred.services.pop()
            {
                length -= service.to_string().len();
                deferred.left_out += 1;
            }
        }
    }

    /// Returns each deferred revision with the services about which the next scheduled run sends messages.
    pub fn portions(&self) -> Vec<Deferred> {
        let mut portions = self.0.clone();
        portions.iter_mut().for_each(|deferred| deferred.services.truncate(PORTION));
        portions
    }

    /// Removes what a portion contains, because the event queue contains messages about it. A revision stays as long as
    /// messages about other services are due.
    pub fn sent(&mut self, portion: &Deferred) {
        self.0.retain_mut(|deferred| {
            if deferred.source != portion.source {
                return true;
            }
            deferred.services.retain(|service| !portion.services.contains(service));
            !deferred.services.is_empty()
        });
    }

    /// Forgets the revisions that are older than `source`.
    pub fn forget_before(&mut self, source: &RevisionArn) {
        self.0.retain(|deferred| deferred.source.revision >= source.revision);
    }
}
