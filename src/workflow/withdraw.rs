//! The withdrawal (deregistration) of a revision that Logweir registered.

use super::assess::described;
use super::lease::{Claim, Claimed, Halt, give_up, note};
use super::own_registration::{Registrars, unconfirmed};
use super::registration_state::{deregister, registered_at};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::{EntryKind, Record, RecordKey};
use crate::ports::{Answer, Clock, ErrorKind, Journal, PortError, Ports};

/// Deregisters a revision that the record marks for withdrawal, and records the withdrawal. Does not deregister the
/// revision if ECS says that another principal registered it.
pub(super) async fn withdraw<P: Ports, J: Journal, C: Clock>(
    ports: &P,
    claimed: &mut Claimed<'_, J, C>,
    own: &Registrars,
    corrected: RevisionArn,
) -> Result<(), Halt> {
    match refusal(ports, own, claimed.source(), &corrected).await {
        Ok(None) => {}
        Ok(Some(why)) => {
            claimed.release(&why).await;
            return Err(Halt::Stuck(why));
        }
        Err(error) => return Err(give_up(claimed, error, "").await),
    }
    match deregister(ports, &corrected, registered_at(&claimed.record, &corrected)).await {
        Err(error) => {
            Err(give_up(claimed, error, &format!("Logweir's revision {} still has to be withdrawn", corrected.short()))
                .await)
        }
        Ok(()) => claimed.append(EntryKind::Withdrawn { corrected }).await,
    }
}

/// Returns why Logweir must not deregister a revision, although a record lists it as registered by Logweir. Returns
/// `None` if ECS confirms that Logweir registered the revision, or does not describe the revision.
async fn refusal<P: Ports>(
    ports: &P,
    own: &Registrars,
    source: &RevisionArn,
    revision: &RevisionArn,
) -> Answer<Option<String>> {
    if !revision.is_sibling(source) {
        let (revision, source) = (revision.short(), source.short());
        return Ok(Some(format!(
            "the record of {source} names {revision}, which is not a revision of the same family"
        )));
    }
    let found = described(ports.task_definitions(), revision).await?;
    Ok(found.filter(|found| !own.confirm(found, source)).map(|found| unconfirmed(&found)))
}

/// Records and then deregisters the revision that this worker registered, if another worker has taken over the record
/// and has not recorded the revision as its own. `halt` is the reason why this worker could not record the revision.
///
/// Returns `halt`, or an error that names the revision if Logweir could not record or deregister it. A scheduled run
/// finishes the deregistration if the record contains the revision.
pub(super) async fn withdraw_unclaimed<P: Ports>(
    ports: &P,
    claimed: &Claim<'_, P>,
    own: &Registrars,
    registered: &RevisionArn,
    halt: Halt,
) -> Halt {
    let (worker, key) = (claimed.record.head.owner.as_str(), claimed.record.head.key());
    let what = EntryKind::Unclaimed { registered: registered.clone() };
    let is_unknown = |record: &Record| {
        record.head.owner != worker && record.registered().iter().all(|known| known.revision != registered)
    };
    let noted = match note(ports, worker, &key, what, is_unknown).await {
        Ok(()) => deregister_unclaimed(ports, worker, own, &key, registered).await,
        Err(error) => Err(error),
    };
    match noted {
        Ok(()) => halt,
        Err(error) => {
            let message = format!(
                "Logweir registered {} after another worker had taken over the record of {}, and still has to \
                 deregister the revision: {}",
                registered.short(),
                key.source.short(),
                error.message
            );
            Halt::Port(PortError { message, ..error })
        }
    }
}

/// Deregisters a revision that a worker without the lease on the record registered, and records the deregistration.
/// Does nothing if the record no longer says that the revision has to be deregistered. Returns an error if ECS says
/// that another principal registered the revision.
pub(super) async fn deregister_unclaimed<P: Ports>(
    ports: &P,
    worker: &str,
    own: &Registrars,
    key: &RecordKey,
    registered: &RevisionArn,
) -> Answer<()> {
    let is_unclaimed = |record: &Record| record.head.unclaimed.contains(registered);
    let Some(record) = ports.journal().read_record(key).await?.filter(is_unclaimed) else { return Ok(()) };
    if let Some(message) = refusal(ports, own, &key.source, registered).await? {
        let (kind, call) = (ErrorKind::Refused, "DeregisterTaskDefinition");
        return Err(PortError { kind, call, message, reason: None });
    }
    deregister(ports, registered, registered_at(&record, registered)).await?;
    let what = EntryKind::Withdrawn { corrected: registered.clone() };
    note(ports, worker, key, what, is_unclaimed).await
}
