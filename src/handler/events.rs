//! A payload of the function that remediates: an EventBridge event, an SQS batch of them, or the time to finish what was
//! left. `logweir replay` goes through here too.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde_json::{Value, json};

use super::Reply;
use crate::domain::event::{self, Cause};
use crate::domain::report::{Outcome, Reason, Report};
use crate::ports::{Clock, Ports};
use crate::workflow::{Order, Origin, remediate, resume};

/// Handles a payload. `calls` says how many calls were made to AWS so far; `written` takes each report as soon as it stands.
pub async fn handle<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    payload: &Value,
    calls: &(dyn Fn() -> u64 + Sync),
    mut written: impl FnMut(&Report),
) -> Reply {
    if *payload == json!({"logweir": "resume"}) {
        let order = Order { origin: Origin::Resume, worker: order.worker.clone(), ..*order };
        let resumed = resume(ports, &order).await;
        let failed = |why: &str| unreadable(ports, &order, why);
        return Reply::resumed(resumed, failed, calls, written);
    }
    let Some(records) = batch(payload) else {
        let mut report = handle_event(ports, order, payload).await;
        report.aws_calls = calls();
        written(&report);
        return Reply::One(Box::new(report));
    };
    let mut failures = Vec::new();
    for record in records {
        let before = calls();
        let mut report = match record["body"].as_str().map(serde_json::from_str::<Value>) {
            Some(Ok(event)) => handle_event(ports, order, &event).await,
            _ => unreadable(ports, order, "the message's body is no JSON"),
        };
        report.aws_calls = calls() - before;
        written(&report);
        // A message that can never be read fails too, so that it ends in the dead-letter queue and not in nothing.
        if report.retry || report.reason == Some(Reason::Unreadable) {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record["messageId"].as_str().unwrap_or_default().to_owned();
            failures.push(failure);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    Reply::Batch(response)
}

/// The messages of an SQS batch.
fn batch(payload: &Value) -> Option<&Vec<Value>> {
    let records = payload["Records"].as_array()?;
    records.iter().all(|record| record["eventSource"] == "aws:sqs").then_some(records)
}

/// Handles one event.
pub async fn handle_event<P: Ports>(ports: &P, order: &Order<'_>, event: &Value) -> Report {
    match event::read(event, order.home) {
        Ok(trigger) => remediate(ports, order, trigger).await,
        Err(error) => unreadable(ports, order, &error.to_string()),
    }
}

fn unreadable<P: Ports>(ports: &P, order: &Order<'_>, why: &str) -> Report {
    let now = ports.clock().now();
    let mut report = Report::new(order.home, order.mode.name(), order.origin.name(), &Cause::default(), now);
    report.baseline_digest = order.baseline.digest().to_owned();
    report.ends(Outcome::Failed, Some(Reason::Unreadable), Some(why.to_owned()))
}
