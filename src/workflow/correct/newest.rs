//! Logweir corrects a source revision only while this revision is the newest ACTIVE revision of its family. Otherwise
//! the corrected revision would make old code the family's newest revision.

use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::ports::{Answer, ErrorKind, PortError, Ports};
use crate::workflow::ownership::is_to_be_withdrawn;

/// Returns the reason why a source revision is not the newest ACTIVE revision of its family. Returns `None` if the
/// source revision is the newest. `listed` contains the ACTIVE revisions of the family, newest first.
///
/// Returns an error that allows a retry if Logweir itself registered the newest revision and still has to withdraw
/// (deregister) it.
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
        // After the withdrawal, the source revision is the newest ACTIVE revision again.
        let message = format!("Logweir still has to withdraw the newer revision {}", first.short());
        let (kind, reason) = (ErrorKind::Retry, Some(Reason::NewerRevision));
        return Err(PortError { kind, call: "RegisterTaskDefinition", message, reason });
    }
    Ok(Some(format!("{} is not its family's newest ACTIVE revision; {} is the newest", source.short(), first.short())))
}
