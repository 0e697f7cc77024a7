//! The work queue and the dead-letter queue. They deliver messages to the function one at a time, at the world's time.
//! A failed message is delivered again. A message that fails too often becomes a dead letter.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use logweir::domain::disposition::{Disposition, Keeper};
use logweir::domain::doctor::letter::Letter;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::family::Family;
use logweir::domain::notice::Notice;
use logweir::domain::outcome::Mode;
use logweir::domain::record::Record;
use logweir::domain::report::Decision;
use logweir::handler::{HandlerReply, Queues, handle};
use logweir::ports::{Answer, Clock, ErrorKind, Message, PortError, Queue};
use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};

use super::World;
use super::story::{by, home, parsed};
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
    /// Whether the queue moved it to the dead-letter queue, because it was received too often.
    by_queue: bool,
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
        state.waiting.push(Waiting { sent, receives: 0, due, by_queue: false });
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

    /// Removes and returns the message that is due first.
    pub(crate) fn takes(&self) -> Option<Sent> {
        self.next().map(|waiting| waiting.sent)
    }

    fn next(&self) -> Option<Waiting> {
        let mut state = self.state();
        let first = (0..state.waiting.len()).min_by_key(|index| state.waiting[*index].due)?;
        Some(state.waiting.remove(first))
    }
}

/// Whether the record is about the revision of the decision.
fn is_of(record: &Record, decision: &Decision) -> bool {
    let source = decision.source.as_deref();
    let is_named = |revision: &RevisionArn| Some(revision.to_string().as_str()) == source;
    is_named(&record.head.source) || record.registered().iter().any(|registered| is_named(registered.revision))
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
        self.work.state().waiting.push(Waiting { sent, receives: 0, due: world.now(), by_queue: false });
    }

    /// Redrives each dead letter with its history alone, as `logweir doctor --fix --all` does.
    pub(crate) fn redrives(&self, world: &World) {
        for Waiting { mut sent, by_queue, receives, .. } in std::mem::take(&mut self.dead.state().waiting) {
            let Sent { body, attributes } = sent.clone();
            let (id, receives) = ("m".to_owned(), receives.into());
            let letter = Letter { id, body, sent: None, receives, attributes, moved_by_sqs: by_queue };
            let history = letter.history().map(|history| history.attributes());
            sent.attributes.retain(|name, _| !name.starts_with("logweir-"));
            sent.attributes.extend(history.into_iter().flatten().map(|(name, text)| (name.to_owned(), text)));
            self.holds_sent(world, sent);
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
                true => self.dead.state().waiting.push(Waiting { by_queue: true, ..message }),
                false => {}
            }
            let family = event["detail"]["requestParameters"]["family"].as_str();
            let name = family.unwrap_or_default().to_owned();
            delivered.push(Delivered { name, report, failed });
        }
        delivered
    }

    /// Invokes the function with the schedule's request to resume. Returns the reports.
    pub(crate) async fn resumes(&self, world: &World, mode: Mode) -> Vec<Decision> {
        self.written(world, SHIPPED_BASELINE, mode, &json!({"logweir": "resume"})).await.1
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

    /// Asserts that a message that SQS deletes leaves a trace, unless its event requires no change. A trace is a copy
    /// in a queue, a notification, a record or a state.
    fn keeps(&self, world: &World, reply: &HandlerReply, decision: &Decision) {
        if reply.to_json() != json!({"batchItemFailures": []}) {
            return;
        }
        let is_copied = [&self.work, &self.dead].into_iter().any(|line| !line.state().waiting.is_empty());
        let kept = match Disposition::of(decision.outcome, decision.reason) {
            Disposition::Retry | Disposition::DeadLetter => is_copied,
            Disposition::Final(Keeper::NoChange | Keeper::LaterEvent) => true,
            Disposition::Final(Keeper::Notification) => Notice::of(decision).is_some(),
            Disposition::Final(Keeper::Record) => {
                world.account(|account| account.all_records().any(|record| is_of(record, decision)))
            }
            Disposition::Final(Keeper::Family) => {
                let is_stopped = |family: &Family| family.hold.is_some() || family.fuse.is_some();
                let family = decision.family.as_deref().unwrap_or_default();
                world
                    .account(|account| account.remembered.values().any(|it| it.name.family == family && is_stopped(it)))
            }
        };
        // The next reconciliation finds an overdue revision again.
        let kept = kept || decision.notify.is_overdue || Notice::of(decision).is_some();
        assert!(kept, "the event left no trace: {decision:?}");
    }

    async fn handles(&self, world: &World, baseline: &str, payload: &Value) -> (HandlerReply, Decision) {
        let (reply, mut written) = self.written(world, baseline, Mode::Register, payload).await;
        assert_eq!(written.len(), 1);
        let decision = written.remove(0);
        self.keeps(world, &reply, &decision);
        (reply, decision)
    }

    async fn written(
        &self,
        world: &World,
        baseline: &str,
        mode: Mode,
        payload: &Value,
    ) -> (HandlerReply, Vec<Decision>) {
        let (home, by, baseline) = (home(), by(), parsed(baseline));
        (self.work.state().now, self.dead.state().now) = (world.now(), world.now());
        let worker = format!("worker-{}", world.calls().len());
        let order = order(&home, &by, baseline, mode, &worker);
        let dead_letters = (!self.unnamed).then(|| self.dead.clone());
        let queues = Queues { work: Some(self.work.clone()), dead_letters };
        let mut written = Vec::new();
        let reply =
            handle(world, &order, &queues, payload, &|| 0, &mut |report: &Decision| written.push(report.clone())).await;
        (reply, written)
    }
}
