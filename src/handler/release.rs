//! Sends the messages about deferred revisions after their holds have ended.

use super::Sink;
use crate::domain::event::own_message;
use crate::domain::limits::deferred::Deferred;
use crate::ports::{Answer, Message, Ports, Queue};
use crate::workflow::{Order, due_releases, record_release, unreadable};

/// The delay, in seconds, of the messages about the services of a revision. By then, Logweir has usually corrected the
/// revision, so the messages do not wait for the record's lease.
const AFTER_THE_CORRECTION: u16 = 120;

/// Sends the messages about each deferred revision whose hold has ended. After an error, the next scheduled run sends
/// the messages.
pub(super) async fn release<P: Ports>(ports: &P, order: &Order<'_>, queue: &impl Queue, watch: &mut (dyn Sink + Send)) {
    if let Err(error) = try_release(ports, order, queue).await {
        watch.decision(&unreadable(
            ports,
            order,
            &format!("Logweir could not release a deferred revision after its hold: {error}"),
        ));
    }
}

async fn try_release<P: Ports>(ports: &P, order: &Order<'_>, queue: &impl Queue) -> Answer<()> {
    for deferred in due_releases(ports, order).await? {
        send(queue, &deferred).await?;
        record_release(ports, &deferred).await?;
    }
    Ok(())
}

async fn send(queue: &impl Queue, deferred: &Deferred) -> Answer<()> {
    let Deferred { source, cause, services } = deferred;
    let body = own_message::registration(source, cause).to_string();
    queue.send(&Message { body: &body, attributes: Vec::new(), delay: 0 }).await?;
    for service in services {
        let body = own_message::service_update(service, source, cause).to_string();
        queue.send(&Message { body: &body, attributes: Vec::new(), delay: AFTER_THE_CORRECTION }).await?;
    }
    Ok(())
}
