//! Reads that lag behind the writes, because ECS is eventually consistent, and refusals after which the same call
//! succeeds later.
//!
//! Every kind of read lags behind by its own number of writes. After some time, every read shows a write, so the lag is
//! bounded. The same calls always return the same answers.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::ecs::wire::RevisionStatus;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};

use super::services::LiveService;
use super::{Account, Moment, Revision, Then, World};

/// How many of the latest writes each kind of read omits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lag {
    /// DescribeTaskDefinition by ARN. A revision whose registration it omits cannot be described.
    pub(crate) describe: u64,
    /// ListTaskDefinitions, and DescribeTaskDefinition by the name of a family. It may omit a new revision, and may
    /// still show a deregistered one.
    pub(crate) list: u64,
    /// The tags in DescribeTaskDefinition. A revision whose registration they omit has no tags.
    pub(crate) tags: u64,
    /// UpdateService and CreateService, for the revision that they are to start.
    pub(crate) starts: u64,
    /// DescribeServices. Counts the writes to services only.
    pub(crate) services: u64,
    /// DescribeClusters, and DescribeServices for tags. Counts the writes to each cluster or service.
    pub(crate) clusters: usize,
    /// The age at which a write is visible to every read.
    pub(crate) lasts: SignedDuration,
}

impl Lag {
    /// The time after which Logweir expects every read to show a write.
    pub(crate) const LONGEST: SignedDuration = SignedDuration::from_mins(10);
}

/// The state of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevisionState {
    Active,
    Inactive,
    /// DELETE_IN_PROGRESS. It can still be described.
    Deleting,
    Deleted,
}

/// The write that led to a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Write {
    number: u64,
    at: Timestamp,
}

impl RevisionState {
    /// The status that ECS shows. `None` if ECS does not describe the revision.
    pub(super) fn status(self) -> Option<RevisionStatus> {
        match self {
            Self::Active => Some(RevisionStatus::Active),
            Self::Inactive => Some(RevisionStatus::Inactive),
            Self::Deleting => Some(RevisionStatus::DeleteInProgress),
            Self::Deleted => None,
        }
    }
}

impl Revision {
    pub(crate) fn state(&self) -> RevisionState {
        self.past.last().expect("a revision was registered").1
    }

    pub(super) fn deregistered_at(&self) -> Option<Timestamp> {
        self.past.iter().find(|(_, state)| *state != RevisionState::Active).map(|(write, _)| write.at)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.state() == RevisionState::Active
    }

    /// Whether another principal has deleted the revision.
    pub(crate) fn is_deleted(&self) -> bool {
        matches!(self.state(), RevisionState::Deleting | RevisionState::Deleted)
    }
}

impl Account {
    /// Counts a write to the task definitions.
    pub(super) fn writes(&mut self) -> Write {
        self.written += 1;
        Write { number: self.written, at: self.now }
    }

    /// Whether a read that omits the latest `behind` writes shows this one.
    fn shows(&self, write: Write, behind: u64) -> bool {
        write.number + behind <= self.written || self.now.duration_since(write.at) >= self.lag.lasts
    }

    /// The state of a revision to a read that omits the latest `behind` writes. `None` if the read does not show the
    /// registration.
    pub(super) fn seen(&self, revision: &Revision, behind: u64) -> Option<RevisionState> {
        revision.past.iter().rev().find(|(write, _)| self.shows(*write, behind)).map(|(_, state)| *state)
    }

    /// Whether the tags of a revision are visible.
    pub(super) fn shows_tags(&self, revision: &Revision) -> bool {
        self.seen(revision, self.lag.tags).is_some()
    }

    /// The numbers of the family's revisions that ListTaskDefinitions shows as ACTIVE.
    pub(super) fn listed(&self, family: &str) -> Vec<usize> {
        let revisions = self.families.get(family).into_iter().flatten().enumerate();
        let is_listed = |revision: &Revision| self.seen(revision, self.lag.list) == Some(RevisionState::Active);
        revisions.filter(|(_, revision)| is_listed(revision)).map(|(index, _)| index + 1).collect()
    }

    /// Keeps the services as they are before a write, if DescribeServices lags.
    pub(super) fn writes_services(&mut self) {
        if self.lag.services > 0 {
            self.earlier_services.push((self.now, self.services.clone()));
        }
    }

    /// The services as DescribeServices shows them.
    pub(super) fn seen_services(&self) -> &BTreeMap<ServiceArn, LiveService> {
        let written = self.earlier_services.len();
        let old = |(at, _): &&(Timestamp, _)| self.now.duration_since(*at) >= self.lag.lasts;
        let visible = self.earlier_services.iter().take_while(old).count();
        let visible = visible.max(written.saturating_sub(self.lag.services as usize));
        self.earlier_services.get(visible).map_or(&self.services, |(_, services)| services)
    }
}

const REGISTER: &str = "RegisterTaskDefinition";
const UPDATE: &str = "UpdateService";
const CONCURRENT: &str =
    "ClientException: Too many concurrent attempts to create a new revision of the specified family.";
const THROTTLED: &str = "ThrottlingException: Rate exceeded";
const UNAVAILABLE: &str = "ServerException: Service Unavailable. Please try again later.";

/// A temporary refusal. The same call succeeds later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passing {
    pub(crate) call: &'static str,
    pub(crate) message: &'static str,
    /// The name of the refusal among the classes that the histories count.
    pub(crate) class: &'static str,
    kind: ErrorKind,
    reason: Option<Reason>,
}

impl Passing {
    /// Sources: hashicorp/terraform-provider-aws#9777 for the concurrent attempts, aws/amazon-ecs-agent#1354 for the
    /// revision that is not found, the common errors of the ECS API reference for the others.
    pub(crate) const ALL: [Self; 6] = [
        Self {
            class: "ECS refuses a registration: too many concurrent attempts",
            ..Self::throttled(REGISTER, CONCURRENT)
        },
        Self { class: "ECS throttles a registration", ..Self::throttled(REGISTER, THROTTLED) },
        Self { class: "ECS answers a registration with a server error", ..Self::broken(REGISTER, UNAVAILABLE) },
        Self {
            class: "ECS does not find the revision of an update",
            kind: ErrorKind::Missing,
            ..Self::broken(UPDATE, "ClientException: TaskDefinition not found.")
        },
        Self { class: "ECS throttles an update", ..Self::throttled(UPDATE, THROTTLED) },
        Self { class: "ECS answers an update with a server error", ..Self::broken(UPDATE, UNAVAILABLE) },
    ];

    const fn throttled(call: &'static str, message: &'static str) -> Self {
        Self { reason: Some(Reason::Throttled), ..Self::broken(call, message) }
    }

    const fn broken(call: &'static str, message: &'static str) -> Self {
        Self { call, message, class: "", kind: ErrorKind::Retry, reason: None }
    }

    /// The temporary refusals of this call.
    pub(crate) fn of(call: &str) -> Vec<Self> {
        Self::ALL.into_iter().filter(|passing| passing.call == call).collect()
    }

    /// The refusal with this error.
    pub(super) fn with(error: &PortError) -> Option<Self> {
        Self::ALL.into_iter().find(|passing| passing.call == error.call && passing.message == error.message)
    }

    /// Whether ECS says that a revision does not exist.
    pub(crate) fn is_missing(self) -> bool {
        self.kind == ErrorKind::Missing
    }

    fn error(self) -> PortError {
        PortError { kind: self.kind, call: self.call, message: self.message.into(), reason: self.reason }
    }
}

impl World {
    /// Refuses the next call of this kind without effect.
    pub(crate) fn refuses_next(&self, passing: Passing) {
        self.at_next(passing.call, Moment::Before, Then::Fail(passing.error()));
    }

    /// Lets reads lag from now on.
    pub(crate) fn lags(&self, lag: Lag) {
        self.account(|account| account.lag = lag);
    }
}

impl Account {
    /// Deletes an INACTIVE revision as another principal. ECS shows it as DELETE_IN_PROGRESS until
    /// [`Account::finishes_deletions`].
    pub(crate) fn deletes(&mut self, arn: &RevisionArn) {
        let state = self.revision(arn).map(Revision::state);
        assert_eq!(state, Some(RevisionState::Inactive), "only an INACTIVE revision can be deleted");
        self.becomes(arn, RevisionState::Deleting);
    }

    /// Completes the deletions that are in progress.
    pub(crate) fn finishes_deletions(&mut self) {
        let names: Vec<String> = self.families.keys().cloned().collect();
        for family in names {
            for number in 1..=self.families[&family].len() {
                let arn = self.arn(&family, number);
                if self.revision(&arn).is_some_and(|revision| revision.state() == RevisionState::Deleting) {
                    self.becomes(&arn, RevisionState::Deleted);
                }
            }
        }
    }

    /// Deregisters and deletes a revision at once.
    pub(crate) fn deregisters_and_deletes(&mut self, arn: &RevisionArn) {
        self.deregisters(arn);
        self.deletes(arn);
        self.finishes_deletions();
    }

    /// Gives a revision this state.
    pub(crate) fn becomes(&mut self, arn: &RevisionArn, state: RevisionState) {
        let write = self.writes();
        let revisions = self.families.get_mut(&arn.family).unwrap();
        revisions[arn.revision as usize - 1].past.push((write, state));
    }
}
