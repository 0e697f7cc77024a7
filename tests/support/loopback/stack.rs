//! A deployed stack behind the loopback, as AWS describes it. Everything is in order until a test changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::account::Account;
use super::{Reply, simulator};

const HOME: &str = "eu-west-1:111122223333";
pub const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/logweir-work";
pub const DEAD_LETTERS: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/logweir-dead";
pub const REMEDIATOR: &str = "arn:aws:iam::111122223333:role/logweir/Remediator";
pub const BACKOUT: &str = "arn:aws:iam::111122223333:role/logweir/Backout";

/// A handle to a stack. Clones share the stack.
#[derive(Clone)]
pub struct Stack {
    /// Its ECS, log groups and table.
    pub account: Account,
    state: Arc<Mutex<State>>,
}

pub struct State {
    /// The parameters of Systems Manager by name.
    pub parameters: BTreeMap<String, String>,
    pub trails: Vec<Trail>,
    pub rules: BTreeMap<&'static str, Rule>,
    pub mapping: Value,
    /// The configurations of the functions by name.
    pub functions: BTreeMap<&'static str, Value>,
    pub queue_policy: Value,
    /// The messages of each queue by the queue's URL.
    pub messages: BTreeMap<&'static str, Vec<Message>>,
    /// The lines of the function's log.
    pub log: Vec<Value>,
    /// Actions that no role is allowed, each with the simulator's decision.
    pub not_allowed: BTreeMap<&'static str, &'static str>,
    /// Condition keys that the simulator reports as missing.
    pub missing_keys: Vec<&'static str>,
    /// Operations that are denied to the caller.
    pub denied: BTreeSet<&'static str>,
    /// The simulations so far: role, action, resource.
    pub simulated: Vec<(String, String, String)>,
    /// Whether a minute passes between two reads, so that hidden messages become visible again.
    pub is_slow: bool,
    /// Whether a redriven message returns to the dead-letter queue at once, because its cause is not fixed.
    pub is_unfixed: bool,
    received: u32,
}

pub struct Trail {
    pub name: &'static str,
    pub is_logging: bool,
    pub selectors: Value,
    pub is_organizations: bool,
}

pub struct Rule {
    pub state: &'static str,
    pub pattern: Option<&'static str>,
    pub targets: Vec<String>,
    /// Whether the pattern matches an event.
    pub matches: fn(&Value) -> bool,
}

#[derive(Clone)]
pub struct Message {
    pub id: String,
    pub body: String,
    pub attributes: Value,
    pub receives: u32,
    hidden: bool,
    handle: String,
}

impl Message {
    pub fn new(id: &str, body: &str, attributes: Value) -> Self {
        Self { id: id.into(), body: body.into(), attributes, receives: 5, hidden: false, handle: String::new() }
    }
}

fn by_others(event: &Value) -> bool {
    let issuer = event["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"].as_str();
    !issuer.is_some_and(|arn| [REMEDIATOR, BACKOUT].contains(&arn))
}

fn is_call(event: &Value, name: &str) -> bool {
    event["detail-type"] == "AWS API Call via CloudTrail" && event["detail"]["eventName"] == name
}

/// Whether the event is about a registration or a deregistration.
fn is_revision_call(event: &Value) -> bool {
    is_call(event, "RegisterTaskDefinition") || is_call(event, "DeregisterTaskDefinition")
}

fn function(role: &str, variables: Value) -> Value {
    json!({
        "Role": role, "State": "Active", "LastUpdateStatus": "Successful", "LastModified": "2026-11-20T10:00:00.000+0000",
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "logweir-log"}, "Environment": {"Variables": variables}
    })
}

/// The digest of the shipped baseline.
pub fn shipped() -> String {
    let baseline = logweir::domain::baseline::Baseline::parse(logweir::settings::SHIPPED_BASELINE).unwrap();
    baseline.digest().to_owned()
}

impl Stack {
    pub fn in_mode(mode: &str) -> Self {
        let arn = |name: &str| format!("arn:aws:sqs:{HOME}:{name}");
        let deployment = json!({
            "schema": "logweir.deployment/1", "stack": "logweir", "remediator": "logweir-remediator",
            "backout": "logweir-backout", "remediator_role": REMEDIATOR, "backout_role": BACKOUT, "queue": QUEUE,
            "dead_letters": DEAD_LETTERS, "rules": ["Registered", "Services", "Deployments", "Resume"],
            "mapping": "1b6d5a1e-6f0c-4b57-9c3a-000000000009", "journal": "dynamodb:journal", "baseline": "baseline.toml",
            "mode": mode, "families": "*", "clusters": "*",
            "task_roles": ["arn:aws:iam::111122223333:role/ecsTaskExecutionRole", "arn:aws:iam::111122223333:role/ecs/*"],
            "log_groups": "/ecs/*"
        });
        let rule = |pattern: Option<&'static str>, matches| Rule {
            state: "ENABLED",
            pattern,
            targets: vec![arn("logweir-work")],
            matches,
        };
        let trail = Trail {
            name: "main",
            is_logging: true,
            selectors: json!({"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": true}]}),
            is_organizations: false,
        };
        let state = State {
            parameters: BTreeMap::from([("/logweir/deployment".to_owned(), deployment.to_string())]),
            trails: vec![trail],
            rules: BTreeMap::from([
                ("Registered", rule(Some("{1}"), |event| is_revision_call(event) && by_others(event))),
                ("Services", rule(Some("{2}"), |event| is_call(event, "UpdateService") && by_others(event))),
                ("Deployments", rule(Some("{3}"), |event| event["detail-type"] == "ECS Deployment State Change")),
                ("Resume", rule(None, |_| false)),
            ]),
            mapping: json!({
                "State": "Enabled", "EventSourceArn": arn("logweir-work"),
                "FunctionArn": format!("arn:aws:lambda:{HOME}:function:logweir-remediator"),
                "FunctionResponseTypes": ["ReportBatchItemFailures"]
            }),
            functions: BTreeMap::from([
                (
                    "logweir-remediator",
                    function(
                        REMEDIATOR,
                        json!({
                            "LOGWEIR_ROLE": "remediate", "LOGWEIR_MODE": mode, "LOGWEIR_BASELINE": "baseline.toml",
                            "LOGWEIR_CONFIRMED_BASELINE": shipped(), "LOGWEIR_JOURNAL": "dynamodb:journal",
                            "OTHER": "CANARY-VARIABLE"
                        }),
                    ),
                ),
                (
                    "logweir-backout",
                    function(
                        BACKOUT,
                        json!({
                            "LOGWEIR_ROLE": "backout", "LOGWEIR_MODE": mode, "LOGWEIR_JOURNAL": "dynamodb:journal"
                        }),
                    ),
                ),
            ]),
            queue_policy: json!({"Statement": [{
                "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Condition": {"ArnLike": {"aws:SourceArn": format!("arn:aws:events:{HOME}:rule/*")}}
            }]}),
            messages: BTreeMap::from([(QUEUE, Vec::new()), (DEAD_LETTERS, Vec::new())]),
            log: Vec::new(),
            not_allowed: BTreeMap::new(),
            missing_keys: Vec::new(),
            denied: BTreeSet::new(),
            simulated: Vec::new(),
            is_slow: false,
            is_unfixed: false,
            received: 0,
        };
        let account = Account::default();
        account.publishes_baseline(logweir::settings::SHIPPED_BASELINE);
        Self { account, state: Arc::new(Mutex::new(state)) }
    }

    /// Reads or changes the stack.
    pub fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers as AWS would.
    pub fn service(&self) -> impl FnMut(&str, &str) -> Reply + Send + use<> {
        let (stack, mut account) = (self.clone(), self.account.service());
        move |operation, text| {
            let body: Value = serde_json::from_str(text).unwrap_or(Value::Null);
            let answer = stack.lock().answer(operation, text, &body);
            answer.unwrap_or_else(|| account(operation, text))
        }
    }
}

impl State {
    /// Answers a call. Returns `None` if the call is not about the stack.
    fn answer(&mut self, operation: &str, text: &str, body: &Value) -> Option<Reply> {
        let word = |name: &str| body[name].as_str().unwrap_or_default();
        if self.denied.contains(operation) {
            return Some(Reply::error("AccessDeniedException", "not authorized"));
        }
        let missing = |code: &str| Some(Reply::error(code, "It does not exist."));
        let trail = |name: &str| self.trails.iter().find(|trail| name.ends_with(trail.name));
        Some(match operation {
            "GetParameter" => match self.parameters.get(word("Name")) {
                Some(value) => Reply::ok(&json!({"Parameter": {"Name": word("Name"), "Value": value}})),
                None => return missing("ParameterNotFound"),
            },
            "DescribeTrails" => {
                let trails = self.trails.iter().map(|trail| {
                    json!({
                        "Name": trail.name, "TrailARN": format!("arn:aws:cloudtrail:{HOME}:trail/{}", trail.name),
                        "IsOrganizationTrail": trail.is_organizations
                    })
                });
                Reply::ok(&json!({"trailList": trails.collect::<Vec<_>>()}))
            }
            "GetTrailStatus" => Reply::ok(&json!({"IsLogging": trail(word("Name")).unwrap().is_logging})),
            "GetEventSelectors" => Reply::ok(&trail(word("TrailName")).unwrap().selectors),
            "DescribeRule" => match self.rules.get(word("Name")) {
                Some(rule) => {
                    let arn = format!("arn:aws:events:{HOME}:rule/{}", word("Name"));
                    let schedule = rule.pattern.is_none().then_some("rate(5 minutes)");
                    Reply::ok(&json!({
                        "Arn": arn, "State": rule.state, "EventPattern": rule.pattern, "ScheduleExpression": schedule
                    }))
                }
                None => return missing("ResourceNotFoundException"),
            },
            "ListTargetsByRule" => {
                let targets = self.rules[word("Rule")].targets.iter().map(|arn| json!({"Id": "x", "Arn": arn}));
                Reply::ok(&json!({"Targets": targets.collect::<Vec<_>>()}))
            }
            "TestEventPattern" => {
                let event: Value = serde_json::from_str(word("Event")).unwrap();
                for member in ["id", "account", "source", "time", "region", "resources", "detail-type"] {
                    assert!(!event[member].is_null(), "AWS asks for {member}");
                }
                let rule = self.rules.values().find(|rule| rule.pattern == Some(word("EventPattern"))).unwrap();
                Reply::ok(&json!({"Result": (rule.matches)(&event)}))
            }
            "FilterLogEvents" => {
                assert!(word("filterPattern").contains("$.cloudtrail_event_id = "), "{}", word("filterPattern"));
                // Like an emulator that ignores the pattern.
                let events = (1..).zip(self.log.iter());
                let events = events.map(|(at, line)| json!({"timestamp": at, "message": line.to_string()}));
                Reply::ok(&json!({"events": events.collect::<Vec<_>>()}))
            }
            "/" if text.starts_with(simulator::REQUEST) => self.simulate(text),
            path if path.starts_with("/2015-03-31/") => self.lambda(path),
            _ => return self.queues(operation, body),
        })
    }

    fn lambda(&self, path: &str) -> Reply {
        let found = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["", _, "event-source-mappings", _] => Some(&self.mapping).filter(|mapping| !mapping.is_null()),
            ["", _, "functions", name, "configuration"] => self.functions.get(name),
            _ => None,
        };
        let error = |status, code: &str| {
            let body = json!({"Type": "User", "Message": "no"}).to_string();
            Reply::Http(status, format!("x-amzn-ErrorType: {code}\r\n"), body)
        };
        match found {
            _ if path.contains("/functions/") && self.denied.contains("GetFunctionConfiguration") => {
                error(403, "AccessDeniedException")
            }
            _ if path.contains("mappings") && self.denied.contains("GetEventSourceMapping") => {
                error(403, "AccessDeniedException")
            }
            Some(found) => Reply::ok(found),
            None => error(404, "ResourceNotFoundException"),
        }
    }

    fn simulate(&mut self, form: &str) -> Reply {
        if self.denied.contains("SimulatePrincipalPolicy") {
            return simulator::denied();
        }
        simulator::simulated(form, |role, action, resource| {
            self.simulated.push((role.to_owned(), action.to_owned(), resource.to_owned()));
            let decision = self.not_allowed.get(action).unwrap_or(&"allowed");
            let keys = self.missing_keys.iter().filter(|_| *decision != "allowed").map(ToString::to_string);
            (decision.to_string(), keys.collect())
        })
    }

    fn queues(&mut self, operation: &str, body: &Value) -> Option<Reply> {
        let url = body["QueueUrl"].as_str()?;
        let Some(queue) = self.messages.get_mut(url) else {
            return Some(Reply::error("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist."));
        };
        let handle = body["ReceiptHandle"].as_str().unwrap_or_default();
        // SQS answers some operations with an empty body.
        let nothing = || Reply::Http(200, String::new(), String::new());
        Some(match operation {
            "GetQueueAttributes" => {
                let (waiting, name) = (queue.iter().filter(|message| !message.hidden).count(), url.rsplit('/').next()?);
                let mut attributes = json!({
                    "QueueArn": format!("arn:aws:sqs:{HOME}:{name}"), "ApproximateNumberOfMessages": waiting.to_string(),
                    "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0"
                });
                if url == QUEUE {
                    let dead_letters = format!("arn:aws:sqs:{HOME}:logweir-dead");
                    let redrive = json!({"deadLetterTargetArn": dead_letters, "maxReceiveCount": 5});
                    attributes["RedrivePolicy"] = redrive.to_string().into();
                    attributes["Policy"] = self.queue_policy.to_string().into();
                }
                Reply::ok(&json!({"Attributes": attributes}))
            }
            "ReceiveMessage" => {
                let mut found = Vec::new();
                queue.iter_mut().for_each(|message| message.hidden &= !self.is_slow);
                for message in queue.iter_mut().filter(|message| !message.hidden).take(10) {
                    self.received += 1;
                    message.receives += 1;
                    message.hidden = body["VisibilityTimeout"] != 0;
                    message.handle = format!("handle-{}", self.received);
                    found.push(json!({
                        "MessageId": message.id, "ReceiptHandle": message.handle, "Body": message.body,
                        "Attributes": {
                            "SentTimestamp": "1795262400000", "ApproximateReceiveCount": message.receives.to_string()
                        },
                        "MessageAttributes": message.attributes
                    }));
                }
                Reply::ok(&if found.is_empty() { json!({}) } else { json!({"Messages": found}) })
            }
            "SendMessage" => {
                let id = format!("sent-{}", queue.len() + 1);
                let message = Message::new(&id, body["MessageBody"].as_str()?, body["MessageAttributes"].clone());
                let message = Message { receives: 0, ..message };
                queue.push(message.clone());
                if self.is_unfixed && url == QUEUE {
                    let again = Message { id: format!("{id}-again"), ..message };
                    self.messages.entry(DEAD_LETTERS).or_default().push(again);
                }
                Reply::ok(&json!({"MessageId": id}))
            }
            "DeleteMessage" => {
                queue.retain(|message| message.handle != handle);
                nothing()
            }
            "ChangeMessageVisibility" => {
                queue.iter_mut().filter(|message| message.handle == handle).for_each(|message| message.hidden = false);
                nothing()
            }
            _ => return None,
        })
    }
}
