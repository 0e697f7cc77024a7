//! Sends the messages about deferred revisions after their holds have ended.

use jiff::{SignedDuration, Timestamp};

use super::Sink;
use crate::domain::event::own_message;
use crate::domain::limits::deferred::Deferred;
use crate::ports::{Answer, Clock, Message, Ports, Queue};
use crate::workflow::{Order, due_releases, record_release, unreadable};

/// The delay, in seconds, of the messages about the services of a revision. By then, Logweir has usually corrected the
/// revision, so the messages do not wait for the record's lease.
const AFTER_THE_CORRECTION: u16 = 120;

/// The time after which a scheduled run begins no more releases, counted from its start. The rest of the run finishes
/// records that other workers left unfinished.
const RELEASES: SignedDuration = SignedDuration::from_secs(15);

/// Sends the messages about each deferred revision whose hold has ended. After an error, and for the revisions for which
/// the time does not suffice, the next scheduled run sends the messages. The run began at `begun`.
pub(super) async fn release<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    queue: &impl Queue,
    begun: Timestamp,
    watch: &mut (dyn Sink + Send),
) {
    if let Err(error) = try_release(ports, order, queue, begun).await {
        let why = format!("Logweir could not release a deferred revision after its hold: {error}");
        watch.decision(&unreadable(ports, order, &why));
    }
}

async fn try_release<P: Ports>(ports: &P, order: &Order<'_>, queue: &impl Queue, begun: Timestamp) -> Answer<()> {
    for deferred in due_releases(ports, order).await? {
        if ports.clock().now().duration_since(begun) >= RELEASES {
            break;
        }
        send(queue, &deferred).await?;
        record_release(ports, &deferred).await?;
    }
    Ok(())
}

async fn send(queue: &impl Queue, deferred: &Deferred) -> Answer<()> {
    let Deferred { source, cause, services, .. } = deferred;
    let body = own_message::registration(source, cause).to_string();
    queue.send(&Message { body: &body, attributes: Vec::new(), delay: 0 }).await?;
    for service in services {
        let body = own_message::service_update(service, source, cause).to_string();
        queue.send(&Message { body: &body, attributes: Vec::new(), delay: AFTER_THE_CORRECTION }).await?;
    }
    Ok(())
}
