//! A situation of ECS Exec as JSON: the cluster `prod` of one account, as AWS would describe it.
//!
//! | member | holds |
//! |---|---|
//! | `executeCommandConfiguration` | the configuration of the cluster; if absent, none |
//! | `services`, `daemons`, `tasks` | what has ECS Exec; a single service `web` if there is a task definition |
//! | `taskDefinition` | the members of `web:1`, which all of them run; a text is a definition that is not in a situation |
//! | `logGroups`, `buckets`, `keys` | the destinations that exist; every key is enabled unless listed |
//! | `denies`, `allows`, `depends` | the answers of the policy simulator about actions, if not the usual ones |
//! | `agents` | the versions of the container agents, by the names of the instances |
//! | `unread` | the actions that the caller of Logweir must not perform |
//!
//! A situation with `containerDefinitions` is the task definition itself.

use std::collections::BTreeMap;

use logweir::domain::ecs::cluster::{Cluster, ClusterConfiguration};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::fleet::facts::{
    Bucket, ClusterFacts, ContainerAgent, Definition, ExecAgent, Fleet, RunningTask, Seen, SessionKey, TranscriptGroup,
    Unread, Workload, WorkloadKind,
};
use logweir::domain::fleet::rights::{Answer, Right};
use serde_json::{Value, json};

const WEB: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";

/// The actions that the caller of Logweir may lack.
pub const READS: [&str; 12] = [
    "ecs:ListServices",
    "ecs:ListDaemons",
    "ecs:ListTasks",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeContainerInstances",
    "logs:DescribeLogGroups",
    "s3:GetEncryptionConfiguration",
    "kms:DescribeKey",
    "iam:SimulatePrincipalPolicy",
    "iam:GetRole",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
];

/// A situation, and the reads that are denied beside those that the situation names.
pub struct Situation<'s> {
    shown: Value,
    denied: &'s [&'static str],
}

impl<'s> Situation<'s> {
    pub fn new(shown: &Value, denied: &'s [&'static str]) -> Self {
        let shown =
            if shown.get("containerDefinitions").is_some() { json!({"taskDefinition": shown}) } else { shown.clone() };
        Self { shown, denied }
    }

    fn read<T>(&self, actions: &[&'static str], fact: impl FnOnce() -> T) -> Seen<T> {
        let listed = |action: &&&str| {
            self.denied.contains(*action)
                || self.shown["unread"].as_array().into_iter().flatten().any(|unread| unread == **action)
        };
        match actions.iter().find(listed) {
            Some(action) => Err(Unread { action, message: format!("{action}: AccessDenied"), is_denied: true }),
            None => Ok(fact()),
        }
    }

    fn list(&self, member: &str) -> Vec<Value> {
        self.shown[member].as_array().cloned().unwrap_or_default()
    }

    pub fn fleet(&self) -> Fleet {
        let mut fleet = Fleet {
            partition: "aws".into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
            clusters: vec![self.cluster()],
            definitions: BTreeMap::new(),
            groups: BTreeMap::new(),
            buckets: BTreeMap::new(),
            keys: BTreeMap::new(),
            rights: BTreeMap::new(),
            principals: self.read(&["iam:GetRole"], || vec!["arn:aws:iam::111122223333:role/dev".to_owned()]),
        };
        let used: Vec<String> = fleet.clusters[0].workloads().flat_map(|it| it.definitions.clone()).collect();
        for arn in used {
            let definition = self.read(&["ecs:DescribeTaskDefinition"], || self.definition());
            fleet.definitions.insert(arn, definition);
        }
        self.destinations(&mut fleet);
        self.answer(&mut fleet);
        fleet
    }

    fn cluster(&self) -> ClusterFacts {
        let exec = &self.shown["executeCommandConfiguration"];
        let configuration = if exec.is_null() { json!({}) } else { json!({"executeCommandConfiguration": exec}) };
        let cluster = Cluster {
            arn: "arn:aws:ecs:eu-west-1:111122223333:cluster/prod".parse().unwrap(),
            status: "ACTIVE".into(),
            tags: Vec::new(),
            settings: Vec::new(),
            configuration: ClusterConfiguration::parse(configuration.to_string()).unwrap(),
        };
        let mut services = self.list("services");
        let has_none = ["services", "daemons", "tasks"].iter().all(|kind| self.shown.get(*kind).is_none());
        if has_none && self.shown.get("taskDefinition").is_some() {
            services.push(json!({"name": "web"}));
        }
        let all = |kind, list: Vec<Value>| list.iter().map(|shown| self.workload(kind, shown)).collect::<Vec<_>>();
        let agents = self.shown["agents"].as_object().cloned().unwrap_or_default().into_iter().map(|(arn, agent)| {
            let agent = self.read(&["ecs:DescribeContainerInstances"], || ContainerAgent {
                version: agent.as_str().or(agent["windows"].as_str()).unwrap().to_owned(),
                is_windows: agent.is_object(),
            });
            (arn, agent)
        });
        ClusterFacts {
            cluster,
            services: self.read(&["ecs:ListServices", "ecs:DescribeServices"], || all(WorkloadKind::Service, services)),
            daemons: self.read(&["ecs:ListDaemons"], || all(WorkloadKind::Daemon, self.list("daemons"))),
            tasks: self.read(&["ecs:ListTasks", "ecs:DescribeTasks"], || all(WorkloadKind::Task, self.list("tasks"))),
            agents: agents.collect(),
        }
    }

    fn workload(&self, kind: WorkloadKind, shown: &Value) -> Workload {
        let text = |value: &Value| value.as_str().map(String::from);
        let name = text(&shown["name"]).unwrap();
        let tasks = shown["running"].as_array().cloned().unwrap_or_default();
        let running = self.read(&["ecs:ListTasks", "ecs:DescribeTasks"], || tasks.iter().map(running).collect());
        Workload {
            kind,
            arn: format!("arn:aws:ecs:eu-west-1:111122223333:{}/prod/{name}", kind.name()),
            name,
            definitions: vec![WEB.to_owned()],
            platform_version: text(&shown["platformVersion"]),
            platform_family: text(&shown["platformFamily"]),
            tags: Vec::new(),
            running: running.unwrap_or_default(),
        }
    }

    fn definition(&self) -> Definition {
        let mut document = json!({"family": "web", "taskRoleArn": "arn:aws:iam::111122223333:role/web"});
        let awslogs = json!({"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}});
        let shown = match &self.shown["taskDefinition"] {
            Value::Null => json!({"containerDefinitions": [{"name": "app", "logConfiguration": awslogs}]}),
            shown => shown.clone(),
        };
        document.as_object_mut().unwrap().extend(shown.as_object().unwrap().clone());
        Definition {
            definition: TaskDefinition::parse(document.to_string()).unwrap(),
            revision: Some(1),
            tags: Vec::new(),
        }
    }

    fn destinations(&self, fleet: &mut Fleet) {
        let exec = fleet.clusters[0].cluster.configuration.exec();
        let log = exec.log.unwrap_or_default();
        if let Some(name) = log.log_group {
            let group = self.list("logGroups").into_iter().find(|group| group["logGroupName"] == name.as_str());
            let group = group.map(|group| TranscriptGroup {
                retention: group["retentionInDays"].as_u64().map(|days| days.try_into().unwrap()),
                policy: group["retentionPolicyName"].as_str().map(String::from),
                kms_key: group["kmsKeyId"].as_str().map(String::from),
            });
            fleet.groups.insert(name, self.read(&["logs:DescribeLogGroups"], || group));
        }
        if let Some(name) = log.s3_bucket {
            let bucket = match self.shown["buckets"].get(&name) {
                None => Bucket::Missing,
                Some(algorithm) => Bucket::Exists { encryption: algorithm.as_str().map(String::from) },
            };
            fleet.buckets.insert(name, self.read(&["s3:GetEncryptionConfiguration"], || bucket));
        }
        if let Some(name) = exec.kms_key {
            let key = match self.shown["keys"].get(&name) {
                Some(Value::Null) => SessionKey::Missing,
                state => SessionKey::Exists {
                    arn: "arn:aws:kms:eu-west-1:111122223333:key/k".into(),
                    state: state.and_then(Value::as_str).unwrap_or("Enabled").into(),
                },
            };
            fleet.keys.insert(name, self.read(&["kms:DescribeKey"], || key));
        }
    }

    /// Adds the answers of the policy simulator. It allows everything but direct sessions.
    fn answer(&self, fleet: &mut Fleet) {
        let mut rights: Vec<Right> = Vec::new();
        for (arn, definition) in &fleet.definitions {
            let Ok(definition) = definition else { continue };
            let uses = fleet.uses(arn);
            rights.extend(fleet.session_rights(definition, &uses).unwrap_or_default());
            rights.extend(fleet.transcript_rights(definition, &uses));
        }
        rights.extend(fleet.direct_rights(&fleet.clusters[0]).unwrap_or_default());
        for right in rights {
            let is_listed = |member: &str| self.list(member).iter().any(|action| *action == right.action.as_str());
            let keys = self.shown["depends"][&right.action].as_array();
            let answer = match keys {
                Some(keys) => Answer::Depends(keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect()),
                None if is_listed("denies") => Answer::Denied,
                None if right.action == "ssm:StartSession" && !is_listed("allows") => Answer::Denied,
                None => Answer::Allowed,
            };
            fleet.rights.insert(right, self.read(&["iam:SimulatePrincipalPolicy"], || answer));
        }
    }
}

fn running(shown: &Value) -> RunningTask {
    let text = |value: &Value| value.as_str().map(String::from);
    let agents = shown["agents"].as_array().cloned().unwrap_or_default();
    let agents = agents.iter().map(|agent| ExecAgent {
        container: text(&agent["container"]).unwrap(),
        status: text(&agent["lastStatus"]).unwrap(),
        reason: text(&agent["reason"]),
    });
    RunningTask {
        id: text(&shown["id"]).unwrap(),
        is_enabled: shown["enableExecuteCommand"] != false,
        platform_version: text(&shown["platformVersion"]),
        platform_family: text(&shown["platformFamily"]),
        instance: text(&shown["instance"]),
        agents: agents.collect(),
    }
}
