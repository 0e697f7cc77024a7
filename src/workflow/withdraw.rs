//! Deregistering a revision that Logweir registered.

use super::lease::{Claimed, Halt, give_up};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::{EntryKind, Record};
use crate::ports::{Clock, ErrorKind, Journal, Ports, TaskDefinitions};

/// Deregisters a revision of ours that the record says is being withdrawn.
pub(super) async fn withdraw<J: Journal, C: Clock>(
    task_definitions: &impl TaskDefinitions,
    claimed: &mut Claimed<'_, J, C>,
    corrected: RevisionArn,
) -> Result<(), Halt> {
    match task_definitions.deregister(&corrected).await {
        Err(error) if error.kind != ErrorKind::Missing => {
            Err(give_up(claimed, error, &format!("our revision {} has to be withdrawn", corrected.short())).await)
        }
        _ => claimed.append(EntryKind::Withdrawn { corrected }).await,
    }
}

/// Somebody else has taken the record over while this worker registered: what it made is taken back, unless the
/// other has found it and taken it for its own.
pub(super) async fn take_back_unclaimed<P: Ports>(ports: &P, source: &RevisionArn, registered: &RevisionArn) {
    let record = ports.journal().read(source).await;
    let is_theirs = |record: Record| record.entries.iter().any(|entry| entry.what.registered() == Some(registered));
    if record.is_ok_and(|record| record.is_some_and(|record| !is_theirs(record))) {
        let _ = ports.task_definitions().deregister(registered).await;
    }
}
