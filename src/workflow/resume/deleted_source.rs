//! Ends the correction of a source revision that ECS no longer describes, because its owner has deleted it.

use crate::domain::outcome::{Conclusion, Outcome, Reason};
use crate::domain::record::{EntryKind, Next, Step, next};
use crate::ports::{Clock, Journal, Ports};
use crate::workflow::lease::{Claim, Claimed, Halt, give_up};
use crate::workflow::own_registration::{Registrars, lost_registration};
use crate::workflow::{Order, family_state};

/// Closes the record of a source revision that ECS no longer describes, if Logweir has not begun to register a corrected
/// revision. Such a revision was deleted, and there is nothing left to correct. Returns `None` if Logweir may have
/// registered a corrected revision.
pub(super) async fn superseded<J: Journal, C: Clock>(
    claimed: &mut Claimed<'_, J, C>,
) -> Result<Option<Conclusion>, Halt> {
    let name = claimed.source().short();
    let step = match claimed.record.attempt()?.as_ref().map(next) {
        Some(Next::Take(step, _) | Next::Resolve(step, Step::EnsureLogGroup(_))) => step,
        _ => return Ok(None),
    };
    let (why, reason) = (format!("{name} was deregistered and deleted meanwhile"), Reason::NotLatest);
    let ended = Outcome::Superseded.because(reason);
    claimed.append(EntryKind::Failed { step, why: why.clone(), reason: Some(reason) }).await?;
    claimed.append(EntryKind::Closed(ended.clone())).await?;
    Ok(Some(ended.saying(why)))
}

/// Closes the record of a source revision that ECS no longer describes, if Logweir has registered a corrected revision,
/// or if the response to the registration was lost. First looks for a revision whose response was lost, so that the record
/// names every revision that Logweir registered. Logweir cannot verify the corrected revision without the source. Returns
/// `None` if other work remains.
pub(super) async fn unverifiable<P: Ports>(
    ports: &P,
    order: &Order<'_>,
    claimed: &mut Claim<'_, P>,
) -> Result<Option<Conclusion>, Halt> {
    let own = Registrars::of(order.home, order.registrar, &claimed.record);
    match lost_registration(ports, &own, &claimed.record).await {
        Ok(None) => {}
        Ok(Some(what)) => claimed.append(what).await?,
        Err(error) => {
            return Err(give_up(claimed, error, "Logweir could not search for the registered revision").await);
        }
    }
    let ended = match claimed.record.attempt()?.filter(|attempt| matches!(next(attempt), Next::Close)) {
        None => return Ok(None),
        Some(attempt) if attempt.corrected().is_some() => Outcome::NeedsOperator.because(Reason::NotLatest),
        Some(attempt) if attempt.registered.is_empty() => Outcome::Superseded.because(Reason::NotLatest),
        Some(_) => return Ok(None),
    };
    claimed.append(EntryKind::Closed(ended.clone())).await?;
    if claimed.record.head.corrected.is_none() {
        family_state::uncount(ports, claimed.source()).await;
    }
    Ok(Some(ended))
}
