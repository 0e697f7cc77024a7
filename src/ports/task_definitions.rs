//! Task definitions in ECS.

use super::error::Answer;
use crate::domain::baseline::Delivery;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::ecs::wire::Described;

/// One page of the families that have an ACTIVE revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FamilyPage {
    pub families: Vec<String>,
    /// The token of the next page. `None` if this page is the last page.
    pub next: Option<String>,
}

pub trait TaskDefinitions: Sync {
    /// Returns the revision `name` with its tags. `name` is the ARN of a revision or `FAMILY:REVISION`. If `name` is
    /// only the name of a family, returns the newest ACTIVE revision of that family.
    fn describe(&self, name: &str) -> impl Future<Output = Answer<Described>> + Send;

    /// Returns at most `most` of the newest ACTIVE revisions of exactly this family, newest first.
    fn newest(&self, family: &str, most: u8) -> impl Future<Output = Answer<Vec<RevisionArn>>> + Send;

    /// Returns one page of the families that have an ACTIVE revision. `token` is the token of the page
    /// ([`FamilyPage::next`]), or `None` for the first page. Makes one AWS call.
    fn families(&self, token: Option<&str>) -> impl Future<Output = Answer<FamilyPage>> + Send;

    /// Registers a revision with exactly the text of `definition` and exactly the tags `tags`. Calls
    /// RegisterTaskDefinition only once, because the call has no idempotency token that would make a second call safe.
    /// If the error is [`ErrorKind::Retry`](super::ErrorKind::Retry), ECS may have registered the revision all the
    /// same.
    fn register(&self, definition: &TaskDefinition, tags: &[Tag]) -> impl Future<Output = Answer<RevisionArn>> + Send;

    fn deregister(&self, revision: &RevisionArn) -> impl Future<Output = Answer<()>> + Send;

    /// Returns the delivery mode that ECS uses today for a container without a `mode`. This is the mode in the account
    /// setting `defaultLogDriverMode` or, without this setting, the default of ECS.
    fn default_mode(&self) -> impl Future<Output = Answer<Delivery>> + Send;
}
