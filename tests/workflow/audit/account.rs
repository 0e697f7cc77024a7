//! An account in memory with many families, AWS's read buckets, and a clock whose waits take no time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::audit::{FleetDeployment, FleetService, FleetTask, Memo, Step};
use logweir::domain::baseline::Delivery;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{Controller, Status};
use logweir::domain::ecs::wire;
use logweir::domain::limits::throttle::{ApiBucket, BucketLimit};
use logweir::domain::outcome::Reason;
use logweir::domain::rules::facts::LogGroup;
use logweir::ports::{
    Answer, AuditMemory, Clock, Described, DescribedBatch, ErrorKind, FamilyPage, FleetReads, ListPage, MOST_TAGGED,
    PortError, TaggedRevision, Timer,
};

/// The latency of each call.
const LATENCY: Duration = Duration::from_millis(20);

/// The size of a page.
const PAGE: usize = 100;

/// What a revision logs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Logs {
    /// The value of the option `mode`. `None` if it is absent.
    pub mode: Option<&'static str>,
    pub group: String,
}

impl Logs {
    pub fn to(group: &str, mode: Option<&'static str>) -> Self {
        Self { mode, group: group.to_owned() }
    }

    pub fn compliant() -> Self {
        Self::to("/ecs/shared", Some("non-blocking"))
    }

    pub fn blocking() -> Self {
        Self::to("/ecs/shared", Some("blocking"))
    }
}

type Tags = Vec<(String, String)>;

/// A bucket of AWS, with the calls that other principals make.
struct Bucket {
    tokens: f64,
    at: Duration,
    limit: BucketLimit,
}

#[derive(Default)]
pub struct Calls {
    pub made: BTreeMap<&'static str, u64>,
    pub throttled: u64,
    /// The arguments of DescribeTaskDefinition.
    pub described: Vec<String>,
    /// The revisions that DescribeTaskDefinition has answered.
    pub answered: Vec<String>,
}

pub struct Account {
    began: tokio::time::Instant,
    pub revisions: BTreeMap<String, BTreeMap<u32, (Logs, Tags)>>,
    /// The services of each cluster.
    pub services: BTreeMap<String, Vec<FleetService>>,
    /// The standalone tasks of each cluster.
    pub tasks: BTreeMap<String, Vec<FleetTask>>,
    pub groups: BTreeMap<String, Option<u32>>,
    pub mode: Delivery,
    /// The operations that AWS denies.
    pub denied: BTreeSet<&'static str>,
    /// The reads of task definitions a second that other principals make.
    pub others: f64,
    has_buckets: bool,
    buckets: Mutex<HashMap<ApiBucket, Bucket>>,
    pub calls: Mutex<Calls>,
}

impl Account {
    pub fn new() -> Self {
        Self {
            began: tokio::time::Instant::now(),
            revisions: BTreeMap::new(),
            services: BTreeMap::new(),
            tasks: BTreeMap::new(),
            groups: BTreeMap::from([("/ecs/shared".to_owned(), Some(30))]),
            mode: Delivery::NonBlocking,
            denied: BTreeSet::new(),
            others: 0.0,
            has_buckets: true,
            buckets: Mutex::default(),
            calls: Mutex::default(),
        }
    }

    /// Returns an account whose families are compliant, and whose first families run in services.
    pub fn of(families: usize, services: usize) -> Self {
        let mut account = Self::new();
        for number in 0..families {
            account.register(&format!("family-{number:06}"), 1, Logs::compliant());
        }
        for number in 0..services {
            account.run(
                &format!("cluster-{}", number % 3),
                &format!("service-{number}"),
                &format!("family-{number:06}"),
                1,
            );
        }
        account
    }

    /// Returns the account without AWS's buckets.
    pub fn without_buckets(self) -> Self {
        Self { has_buckets: false, ..self }
    }

    pub fn register(&mut self, family: &str, revision: u32, logs: Logs) {
        self.revisions.entry(family.to_owned()).or_default().insert(revision, (logs, Vec::new()));
    }

    pub fn tag(&mut self, family: &str, revision: u32, key: &str, value: &str) {
        let tags = &mut self.revisions.get_mut(family).unwrap().get_mut(&revision).unwrap().1;
        tags.retain(|(other, _)| other != key);
        tags.push((key.to_owned(), value.to_owned()));
    }

    /// Adds a service with two tasks of the revision.
    pub fn run(&mut self, cluster: &str, name: &str, family: &str, revision: u32) {
        let definition = arn(family, revision);
        self.services.entry(cluster.to_owned()).or_default().push(FleetService {
            cluster: cluster.into(),
            name: name.into(),
            arn: format!("arn:aws:ecs:eu-west-1:111122223333:service/{cluster}/{name}").into(),
            status: Status::Active,
            controller: Controller::Ecs,
            is_managed: false,
            definition: Some(definition.as_str().into()),
            desired: 2,
            running: 2,
            has_circuit_breaker: true,
            rolls_back: true,
            deployments: vec![FleetDeployment {
                definition: definition.as_str().into(),
                is_primary: true,
                desired: 2,
                running: 2,
            }],
            tags: Vec::new(),
        });
    }

    /// Adds a standalone task.
    pub fn start(&mut self, cluster: &str, family: &str, revision: u32) {
        self.services.entry(cluster.to_owned()).or_default();
        let task =
            FleetTask { definition: arn(family, revision).into(), group: format!("family:{family}").as_str().into() };
        self.tasks.entry(cluster.to_owned()).or_default().push(task);
    }

    /// Adds a task of a managed daemon.
    pub fn start_daemon(&mut self, cluster: &str, family: &str, revision: u32) {
        let definition = arn(family, revision).replace(":task-definition/", ":daemon-task-definition/");
        let group = format!("daemon:{family}").as_str().into();
        let task = FleetTask { definition: definition.as_str().into(), group };
        self.tasks.entry(cluster.to_owned()).or_default().push(task);
    }

    pub fn made(&self, operation: &str) -> u64 {
        self.calls.lock().unwrap().made.get(operation).copied().unwrap_or_default()
    }

    pub fn all_made(&self) -> u64 {
        self.calls.lock().unwrap().made.values().sum()
    }

    pub fn throttled(&self) -> u64 {
        self.calls.lock().unwrap().throttled
    }

    pub fn described(&self) -> Vec<String> {
        self.calls.lock().unwrap().described.clone()
    }

    pub fn forget_calls(&self) {
        *self.calls.lock().unwrap() = Calls::default();
    }

    /// Returns the virtual time since the start, in seconds.
    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }

    /// Counts a call, and lets the time of its latency pass.
    async fn call(&self, bucket: ApiBucket, operation: &'static str) -> Answer<()> {
        tokio::time::sleep(LATENCY / 2).await;
        *self.calls.lock().unwrap().made.entry(operation).or_default() += 1;
        let is_admitted = !self.has_buckets || self.take(bucket);
        tokio::time::sleep(LATENCY / 2).await;
        let refused = |kind, message: &str, reason| {
            Err(PortError { kind, call: operation, message: message.to_owned(), reason: Some(reason) })
        };
        if !is_admitted {
            self.calls.lock().unwrap().throttled += 1;
            return refused(ErrorKind::Retry, "ThrottlingException: Rate exceeded", Reason::Throttled);
        }
        if self.denied.contains(operation) {
            return refused(ErrorKind::Refused, "AccessDeniedException: not authorized", Reason::AccessDenied);
        }
        Ok(())
    }

    fn take(&self, bucket: ApiBucket) -> bool {
        let limit = bucket.limit();
        let others = if bucket == ApiBucket::TaskDefinitionRead { self.others } else { 0.0 };
        let now = self.began.elapsed();
        let mut buckets = self.buckets.lock().unwrap();
        let of = buckets.entry(bucket).or_insert(Bucket { tokens: limit.burst, at: now, limit });
        let passed = (now - of.at).as_secs_f64();
        of.tokens = (of.tokens + (of.limit.rate - others) * passed).min(of.limit.burst);
        of.at = now;
        let is_admitted = of.tokens >= 1.0;
        of.tokens -= f64::from(u8::from(is_admitted));
        is_admitted
    }

    fn newest(&self, family: &str) -> Option<u32> {
        self.revisions.get(family)?.keys().next_back().copied()
    }
}

pub fn arn(family: &str, revision: u32) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{family}:{revision}")
}

fn page<T: Clone>(all: &[T], token: Option<&str>) -> ListPage<T> {
    let start: usize = token.map_or(0, |token| token.parse().unwrap());
    let end = all.len().min(start + PAGE);
    ListPage { items: all[start..end].to_vec(), next: (end < all.len()).then(|| end.to_string()) }
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap()
}

impl Clock for Account {
    fn now(&self) -> Timestamp {
        let start: Timestamp = "2026-12-01T12:00:00Z".parse().unwrap();
        start + SignedDuration::try_from(self.began.elapsed()).unwrap()
    }
}

impl Timer for Account {
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }
}

impl FleetReads for Account {
    async fn families(&self, prefix: Option<&str>, token: Option<&str>) -> Answer<FamilyPage> {
        self.call(ApiBucket::TaskDefinitionRead, "ListTaskDefinitionFamilies").await?;
        let fits = |family: &&String| prefix.is_none_or(|prefix| family.starts_with(prefix));
        let all: Vec<String> = self.revisions.keys().filter(fits).cloned().collect();
        let ListPage { items, next } = page(&all, token);
        Ok(FamilyPage { families: items, next })
    }

    async fn revisions(&self, family: Option<&str>, token: Option<&str>) -> Answer<ListPage<RevisionArn>> {
        self.call(ApiBucket::TaskDefinitionRead, "ListTaskDefinitions").await?;
        let of = self.revisions.iter().rev().filter(|(name, _)| family.is_none_or(|family| family == *name));
        let all = of.flat_map(|(name, revisions)| revisions.keys().rev().map(move |one| arn(name, *one)));
        let all: Vec<RevisionArn> = all.map(|arn| arn.parse().unwrap()).collect();
        Ok(page(&all, token))
    }

    async fn describe(&self, name: &str) -> Answer<Described> {
        self.calls.lock().unwrap().described.push(last(name).to_owned());
        self.call(ApiBucket::TaskDefinitionRead, "DescribeTaskDefinition").await?;
        let name = last(name);
        let (family, revision) = match name.split_once(':') {
            Some((family, revision)) => (family, revision.parse().ok()),
            None => (name, self.newest(name)),
        };
        let found = revision.and_then(|revision| Some((revision, self.revisions.get(family)?.get(&revision)?)));
        let Some((revision, (logs, tags))) = found else {
            let message = "ClientException: Unable to describe task definition.".to_owned();
            return Err(PortError { kind: ErrorKind::Missing, call: "DescribeTaskDefinition", message, reason: None });
        };
        self.calls.lock().unwrap().answered.push(format!("{family}:{revision}"));
        Ok(wire::described(&document(family, revision, logs, tags)).unwrap())
    }

    async fn tags_of_revisions(&self, arns: &[String]) -> Answer<Vec<TaggedRevision>> {
        assert!(arns.len() <= MOST_TAGGED);
        self.call(ApiBucket::TagSearch, "GetResources").await?;
        let of = |(family, revisions): (&String, &BTreeMap<u32, (Logs, Tags)>)| {
            let family = family.clone();
            let tagged = revisions.clone().into_iter().filter(|(_, (_, tags))| !tags.is_empty());
            tagged.map(move |(revision, (_, tags))| (arn(&family, revision).parse().unwrap(), tags))
        };
        let all = self.revisions.iter().flat_map(of);
        Ok(all.filter(|(revision, _): &TaggedRevision| arns.contains(&revision.to_string())).collect())
    }

    async fn default_mode(&self) -> Answer<Option<Delivery>> {
        self.call(ApiBucket::SettingRead, "ListAccountSettings").await?;
        Ok(Some(self.mode))
    }

    async fn clusters(&self, token: Option<&str>) -> Answer<ListPage<String>> {
        self.call(ApiBucket::ClusterRead, "ListClusters").await?;
        let arn = |name: &String| format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{name}");
        Ok(page(&self.services.keys().map(arn).collect::<Vec<_>>(), token))
    }

    async fn services(&self, cluster: &str, token: Option<&str>) -> Answer<ListPage<String>> {
        self.call(ApiBucket::ServiceRead, "ListServices").await?;
        let services = &self.services[last(cluster)];
        Ok(page(&services.iter().map(|service| service.arn.to_string()).collect::<Vec<_>>(), token))
    }

    async fn describe_services(&self, cluster: &str, arns: &[String]) -> Answer<DescribedBatch<FleetService>> {
        assert!(arns.len() <= 10);
        self.call(ApiBucket::ServiceRead, "DescribeServices").await?;
        let is_asked = |service: &&FleetService| arns.iter().any(|arn| **arn == *service.arn);
        let found = self.services[last(cluster)].iter().filter(is_asked).cloned().collect();
        Ok(DescribedBatch { found, failed: Vec::new() })
    }

    async fn tasks(&self, cluster: &str, token: Option<&str>) -> Answer<ListPage<String>> {
        self.call(ApiBucket::ClusterResourceRead, "ListTasks").await?;
        let number = self.tasks.get(last(cluster)).map_or(0, Vec::len);
        Ok(page(&(0..number).map(|task| task.to_string()).collect::<Vec<_>>(), token))
    }

    async fn describe_tasks(&self, cluster: &str, tasks: &[String]) -> Answer<DescribedBatch<FleetTask>> {
        self.call(ApiBucket::ClusterResourceRead, "DescribeTasks").await?;
        let found = tasks.iter().map(|task| self.tasks[last(cluster)][task.parse::<usize>().unwrap()].clone());
        Ok(DescribedBatch { found: found.collect(), failed: Vec::new() })
    }

    async fn log_groups(&self, names: &[String], _: Option<&str>) -> Answer<ListPage<(String, LogGroup)>> {
        assert!(names.len() <= 50);
        self.call(ApiBucket::LogGroupRead, "DescribeLogGroups").await?;
        let fact = |retention: &Option<u32>| LogGroup::Exists { retention: *retention, policy: None, empty: None };
        let found = names.iter().filter_map(|name| Some((name.clone(), fact(self.groups.get(name)?))));
        Ok(ListPage { items: found.collect(), next: None })
    }
}

fn document(family: &str, revision: u32, logs: &Logs, tags: &Tags) -> String {
    let mut options = serde_json::json!({
        "awslogs-group": logs.group, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": family,
    });
    if let Some(mode) = logs.mode {
        options["mode"] = mode.into();
        if mode == "non-blocking" {
            options["max-buffer-size"] = "25m".into();
        }
    }
    let tags: Vec<_> = tags.iter().map(|(key, value)| serde_json::json!({"key": key, "value": value})).collect();
    serde_json::json!({
        "tags": tags,
        "taskDefinition": {
            "taskDefinitionArn": arn(family, revision),
            "family": family,
            "revision": revision,
            "status": "ACTIVE",
            "executionRoleArn": "arn:aws:iam::111122223333:role/exec",
            "registeredBy": "arn:aws:iam::111122223333:user/dev",
            "containerDefinitions": [{
                "name": "app",
                "image": "app:1",
                "memory": 512,
                "environment": [{"name": "PASSWORD", "value": "hunter2-secret"}],
                "logConfiguration": {"logDriver": "awslogs", "options": options},
            }],
        },
    })
    .to_string()
}

/// The cache and the resume file of audits, as the JSON texts that files contain.
#[derive(Default)]
pub struct Memory {
    pub memos: HashMap<(String, u32), String>,
    pub steps: Vec<String>,
    pub has_resume: bool,
}

impl AuditMemory for Memory {
    fn has_cache(&self) -> bool {
        true
    }
    fn known(&self) -> usize {
        self.memos.len()
    }
    fn knows(&self, family: &str, revision: u32) -> bool {
        self.memos.contains_key(&(family.to_owned(), revision))
    }
    fn recall(&mut self, family: &str, revision: u32) -> Option<Memo> {
        Some(serde_json::from_str(self.memos.get(&(family.to_owned(), revision))?).unwrap())
    }
    fn remember(&mut self, memo: &Memo) {
        let earlier = self.recall(&memo.family, memo.revision);
        let kept = earlier.map_or_else(|| memo.clone(), |earlier| memo.clone().kept_with(earlier));
        self.memos.insert((memo.family.to_string(), memo.revision), serde_json::to_string(&kept).unwrap());
    }
    fn keep(&mut self, _: &Memo) {}
    fn earlier(&mut self, take: &mut dyn FnMut(Step)) {
        self.steps.iter().for_each(|step| take(serde_json::from_str(step).unwrap()));
    }
    fn note(&mut self, step: &dyn Fn() -> Step) {
        if self.has_resume {
            self.steps.push(serde_json::to_string(&step()).unwrap());
        }
    }
}
