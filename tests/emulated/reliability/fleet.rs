//! Many families in one emulated account, past the proxy: what others do before Logweir comes and while it is away, and
//! what stands after it.

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

/// The cluster whose services run our revisions.
const CLUSTER: &str = "prod";

/// Has Logweir give groups of others a retention where [`Group::is_adopted`].
pub const BASELINE: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/adopted/*\"]\n";

/// What there was of a family's log group before Logweir came, and what somebody does to it before it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Missing,
    /// It never expires, and nobody has written to it.
    Empty,
    /// It never expires, and somebody has written to it.
    Written,
    /// As [`Group::Written`], and the baseline adopts it.
    Adopted,
    /// As [`Group::Adopted`], and once it is corrected somebody has it keep its data longer.
    Raised,
    /// It expires later than the baseline asks.
    Long,
}

pub const LONG: u32 = 365;

impl Group {
    pub fn is_adopted(self) -> bool {
        matches!(self, Self::Adopted | Self::Raised)
    }

    /// The retention that it has after the correction.
    pub fn corrected(self) -> Option<u32> {
        match self {
            Self::Missing | Self::Empty | Self::Adopted | Self::Raised => Some(30),
            Self::Written => None,
            Self::Long => Some(LONG),
        }
    }

    /// The retention that it has once that is taken back.
    pub fn taken_back(self) -> Option<u32> {
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
    /// Whether whatever is asked for is asked for twice at once.
    pub twice: bool,
    /// Whether somebody deregisters the source before it is taken back.
    pub goes: bool,
    /// Whether a service runs our revision when it is first asked to be taken back.
    pub runs: bool,
    /// Its source, as ECS described it in the beginning.
    pub source: Described,
    pub clock: Leases,
}

/// A family's clock: it stands still until a lease has to run out.
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

/// What stands of a family in the end.
pub struct Standing {
    /// Newest first.
    pub active: Vec<RevisionArn>,
    pub newest: Described,
    /// The source of the newest, where the journal says that we registered it.
    pub made_from: Option<RevisionArn>,
    pub log_group: Option<LogGroup>,
    pub record: Option<Record>,
}

/// Whoever else uses the account.
#[derive(Clone)]
pub struct Others {
    aws: Aws,
    ecs: aws_sdk_ecs::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
}

/// How the account that events speak of is reached at `url`.
pub fn config(url: &str) -> SdkConfig {
    let home = home();
    // To ministack, an access key of twelve digits is an account of its own.
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

    /// The table of `template.yaml`, without the indexes, which serve listing alone.
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

    /// Family number `number`, with a revision that blocks on its logs. Its last digit says what its log group is, the
    /// digits before what others do: every one meets every other.
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
        Family {
            name,
            log_group,
            group,
            twice: number.is_multiple_of(3),
            goes: (number / 10).is_multiple_of(4),
            runs: (number / 10).is_multiple_of(10),
            source: self.aws.ecs.describe(&source.to_string()).await.unwrap(),
            clock: Leases::default(),
        }
    }

    async fn make_group(&self, name: &str, group: Group) {
        let new = NewLogGroup { name: name.into(), class: "STANDARD".into(), kms_key: None, retention_days: 30 };
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

    /// What others do to a corrected family before somebody asks for it to be taken back.
    pub async fn move_on(&self, family: &Family) {
        if family.runs {
            let ours = &self.active(family).await[0];
            // It runs no task; it would start them from ours.
            let service = self.ecs.create_service().cluster(CLUSTER).service_name(&family.name).desired_count(0);
            service.task_definition(ours.to_string()).send().await.unwrap();
        }
        if family.goes {
            self.aws.ecs.deregister(&family.source.arn).await.unwrap();
        }
        if family.group == Group::Raised {
            self.aws.log_groups.set_retention(&family.log_group, LONG).await.unwrap();
        }
    }

    /// Has the service that runs ours run the source, or what was restored for it.
    pub async fn point_elsewhere(&self, family: &Family) {
        let active = self.active(family).await;
        assert_eq!(active.len(), 2, "ours stays beside the source of {}: {active:?}", family.name);
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
        let newest = self.aws.ecs.describe(&active[0].to_string()).await.unwrap();
        let names = [family.log_group.clone()];
        let log_group = self.aws.log_groups.look(&names).await.unwrap().remove(&names[0]);
        let journal = self.aws.journal(TABLE);
        let made_from = journal.source_of(&active[0]).await.unwrap();
        let record = journal.read(&family.source.arn).await.unwrap();
        Standing { active, newest, made_from, log_group, record }
    }
}
