//! What Logweir needs of the world. Adapters implement these traits; the workflow knows nothing else.
//!
//! Traits are plain, with generics over them: every future is `Send`, and nothing is boxed.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;

use crate::domain::baseline::Delivery;
use crate::domain::ecs::image::EcrImage;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::service::{Progress, RunningImage, Service, ServiceArn, User};
use crate::domain::ecs::tags::Tag;
use crate::domain::ecs::task_definition::TaskDefinition;
use crate::domain::edit::NewLogGroup;
use crate::domain::limits::family::{Family, FamilyName};
use crate::domain::limits::rate::{Budget, BudgetName};
use crate::domain::limits::service_history::Pointings;
use crate::domain::notice::Notice;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::{Entry, Head, Record};
use crate::domain::rules::facts::LogGroup;

/// Why a call did not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct PortError {
    pub kind: Kind,
    /// The operation, in AWS's word or in ours.
    pub call: &'static str,
    /// What the other side said, made fit for a log line. Never holds anything of a document.
    pub message: String,
    pub reason: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Another try can help: throttled, unavailable, the connection broke. Whether the call was carried out is not known.
    Retry,
    /// It will be refused again: denied, invalid.
    Refused,
    /// What it was about is not there.
    Missing,
}

pub type Answer<T> = Result<T, PortError>;

/// A revision as ECS describes it.
#[derive(Clone, Debug)]
pub struct Described {
    pub arn: RevisionArn,
    /// Without the members that ECS computes; byte for byte as it came otherwise.
    pub definition: TaskDefinition,
    pub tags: Vec<Tag>,
    pub active: bool,
    pub registered_at: Option<Timestamp>,
    pub registered_by: Option<String>,
}

pub trait TaskDefinitions: Sync {
    /// One revision, by ARN or `FAMILY:REVISION`, or a family's newest ACTIVE one by `FAMILY`. Tags included.
    fn describe(&self, name: &str) -> impl Future<Output = Answer<Described>> + Send;

    /// The newest ACTIVE revisions of exactly this family, newest first, at most `most` of them.
    fn newest(&self, family: &str, most: u8) -> impl Future<Output = Answer<Vec<RevisionArn>>> + Send;

    /// The families that have an ACTIVE revision, in order. As many calls as there are pages, so it is for people who ask,
    /// never for an event.
    fn families(&self) -> impl Future<Output = Answer<Vec<String>>> + Send;

    /// Sends the definition's text and the tags as they are. Tries once: there is no token that would make a second
    /// try safe, so after [`Kind::Retry`] the revision may exist.
    fn register(&self, definition: &TaskDefinition, tags: &[Tag]) -> impl Future<Output = Answer<RevisionArn>> + Send;

    fn deregister(&self, revision: &RevisionArn) -> impl Future<Output = Answer<()>> + Send;

    /// What an absent `mode` means today: the account setting, else ECS's own default.
    fn default_mode(&self) -> impl Future<Output = Answer<Delivery>> + Send;
}

pub trait Services: Sync {
    /// Everything that runs this revision or would start it again, in order. Looks at every cluster of the account and
    /// Region, so it is for people who ask, never for an event. A task that belongs to a service which is named is left
    /// out.
    fn users(&self, revision: &RevisionArn) -> impl Future<Output = Answer<Vec<User>>> + Send;

    /// One service, tags included. [`Kind::Missing`]: there is none of that name.
    fn service(&self, service: &ServiceArn) -> impl Future<Output = Answer<Service>> + Send;

    /// Points the service at a revision, and changes nothing else. Tries once: somebody may act between two tries, and
    /// the second would undo it. After [`Kind::Retry`] it may have been done.
    fn point(&self, service: &ServiceArn, to: &RevisionArn) -> impl Future<Output = Answer<Service>> + Send;

    /// How far a service deployment is, by [`Service::service_deployment`].
    fn progress(&self, deployment: &str) -> impl Future<Output = Answer<Progress>> + Send;

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

pub trait LogGroups: Sync {
    /// Those of the groups that exist. `empty` is `Some(false)` where bytes are stored, else open.
    fn look(&self, names: &[String]) -> impl Future<Output = Answer<BTreeMap<String, LogGroup>>> + Send;

    /// Whether no log stream was ever made in the group.
    fn is_empty(&self, name: &str) -> impl Future<Output = Answer<bool>> + Send;

    /// Makes the group, without its retention; `false`: it is there already.
    fn create(&self, group: &NewLogGroup) -> impl Future<Output = Answer<bool>> + Send;

    fn set_retention(&self, name: &str, days: u32) -> impl Future<Output = Answer<()>> + Send;

    /// The group never expires after it.
    fn delete_retention(&self, name: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// What a commit found instead of what it expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Somebody else has written since.
    #[error("somebody else works on this record")]
    Lost,
    #[error(transparent)]
    Port(#[from] PortError),
}

/// The state that a commit builds upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// No record of this source.
    Nothing,
    /// The record as this owner left it, with this as its next sequence.
    At { owner: String, next: u32 },
}

impl Expected {
    pub fn of(head: &Head) -> Self {
        Self::At { owner: head.owner.clone(), next: head.next }
    }
}

/// The append-only store of entries.
///
/// Guarantees: a commit is atomic and durable when it returns; it succeeds only upon the expected state; what was
/// committed is read back by every later read. Assumptions: entries of one record are written by one owner at a time.
pub trait Journal: Sync {
    fn read(&self, source: &RevisionArn) -> impl Future<Output = Answer<Option<Record>>> + Send;

    /// Appends `entry` (number `head.next - 1`) and puts `head` in the place of the one that was expected.
    fn commit(
        &self,
        expected: &Expected,
        head: &Head,
        entry: &Entry,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// The source of a revision that a record says we registered: a corrected one, or one that was restored.
    fn source_of(&self, corrected: &RevisionArn) -> impl Future<Output = Answer<Option<RevisionArn>>> + Send;

    /// The newest heads, newest first: for showing, never for deciding.
    fn list(&self, filter: &Filter, most: usize) -> impl Future<Output = Answer<Vec<Head>>> + Send;

    /// What is remembered of a family; none: nothing yet.
    fn family(&self, name: &FamilyName) -> impl Future<Output = Answer<Option<Family>>> + Send;

    /// Puts `family` in the place of the state with the version before its own (version 1: of none).
    fn put_family(&self, family: &Family) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// What is remembered of a service that was ever pointed at a revision of ours.
    fn pointings(&self, service: &ServiceArn) -> impl Future<Output = Answer<Option<Pointings>>> + Send;

    /// Puts `pointings` in the place of the state with the version before its own (version 1: of none).
    fn put_pointings(&self, pointings: &Pointings) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// What is left of the budget for registering; none: all of it.
    fn budget(&self, name: &BudgetName) -> impl Future<Output = Answer<Option<Budget>>> + Send;

    /// Puts `budget` in the place of the state with the version before its own (version 1: of none).
    fn put_budget(&self, budget: &Budget) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// The families that have a fuse open or are held: for showing, never for deciding.
    fn stopped(&self) -> impl Future<Output = Answer<Vec<Family>>> + Send;
}

/// A queue: the one that events are delivered from, or that of its dead letters.
pub trait Queue: Sync {
    /// Sends a message. Once it is sent, the one that was delivered with this body is done with.
    fn send(&self, message: &Message<'_>) -> impl Future<Output = Answer<()>> + Send;
}

/// A message as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'m> {
    pub body: &'m str,
    /// What travels beside the body, by name.
    pub attributes: Vec<(&'static str, String)>,
    /// In how many seconds it is delivered, [`LONGEST_DELAY`] at most.
    pub delay: u16,
}

/// In seconds (source: SendMessage in the Amazon SQS API reference).
pub const LONGEST_DELAY: u16 = 900;

/// Where none is named, nothing can be sent.
impl<Q: Queue> Queue for Option<Q> {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        match self {
            Some(queue) => queue.send(message).await,
            None => {
                let message = "no queue is named for it".to_owned();
                Err(PortError { kind: Kind::Retry, call: "SendMessage", message, reason: None })
            }
        }
    }
}

/// Which records to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub family: Option<String>,
    pub open: bool,
    /// Only records that changed at this time or later.
    pub since: Option<Timestamp>,
    pub outcome: Option<Outcome>,
    /// A part of the name of whoever caused it.
    pub actor: Option<String>,
    /// The time of asking: a journal that finds its records by day looks back from here.
    pub now: Timestamp,
}

impl Filter {
    /// Every record.
    pub fn all(now: Timestamp) -> Self {
        Self { family: None, open: false, since: None, outcome: None, actor: None, now }
    }

    pub fn fits(&self, head: &Head) -> bool {
        let closing = head.ending().filter(|_| !head.has_work());
        (head.has_work() || !self.open)
            && self.family.as_ref().is_none_or(|family| *family == head.source.family)
            && self.since.is_none_or(|since| since <= head.at)
            && self.outcome.is_none_or(|outcome| closing.is_some_and(|closing| closing.outcome == outcome))
            && self.actor.as_ref().is_none_or(|part| head.actor.as_ref().is_some_and(|actor| actor.contains(part)))
    }
}

/// Whoever is to be told of decisions.
pub trait Notifier: Sync {
    /// Tells each channel that is set up, and tries each once. What could not be done comes back: a decision stands,
    /// whether anybody hears of it or not.
    fn tell(&self, notice: &Notice) -> impl Future<Output = Vec<PortError>> + Send;
}

/// The lines that the function itself has written.
pub trait OwnLog: Sync {
    /// Hands every line since then to `line` that tells of an outcome of this name. `false`: there were too many, and some
    /// were left out.
    fn lines(
        &self,
        outcome: Outcome,
        since: Timestamp,
        line: &mut (dyn FnMut(&str) + Send),
    ) -> impl Future<Output = Answer<bool>> + Send;
}

pub trait Clock: Sync {
    fn now(&self) -> Timestamp;
}

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

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
