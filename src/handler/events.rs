//! A payload of the function that remediates: an EventBridge event, an SQS batch of them, or the time to finish what was
//! left. `logweir replay` goes through here too.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde_json::Value;

use super::queue::{MessageDelivery, Queues};
use super::scheduled::Scheduled;
use super::{HandlerReply, Sink};
use crate::ports::{Clock, Ports, Queue};
use crate::workflow::{Order, Origin, failed_too_often, gauges, handle_event, resume, unreadable};

/// Handles a payload. What waits for its turn, or for somebody to mend something, is sent to one of the `queues`. `calls`
/// says how many calls were made to AWS so far; `watch` takes each report as soon as it stands.
pub async fn handle<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    queues: &Queues<impl Queue>,
    payload: &Value,
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    if let Some(what) = Scheduled::of(payload) {
        return scheduled(ports, order, what, calls, watch).await;
    }
    let Some(records) = batch(payload) else {
        let mut decision = handle_event(ports, order, payload).await;
        decision.report.aws_calls = calls();
        watch.decision(&decision);
        return HandlerReply::One(Box::new(decision));
    };
    let mut failures = Vec::new();
    for record in records {
        let before = calls();
        let body = record["body"].as_str().map(serde_json::from_str::<Value>);
        if let Some(Ok(body)) = &body
            && let Some(what) = Scheduled::of(body)
        {
            // What could not be done is done the next time. What is unfinished is counted all the same, by reading alone:
            // that nobody counts means that nobody reads the queue.
            match (what.is_stale(record, ports.clock().now()), what) {
                (false, _) => drop(scheduled(ports, order, what, &|| calls() - before, watch).await),
                (true, Scheduled::Resume) => watch.gauges(gauges(ports).await, ports.clock().now()),
                (true, Scheduled::Digest) => {}
            }
            continue;
        }
        let delivery = MessageDelivery::of(record);
        let mut decision = match body {
            Some(Ok(event)) if delivery.failed_too_often() => failed_too_often(ports, order, &event),
            Some(Ok(event)) => handle_event(ports, &delivery.order(order), &event).await,
            _ => unreadable(ports, order, "the message's body is no JSON"),
        };
        let fails = delivery.ends(queues, &mut decision, ports.clock().now()).await;
        decision.report.aws_calls = calls() - before;
        watch.decision(&decision);
        if fails {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = record["messageId"].as_str().unwrap_or_default().to_owned();
            failures.push(failure);
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    HandlerReply::Batch(response)
}

async fn scheduled<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    what: Scheduled,
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    match what {
        Scheduled::Digest => {
            watch.digest();
            HandlerReply::Digest
        }
        Scheduled::Resume => {
            let order = Order { origin: Origin::Resume, worker: order.worker.clone(), ..*order };
            let resumed = resume(ports, &order).await;
            let reply = HandlerReply::resumed(resumed, |why| unreadable(ports, &order, why), calls, watch);
            watch.gauges(gauges(ports).await, ports.clock().now());
            reply
        }
    }
}

/// The messages of an SQS batch.
fn batch(payload: &Value) -> Option<&Vec<Value>> {
    let records = payload["Records"].as_array()?;
    records.iter().all(|record| record["eventSource"] == "aws:sqs").then_some(records)
}
