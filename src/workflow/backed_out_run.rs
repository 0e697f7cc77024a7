//! Whether an operator backs out the run of `logweir apply --all` for which a worker is about to act.
//!
//! A worker asks after its claim is in the journal, and a backout reads the claims after its mark is in the journal. At
//! least one of the two therefore sees the other.

use super::lease::{Claim, Halt, give_up};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Cause;
use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::EntryKind;
use crate::domain::run::{Run, RunName};
use crate::ports::{Answer, Journal, Ports};

/// Returns why a worker must not act for the run in `cause`. Returns `None` if no run is the cause, or if no operator
/// backs out the run.
pub(super) async fn refusal<P: Ports>(ports: &P, source: &RevisionArn, cause: &Cause) -> Answer<Option<String>> {
    let Some(id) = cause.run.as_ref().and_then(|id| id.parse().ok()) else { return Ok(None) };
    let name = RunName { account: source.account.clone(), region: source.region.clone(), id };
    let run = ports.journal().read_state::<Run>(&name).await?;
    Ok(run.and_then(|run| run.state.refusal(&run.name.id)))
}

/// Ends a claimed record if an operator backs out the run that opened the record, and no worker has begun a step. If a
/// worker has begun a step, releases the lease, because the backout undoes the step.
pub(super) async fn withheld<P: Ports>(ports: &P, claimed: &mut Claim<'_, P>) -> Result<Option<Conclusion>, Halt> {
    // The steps report a record that cannot be read.
    let Ok(Some(attempt)) = claimed.record.attempt() else { return Ok(None) };
    // Only the steps withdraw a revision that is not the newest, and the backout undoes what the steps complete.
    if attempt.corrected().is_some() {
        return Ok(None);
    }
    let has_begun = attempt.started.contains(&true) || attempt.done.iter().any(Option::is_some);
    let (source, cause) = (claimed.source().clone(), attempt.opening.cause.clone());
    let why = match refusal(ports, &source, &cause).await {
        Ok(None) => return Ok(None),
        Ok(Some(why)) => why,
        Err(error) => return Err(give_up(claimed, error, "").await),
    };
    if has_begun {
        claimed.release(&why).await;
        return Ok(Some(Outcome::Skipped.because(Reason::BackedOutBefore).saying(why)));
    }
    let refused = Outcome::Refused.because(Reason::BackedOutBefore).saying(why);
    claimed.append(EntryKind::Closed(refused.clone())).await?;
    super::family_state::uncount(ports, &source).await;
    Ok(Some(refused))
}
