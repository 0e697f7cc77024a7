//! An SQS batch: each message is handled by itself, and only those that fail come again.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde_json::Value;

use super::queue::{MessageDelivery, Queues};
use super::scheduled::{Scheduled, on_schedule};
use super::{HandlerReply, Sink};
use crate::ports::{Clock, Ports, Queue};
use crate::workflow::{Order, failed_too_often, gauges, handle_event, unreadable};

/// The messages of an SQS batch.
pub(super) fn messages(payload: &Value) -> Option<&Vec<Value>> {
    let records = payload["Records"].as_array()?;
    records.iter().all(|record| record["eventSource"] == "aws:sqs").then_some(records)
}

/// Handles the messages in their order, and answers with those that have to come again.
pub(super) async fn handle_batch<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    queues: &Queues<impl Queue>,
    messages: &[Value],
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    let mut failures = Vec::new();
    for record in messages {
        let before = calls();
        let body = record["body"].as_str().map(serde_json::from_str::<Value>);
        if let Some(Ok(body)) = &body
            && let Some(what) = Scheduled::of(body)
        {
            // What could not be done is done the next time. What is unfinished is counted all the same, by reading alone:
            // that nobody counts means that nobody reads the queue.
            match (what.is_stale(record, ports.clock().now()), what) {
                (false, _) => drop(on_schedule(ports, order, what, &|| calls() - before, watch).await),
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
