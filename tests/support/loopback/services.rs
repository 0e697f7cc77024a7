//! Services behind the loopback: the revision that each runs, and deployments that end after a number of reads.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Reply;

const HEAD: &str = "arn:aws:ecs:eu-west-1:111122223333";

/// The services by `CLUSTER/NAME`.
#[derive(Default)]
pub struct Services {
    all: BTreeMap<String, Service>,
    /// Counts deployments.
    made: u32,
}

pub struct Service {
    /// Newest first. The newest is PRIMARY.
    pub deployments: Vec<Deployment>,
    /// Additional members in DescribeServices. They replace the usual members; null removes a member.
    pub more: Value,
    /// The number of reads until the next deployment ends. `None`: it stays in progress until [`Services::ends`].
    pub looks: Option<u32>,
    /// The reason for which the next deployment fails, if it fails.
    pub fails: Option<&'static str>,
    /// Whether the circuit breaker rolls back a failed deployment.
    pub rolls_back: bool,
    /// The error of the next UpdateService.
    pub refuses: Option<(&'static str, &'static str)>,
}

pub struct Deployment {
    number: u32,
    /// The time of the creation, in seconds.
    pub created: f64,
    pub revision: String,
    state: &'static str,
    reason: String,
    looks: Option<u32>,
    fails: Option<&'static str>,
}

impl Services {
    /// Creates a service whose first deployment has completed.
    pub fn creates(&mut self, name: &str, revision: &str) {
        let deployments = Vec::new();
        let (looks, fails, refuses) = (Some(1), None, None);
        let service = Service { deployments, more: json!({}), looks, fails, rolls_back: true, refuses };
        self.all.insert(name.to_owned(), service);
        self.deploys(name, revision);
        self.ends(name);
    }

    pub fn of(&mut self, name: &str) -> &mut Service {
        self.all.get_mut(name).unwrap_or_else(|| panic!("no service {name}"))
    }

    /// Deploys a revision to a service.
    pub fn deploys(&mut self, name: &str, revision: &str) {
        self.made += 1;
        let number = self.made;
        let service = self.of(name);
        let reason = format!("ECS deployment ecs-svc/{number} in progress.");
        let (looks, fails, state) = (service.looks, service.fails.take(), "IN_PROGRESS");
        let revision = revision.to_owned();
        let created = f64::from(1_795_262_400 + number);
        service.deployments.insert(0, Deployment { number, created, revision, state, reason, looks, fails });
    }

    /// Completes the newest deployment of a service, and ends the last tasks of the earlier ones.
    pub fn ends(&mut self, name: &str) {
        let deployments = &mut self.of(name).deployments;
        deployments.truncate(1);
        deployments[0].state = "COMPLETED";
    }

    /// Answers a call. Returns `None` if the call is not about services.
    pub fn answer(&mut self, operation: &str, body: &Value) -> Option<Reply> {
        let word = |name: &str| body[name].as_str().unwrap_or_default();
        let last = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        let cluster = last(word("cluster"));
        match operation {
            "ListClusters" => {
                let mut clusters: Vec<String> =
                    self.all.keys().map(|name| format!("{HEAD}:cluster/{}", name.split('/').next().unwrap())).collect();
                clusters.dedup();
                Some(Reply::ok(&json!({"clusterArns": clusters})))
            }
            "ListServices" => {
                let of_it = self.all.keys().filter(|name| name.split('/').next() == Some(&cluster));
                let arns: Vec<String> = of_it.map(|name| format!("{HEAD}:service/{name}")).collect();
                Some(Reply::ok(&json!({"serviceArns": arns})))
            }
            "DescribeServices" => {
                let (mut found, mut missing) = (Vec::new(), Vec::new());
                for named in body["services"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let name = format!("{cluster}/{}", last(named));
                    match self.look(&name) {
                        Some(service) => found.push(service),
                        None => missing.push(json!({"arn": named, "reason": "MISSING"})),
                    }
                }
                Some(Reply::ok(&json!({"services": found, "failures": missing})))
            }
            "UpdateService" => {
                let name = format!("{cluster}/{}", last(word("service")));
                if let Some((code, message)) = self.of(&name).refuses.take() {
                    return Some(Reply::error(code, message));
                }
                self.deploys_now(&name, word("taskDefinition"));
                Some(Reply::ok(&json!({"service": self.described(&name)})))
            }
            "ListTasks" => Some(Reply::ok(&json!({"taskArns": []}))),
            "DescribeServiceDeployments" => {
                let deployment = body["serviceDeploymentArns"][0].as_str().unwrap_or_default();
                let name = deployment.split('/').skip(1).take(2).collect::<Vec<_>>().join("/");
                let status = match self.of(&name).deployments[0].state {
                    "IN_PROGRESS" => "IN_PROGRESS",
                    "COMPLETED" => "SUCCESSFUL",
                    _ => "STOPPED",
                };
                let found = json!({"serviceDeploymentArn": deployment, "status": status});
                Some(Reply::ok(&json!({"serviceDeployments": [found], "failures": []})))
            }
            "StopServiceDeployment" => {
                let deployment = word("serviceDeploymentArn");
                let name = deployment.split('/').skip(1).take(2).collect::<Vec<_>>().join("/");
                let back = self.of(&name).deployments[1].revision.clone();
                self.deploys_now(&name, &back);
                Some(Reply::ok(&json!({"serviceDeploymentArn": deployment})))
            }
            _ => None,
        }
    }

    /// Starts a deployment, which the present time identifies as newer than all before it.
    fn deploys_now(&mut self, name: &str, revision: &str) {
        self.deploys(name, revision);
        self.of(name).deployments[0].created = jiff::Timestamp::now().as_millisecond() as f64 / 1000.0;
    }

    /// Describes a service, and advances its newest deployment.
    fn look(&mut self, name: &str) -> Option<Value> {
        let service = self.all.get_mut(name)?;
        let newest = &mut service.deployments[0];
        match (newest.state, &mut newest.looks, newest.fails) {
            ("IN_PROGRESS", Some(0), None) => self.ends(name),
            ("IN_PROGRESS", Some(0), Some(why)) => {
                (newest.state, newest.reason) = ("FAILED", why.to_owned());
                if service.rolls_back {
                    let before = &service.deployments[1];
                    let (back, number) = (before.revision.clone(), before.number);
                    self.deploys(name, &back);
                    let why = "ECS deployment circuit breaker: rolling back to deploymentId";
                    self.of(name).deployments[0].reason = format!("{why} ecs-svc/{number}.");
                }
            }
            ("IN_PROGRESS", Some(left), _) => *left -= 1,
            _ => {}
        }
        Some(self.described(name))
    }

    fn described(&self, name: &str) -> Value {
        let Service { deployments, more, rolls_back, .. } = &self.all[name];
        let (cluster, short) = name.split_once('/').unwrap();
        let deployments: Vec<Value> = deployments.iter().enumerate().map(|(place, one)| one.described(place)).collect();
        let mut service = json!({
            "serviceArn": format!("{HEAD}:service/{name}"), "serviceName": short,
            "clusterArn": format!("{HEAD}:cluster/{cluster}"), "status": "ACTIVE",
            "taskDefinition": deployments[0]["taskDefinition"], "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": rolls_back, "rollback": rolls_back}},
            "currentServiceDeployment": format!("{HEAD}:service-deployment/{name}/{}", self.made),
            "deployments": deployments,
        });
        for (member, value) in more.as_object().into_iter().flatten() {
            match value {
                Value::Null => drop(service.as_object_mut().unwrap().shift_remove(member)),
                value => service[member] = value.clone(),
            }
        }
        service
    }
}

impl Deployment {
    fn described(&self, place: usize) -> Value {
        let Self { number, created, revision, state, reason, .. } = self;
        let running = u32::from(*state == "COMPLETED" || place > 0);
        json!({
            "id": format!("ecs-svc/{number}"), "status": if place == 0 { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": revision, "desiredCount": 1, "pendingCount": 1 - running, "runningCount": running,
            "createdAt": created, "rolloutState": state, "rolloutStateReason": reason
        })
    }
}
