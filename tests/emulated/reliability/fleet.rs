//! Many families in one emulated account, accessed without the proxy: the actions of other principals before and
//! between the runs of Logweir, and the resulting state.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType as Scalar,
};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use jiff::Timestamp;
use logweir::aws::Aws;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::NewLogGroup;
use logweir::domain::record::Record;
use logweir::domain::rules::facts::LogGroup;
use logweir::ports::{Clock, Described, Journal, LogGroups, TaskDefinitions};
use logweir::settings::LEASE;

use crate::world::story::{BLOCKING, home};

/// The journal's table.
pub const TABLE: &str = "journal";

/// The cluster whose services run corrected revisions.
const CLUSTER: &str = "prod";

/// Lets Logweir set a retention on the third-party groups for which [`Group::is_adopted`] is true, and update services
/// without a settling time.
pub const BASELINE: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/adopted/*\"]\n[rollout]\nsettle-minutes = 0\n";

/// The state of a family's log group before the correction, and the changes by other principals before the backout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Missing,
    /// It never expires, and has no data.
    Empty,
    /// It never expires, and has data.
    Written,
    /// As [`Group::Written`], and the baseline adopts it.
    Adopted,
    /// As [`Group::Adopted`], and another principal raises its retention after the correction.
    Raised,
    /// It has a longer retention than the baseline requires.
    Long,
}

pub const LONG: u32 = 365;

impl Group {
    pub fn is_adopted(self) -> bool {
        matches!(self, Self::Adopted | Self::Raised)
    }

    /// The retention after the correction.
    pub fn corrected(self) -> Option<u32> {
        match self {
            Self::Missing | Self::Empty | Self::Adopted | Self::Raised => Some(30),
            Self::Written => None,
            Self::Long => Some(LONG),
        }
    }

    /// The retention after the backout.
    pub fn backed_out(self) -> Option<u32> {
        match self {
            Self::Missing => Some(30),
            Self::Empty | Self::Written | Self::Adopted => None,
            Self::Raised | Self::Long => Some(LONG),
        }
    }
}

pub struct Family {
    pub name: String,
    pub log_group: String,
    pub group: Group,
    /// Whether each request is made twice concurrently.
    pub twice: bool,
    /// Whether another principal deregisters the source before the backout.
    pub goes: bool,
    /// Whether the backout request asks to restore such a source.
    pub restores: bool,
    /// Whether a service runs the corrected revision at the first backout request.
    pub runs: bool,
    /// The source, as ECS described it at the start.
    pub source: Described,
    pub clock: Leases,
}

/// A family's clock. It stands still until a lease has to expire.
#[derive(Clone, Default)]
pub struct Leases(Arc<AtomicI64>);

impl Leases {
    pub fn run_out(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Clock for Leases {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        (0..self.0.load(Ordering::Relaxed)).fold(start, |now, _| now + LEASE)
    }
}

/// The final state of a family.
pub struct Standing {
    /// Newest first.
    pub active: Vec<RevisionArn>,
    /// `None` if the family has no ACTIVE revision.
    pub newest: Option<Described>,
    /// The source of the newest revision, if the journal says that Logweir registered that revision.
    pub made_from: Option<RevisionArn>,
    pub log_group: Option<LogGroup>,
    pub record: Option<Record>,
}

/// The other principals in the account.
#[derive(Clone)]
pub struct Others {
    aws: Aws,
    ecs: aws_sdk_ecs::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
}

/// The configuration to reach the account of the events at `url`.
pub fn config(url: &str) -> SdkConfig {
    let home = home();
    // In ministack, each access key of twelve digits is a separate account.
    let credentials = Credentials::new(home.account, "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(home.region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(url)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

impl Others {
    pub fn at(url: &str) -> Self {
        let config = config(url);
        Self {
            aws: Aws::with(&config).unwrap(),
            ecs: aws_sdk_ecs::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        }
    }

    /// Creates the table of `template.yaml` without the indexes, which only listing needs.
    pub async fn make_table(&self) {
        let keys = [("pk", KeyType::Hash), ("sk", KeyType::Range)];
        let mut create = self.aws.dynamodb().create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in keys {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(Scalar::S);
            let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
            create = create.attribute_definitions(attribute.build().unwrap()).key_schema(key.build().unwrap());
        }
        create.send().await.unwrap();
    }

    /// Registers family number `number` with blocking log delivery. The last digit of the number determines the log
    /// group, the other digits the actions of other principals. All combinations occur.
    pub async fn deploy(&self, number: usize) -> Family {
        let name = format!("web-{number:03}");
        let group = match number % 10 {
            4 => Group::Empty,
            5 => Group::Written,
            6 => Group::Long,
            7 => Group::Adopted,
            8 => Group::Raised,
            _ => Group::Missing,
        };
        let log_group = if group.is_adopted() { format!("/ecs/adopted/{name}") } else { format!("/ecs/{name}") };
        if group != Group::Missing {
            self.make_group(&log_group, group).await;
        }
        let text = BLOCKING.replace("\"web\"", &format!("\"{name}\"")).replace("/ecs/web", &log_group);
        let document = TaskDefinition::parse(text).unwrap();
        let source = self.aws.ecs.register(&document, &[]).await.unwrap();
        let (goes, runs) = ((number / 10).is_multiple_of(4), (number / 10).is_multiple_of(10));
        Family {
            name,
            log_group,
            group,
            twice: number.is_multiple_of(3),
            goes,
            restores: goes && (runs || number.is_multiple_of(2)),
            runs,
            source: self.aws.ecs.describe(&source.to_string()).await.unwrap(),
            clock: Leases::default(),
        }
    }

    async fn make_group(&self, name: &str, group: Group) {
        let new = NewLogGroup { name: name.into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) };
        assert!(self.aws.log_groups.create(&new).await.unwrap());
        match group {
            Group::Written | Group::Adopted | Group::Raised => {
                self.logs
                    .create_log_stream()
                    .log_group_name(name)
                    .log_stream_name("app/1")
                    .send()
                    .await
                    .map(drop)
                    .unwrap();
            }
            Group::Long => self.aws.log_groups.set_retention(name, LONG).await.unwrap(),
            Group::Empty | Group::Missing => {}
        }
    }

    pub async fn make_cluster(&self) {
        self.ecs.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
    }

    /// The actions of other principals on a corrected family before its backout.
    pub async fn move_on(&self, family: &Family) {
        if family.runs {
            let correction = &self.active(family).await[0];
            // It runs no task, but would start tasks of the correction.
            let service = self.ecs.create_service().cluster(CLUSTER).service_name(&family.name).desired_count(0);
            service.task_definition(correction.to_string()).send().await.unwrap();
        }
        if family.goes {
            self.aws.ecs.deregister(&family.source.arn).await.unwrap();
        }
        if family.group == Group::Raised {
            self.aws.log_groups.set_retention(&family.log_group, LONG).await.unwrap();
        }
    }

    /// Updates the service from the corrected revision to the source, or to the revision that was restored for it.
    pub async fn deploy_another(&self, family: &Family) {
        let active = self.active(family).await;
        assert_eq!(active.len(), 2, "the correction stays beside the source of {}: {active:?}", family.name);
        let other = if family.goes { &active[0] } else { &active[1] };
        let service = self.ecs.update_service().cluster(CLUSTER).service(&family.name);
        service.task_definition(other.to_string()).send().await.unwrap();
    }

    /// The ACTIVE revisions, newest first.
    pub async fn active(&self, family: &Family) -> Vec<RevisionArn> {
        self.aws.ecs.newest(&family.name, 100).await.unwrap()
    }

    pub async fn look(&self, family: &Family) -> Standing {
        let active = self.active(family).await;
        let newest = match active.first() {
            Some(newest) => Some(self.aws.ecs.describe(&newest.to_string()).await.unwrap()),
            None => None,
        };
        let names = [family.log_group.clone()];
        let log_group = self.aws.log_groups.look(&names).await.unwrap().remove(&names[0]);
        let journal = self.aws.journal(TABLE);
        let made_from = match active.first() {
            Some(newest) => journal.source_of(newest).await.unwrap(),
            None => None,
        };
        let record = journal.read(&family.source.arn).await.unwrap();
        Standing { active, newest, made_from, log_group, record }
    }
}
