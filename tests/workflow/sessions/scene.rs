//! The function with its queue, in a world with one cluster and one task.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use logweir::domain::exec::watch::ListedSession;
use logweir::domain::notice::Notice;
use logweir::handler::{Function, Invocation, Queues};
use logweir::ports::{Answer, ErrorKind, Message, PortError, Queue};
use logweir::settings::Settings;
use serde_json::{Value, json};

use crate::telemetry::stage::{Audience, BASELINE, Log};
use crate::world::World;
use crate::world::story::BLOCKING;

pub const CLUSTER: &str = "prod";
pub const TASK: &str = "4b2c0f6e8d5a4c1b9e7f3a2d1c0b9a8f";
pub const SESSION: &str = "ecs-execute-command-s9y89par6quf78pcbnoko32g28";

/// The event of a call of ExecuteCommand.
pub fn executed() -> Value {
    serde_json::from_str(include_str!("../../core/events/execute-command.json")).unwrap()
}

/// The event of a call of StartSession that is not of ECS.
pub fn bypass() -> Value {
    serde_json::from_str(include_str!("../../core/events/start-session.json")).unwrap()
}

/// Returns the event with another value at the pointer.
pub fn with(event: &Value, pointer: &str, value: Value) -> Value {
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    let mut event = event.clone();
    event.pointer_mut(parent).unwrap()[member] = value;
    event
}

/// A message that waits in a queue.
#[derive(Clone, Default)]
pub struct Waiting {
    body: String,
    attributes: BTreeMap<String, String>,
    delay: u16,
    receives: u32,
}

/// A queue of the function. While it is broken, it accepts no message.
#[derive(Clone, Default)]
pub struct Line {
    waiting: Arc<Mutex<Vec<Waiting>>>,
    broken: Arc<Mutex<bool>>,
}

impl Line {
    /// Takes the message that waits longest.
    fn take(&self) -> Option<Waiting> {
        let mut waiting = self.waiting.lock().unwrap();
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }
}

impl Queue for Line {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        if *self.broken.lock().unwrap() {
            let message = "no answer in time".to_owned();
            return Err(PortError { kind: ErrorKind::Retry, call: "SendMessage", message, reason: None });
        }
        let attributes = message.attributes.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        let (body, delay) = (message.body.to_owned(), message.delay);
        self.waiting.lock().unwrap().push(Waiting { body, attributes, delay, receives: 0 });
        Ok(())
    }
}

#[derive(Clone)]
pub struct Scene {
    pub world: World,
    pub log: Log,
    pub mode: &'static str,
    /// The value of the parameter `ExecSessions`.
    pub watches: &'static str,
    pub audience: Audience,
    pub work: Line,
    pub dead: Line,
    /// The number of invocations so far. Each one has its own request ID.
    pub invocations: Arc<Mutex<usize>>,
}

impl Scene {
    /// A cluster with this configuration, in which a task runs web:1.
    pub fn of(configuration: &Value) -> Self {
        let world = World::new();
        world.account(|account| {
            let revision = account.registers(BLOCKING);
            account.configures(&account.cluster_arn(CLUSTER), &configuration.to_string());
            account.tasks.insert(format!("{CLUSTER}/{TASK}"), revision);
            account.sessions.insert(SESSION.into(), ListedSession::Open);
            account.events.clear();
        });
        let (log, audience, work, dead) = (Log::default(), Audience::default(), Line::default(), Line::default());
        Self { world, log, mode: "observe", watches: "true", audience, work, dead, invocations: Arc::default() }
    }

    /// A cluster whose sessions are logged to the log group `/ecs/exec`.
    pub fn logging_to_a_group() -> Self {
        let log = json!({"cloudWatchLogGroupName": "/ecs/exec"});
        let scene = Self::overriding(log);
        scene.world.account(|account| account.has_group("/ecs/exec", Some(30), 0));
        scene
    }

    pub fn overriding(log: Value) -> Self {
        Self::of(&json!({"executeCommandConfiguration": {"logging": "OVERRIDE", "logConfiguration": log}}))
    }

    /// Invokes the function with one message. Returns whether the message failed.
    async fn invokes(&self, message: &Waiting) -> bool {
        let attribute = |(name, text): (&String, &String)| (name.clone(), json!({"stringValue": text}));
        let record = json!({
            "messageId": "m", "eventSource": "aws:sqs", "body": message.body,
            "attributes": {"ApproximateReceiveCount": message.receives.to_string()},
            "messageAttributes": message.attributes.iter().map(attribute).collect::<serde_json::Map<_, _>>(),
        });
        let variables = [
            ("LOGWEIR_ROLE", "remediate"),
            ("LOGWEIR_MODE", self.mode),
            ("LOGWEIR_BASELINE", BASELINE),
            ("LOGWEIR_JOURNAL", "dynamodb:journal"),
            ("LOGWEIR_OWN_ROLES", "arn:aws:iam::111122223333:role/logweir/Remediator"),
            ("LOGWEIR_CLUSTERS", CLUSTER),
            ("LOGWEIR_EXEC_SESSIONS", self.watches),
        ];
        let variable = |name: &str| Some(variables.iter().find(|(it, _)| *it == name)?.1.to_owned());
        let settings = Settings::read(variable, async |_: &str| -> Result<_, &str> { Err("no parameter") }).await;
        let function = Function {
            settings: settings.unwrap(),
            region: "eu-west-1".into(),
            ports: self.world.clone(),
            queues: Queues { work: Some(self.work.clone()), dead_letters: Some(self.dead.clone()) },
            notifier: self.audience.clone(),
            own_log: self.log.clone(),
        };
        let (name, arn) = ("logweir-remediator", "arn:aws:lambda:eu-west-1:111122223333:function:logweir-remediator");
        let payload = json!({"Records": [record]});
        let request = {
            let mut invocations = self.invocations.lock().unwrap();
            *invocations += 1;
            format!("request-{invocations}")
        };
        let invocation = Invocation { payload: &payload, request: &request, arn, name };
        let answer = function.answer(invocation, &|| 0, &mut |lines| self.log.append(lines)).await.unwrap();
        if self.world.is_dead() {
            self.world.restart();
            return true;
        }
        answer != json!({"batchItemFailures": []})
    }

    /// Delivers an event for the first time. Returns whether the delivery failed.
    pub async fn delivers(&self, event: &Value) -> bool {
        self.invokes(&Waiting { body: event.to_string(), receives: 1, ..Waiting::default() }).await
    }

    /// Delivers an event, which must not fail.
    pub async fn opens(&self, event: &Value) {
        assert!(!self.delivers(event).await, "{}", self.log.text());
    }

    /// Delivers the waiting messages, each after its delay, until none waits. SQS delivers a failed message again.
    pub async fn drains(&self) {
        for delivered in 0.. {
            assert!(delivered < 500, "it never ends: {}", self.log.text());
            let Some(mut message) = self.work.take() else { return };
            self.world.advance(SignedDuration::from_secs(message.delay.into()));
            message.receives += 1;
            if self.invokes(&message).await {
                self.work.waiting.lock().unwrap().push(Waiting { delay: 360, ..message });
            }
        }
    }

    /// The session ends this long after now.
    pub fn ends(&self, after: SignedDuration) {
        self.world.account(|account| {
            let end = ListedSession::Ended(Some(account.now + after));
            account.sessions.insert(SESSION.into(), end);
        });
    }

    pub fn lists(&self, session: Option<ListedSession>) {
        self.world.account(|account| match session {
            Some(session) => drop(account.sessions.insert(SESSION.into(), session)),
            None => drop(account.sessions.remove(SESSION)),
        });
    }

    /// ECS writes the transcript of the session.
    pub fn writes_transcript(&self) {
        self.world.account(|account| account.transcripts.insert(("/ecs/exec".into(), SESSION.into())));
    }

    pub fn breaks_queue(&self, broken: bool) {
        *self.work.broken.lock().unwrap() = broken;
    }

    pub fn kinds(&self) -> Vec<&'static str> {
        self.audience.heard.lock().unwrap().iter().map(|notice| notice.kind.name()).collect()
    }

    pub fn last(&self) -> Notice {
        self.audience.heard.lock().unwrap().last().unwrap().clone()
    }

    /// The delays of the messages that wait.
    pub fn delays(&self) -> Vec<u16> {
        self.work.waiting.lock().unwrap().iter().map(|message| message.delay).collect()
    }

    pub fn dead_letters(&self) -> usize {
        self.dead.waiting.lock().unwrap().len()
    }

    fn lines(&self) -> Vec<Value> {
        self.log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The verdicts that the metric `Sessions` counts.
    pub fn verdicts(&self) -> Vec<String> {
        let lines = self.lines().into_iter().filter(|line| line["Sessions"] == 1);
        lines.map(|line| line["Verdict"].as_str().unwrap().to_owned()).collect()
    }

    /// The verdict of the last decision, with its reason.
    pub fn verdict(&self) -> (String, String) {
        let decided = self.lines().into_iter().rfind(|line| line["session"].is_object()).unwrap();
        let word = |name: &str| decided["session"][name].as_str().unwrap_or_default().to_owned();
        (word("verdict"), word("why"))
    }
}
