//! Logweir as the functions run it.

use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use logweir::aws::sdk::journal::DynamoJournal;
use logweir::aws::{Aws, Calls, Ecs, Logs, Sqs};
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::Home;
use logweir::domain::limits::reconciliation::Request;
use logweir::domain::outcome::Mode;
use logweir::domain::report::{BackoutBy, Decision};
use logweir::handler::{BackoutCaller, HandlerReply, Queues, handle, handle_backout};
use logweir::ports::{Adapters, Clock, Queue, SystemClock};
use logweir::settings::{BACKOUT_LEASE, SHIPPED_BASELINE};
use logweir::workflow::{Order, Origin, Reconciled, note_mode_and_baseline, reconcile};
use serde_json::{Value, json};

use super::proxy::{Call, Proxy};
use super::{Place, REGION};
use crate::order::order;

/// A clock that shows one time.
struct Stopped(Timestamp);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[derive(Clone)]
pub struct Logweir {
    proxy: Proxy,
    ports: Adapters<Ecs, Logs, DynamoJournal, SystemClock>,
    calls: Calls,
    home: Home,
    baseline: Baseline,
    origin: Origin,
    /// The principal that registers, as the emulators report it: always the caller.
    registrar: String,
}

impl Logweir {
    /// Logweir with its journal in this existing table, and with open connections. A proxy records all its calls.
    pub async fn at(place: &Place, table: &str) -> Self {
        let (proxy, url) = Proxy::before(&place.url, None);
        let aws = Aws::with(&place.behind(url).config()).unwrap();
        aws.warm(async {}).await;
        let (calls, journal) = (aws.calls().clone(), aws.journal(table));
        let account = &place.account;
        Self {
            proxy,
            ports: Adapters { ecs: aws.ecs, log_groups: aws.log_groups, journal, clock: SystemClock },
            calls,
            home: Home {
                partition: "aws".into(),
                account: account.clone(),
                region: REGION.into(),
                own_roles: vec![format!("arn:aws:iam::{account}:role/logweir/Remediator")],
                ..Home::default()
            },
            // The tests register faster than the shipped rate limit allows, and do not wait for services to settle.
            baseline: Baseline::parse(
                &SHIPPED_BASELINE
                    .replace("registers-per-second = 0.2", "registers-per-second = 1.0")
                    .replace("settle-minutes = 15", "settle-minutes = 0"),
            )
            .unwrap(),
            origin: Origin::Event,
            registrar: format!("arn:aws:iam::{account}:root"),
        }
    }

    /// The same with another baseline.
    pub fn with(self, baseline: &str) -> Self {
        Self { baseline: Baseline::parse(baseline).unwrap(), ..self }
    }

    /// The same with events that an operator replays: those do not wait for the registration rate limit.
    pub fn by_hand(self) -> Self {
        Self { origin: Origin::Replay, ..self }
    }

    /// Logweir's own role.
    pub fn role(&self) -> &str {
        &self.home.own_roles[0]
    }

    /// All calls so far.
    pub fn called(&self) -> Vec<Call> {
        self.proxy.calls()
    }

    // Boxed here and below: in a debug build the futures of the SDK take most of a test's stack.

    /// Handles an event in mode `rollout`.
    pub async fn gets(&self, event: &Value) -> Decision {
        match Box::pin(self.invoked(event)).await {
            HandlerReply::One(report) => *report,
            reply => panic!("{reply:?}"),
        }
    }

    /// Handles the schedule's request to resume unfinished corrections.
    pub async fn resumes(&self) -> Vec<Decision> {
        resumed(Box::pin(self.invoked(&json!({"logweir": "resume"}))).await)
    }

    /// Notes the mode and the baseline, as the schedule does at this time.
    pub async fn notes_its_mode(&self, at: Timestamp) {
        let backout = by();
        let order = order(&self.home, &backout, &self.baseline, Mode::Rollout, &worker());
        note_mode_and_baseline(&self.at_another_time(at), &order).await.unwrap();
    }

    /// Handles a request to reconcile at this time.
    pub async fn reconciles(&self, at: Timestamp, queue: &impl Queue, request: Request) -> Reconciled {
        let backout = by();
        let order = order(&self.home, &backout, &self.baseline, Mode::Rollout, &worker());
        reconcile(&self.at_another_time(at), &order, queue, request).await.unwrap()
    }

    fn at_another_time(&self, at: Timestamp) -> Adapters<Ecs, Logs, DynamoJournal, Stopped> {
        let Adapters { ecs, log_groups, journal, clock: _ } = self.ports.clone();
        Adapters { ecs, log_groups, journal, clock: Stopped(at) }
    }

    async fn invoked(&self, payload: &Value) -> HandlerReply {
        let backout = by();
        let order = Order {
            origin: self.origin,
            registrar: Some(&self.registrar),
            ..order(&self.home, &backout, &self.baseline, Mode::Rollout, &worker())
        };
        let before = self.calls.count();
        let mut written = Vec::new();
        let reply = handle(
            &self.ports,
            &order,
            &Queues::<Sqs>::NONE,
            payload,
            &|| self.calls.count() - before,
            &mut |it: &Decision| written.push(it.clone()),
        )
        .await;
        match &reply {
            HandlerReply::One(report) => assert_eq!(written, [*report.clone()]),
            HandlerReply::Resumed(reports) => assert_eq!(written, *reports),
            HandlerReply::Batch(_) | HandlerReply::Digest | HandlerReply::Reconciled(_) => {}
        }
        reply
    }

    /// Handles a request to back out the correction of a revision.
    pub async fn backs_out(&self, revision: &RevisionArn) -> Decision {
        self.is_asked(json!({"logweir": "backout", "record": revision.to_string(), "requested_by": "operator"})).await
    }

    /// Handles a request to preview a backout.
    pub async fn previews(&self, revision: &RevisionArn) -> Decision {
        self.is_asked(json!({"logweir": "backout", "record": revision.to_string(), "dry_run": true})).await
    }

    async fn is_asked(&self, request: Value) -> Decision {
        match Box::pin(self.invoked_for_backout(&request)).await {
            HandlerReply::One(report) => *report,
            reply => panic!("{reply:?}"),
        }
    }

    /// Handles the schedule's request to resume unfinished backouts.
    pub async fn resumes_backouts(&self) -> Vec<Decision> {
        resumed(Box::pin(self.invoked_for_backout(&json!({"logweir": "resume"}))).await)
    }

    async fn invoked_for_backout(&self, payload: &Value) -> HandlerReply {
        let (backout, worker) = (by(), worker());
        let taker =
            BackoutCaller { home: &self.home, worker: &worker, lease: BACKOUT_LEASE, backout: &backout, retires: true };
        let before = self.calls.count();
        handle_backout(&self.ports, taker, payload, &|| self.calls.count() - before, &mut |_: &Decision| {}).await
    }
}

fn resumed(reply: HandlerReply) -> Vec<Decision> {
    match reply {
        HandlerReply::Resumed(reports) => reports,
        reply => panic!("{reply:?}"),
    }
}

fn by() -> BackoutBy {
    BackoutBy::Function { name: "logweir-backout".into(), region: REGION.into() }
}

/// Returns a unique name for a worker.
fn worker() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("worker-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
