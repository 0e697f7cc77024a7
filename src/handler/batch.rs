//! The handling of an SQS batch. The function handles the messages of the batch one by one, and SQS redelivers only the
//! messages that failed.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde_json::Value;

use super::queue::{MessageDelivery, Queues};
use super::scheduled::{Scheduled, count, on_schedule};
use super::{HandlerReply, Sink};
use crate::domain::text::json::Unambiguous;
use crate::ports::{Clock, Ports, Queue};
use crate::workflow::{Order, failed_too_often, handle_event, unreadable};

/// Returns the messages of an SQS batch. Returns `None` for any other payload.
pub(super) fn messages(payload: &Value) -> Option<&Vec<Value>> {
    let records = payload["Records"].as_array()?;
    records.iter().all(|record| record["eventSource"] == "aws:sqs").then_some(records)
}

/// Handles the messages of an SQS batch in order. The reply names the messages that failed.
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
        let delivery = MessageDelivery::of(record);
        let body = record["body"].as_str().map(|body| serde_json::from_str(body).map(|Unambiguous(body)| body));
        if let Some(Ok(body)) = &body
            && let Some(what) = Scheduled::of(body)
        {
            // The message of a request that failed again and again, because the function ran out of time or memory, is
            // dropped before SQS moves the message to the dead-letter queue.
            if delivery.is_last() {
                continue;
            }
            // A request to resume or for a digest never fails its message, because the next scheduled request retries
            // the work. A page of a reconciliation fails its message if the function could not request the next page.
            // For a stale request to resume, the function only counts the unfinished work in the journal, because an
            // alarm fires if the counts are missing.
            match (what.is_stale(record, ports.clock().now()), what) {
                (false, _) => {
                    let reply = on_schedule(ports, order, &queues.work, what, &|| calls() - before, watch).await;
                    if reply.is_unfinished() {
                        failures.push(failed(record));
                    }
                }
                (true, Scheduled::Resume) => drop(count(ports, watch).await),
                (true, Scheduled::Digest | Scheduled::Reconcile(_)) => {}
            }
            continue;
        }
        let mut decision = match body {
            Some(Ok(event)) if delivery.failed_too_often() => failed_too_often(ports, order, &event),
            Some(Ok(event)) => handle_event(ports, &delivery.order(order), &event).await,
            _ => unreadable(ports, order, "the message's body is not JSON, or an object in it has the same key twice"),
        };
        let fails = delivery.ends(queues, &mut decision, ports.clock().now()).await;
        decision.report.aws_calls = calls() - before;
        watch.decision(&decision);
        if fails {
            failures.push(failed(record));
        }
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failures;
    HandlerReply::Batch(response)
}

fn failed(record: &Value) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = record["messageId"].as_str().unwrap_or_default().to_owned();
    failure
}
