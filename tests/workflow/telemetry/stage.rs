//! The two functions as they are deployed, in one world, with their log lines and notifications.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use logweir::aws::Sqs;
use logweir::domain::baseline::Baseline;
use logweir::domain::notice::Notice;
use logweir::domain::outcome::Outcome;
use logweir::handler::{Function, Invocation, Queues};
use logweir::ports::{Answer, Notifier, OwnLog, PortError};
use logweir::settings::Settings;
use serde_json::{Value, json};

use crate::world::story::BLOCKING;
use crate::world::{Account, Lag, Moment, Then, World};

pub const BASELINE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/workflow/telemetry/baseline.toml");

/// Another baseline, which is not confirmed.
pub const UNCONFIRMED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml");

/// The recipient of notifications. If there are errors, every notification fails with them.
#[derive(Clone, Default)]
pub struct Audience {
    pub heard: Arc<Mutex<Vec<Notice>>>,
    pub fails: Arc<Mutex<Vec<PortError>>>,
}

impl Notifier for Audience {
    async fn tell(&self, notice: &Notice) -> Vec<PortError> {
        self.heard.lock().unwrap().push(notice.clone());
        self.fails.lock().unwrap().clone()
    }
}

/// The function's log.
#[derive(Clone, Default)]
pub struct Log {
    written: Arc<Mutex<String>>,
    pub fails: Arc<Mutex<Option<PortError>>>,
    /// Whether the log has more lines than are read.
    pub is_long: Arc<Mutex<bool>>,
    pub reads: Arc<Mutex<Vec<Timestamp>>>,
}

impl Log {
    pub fn text(&self) -> String {
        self.written.lock().unwrap().clone()
    }

    pub fn append(&self, text: &str) {
        self.written.lock().unwrap().push_str(text);
    }
}

impl OwnLog for Log {
    async fn lines(&self, outcome: Outcome, since: Timestamp, line: &mut (dyn FnMut(&str) + Send)) -> Answer<bool> {
        self.reads.lock().unwrap().push(since);
        if let Some(error) = self.fails.lock().unwrap().clone() {
            return Err(error);
        }
        let text = self.text();
        let tells = |line: &&str| serde_json::from_str::<Value>(line).is_ok_and(|it| it["outcome"] == outcome.name());
        text.lines().filter(tells).for_each(line);
        Ok(!*self.is_long.lock().unwrap())
    }
}

#[derive(Clone, Default)]
pub struct Stage {
    pub world: World,
    pub audience: Audience,
    pub log: Log,
}

impl Stage {
    /// web:1 is registered, and its worker died before it registered a correction.
    pub async fn left() -> Self {
        Self::left_at("RegisterTaskDefinition").await
    }

    /// web:1 is registered, and its worker died right before this call.
    pub async fn left_at(call: &'static str) -> Self {
        let stage = Self::default();
        let event = stage.registers(BLOCKING);
        stage.world.at_next(call, Moment::Before, Then::Crash);
        let _ = stage.remediates("register", &event).await;
        stage.world.restart();
        stage.world.advance(Lag::LONGEST);
        stage
    }

    pub fn account<T>(&self, act: impl FnOnce(&mut Account) -> T) -> T {
        self.world.account(act)
    }

    /// Invokes the remediating function. Returns `Err` with the message for Lambda if Lambda must retry.
    pub async fn remediates(&self, mode: &str, payload: &Value) -> Result<Value, String> {
        self.answers(&[("LOGWEIR_ROLE", "remediate"), ("LOGWEIR_MODE", mode), ("LOGWEIR_BASELINE", BASELINE)], payload)
            .await
    }

    /// The same with an unconfirmed baseline.
    pub async fn remediates_unconfirmed(&self, mode: &str, payload: &Value) -> Result<Value, String> {
        let role = [
            ("LOGWEIR_ROLE", "remediate"),
            ("LOGWEIR_MODE", mode),
            ("LOGWEIR_BASELINE", UNCONFIRMED),
            ("LOGWEIR_CONFIRMED_BASELINE", "sha256:0"),
        ];
        self.answers(&role, payload).await
    }

    /// Invokes the remediating function of a stack that may pass only these roles, in mode observe.
    pub async fn observes_passing(&self, execution_roles: &str, task_roles: &str, payload: &Value) -> Value {
        let role = [
            ("LOGWEIR_ROLE", "remediate"),
            ("LOGWEIR_MODE", "observe"),
            ("LOGWEIR_BASELINE", BASELINE),
            ("LOGWEIR_EXECUTION_ROLES", execution_roles),
            ("LOGWEIR_TASK_ROLES", task_roles),
        ];
        self.answers(&role, payload).await.unwrap()
    }

    /// Delivers a message from the queue to the remediating function.
    pub async fn queued(&self, mode: &str, body: &str) -> Value {
        self.delivered(mode, body, Value::Null).await
    }

    /// The same with a message that has waited in the queue for this long.
    pub async fn queued_for(&self, waited: SignedDuration, mode: &str, body: &str) -> Value {
        let sent = self.account(|account| account.now) - waited;
        self.delivered(mode, body, json!({"SentTimestamp": sent.as_millisecond().to_string()})).await
    }

    /// The same with a message that has this receive count.
    pub async fn queued_again(&self, receives: usize, mode: &str, body: &str) -> Value {
        self.delivered(mode, body, json!({"ApproximateReceiveCount": receives.to_string()})).await
    }

    async fn delivered(&self, mode: &str, body: &str, attributes: Value) -> Value {
        let record = json!({"messageId": "m", "eventSource": "aws:sqs", "body": body, "attributes": attributes});
        self.remediates(mode, &json!({"Records": [record]})).await.unwrap()
    }

    /// Invokes the backout function.
    pub async fn backs_out(&self, payload: &Value) -> Value {
        self.answers(&[("LOGWEIR_ROLE", "backout")], payload).await.unwrap()
    }

    /// Runs the schedule of the backout function in this mode.
    pub async fn retires(&self, mode: &str, paused: &str) -> Value {
        let role = [("LOGWEIR_ROLE", "backout"), ("LOGWEIR_MODE", mode), ("LOGWEIR_PAUSED", paused)];
        self.answers(&role, &serde_json::json!({"logweir": "resume"})).await.unwrap()
    }

    async fn answers(&self, role: &[(&str, &str)], payload: &Value) -> Result<Value, String> {
        let digest = Baseline::parse(include_str!("baseline.toml")).unwrap().digest().to_owned();
        let variable = |name: &str| {
            let common = [
                ("LOGWEIR_CONFIRMED_BASELINE", digest.as_str()),
                ("LOGWEIR_JOURNAL", "dynamodb:journal"),
                ("LOGWEIR_OWN_ROLES", "arn:aws:iam::111122223333:role/logweir/Remediator"),
                ("LOGWEIR_BACKOUT_FUNCTION", "logweir-backout"),
            ];
            let (_, value) = role.iter().chain(&common).find(|(variable, _)| *variable == name)?;
            Some((*value).to_owned())
        };
        let settings =
            Settings::read(variable, async |_: &str| -> Result<_, &str> { Err("no parameter is read here") });
        let function = Function {
            settings: settings.await.unwrap(),
            region: "eu-west-1".into(),
            ports: self.world.clone(),
            queues: Queues::<Sqs>::NONE,
            notifier: self.audience.clone(),
            own_log: self.log.clone(),
        };
        let name = if role[0].1 == "backout" { "logweir-backout" } else { "logweir-remediator" };
        let arn = format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}");
        let invocation = Invocation { payload, request: "r", arn: &arn, name };
        let calls = || self.world.calls().len() as u64;
        let answer = function.answer(invocation, &calls, &mut |lines| self.log.append(lines)).await;
        answer.map_err(|diagnostic| diagnostic.error_message)
    }

    /// Registers a document as another principal. Returns the event.
    pub fn registers(&self, document: &str) -> Value {
        self.account(|account| {
            account.registers(document);
            account.delivers().pop().unwrap()
        })
    }

    /// The last event of this name since events were last removed.
    pub fn event(&self, name: &str) -> Value {
        let events = self.account(Account::delivers);
        events
            .into_iter()
            .rev()
            .find(|event| event["detail"]["eventName"] == name)
            .unwrap_or_else(|| panic!("no {name}"))
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<Value> {
        self.log.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The lines with a decision.
    pub fn decisions(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["event"] == "remediation.summary").collect()
    }

    /// The kinds of the notifications so far.
    pub fn kinds(&self) -> Vec<&'static str> {
        self.audience.heard.lock().unwrap().iter().map(|notice| notice.kind.name()).collect()
    }

    pub fn last(&self) -> Notice {
        self.audience.heard.lock().unwrap().last().unwrap().clone()
    }
}
