//! The payloads of the remediator: an EventBridge event, an SQS batch of events, or a request of a schedule. The
//! command `logweir replay` handles such payloads in the same way.

use serde_json::Value;

use super::batch::{handle_batch, messages};
use super::queue::Queues;
use super::scheduled::{Scheduled, on_schedule};
use super::{HandlerReply, Sink};
use crate::ports::{Ports, Queue};
use crate::workflow::{Order, handle_event};

/// Handles a payload of the remediator. Sends a message to the event queue again if the message has to wait for the
/// registration rate limit. Sends a message to the dead-letter queue if an operator has to act first. `calls` returns
/// the number of AWS calls so far, and `watch` receives each decision as soon as the decision is final.
pub async fn handle<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    queues: &Queues<impl Queue>,
    payload: &Value,
    calls: &(dyn Fn() -> u64 + Sync),
    watch: &mut (dyn Sink + Send),
) -> HandlerReply {
    if let Some(what) = Scheduled::of(payload) {
        return on_schedule(ports, order, &queues.work, what, calls, watch).await;
    }
    let Some(records) = messages(payload) else {
        let mut decision = handle_event(ports, order, payload).await;
        decision.report.aws_calls = calls();
        watch.decision(&decision);
        return HandlerReply::One(Box::new(decision));
    };
    handle_batch(ports, order, queues, records, calls, watch).await
}
