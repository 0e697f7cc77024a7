//! A payload of the function that remediates: an EventBridge event, an SQS batch of them, or the time to finish what was
//! left. `logweir replay` goes through here too.

use serde_json::Value;

use super::batch::{handle_batch, messages};
use super::queue::Queues;
use super::scheduled::{Scheduled, on_schedule};
use super::{HandlerReply, Sink};
use crate::ports::{Ports, Queue};
use crate::workflow::{Order, handle_event};

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
        return on_schedule(ports, order, what, calls, watch).await;
    }
    let Some(records) = messages(payload) else {
        let mut decision = handle_event(ports, order, payload).await;
        decision.report.aws_calls = calls();
        watch.decision(&decision);
        return HandlerReply::One(Box::new(decision));
    };
    handle_batch(ports, order, queues, records, calls, watch).await
}
