//! The remediator function with its queue and its schedule, in one world.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::Home;
use logweir::domain::limits::reconciliation::{Counts, Reconciliation, ReconciliationName};
use logweir::domain::outcome::Mode;
use logweir::domain::report::Decision;
use logweir::domain::report::gauges::Gauges;
use logweir::handler::{HandlerReply, Queues, Sink, handle};
use logweir::ports::{Answer, Clock, ErrorKind, Message, PortError, Queue};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::Reconciled;
use serde_json::{Value, json};

use crate::order::order;
use crate::world::World;
use crate::world::story::{BLOCKING, by, home, parsed};

/// The visibility timeout of the queue, as in `template.yaml`.
pub const HIDDEN: SignedDuration = SignedDuration::from_secs(360);

pub const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A message as it was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    pub body: Value,
    pub delay: u16,
    attributes: Vec<(&'static str, String)>,
}

/// The work queue. It delivers the messages in the order in which they were sent.
#[derive(Clone, Default)]
pub struct Work {
    waiting: Arc<Mutex<VecDeque<Sent>>>,
    pub sent: Arc<Mutex<Vec<Sent>>>,
    pub is_broken: Arc<Mutex<bool>>,
}

impl Queue for Work {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        if *self.is_broken.lock().unwrap() {
            let message = "no answer in time".to_owned();
            return Err(PortError { kind: ErrorKind::Retry, call: "SendMessage", message, reason: None });
        }
        let body = serde_json::from_str(message.body).unwrap();
        let sent = Sent { body, delay: message.delay, attributes: message.attributes.clone() };
        self.sent.lock().unwrap().push(sent.clone());
        self.waiting.lock().unwrap().push_back(sent);
        Ok(())
    }
}

/// The results of the function.
#[derive(Default)]
pub struct Heard {
    pub decisions: Vec<Decision>,
    pub finished: Vec<Counts>,
    pub failed: Vec<PortError>,
}

impl Sink for Heard {
    fn decision(&mut self, decision: &Decision) {
        self.decisions.push(decision.clone());
    }

    fn gauges(&mut self, _: Answer<Gauges>, _: Timestamp) {}

    fn digest(&mut self) {}

    fn reconciled(&mut self, result: &Answer<Reconciled>, _: Timestamp) {
        match result {
            Ok(reconciled) => {
                self.finished.extend(reconciled.finished.map(|finished| finished.counts));
                self.failed.extend(reconciled.failed.clone());
            }
            Err(error) => self.failed.push(error.clone()),
        }
    }
}

pub struct Scene {
    pub world: World,
    pub work: Work,
    pub mode: Mode,
    pub baseline: &'static str,
    pub home: Home,
    pub heard: Heard,
    pub name: &'static str,
    pub workers: u32,
}

impl Default for Scene {
    /// An empty account. The mode `register` is not noted yet.
    fn default() -> Self {
        Self {
            world: World::new(),
            work: Work::default(),
            mode: Mode::Register,
            baseline: SHIPPED_BASELINE,
            home: home(),
            heard: Heard::default(),
            name: "worker",
            workers: 0,
        }
    }
}

pub fn start() -> Value {
    json!({"logweir": "reconcile"})
}

/// A document of this family whose container blocks on its logs.
pub fn blocking(family: &str) -> String {
    BLOCKING.replace("\"web\"", &format!("\"{family}\"")).replace("/ecs/web", &format!("/ecs/{family}"))
}

/// The same without the fault.
pub fn sound(family: &str) -> String {
    blocking(family).replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"")
}

impl Scene {
    /// An account in which the schedule has noted the mode and the baseline.
    pub async fn noted(mode: Mode) -> Self {
        let mut scene = Self { mode, ..Self::default() };
        scene.resumes().await;
        scene.world.advance(SignedDuration::from_secs(1));
        scene
    }

    /// The same account, in which web:1 blocks and its event was lost.
    pub async fn lost() -> Self {
        let scene = Self::noted(Mode::Register).await;
        scene.registers(&blocking("web"));
        scene.world.advance(HOUR * 2);
        scene
    }

    /// Registers a document as another principal. The log group of the family exists.
    pub fn registers(&self, document: &str) -> RevisionArn {
        let family = document.split('"').nth(3).unwrap();
        self.world.account(|account| {
            account.has_group(&format!("/ecs/{family}"), Some(30), 1);
            account.registers(document)
        })
    }

    pub async fn resumes(&mut self) {
        self.invokes(&json!({"logweir": "resume"})).await;
    }

    /// Invokes the function with this payload.
    pub async fn invokes(&mut self, payload: &Value) -> HandlerReply {
        self.workers += 1;
        let worker = format!("{}-{}", self.name, self.workers);
        let (by, baseline) = (by(), parsed(self.baseline));
        let order = order(&self.home, &by, baseline, self.mode, &worker);
        let queues = Queues { work: Some(self.work.clone()), dead_letters: Some(Work::default()) };
        handle(&self.world, &order, &queues, payload, &|| 0, &mut self.heard).await
    }

    /// Delivers a message. Returns whether SQS delivers it again.
    pub async fn delivers(&mut self, body: &Value) -> bool {
        self.delivers_with(body, 1, &[]).await
    }

    pub async fn delivers_with(&mut self, body: &Value, receives: u32, attributes: &[(&'static str, String)]) -> bool {
        let attribute = |(name, text): &(&'static str, String)| {
            ((*name).to_owned(), json!({"dataType": "String", "stringValue": text}))
        };
        let message = json!({
            "messageId": "m", "eventSource": "aws:sqs", "body": body.to_string(),
            "attributes": {"ApproximateReceiveCount": receives.to_string()},
            "messageAttributes": attributes.iter().map(attribute).collect::<serde_json::Map<_, _>>(),
        });
        let reply = self.invokes(&json!({"Records": [message]})).await;
        reply.to_json() != json!({"batchItemFailures": []})
    }

    /// Starts a reconciliation, and delivers messages until the queue is empty.
    pub async fn reconciles(&mut self) {
        assert!(!self.delivers(&start()).await);
        self.drains().await;
    }

    /// Delivers every message, each when it is due, until the queue is empty.
    pub async fn drains(&mut self) {
        for _ in 0..1000 {
            let Some(sent) = self.takes() else { return };
            assert!(!self.delivers_with(&sent.body, 1, &sent.attributes).await, "{sent:?}");
        }
        panic!("the queue is never empty");
    }

    /// Takes the first message from the queue when it is due.
    pub fn takes(&mut self) -> Option<Sent> {
        let sent = self.work.waiting.lock().unwrap().pop_front()?;
        self.world.advance(SignedDuration::from_secs(sent.delay.into()));
        Some(sent)
    }

    /// The bodies of the pages that were requested.
    pub fn pages(&self) -> Vec<Sent> {
        self.work.sent.lock().unwrap().iter().filter(|sent| sent.body["logweir"] == "reconcile").cloned().collect()
    }

    /// The revisions that were sent to the queue.
    pub fn overdue(&self) -> Vec<String> {
        let revision = |sent: &Sent| Some(sent.body["detail"]["taskDefinitionArn"].as_str()?.to_owned());
        let revisions = self.work.sent.lock().unwrap().iter().filter_map(revision).collect::<Vec<_>>();
        revisions.iter().map(|arn| arn.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The deregistered source revisions that were sent to the queue.
    pub fn withdrawn(&self) -> Vec<String> {
        let sent = self.work.sent.lock().unwrap();
        let deregistered = sent.iter().filter(|sent| sent.body["eventName"] == "DeregisterTaskDefinition");
        let arn = |sent: &Sent| sent.body["responseElements"]["taskDefinition"]["taskDefinitionArn"].to_string();
        deregistered.map(arn).map(|arn| arn.trim_matches('"').rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The results of the reconciliations that ended: families, faulty, overdue, standing and unread.
    pub fn finished(&self) -> Vec<[u64; 5]> {
        let numbers = |counts: &Counts| {
            let Counts { families, faulty, overdue, standing, unread, .. } = *counts;
            [families, faulty, overdue, standing, unread]
        };
        self.heard.finished.iter().map(numbers).collect()
    }

    /// The outcomes of the decisions, with the reasons.
    pub fn decided(&self) -> Vec<String> {
        let word = |decision: &Decision| {
            let reason = decision.reason.map(|reason| format!(" {}", reason.name()));
            format!("{}{}", decision.outcome.name(), reason.unwrap_or_default())
        };
        self.heard.decisions.iter().map(word).collect()
    }

    pub fn active(&self, family: &str) -> Vec<usize> {
        self.world.account(|account| account.active(family))
    }

    pub fn state(&self) -> Reconciliation {
        let name = ReconciliationName::of(&self.home);
        self.world.account(|account| account.reconciliations[&name].clone())
    }

    pub fn now(&self) -> Timestamp {
        self.world.now()
    }
}
