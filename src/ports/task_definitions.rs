//! Task definitions, as ECS keeps them.

use super::error::Answer;
use crate::domain::baseline::Delivery;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::wire::Described;

pub trait TaskDefinitions: Sync {
    /// One revision, by ARN or `FAMILY:REVISION`, or a family's newest ACTIVE one by `FAMILY`. Tags included.
    fn describe(&self, name: &str) -> impl Future<Output = Answer<Described>> + Send;

    /// The newest ACTIVE revisions of exactly this family, newest first, at most `most` of them.
    fn newest(&self, family: &str, most: u8) -> impl Future<Output = Answer<Vec<RevisionArn>>> + Send;

    /// The families that have an ACTIVE revision, in order. As many calls as there are pages, so it is for people who ask,
    /// never for an event.
    fn families(&self) -> impl Future<Output = Answer<Vec<String>>> + Send;

    /// Sends the definition's text and the tags as they are. Tries once, because ECS has no token that makes a second
    /// try safe. After [`ErrorKind::Retry`](super::ErrorKind::Retry) the revision may exist.
    fn register(&self, definition: &TaskDefinition, tags: &[Tag]) -> impl Future<Output = Answer<RevisionArn>> + Send;

    fn deregister(&self, revision: &RevisionArn) -> impl Future<Output = Answer<()>> + Send;

    /// What an absent `mode` means today: the account setting, else ECS's own default.
    fn default_mode(&self) -> impl Future<Output = Answer<Delivery>> + Send;
}
