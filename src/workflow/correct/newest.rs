//! A source is corrected only while it is its family's newest ACTIVE revision, or stale code would become the newest.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::ports::{Answer, ErrorKind, PortError, Ports};
use crate::workflow::ownership::is_to_be_withdrawn;

/// Why a source is not the newest; none: it is. `listed` are its family's ACTIVE revisions, newest first.
///
/// Errors: another try can help where the newest is one of ours that is still to be withdrawn.
pub(in crate::workflow) async fn overtaken<P: Ports>(
    ports: &P,
    source: &RevisionArn,
    listed: &[RevisionArn],
) -> Answer<Option<String>> {
    let Some(first) = listed.first() else { return Ok(Some(format!("{} is not ACTIVE any more", source.short()))) };
    if first == source {
        return Ok(None);
    }
    if first.revision > source.revision && is_to_be_withdrawn(ports, first, source).await? {
        // Then the source is the newest again.
        let message = format!("our own {} is still to be withdrawn", first.short());
        let (kind, reason) = (ErrorKind::Retry, Some(Reason::NewerRevision));
        return Err(PortError { kind, call: "RegisterTaskDefinition", message, reason });
    }
    Ok(Some(format!("{} is not its family's newest ACTIVE revision: {} is", source.short(), first.short())))
}
