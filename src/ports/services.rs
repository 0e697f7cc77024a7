//! The ECS services and tasks that run task definitions.

use std::collections::BTreeMap;
use std::slice;

use jiff::Timestamp;

use super::error::Answer;
use crate::domain::ecs::image::{EcrImage, RunningImage};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{DeploymentProgress, Service, ServiceArn, User};

/// The users of each revision that has a user.
pub type RevisionUsers = BTreeMap<RevisionArn, Vec<User>>;

pub trait Services: Sync {
    /// Returns, for each of these revisions, the services and tasks that run the revision, and the services that would
    /// start new tasks with it, in sorted order. Omits the tasks of a returned service, and the revisions without a
    /// user. This function reads every cluster of the account and Region once, so Logweir calls the function only for
    /// requests by people and on a schedule, and never for an event.
    fn users_of(&self, revisions: &[RevisionArn]) -> impl Future<Output = Answer<RevisionUsers>> + Send;

    /// Returns the users of one revision (see [`Services::users_of`]).
    fn users(&self, revision: &RevisionArn) -> impl Future<Output = Answer<Vec<User>>> + Send {
        async { Ok(self.users_of(slice::from_ref(revision)).await?.remove(revision).unwrap_or_default()) }
    }

    /// Returns one service with its tags. Returns [`ErrorKind::Missing`](super::ErrorKind::Missing) if there is no such
    /// service.
    fn service(&self, service: &ServiceArn) -> impl Future<Output = Answer<Service>> + Send;

    /// Updates the service to a revision, and changes no other setting of the service. Calls UpdateService only once,
    /// because a second call could undo an update that another principal made after the first call. If the error is
    /// [`ErrorKind::Retry`](super::ErrorKind::Retry), ECS may have updated the service all the same.
    fn update(&self, service: &ServiceArn, to: &RevisionArn) -> impl Future<Output = Answer<Service>> + Send;

    /// Returns the progress of the service deployment with this ARN (see [`Service::service_deployment`]).
    fn progress(&self, deployment: &str) -> impl Future<Output = Answer<DeploymentProgress>> + Send;

    /// Returns the revisions that were deployed to the service after the time `since`, in at most the newest twenty
    /// deployments. The result also contains deployments that another deployment soon replaced, and that a read of the
    /// service may not show any more.
    fn deployed_since(
        &self,
        service: &ServiceArn,
        since: Timestamp,
    ) -> impl Future<Output = Answer<Vec<RevisionArn>>> + Send;

    /// Stops a service deployment, so that ECS rolls the service back to the revision that ran before this deployment.
    fn stop(&self, deployment: &str) -> impl Future<Output = Answer<()>> + Send;

    /// Returns the images that the tasks of the service's newest service revision run.
    fn running_images(&self, service: &Service) -> impl Future<Output = Answer<Vec<RunningImage>>> + Send;

    /// Returns the digest to which the name of an image resolves now. Returns `None` if the image does not exist, or if
    /// its digest cannot be read.
    fn digest(&self, image: &EcrImage) -> impl Future<Output = Answer<Option<String>>> + Send;
}
