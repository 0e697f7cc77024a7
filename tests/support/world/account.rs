//! The state of the account, and what other principals do to it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::Delivery;
use logweir::domain::ecs::cluster::ClusterArn;
use logweir::domain::ecs::default_log_mode::SettingName;
use logweir::domain::ecs::image::RunningImage;
use logweir::domain::ecs::resource::{ResourceArn, ResourceState};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::exec::watch::{ListedSession, SessionName, SessionWatch};
use logweir::domain::limits::family::{Family, FamilyName};
use logweir::domain::limits::rate::{RateLimit, RateLimitName};
use logweir::domain::limits::reconciliation::{Reconciliation, ReconciliationName};
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::pins::{HolderName, PinHolder, RevisionPins};
use logweir::domain::record::{ClusterRecord, Entry, Head, Record, ResourceRecord, SettingRecord};
use logweir::domain::run::{Run, RunName, RunPage, RunPageName};
use logweir::ports::{Answer, ErrorKind, PortError};
use serde_json::Value;

use super::fired::Fired;
use super::lag::{Lag, RevisionState, Write};
use super::services::{LiveProgress, LiveService};
use super::watch::ReadResult;

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
/// The principal of registrations that bypass the ports.
pub(crate) const DEPLOYER: &str = "arn:aws:sts::111122223333:assumed-role/Deployer/session";
/// The principal of registrations through the ports.
pub(crate) const LOGWEIR: &str = "arn:aws:sts::111122223333:assumed-role/Remediator/session";

/// A false answer of the world. It makes Logweir act like a program that omits a check. A test then shows that the
/// other tests detect such a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    /// A list of revisions omits those that Logweir registered. They cannot be described before a record names them.
    NothingByLogweir,
    /// A list of revisions omits those that other principals registered after the first, and they are described as
    /// INACTIVE.
    NothingNewer,
    /// Every log group that has a retention shows the one that Logweir sets.
    RetentionIsLogweirs,
    /// No service and no task runs anything.
    NothingRuns,
    /// The journal has no pins.
    NothingPins,
    /// A commit is acknowledged at once, but written only together with the next one.
    CommitLater,
    /// A revision that the list does not show is described as INACTIVE, so that Logweir trusts the list.
    UnlistedIsInactive,
    /// A revision that cannot be described yet is described as INACTIVE.
    UnseenIsInactive,
    /// A revision whose tags are not visible yet has lost a member of its document, too.
    UnseenTagsAreLost,
    /// The newest deployment of a service has the id of Logweir's last deployment of the same revision.
    NewestIsLogweirs,
    /// A deployment that is paused is shown as one that is not.
    NothingPauses,
    /// DescribeClusters always shows the first configuration of a cluster.
    ClusterUnchanged,
    /// A read of a cluster or a service always shows its first settings and tags.
    ResourceUnchanged,
    /// A read of a service that lags shows a deployment that Logweir has never seen.
    StaleIsRolledBack,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Account {
    pub(crate) now: Timestamp,
    /// Revision *n* of a family is item *n* - 1: numbers count up and are never reused.
    pub(crate) families: BTreeMap<String, Vec<Revision>>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// The records of corrections in the journal.
    pub(crate) records: BTreeMap<RevisionArn, Record>,
    /// The records of migrations in the journal.
    pub(crate) migrations: BTreeMap<RevisionArn, Record>,
    /// The sources whose records a newer version of Logweir has written, so that this version cannot read them.
    pub(crate) newer: BTreeSet<RevisionArn>,
    /// The states of families in the journal.
    pub(crate) remembered: BTreeMap<FamilyName, Family>,
    /// The histories of services in the journal.
    pub(crate) pointings: BTreeMap<ServiceArn, ServiceHistory>,
    /// The registration rate limits in the journal.
    pub(crate) budgets: BTreeMap<RateLimitName, RateLimit>,
    /// The states of the reconciliation in the journal.
    pub(crate) reconciliations: BTreeMap<ReconciliationName, Reconciliation>,
    /// Running services and tasks with their revisions, for tests in which nothing else about a service matters.
    pub(crate) running: BTreeMap<String, RevisionArn>,
    /// The services that can be read, updated and deployed.
    pub(crate) services: BTreeMap<ServiceArn, LiveService>,
    /// Service deployments by ARN.
    pub(crate) service_deployments: BTreeMap<String, LiveProgress>,
    /// The images of service revisions by ARN, with the digests to which their names resolved at creation.
    pub(crate) service_revisions: BTreeMap<String, Vec<RunningImage>>,
    /// The number of deployments so far, in all services.
    pub(crate) deployed: u64,
    /// The current digests of image names. Other names are unknown to ECR.
    pub(crate) registry: BTreeMap<String, String>,
    /// Whether a deployment that is overtaken before its first task runs disappears from the list at once.
    pub(crate) forgets_overtaken: bool,
    /// Whether a deployment that ECS rolls back is shown as in progress until the rollback's first task runs, as users
    /// have reported of DescribeServices.
    pub(crate) fails_late: bool,
    /// Whether the deployments that are in progress complete while Logweir waits.
    pub(crate) completes_while_waiting: bool,
    /// The events that EventBridge has delivered, oldest first.
    pub(crate) events: Vec<Value>,
    /// The number of events so far.
    pub(crate) reported: u64,
    /// Whether EventBridge delivers no events, because the test delivers its own.
    pub(crate) is_silent: bool,
    /// What the ports have shown this process about services.
    pub(super) looked: ReadResult,
    /// How often each lag, fault and act of another principal has occurred.
    pub(super) fired: Fired,
    pub(crate) lie: Option<Lie>,
    /// Commits that were acknowledged and not written, under [`Lie::CommitLater`].
    pub(crate) unwritten: Vec<(Head, Entry)>,
    /// Violations: what must never happen, and did.
    pub(crate) wrongs: Vec<String>,
    /// Log groups that the baseline adopts. Only those may get a retention although they contain data.
    pub(crate) adopted: BTreeSet<String>,
    /// The account setting `defaultLogDriverMode`. `None` if it is not set.
    pub(crate) default_mode: Option<Delivery>,
    /// The value of the setting before the last write, and the time of the write. A read shows this value while it
    /// lags.
    pub(crate) former_default: Option<(Timestamp, Option<Delivery>)>,
    /// How long a read of the setting shows the value before the last write.
    pub(crate) setting_lags: SignedDuration,
    /// The value of the setting that belongs to the caller alone.
    pub(crate) own_default: Option<Delivery>,
    /// The records of account settings in the journal.
    pub(crate) setting_records: BTreeMap<SettingName, SettingRecord>,
    /// The principal of the calls through the ports.
    pub(crate) principal: String,
    /// Whether an INACTIVE revision can be described. AWS promises it only while a task or service refers to it.
    pub(crate) shows_inactive: bool,
    /// INACTIVE revisions that a task or service refers to.
    pub(crate) referred: BTreeSet<RevisionArn>,
    /// Top-level members of a document that this ECS does not know and drops.
    pub(crate) loses: Vec<String>,
    /// The account-level retention policy: its name and days. It overrides the retention of a group.
    pub(crate) retention_policy: Option<(String, u32)>,
    /// The rules and schedules that pin corrected revisions, in the journal.
    pub(crate) pin_holders: BTreeMap<HolderName, PinHolder>,
    /// The pins of corrected revisions, in the journal.
    pub(crate) pins: BTreeMap<RevisionArn, RevisionPins>,
    /// The clusters with their configurations, oldest configuration first, each with the time of the write.
    pub(crate) clusters: BTreeMap<ClusterArn, Vec<(Timestamp, String)>>,
    /// The records of clusters in the journal.
    pub(crate) cluster_records: BTreeMap<ClusterArn, ClusterRecord>,
    /// The settings and tags of clusters and services, oldest state first, each with the time of the write.
    pub(crate) resources: BTreeMap<ResourceArn, Vec<(Timestamp, ResourceState)>>,
    /// The records of settings and tags in the journal.
    pub(crate) resource_records: BTreeMap<ResourceArn, ResourceRecord>,
    /// The records of runs in the journal.
    pub(crate) runs: BTreeMap<RunName, Run>,
    pub(crate) run_pages: BTreeMap<RunPageName, RunPage>,
    /// The revisions of tasks by `CLUSTER/TASK`.
    pub(crate) tasks: BTreeMap<String, RevisionArn>,
    /// The sessions on containers by ID.
    pub(crate) sessions: BTreeMap<String, ListedSession>,
    /// The log groups and the sessions of transcripts.
    pub(crate) transcripts: BTreeSet<(String, String)>,
    /// The watches over sessions, in the journal.
    pub(crate) watches: BTreeMap<SessionName, SessionWatch>,
    pub(crate) lag: Lag,
    /// The number of writes to the task definitions so far.
    pub(super) written: u64,
    /// The services before each write to them, while DescribeServices lags.
    pub(super) earlier_services: Vec<(Timestamp, BTreeMap<ServiceArn, LiveService>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Revision {
    /// The author's part of the document.
    pub(crate) text: String,
    pub(crate) tags: Vec<Tag>,
    pub(crate) at: Timestamp,
    pub(crate) by: String,
    /// The states of the revision, each with the write that led to it, oldest first.
    pub(super) past: Vec<(Write, RevisionState)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) retention: Option<u32>,
    pub(crate) class: String,
    pub(crate) kms_key: Option<String>,
    pub(crate) streams: usize,
    pub(crate) stored_bytes: u64,
    /// Whether Logweir created the group.
    pub(crate) by_logweir: bool,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            now: "2026-11-21T12:00:00Z".parse().unwrap(),
            families: BTreeMap::new(),
            groups: BTreeMap::new(),
            records: BTreeMap::new(),
            migrations: BTreeMap::new(),
            newer: BTreeSet::new(),
            remembered: BTreeMap::new(),
            pointings: BTreeMap::new(),
            budgets: BTreeMap::new(),
            reconciliations: BTreeMap::new(),
            running: BTreeMap::new(),
            services: BTreeMap::new(),
            service_deployments: BTreeMap::new(),
            service_revisions: BTreeMap::new(),
            deployed: 0,
            registry: BTreeMap::new(),
            forgets_overtaken: false,
            fails_late: false,
            completes_while_waiting: false,
            events: Vec::new(),
            reported: 0,
            is_silent: false,
            looked: ReadResult::default(),
            fired: Fired::default(),
            lie: None,
            unwritten: Vec::new(),
            wrongs: Vec::new(),
            adopted: BTreeSet::new(),
            default_mode: None,
            former_default: None,
            setting_lags: SignedDuration::ZERO,
            own_default: None,
            setting_records: BTreeMap::new(),
            principal: LOGWEIR.into(),
            shows_inactive: true,
            referred: BTreeSet::new(),
            loses: Vec::new(),
            retention_policy: None,
            pin_holders: BTreeMap::new(),
            pins: BTreeMap::new(),
            clusters: BTreeMap::new(),
            cluster_records: BTreeMap::new(),
            resources: BTreeMap::new(),
            resource_records: BTreeMap::new(),
            runs: BTreeMap::new(),
            run_pages: BTreeMap::new(),
            tasks: BTreeMap::new(),
            sessions: BTreeMap::new(),
            transcripts: BTreeSet::new(),
            watches: BTreeMap::new(),
            lag: Lag::default(),
            written: 0,
            earlier_services: Vec::new(),
        }
    }
}

impl Account {
    pub(crate) fn arn(&self, family: &str, revision: usize) -> RevisionArn {
        let text = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:{revision}");
        text.parse().unwrap()
    }

    /// A service by `CLUSTER/NAME`.
    pub(crate) fn service_arn(&self, name: &str) -> ServiceArn {
        format!("arn:aws:ecs:{REGION}:{ACCOUNT}:service/{name}").parse().unwrap()
    }

    /// Registers a document as the deployer.
    pub(crate) fn registers(&mut self, document: &str) -> RevisionArn {
        self.registers_with_tags(document, &[])
    }

    pub(crate) fn registers_with_tags(&mut self, document: &str, tags: &[Tag]) -> RevisionArn {
        self.register(document, tags, DEPLOYER.into()).unwrap()
    }

    /// Deregisters a revision as another principal.
    pub(crate) fn deregisters(&mut self, arn: &RevisionArn) {
        self.deregister(arn).unwrap();
    }

    /// Creates a log group as another principal. A group with streams contains data.
    pub(crate) fn has_group(&mut self, name: &str, retention: Option<u32>, streams: usize) {
        let group = Group {
            retention,
            streams,
            stored_bytes: streams as u64 * 1024,
            class: "STANDARD".into(),
            ..Group::default()
        };
        self.groups.insert(name.into(), group);
    }

    /// The numbers of a family's ACTIVE revisions.
    pub(crate) fn active(&self, family: &str) -> Vec<usize> {
        let revisions = self.families.get(family).into_iter().flatten().enumerate();
        revisions.filter(|(_, revision)| revision.is_active()).map(|(index, _)| index + 1).collect()
    }

    pub(crate) fn is_hidden(&self, family: &str, number: usize) -> bool {
        let by_logweir = self.families[family][number - 1].by == LOGWEIR;
        match self.lie {
            Some(Lie::NothingByLogweir) => by_logweir,
            Some(Lie::NothingNewer) => !by_logweir && number > 1,
            _ => false,
        }
    }

    pub(crate) fn revision(&self, arn: &RevisionArn) -> Option<&Revision> {
        self.families.get(&arn.family)?.get((arn.revision as usize).checked_sub(1)?)
    }
}

pub(super) fn refused<T>(call: &'static str, message: impl Into<String>) -> Answer<T> {
    Err(PortError { kind: ErrorKind::Refused, call, message: message.into(), reason: None })
}

pub(super) fn missing<T>(call: &'static str, message: impl Into<String>) -> Answer<T> {
    Err(PortError { kind: ErrorKind::Missing, call, message: message.into(), reason: None })
}
