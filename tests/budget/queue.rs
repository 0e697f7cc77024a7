//! A queue that delivers to the function, one message after the other, at the world's time.

use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use logweir::domain::baseline::Baseline;
use logweir::domain::report::Report;
use logweir::handler::{Reply, handle};
use logweir::ports::{Answer, Clock, Kind, PortError, Queue, SLOT};
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{Mode, Order, Origin};
use serde_json::{Value, json};

use crate::world::World;
use crate::world::story::{by, home};

#[derive(Clone, Default)]
pub(crate) struct Fifo(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: Vec<Message>,
    sent: Vec<(Option<Timestamp>, u16)>,
    failures: usize,
    broken: bool,
    now: Timestamp,
}

#[derive(Clone)]
struct Message {
    body: String,
    slot: Option<Timestamp>,
    due: Timestamp,
}

/// One delivery.
pub(crate) struct Delivered {
    pub(crate) name: String,
    pub(crate) report: Report,
}

impl Queue for Fifo {
    async fn send_back(&self, body: &str, slot: Option<Timestamp>, delay: u16) -> Answer<()> {
        let mut state = self.state();
        if state.broken {
            let message = "no answer in time".to_owned();
            return Err(PortError { kind: Kind::Retry, call: "SendMessage", message, reason: None });
        }
        state.sent.push((slot, delay));
        let due = state.now + SignedDuration::from_secs(delay.into());
        state.waiting.push(Message { body: body.to_owned(), slot, due });
        Ok(())
    }
}

impl Fifo {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A rule sends an event.
    pub(crate) fn holds(&self, world: &World, event: Value) {
        self.state().waiting.push(Message { body: event.to_string(), slot: None, due: world.now() });
    }

    pub(crate) fn breaks(&self) {
        self.state().broken = true;
    }

    pub(crate) fn mends(&self) {
        self.state().broken = false;
    }

    /// The delays in seconds with which messages were sent back.
    pub(crate) fn delays(&self) -> Vec<u16> {
        self.state().sent.iter().map(|(_, delay)| *delay).collect()
    }

    pub(crate) fn slots(&self) -> Vec<Option<Timestamp>> {
        self.state().sent.iter().map(|(slot, _)| *slot).collect()
    }

    /// How many messages failed.
    pub(crate) fn failures(&self) -> usize {
        self.state().failures
    }

    /// Delivers until nothing is left. `late` says by how much a delivery, counted from 0, is late.
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
        loop {
            let message = {
                let mut state = self.state();
                let Some(first) = (0..state.waiting.len()).min_by_key(|index| state.waiting[*index].due) else {
                    return delivered;
                };
                state.waiting.remove(first)
            };
            let due = message.due + late(delivered.len());
            world.account(|account| account.now = account.now.max(due));
            let event: Value = serde_json::from_str(&message.body).unwrap();
            let (_, report) = self.delivers(world, baseline, &event, message.slot).await;
            assert!(delivered.len() < 1000, "it never ends: {report:?}");
            let name = event["detail"]["requestParameters"]["family"].as_str().unwrap().to_owned();
            delivered.push(Delivered { name, report });
        }
    }

    /// One delivery to the function.
    pub(crate) async fn delivers(
        &self,
        world: &World,
        baseline: &str,
        event: &Value,
        slot: Option<Timestamp>,
    ) -> (Reply, Report) {
        let mut message = json!({"messageId": "m", "eventSource": "aws:sqs", "body": event.to_string()});
        if let Some(slot) = slot {
            message["messageAttributes"] = json!({SLOT: {"dataType": "String", "stringValue": slot.to_string()}});
        }
        let (reply, report) = self.handles(world, baseline, &json!({"Records": [message]})).await;
        if let Reply::Batch(response) = &reply {
            self.state().failures += response.batch_item_failures.len();
        }
        (reply, report)
    }

    /// Somebody invokes the function with an event, past the queue.
    pub(crate) async fn invokes(&self, world: &World, event: &Value) -> Reply {
        self.handles(world, SHIPPED_BASELINE, event).await.0
    }

    async fn handles(&self, world: &World, baseline: &str, payload: &Value) -> (Reply, Report) {
        let (home, by, baseline) = (home(), by(), Baseline::parse(baseline).unwrap());
        self.state().now = world.now();
        let order = Order {
            mode: Mode::Register,
            finishes: Mode::Register,
            baseline: &baseline,
            home: &home,
            origin: Origin::Event,
            worker: format!("worker-{}", world.calls().len()),
            registrar: None,
            lease: LEASE,
            backout: &by,
        };
        let mut written = Vec::new();
        let reply =
            handle(world, &order, self, payload, &|| 0, &mut |report: &Report| written.push(report.clone())).await;
        assert_eq!(written.len(), 1);
        (reply, written.remove(0))
    }
}
