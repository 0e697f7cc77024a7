//! The services and tasks that run task definitions.

use jiff::Timestamp;

use super::error::Answer;
use crate::domain::ecs::image::{EcrImage, RunningImage};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{DeploymentProgress, Service, ServiceArn, User};

pub trait Services: Sync {
    /// Everything that runs this revision or would start it again, in order. Looks at every cluster of the account and
    /// Region, so it is for people who ask, never for an event. A task that belongs to a service which is named is left
    /// out.
    fn users(&self, revision: &RevisionArn) -> impl Future<Output = Answer<Vec<User>>> + Send;

    /// Returns one service with its tags. Returns [`ErrorKind::Missing`](super::ErrorKind::Missing) if there is no such
    /// service.
    fn service(&self, service: &ServiceArn) -> impl Future<Output = Answer<Service>> + Send;

    /// Points the service at a revision, and changes nothing else. Tries once: somebody may act between two tries, and
    /// the second would undo it. After [`ErrorKind::Retry`](super::ErrorKind::Retry) ECS may have updated the service.
    fn point(&self, service: &ServiceArn, to: &RevisionArn) -> impl Future<Output = Answer<Service>> + Send;

    /// How far a service deployment is, by [`Service::service_deployment`].
    fn progress(&self, deployment: &str) -> impl Future<Output = Answer<DeploymentProgress>> + Send;

    /// The revisions that somebody has had the service run since then, even for a moment: those of its service deployments,
    /// the newest twenty of them. For the rare case in which an event alone says so.
    fn deployed_since(
        &self,
        service: &ServiceArn,
        since: Timestamp,
    ) -> impl Future<Output = Answer<Vec<RevisionArn>>> + Send;

    /// Has ECS roll a service deployment back to what ran before it.
    fn stop(&self, deployment: &str) -> impl Future<Output = Answer<()>> + Send;

    /// The images that run of the newest of these service revisions.
    fn running_images(&self, service: &Service) -> impl Future<Output = Answer<Vec<RunningImage>>> + Send;

    /// The digest that an image's name means now; none: there is no such image, or nobody can say.
    fn digest(&self, image: &EcrImage) -> impl Future<Output = Answer<Option<String>>> + Send;
}
