//! The daily reconciliation. The reconciliation reads the newest revision of every family, because the event about a
//! revision may be lost. The reconciliation itself corrects no revision. For each overdue revision, the reconciliation
//! sends a message to the event queue, and Logweir handles this message like an event. The reconciliation only counts
//! the families with older faulty revisions. If no event has reported the deregistration of a source revision, the
//! reconciliation also sends a message about this deregistration.

mod page;

use jiff::Timestamp;

use super::order::Order;
use crate::domain::event::{Cause, overdue, own_message};
use crate::domain::limits::reconciliation::{Finished, Reconciliation, ReconciliationName, Request, Run};
use crate::ports::{Answer, Clock, CommitError, ErrorKind, Journal, Message, PortError, Ports, Queue};
use page::Page;

/// The maximum number of times that a worker tries to write the state, which another worker may write at the same time.
const TRIES: usize = 5;

/// The result of one request to reconcile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// The result of the whole reconciliation, if this page was its last page.
    pub finished: Option<Finished>,
    /// The first failed read of this page, or the reason why the reconciliation stops.
    pub failed: Option<PortError>,
}

/// Handles one request to start or to continue a reconciliation: reads one page of families, sends the overdue
/// revisions and the request for the next page to the event queue, and stores the progress. Does nothing if a worker
/// has handled the request before. Returns an error if a worker has to handle the same request again.
pub async fn reconcile<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    queue: &impl Queue,
    request: Request,
) -> Answer<Reconciled> {
    let now = ports.clock().now();
    let claim = |state: &mut Reconciliation| Some((state.claim(request, now)?, state.since));
    let Some((mut run, since)) = change(ports, order, claim).await? else { return Ok(Reconciled::default()) };
    let mut page = Page::of(ports, order, since);
    let read = page.read(&mut run).await;
    let withdrawn = page.withdrawn.iter().map(|source| own_message::deregistration(source, &Cause::default()));
    for event in page.overdue.iter().map(overdue::event).chain(withdrawn) {
        queue.send(&Message { body: &event.to_string(), attributes: Vec::new(), delay: 0 }).await?;
    }
    run.counts += page.counts;
    let now = ports.clock().now();
    let goes_on = match &read {
        Ok(()) => {
            run.page_ends(page.reads, now);
            true
        }
        Err(error) => run.page_fails(error.kind == ErrorKind::Retry, now),
    };
    let failed = read.err().or(page.unread);
    if !store(ports, order, &run, now).await? || !goes_on {
        return Ok(Reconciled { finished: None, failed });
    }
    if run.has_ended() {
        return Ok(Reconciled { finished: Some(Finished { at: now, counts: run.counts }), failed });
    }
    if let Err(error) = ask_for_the_next_page(queue, &run, now).await {
        // The second delivery of this request continues the reconciliation only if the next page is stalled by then.
        run.due = now;
        store(ports, order, &run, now).await?;
        return Err(error);
    }
    Ok(Reconciled { finished: None, failed })
}

/// Stores the time since which the present mode and baseline apply, if they have changed. A revision that was
/// registered before this time is never overdue.
pub async fn note_mode_and_baseline<P: Ports>(ports: &P, order: &Order<'_>) -> Answer<()> {
    change(ports, order, |_| None::<()>).await.map(drop)
}

/// Returns the result of the last reconciliation that ended.
pub async fn last_reconciliation<P: Ports>(ports: &P, name: &ReconciliationName) -> Answer<Option<Finished>> {
    Ok(ports.journal().read_state::<Reconciliation>(name).await?.and_then(|state| state.last))
}

async fn ask_for_the_next_page(queue: &impl Queue, run: &Run, now: Timestamp) -> Answer<()> {
    let (request, delay) = run.next(now);
    queue.send(&Message { body: &request.body().to_string(), attributes: Vec::new(), delay }).await
}

/// Stores the progress of a claimed page. Returns `false` if another worker has claimed a later page since.
async fn store<P: Ports>(ports: &P, order: &Order<'_>, run: &Run, now: Timestamp) -> Answer<bool> {
    let stored = change(ports, order, |state| state.proceed(run, now).then_some(())).await?;
    Ok(stored.is_some())
}

/// Reads the state, notes the present mode and baseline, and lets `act` change the state. Writes the state only if it
/// has changed. If another worker writes the state at the same time, tries again with the new state.
async fn change<P: Ports, T>(
    ports: &P,
    order: &Order<'_>,
    act: impl Fn(&mut Reconciliation) -> Option<T>,
) -> Answer<Option<T>> {
    let (journal, name) = (ports.journal(), ReconciliationName::of(order.home));
    for _ in 0..TRIES {
        let now = ports.clock().now();
        let standing = journal.read_state::<Reconciliation>(&name).await?;
        let mut state = Reconciliation::under(standing.clone(), &name, order.mode, order.baseline.digest(), now);
        let result = act(&mut state);
        if standing.as_ref() == Some(&state) {
            return Ok(result);
        }
        (state.version, state.at, state.by) = (state.version + 1, now, order.worker.clone());
        match journal.put_state(&state).await {
            Ok(()) => return Ok(result),
            Err(CommitError::Lost) => {}
            Err(CommitError::Port(error)) => return Err(error),
        }
    }
    let message = "other workers change the state of the reconciliation at the same time".to_owned();
    Err(PortError { kind: ErrorKind::Retry, call: "write the journal", message, reason: None })
}
