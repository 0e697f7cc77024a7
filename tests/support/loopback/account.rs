//! A small account behind the loopback: enough of ECS, CloudWatch Logs and DynamoDB for tests with a few families.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::services::Services;
use super::table::Table;
use super::{Reply, simulator};
use crate::cloudtrail::Call;

pub const WEB_1: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1";
pub const WEB_2: &str = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2";

/// The event of registering a revision of `web`.
pub fn event(arn: &str) -> Value {
    let request = json!({"family": "web", "containerDefinitions": [{"environment": "HIDDEN_DUE_TO_SECURITY_REASONS"}]});
    let call = Call {
        service: "ecs",
        name: "RegisterTaskDefinition",
        account: "111122223333",
        region: "eu-west-1",
        time: "2026-11-21T00:00:00Z",
        id: "e-1",
        identity: json!({"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/dev"}),
        request,
        response: json!({"taskDefinition": {"taskDefinitionArn": arn}}),
    };
    let mut event = call.event();
    event["detail"]["sourceIPAddress"] = "192.0.2.1".into();
    event["detail"]["userAgent"] = "aws-cli/2".into();
    event
}

/// Returns the service of a new account in which `definition` is registered as `web:1`.
pub fn account(definition: Value) -> impl FnMut(&str, &str) -> Reply + Send + 'static {
    let account = Account::default();
    account.registers(&definition);
    account.service()
}

/// A handle to an account. Clones share the account.
#[derive(Clone, Default)]
pub struct Account(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Revision *n* of a family is item *n* - 1.
    families: BTreeMap<String, Vec<Revision>>,
    groups: BTreeMap<String, Value>,
    services: Services,
    table: Table,
    /// Parameters of Systems Manager.
    parameters: BTreeMap<String, String>,
    simulator: Simulator,
}

/// The answers of IAM's policy simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Simulator {
    #[default]
    Allows,
    /// Denies this action.
    Denies(&'static str),
    /// The caller may not simulate.
    Refuses,
}

struct Revision {
    document: Value,
    tags: Value,
    active: bool,
}

impl Account {
    /// Registers a document as another principal.
    pub fn registers(&self, document: &Value) {
        self.lock().register(document.clone(), json!([{"key": "team", "value": "web"}]));
    }

    /// Deregisters a revision as another principal.
    pub fn deregisters(&self, family: &str, revision: usize) {
        self.lock().families.get_mut(family).unwrap()[revision - 1].active = false;
    }

    /// The numbers of a family's ACTIVE revisions.
    pub fn active(&self, family: &str) -> Vec<usize> {
        self.lock().active(family)
    }

    pub fn document(&self, family: &str, revision: usize) -> Value {
        self.lock().families[family][revision - 1].document.clone()
    }

    /// Reads or changes services as another principal.
    pub fn services<T>(&self, act: impl FnOnce(&mut Services) -> T) -> T {
        act(&mut self.lock().services)
    }

    /// Creates a service, `CLUSTER/NAME`, that runs this revision, as another principal.
    pub fn creates_service(&self, name: &str, family: &str, revision: usize) {
        self.services(|services| services.creates(name, &arn(family, revision)));
    }

    /// The revisions (`FAMILY:REVISION`) of a service's deployments, the newest first.
    pub fn runs(&self, name: &str) -> Vec<String> {
        let short = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
        self.services(|services| services.of(name).deployments.iter().map(|one| short(&one.revision)).collect())
    }

    /// Creates a parameter as another principal.
    pub fn publishes(&self, name: &str, value: &str) {
        self.lock().parameters.insert(name.into(), value.into());
    }

    /// Publishes the baseline in the package of the function, as the function does at its first start.
    pub fn publishes_baseline(&self, text: &str) {
        let state =
            json!({"schema": 1, "place": "baseline.toml", "version": 1, "text": text, "at": "2026-11-30T08:00:00Z"});
        let item = json!({
            "pk": {"S": "BASELINE#baseline.toml"}, "sk": {"S": "BASELINE"}, "baseline": {"S": state.to_string()},
            "version": {"N": "1"}, "at": {"S": "2026-11-30T08:00:00.000000000Z"}
        });
        self.lock().table.answer("PutItem", &json!({"Item": item}));
    }

    pub fn simulates(&self, simulator: Simulator) {
        self.lock().simulator = simulator;
    }

    /// The contents of the table.
    pub fn table(&self) -> String {
        self.lock().table.to_string()
    }

    /// Answers as AWS would.
    pub fn service(&self) -> impl FnMut(&str, &str) -> Reply + Send + use<> {
        let account = self.clone();
        move |operation, body| {
            if body.starts_with(simulator::REQUEST) {
                return account.lock().simulate(body);
            }
            let body = serde_json::from_str(body).unwrap_or(Value::Null);
            account.lock().answer(operation, &body)
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn answer(&mut self, operation: &str, body: &Value) -> Reply {
        let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        match operation {
            "ListAccountSettings" => Reply::ok(&json!({"settings": []})),
            "DescribeTaskDefinition" => self.about(&word("taskDefinition"), |_| {}),
            "DeregisterTaskDefinition" => self.about(&word("taskDefinition"), |revision| revision.active = false),
            "ListTaskDefinitions" => {
                let family = word("familyPrefix");
                let arns: Vec<String> = self.active(&family).into_iter().rev().map(|n| arn(&family, n)).collect();
                Reply::ok(&json!({"taskDefinitionArns": arns}))
            }
            "ListTaskDefinitionFamilies" => {
                let is_active = |family: &&String| !self.active(family).is_empty();
                Reply::ok(&json!({"families": self.families.keys().filter(is_active).collect::<Vec<_>>()}))
            }
            "RegisterTaskDefinition" => {
                let mut document = body.clone();
                let tags = document.as_object_mut().unwrap().shift_remove("tags").unwrap_or(json!([]));
                let name = self.register(document, tags);
                self.about(&name, |_| {})
            }
            "DescribeClusters" => {
                let exec = json!({"executeCommandConfiguration": {"logging": "NONE"}});
                let described = |arn| json!({"clusterArn": arn, "status": "ACTIVE", "configuration": exec});
                let clusters: Vec<Value> = body["clusters"].as_array().into_iter().flatten().map(described).collect();
                Reply::ok(&json!({"clusters": clusters, "failures": []}))
            }
            "DescribeLogGroups" => Reply::ok(&json!({"logGroups": self.groups.values().collect::<Vec<_>>()})),
            "GetParameter" => match self.parameters.get(&word("Name")) {
                Some(value) => Reply::ok(&json!({"Parameter": {"Name": word("Name"), "Value": value}})),
                None => Reply::error("ParameterNotFound", ""),
            },
            "DescribeLogStreams" => Reply::ok(&json!({"logStreams": []})),
            "CreateLogGroup" => {
                let name = word("logGroupName");
                self.groups.insert(name.clone(), json!({"logGroupName": name, "storedBytes": 0}));
                Reply::ok(&json!({}))
            }
            "PutRetentionPolicy" => {
                if let Some(group) = self.groups.get_mut(&word("logGroupName")) {
                    group["retentionInDays"] = body["retentionInDays"].clone();
                }
                Reply::ok(&json!({}))
            }
            other => {
                let of_services = self.services.answer(other, body);
                let answer = of_services.or_else(|| self.table.answer(other, body).map(|answer| Reply::ok(&answer)));
                answer.unwrap_or_else(|| Reply::error("UnknownOperationException", other))
            }
        }
    }

    fn simulate(&self, form: &str) -> Reply {
        let denies = match self.simulator {
            Simulator::Allows => "",
            Simulator::Denies(action) => action,
            Simulator::Refuses => return simulator::denied(),
        };
        simulator::simulated(form, |_, action, _| {
            let decision = if action == denies { "implicitDeny" } else { "allowed" };
            (decision.to_owned(), Vec::new())
        })
    }

    fn register(&mut self, document: Value, tags: Value) -> String {
        let family = document["family"].as_str().unwrap().to_owned();
        let revisions = self.families.entry(family.clone()).or_default();
        revisions.push(Revision { document, tags, active: true });
        arn(&family, revisions.len())
    }

    fn active(&self, family: &str) -> Vec<usize> {
        let revisions = self.families.get(family).into_iter().flatten().enumerate();
        revisions.filter(|(_, revision)| revision.active).map(|(index, _)| index + 1).collect()
    }

    /// Acts on a revision (an ARN, `FAMILY:REVISION`, or a family's newest ACTIVE one) and describes it.
    fn about(&mut self, name: &str, act: impl FnOnce(&mut Revision)) -> Reply {
        let short = name.rsplit('/').next().unwrap_or(name);
        let (family, number) = match short.split_once(':') {
            Some((family, number)) => (family, number.parse().unwrap_or(0)),
            None => (short, self.active(short).last().copied().unwrap_or(0)),
        };
        let revisions = self.families.get_mut(family);
        match revisions.and_then(|revisions| revisions.get_mut(usize::wrapping_sub(number, 1))) {
            Some(revision) => {
                act(revision);
                Reply::ok(&described(family, number, revision))
            }
            None => Reply::error("ClientException", "Unable to describe task definition."),
        }
    }
}

pub fn arn(family: &str, revision: usize) -> String {
    format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{family}:{revision}")
}

fn described(family: &str, number: usize, revision: &Revision) -> Value {
    let mut document = revision.document.clone();
    document["taskDefinitionArn"] = arn(family, number).into();
    document["revision"] = number.into();
    document["status"] = if revision.active { "ACTIVE" } else { "INACTIVE" }.into();
    json!({"taskDefinition": document, "tags": revision.tags})
}
