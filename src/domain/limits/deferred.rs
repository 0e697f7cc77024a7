//! The source revision that waits for the end of its family's hold. Logweir refuses to correct a family on hold, and
//! SQS deletes the message of the event. The family's state contains the newest refused revision, so that Logweir can
//! handle the event of this revision after the hold.

use serde::{Deserialize, Serialize};

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::ServiceArn;
use crate::domain::event::Cause;

/// The maximum number of services that a deferred revision names, which limits the size of the family's state.
const MOST_SERVICES: usize = 50;

/// The newest source revision that Logweir did not correct because of a hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    pub source: RevisionArn,
    pub cause: Cause,
    /// The services that were created or updated with this revision during the hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceArn>,
}

impl Deferred {
    pub fn new(source: &RevisionArn, cause: &Cause) -> Self {
        Self { source: source.clone(), cause: cause.clone(), services: Vec::new() }
    }

    /// Adds a service that runs the deferred revision.
    pub fn add(&mut self, service: &ServiceArn) {
        if self.services.len() < MOST_SERVICES && !self.services.contains(service) {
            self.services.push(service.clone());
        }
    }
}
