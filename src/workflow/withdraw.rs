//! The withdrawal (deregistration) of a revision that Logweir registered.

use super::lease::{Claimed, Halt, give_up};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::{EntryKind, Record};
use crate::ports::{Clock, ErrorKind, Journal, Ports, TaskDefinitions};

/// Deregisters a revision that the record marks for withdrawal, and records the withdrawal.
pub(super) async fn withdraw<J: Journal, C: Clock>(
    task_definitions: &impl TaskDefinitions,
    claimed: &mut Claimed<'_, J, C>,
    corrected: RevisionArn,
) -> Result<(), Halt> {
    match task_definitions.deregister(&corrected).await {
        Err(error) if error.kind != ErrorKind::Missing => {
            Err(give_up(claimed, error, &format!("Logweir's revision {} still has to be withdrawn", corrected.short()))
                .await)
        }
        _ => claimed.append(EntryKind::Withdrawn { corrected }).await,
    }
}

/// Deregisters the revision that this worker registered while another worker took over the record. Does not deregister
/// the revision if the record already lists the revision.
pub(super) async fn withdraw_unclaimed<P: Ports>(ports: &P, source: &RevisionArn, registered: &RevisionArn) {
    let record = ports.journal().read(source).await;
    let is_recorded = |record: Record| record.entries.iter().any(|entry| entry.what.registered() == Some(registered));
    if record.is_ok_and(|record| record.is_some_and(|record| !is_recorded(record))) {
        let _ = ports.task_definitions().deregister(registered).await;
    }
}
