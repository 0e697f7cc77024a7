//! Logweir as the functions run it.

use std::sync::atomic::{AtomicU32, Ordering};

use logweir::aws::sdk::journal::DynamoJournal;
use logweir::aws::{Aws, Calls, Ecs, Logs, Sqs};
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::Home;
use logweir::domain::outcome::Mode;
use logweir::domain::report::{BackoutBy, Decision};
use logweir::handler::{BackoutCaller, HandlerReply, Queues, handle, handle_backout};
use logweir::ports::{Adapters, SystemClock};
use logweir::settings::{BACKOUT_LEASE, SHIPPED_BASELINE};
use logweir::workflow::{Order, Origin};
use serde_json::{Value, json};

use super::proxy::{Call, Proxy};
use super::{Place, REGION};
use crate::order::order;

#[derive(Clone)]
pub struct Logweir {
    proxy: Proxy,
    ports: Adapters<Ecs, Logs, DynamoJournal, SystemClock>,
    calls: Calls,
    home: Home,
    baseline: Baseline,
    origin: Origin,
    /// Who registers, as the emulators tell it: whoever calls.
    registrar: String,
}

impl Logweir {
    /// With its journal in this table, which is there, and its connections open. All that it calls goes through a proxy
    /// that writes it down.
    pub async fn at(place: &Place, table: &str) -> Self {
        let (proxy, url) = Proxy::before(&place.url, None);
        let aws = Aws::with(&place.behind(url).config()).unwrap();
        aws.warm().await;
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
            // A story is told faster than the shipped budget would have it.
            baseline: Baseline::parse(
                &SHIPPED_BASELINE.replace("registers-per-second = 0.2", "registers-per-second = 1.0"),
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

    /// The same, whose events are handed in by somebody: those do not wait for the budget.
    pub fn by_hand(self) -> Self {
        Self { origin: Origin::Replay, ..self }
    }

    /// The role of its own.
    pub fn role(&self) -> &str {
        &self.home.own_roles[0]
    }

    /// All that was called so far.
    pub fn called(&self) -> Vec<Call> {
        self.proxy.calls()
    }

    // Boxed here and below: in a debug build the futures of the SDK take most of a test's stack.

    /// Is handed an event, in mode `rollout`.
    pub async fn gets(&self, event: &Value) -> Decision {
        match Box::pin(self.invoked(event)).await {
            HandlerReply::One(report) => *report,
            reply => panic!("{reply:?}"),
        }
    }

    /// Is told that it is time to finish what was left.
    pub async fn resumes(&self) -> Vec<Decision> {
        resumed(Box::pin(self.invoked(&json!({"logweir": "resume"}))).await)
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
            HandlerReply::Batch(_) | HandlerReply::Digest => {}
        }
        reply
    }

    /// Is asked to take back what it did about a revision.
    pub async fn takes_back(&self, revision: &RevisionArn) -> Decision {
        self.is_asked(json!({"logweir": "backout", "record": revision.to_string(), "requested_by": "somebody"})).await
    }

    /// Is asked what it would take back.
    pub async fn previews(&self, revision: &RevisionArn) -> Decision {
        self.is_asked(json!({"logweir": "backout", "record": revision.to_string(), "dry_run": true})).await
    }

    async fn is_asked(&self, request: Value) -> Decision {
        match Box::pin(self.invoked_to_take_back(&request)).await {
            HandlerReply::One(report) => *report,
            reply => panic!("{reply:?}"),
        }
    }

    /// Is told that it is time to finish what was to be taken back.
    pub async fn resumes_taking_back(&self) -> Vec<Decision> {
        resumed(Box::pin(self.invoked_to_take_back(&json!({"logweir": "resume"}))).await)
    }

    async fn invoked_to_take_back(&self, payload: &Value) -> HandlerReply {
        let (backout, worker) = (by(), worker());
        let taker = BackoutCaller { home: &self.home, worker: &worker, lease: BACKOUT_LEASE, backout: &backout };
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

/// A name that no other worker has.
fn worker() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("worker-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
