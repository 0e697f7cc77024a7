//! The journal's record of a run.

use crate::domain::outcome::Reason;
use crate::domain::run::{Run, RunItem, RunName, RunPage, RunPageName, RunPlan, RunState};
use crate::ports::{Answer, Clock, CommitError, ErrorKind, Journal, PortError, Ports};

/// How often a worker tries to write the next version of a record.
const TRIES: usize = 5;

/// Writes the record of a run before the first change, with every item. If the journal has the record already, a worker
/// resumes the run. The record of a run that an operator backs out, or has backed out, stays as it is.
pub async fn begin_run<P: Ports>(ports: &P, plan: &RunPlan, worker: &str, actor: &str) -> Answer<Run> {
    let (first, pages) = Run::begin(plan, worker, actor, ports.clock().now());
    if let Some(standing) = ports.journal().read_state::<Run>(&first.name).await? {
        if standing.plan_digest != first.plan_digest {
            return Err(refused(format!("the journal has another plan for the run {}", first.name.id)));
        }
        return moved(ports, standing, RunState::Running, worker).await;
    }
    // The record names its pages, so the pages come first.
    for page in &pages {
        put(ports, page).await?;
    }
    match ports.journal().put_state(&first).await {
        Ok(()) => Ok(first),
        Err(CommitError::Lost) => {
            let standing = ports.journal().read_state::<Run>(&first.name).await?;
            let standing = standing.filter(|standing| standing.plan_digest == first.plan_digest);
            standing.ok_or_else(|| refused(format!("the journal has another plan for the run {}", first.name.id)))
        }
        Err(CommitError::Port(error)) => Err(error),
    }
}

/// Returns the record of a run, and the part of its plan that Logweir applies. Returns `None` if the journal has no
/// such run.
pub async fn read_run<P: Ports>(ports: &P, name: &RunName) -> Answer<Option<(Run, RunPlan)>> {
    let Some(run) = ports.journal().read_state::<Run>(name).await? else { return Ok(None) };
    let mut items: Vec<RunItem> = Vec::new();
    for page in 0..run.pages {
        let name = RunPageName { run: name.clone(), page };
        match ports.journal().read_state::<RunPage>(&name).await? {
            Some(page) => items.extend(page.items),
            None => return Err(refused(format!("the journal lacks page {page} of the run {}", run.name.id))),
        }
    }
    let plan = run.plan_of(items);
    let plan = plan.ok_or_else(|| refused(format!("the items of the run {} are damaged", run.name.id)))?;
    Ok(Some((run, plan)))
}

/// Stores the new state of a run, unless an operator backs out the run and the new state would hide the backout. Returns
/// the stored record.
pub(super) async fn moved<P: Ports>(ports: &P, run: Run, state: RunState, worker: &str) -> Answer<Run> {
    let mut standing = run;
    for _ in 0..TRIES {
        if !standing.state.may_become(state) {
            return Ok(standing);
        }
        let next = standing.next(state, worker, ports.clock().now());
        match ports.journal().put_state(&next).await {
            Ok(()) => return Ok(next),
            Err(CommitError::Port(error)) => return Err(error),
            Err(CommitError::Lost) => {
                let found = ports.journal().read_state::<Run>(&standing.name).await?;
                standing = found.ok_or_else(|| refused(format!("the run {} is gone", next.name.id)))?;
            }
        }
    }
    let message = format!("other workers keep writing the record of the run {}", standing.name.id);
    Err(PortError { kind: ErrorKind::Retry, call: "write the journal", message, reason: Some(Reason::Locked) })
}

async fn put<P: Ports>(ports: &P, page: &RunPage) -> Answer<()> {
    match ports.journal().put_state(page).await {
        Ok(()) => Ok(()),
        Err(CommitError::Port(error)) => Err(error),
        Err(CommitError::Lost) => Err(refused(format!("the journal has other items for the run {}", page.name.run.id))),
    }
}

fn refused(message: String) -> PortError {
    PortError { kind: ErrorKind::Refused, call: "read the journal", message, reason: Some(Reason::Unreadable) }
}
