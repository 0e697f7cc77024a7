//! The work queue and the dead-letter queue. They deliver messages to the function one at a time, at the world's time.
//! A failed message is delivered again. A message that fails too often becomes a dead letter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::Baseline;
use logweir::domain::outcome::Mode;
use logweir::domain::report::Decision;
use logweir::handler::{HandlerReply, Queues, handle};
use logweir::ports::{Answer, Clock, ErrorKind, Message, PortError, Queue};
use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

use super::World;
use super::story::{by, home};
use crate::order::order;

/// The visibility timeout and the maximum number of receives, as in `template.yaml`.
const HIDDEN: SignedDuration = SignedDuration::from_secs(360);
const MOST_RECEIVES: u32 = 5;

/// The work queue and the dead-letter queue.
#[derive(Clone, Default)]
pub(crate) struct Fifo {
    pub(crate) work: Line,
    pub(crate) dead: Line,
    /// Whether the function does not know the dead-letter queue.
    unnamed: bool,
}

/// A queue: the waiting messages, and all messages that were sent to it.
#[derive(Clone, Default)]
pub(crate) struct Line(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    sent: Vec<(Sent, u16)>,
    broken: bool,
    now: Timestamp,
}

/// A message as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) body: String,
    pub(crate) attributes: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Waiting {
    sent: Sent,
    /// How often it was received.
    receives: u32,
    due: Timestamp,
}

/// One delivery.
pub(crate) struct Delivered {
    pub(crate) name: String,
    pub(crate) report: Decision,
    /// Whether the delivery failed. The message then returns to the queue, or becomes a dead letter after its last try.
    pub(crate) failed: bool,
}

impl Queue for Line {
    async fn send(&self, message: &Message<'_>) -> Answer<()> {
        let mut state = self.state();
        if state.broken {
            let message = "no answer in time".to_owned();
            return Err(PortError { kind: ErrorKind::Retry, call: "SendMessage", message, reason: None });
        }
        let attributes = message.attributes.iter().map(|(name, text)| ((*name).to_owned(), text.clone())).collect();
        let sent = Sent { body: message.body.to_owned(), attributes };
        state.sent.push((sent.clone(), message.delay));
        let due = state.now + SignedDuration::from_secs(message.delay.into());
        state.waiting.push(Waiting { sent, receives: 0, due });
        Ok(())
    }
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn breaks(&self) {
        self.state().broken = true;
    }

    pub(crate) fn recovers(&self) {
        self.state().broken = false;
    }

    /// The messages in the queue.
    pub(crate) fn messages(&self) -> Vec<Sent> {
        self.state().waiting.iter().map(|waiting| waiting.sent.clone()).collect()
    }

    fn next(&self) -> Option<Waiting> {
        let mut state = self.state();
        let first = (0..state.waiting.len()).min_by_key(|index| state.waiting[*index].due)?;
        Some(state.waiting.remove(first))
    }
}

impl Fifo {
    /// Queues of a function that does not know the dead-letter queue.
    pub(crate) fn without_dead_letters() -> Self {
        Self { unnamed: true, ..Self::default() }
    }

    /// Queues an event, as a rule does.
    pub(crate) fn holds(&self, world: &World, event: &Value) {
        self.holds_sent(world, Sent { body: event.to_string(), attributes: BTreeMap::new() });
    }

    fn holds_sent(&self, world: &World, sent: Sent) {
        self.work.state().waiting.push(Waiting { sent, receives: 0, due: world.now() });
    }

    /// Redrives each dead letter without the function's attributes, as `logweir doctor --fix` does.
    pub(crate) fn redrives(&self, world: &World) {
        for mut waiting in std::mem::take(&mut self.dead.state().waiting) {
            waiting.sent.attributes.retain(|name, _| !name.starts_with("logweir-"));
            self.holds_sent(world, waiting.sent);
        }
    }

    pub(crate) fn breaks(&self) {
        self.work.breaks();
    }

    pub(crate) fn recovers(&self) {
        self.work.recovers();
    }

    /// The delays, in seconds, with which messages were requeued.
    pub(crate) fn delays(&self) -> Vec<u16> {
        self.work.state().sent.iter().map(|(_, delay)| *delay).collect()
    }

    pub(crate) fn slots(&self) -> Vec<Option<Timestamp>> {
        let slot = |(sent, _): &(Sent, u16)| sent.attributes.get("logweir-slot").map(|slot| slot.parse().unwrap());
        self.work.state().sent.iter().map(slot).collect()
    }

    /// Delivers until the queue is empty. `late` gives the lateness of each delivery, counted from 0.
    pub(crate) async fn drains(&self, world: &World, late: impl Fn(usize) -> SignedDuration) -> Vec<Delivered> {
        self.drains_by(world, SHIPPED_BASELINE, late).await
    }

    pub(crate) async fn drains_by(
        &self,
        world: &World,
        baseline: &str,
        late: impl Fn(usize) -> SignedDuration,
    ) -> Vec<Delivered> {
        let mut delivered: Vec<Delivered> = Vec::new();
        while let Some(mut message) = self.work.next() {
            let due = message.due + late(delivered.len());
            world.account(|account| account.now = account.now.max(due));
            message.receives += 1;
            let event: Value = serde_json::from_str(&message.sent.body).unwrap();
            let (reply, report) = self.receives(world, baseline, &message.sent, message.receives).await;
            assert!(delivered.len() < 1000, "it never ends: {report:?}");
            let failed = reply.to_json() != json!({"batchItemFailures": []});
            match failed {
                true if message.receives < MOST_RECEIVES => {
                    let due = world.now() + HIDDEN;
                    self.work.state().waiting.push(Waiting { due, ..message });
                }
                true => self.dead.state().waiting.push(message),
                false => {}
            }
            let name = event["detail"]["requestParameters"]["family"].as_str().unwrap().to_owned();
            delivered.push(Delivered { name, report, failed });
        }
        delivered
    }

    /// The first delivery of an event to the function.
    pub(crate) async fn delivers(&self, world: &World, baseline: &str, event: &Value) -> (HandlerReply, Decision) {
        let sent = Sent { body: event.to_string(), attributes: BTreeMap::new() };
        self.receives(world, baseline, &sent, 1).await
    }

    /// The nth delivery of a message.
    pub(crate) async fn receives(
        &self,
        world: &World,
        baseline: &str,
        sent: &Sent,
        receives: u32,
    ) -> (HandlerReply, Decision) {
        let attribute = |(name, text): (&String, &String)| {
            (name.clone(), json!({"dataType": "String", "stringValue": text, "stringListValues": []}))
        };
        let message = json!({
            "messageId": "m", "eventSource": "aws:sqs", "body": sent.body,
            "attributes": {"ApproximateReceiveCount": receives.to_string()},
            "messageAttributes": sent.attributes.iter().map(attribute).collect::<serde_json::Map<_, _>>(),
        });
        self.handles(world, baseline, &json!({"Records": [message]})).await
    }

    /// Invokes the function with an event, bypassing the queue.
    pub(crate) async fn invokes(&self, world: &World, event: &Value) -> HandlerReply {
        self.handles(world, SHIPPED_BASELINE, event).await.0
    }

    async fn handles(&self, world: &World, baseline: &str, payload: &Value) -> (HandlerReply, Decision) {
        let (home, by, baseline) = (home(), by(), Baseline::parse(baseline).unwrap());
        (self.work.state().now, self.dead.state().now) = (world.now(), world.now());
        let worker = format!("worker-{}", world.calls().len());
        let order = order(&home, &by, &baseline, Mode::Register, &worker);
        let dead_letters = (!self.unnamed).then(|| self.dead.clone());
        let queues = Queues { work: Some(self.work.clone()), dead_letters };
        let mut written = Vec::new();
        let reply =
            handle(world, &order, &queues, payload, &|| 0, &mut |report: &Decision| written.push(report.clone())).await;
        assert_eq!(written.len(), 1);
        (reply, written.remove(0))
    }
}
