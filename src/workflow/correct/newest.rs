//! Logweir corrects a source revision only while this revision is the newest ACTIVE revision of its family. Otherwise
//! the corrected revision would make old code the family's newest revision.

use crate::domain::ecs::revision::RevisionArn;
use crate::ports::{Answer, Described, Ports};
use crate::workflow::assess::described;
use crate::workflow::lag::{described_after, not_visible_yet};
use crate::workflow::numbers::still_to_be_withdrawn;
use crate::workflow::own_registration::{MOST_DESCRIBED, NewerRevision, Registrars, is_deregistered, newer_revision};

/// Returns the reason why a source revision is not the newest ACTIVE revision of its family. Returns `None` if the
/// source revision is the newest. `listed` contains the revisions of the family that ECS lists as ACTIVE, newest first.
/// Because a list may be late in both directions, Logweir describes each revision on which the reason depends.
///
/// Returns an error that allows a retry if Logweir itself registered the newest revision and still has to withdraw
/// (deregister) it, or if a read may not show the newest revision yet.
pub(in crate::workflow) async fn overtaken<P: Ports>(
    ports: &P,
    own: &Registrars,
    source: &Described,
    listed: &[RevisionArn],
) -> Answer<Option<String>> {
    let newer: Vec<_> = listed.iter().filter(|other| other.revision > source.arn.revision).collect();
    for other in newer.iter().take(MOST_DESCRIBED as usize) {
        let Some(found) = described(ports.task_definitions(), other).await? else {
            if is_deregistered(ports, other).await? {
                continue;
            }
            return Err(not_visible_yet(format!("ECS lists {}, but does not describe it yet", other.short())));
        };
        if !found.is_active() {
            continue;
        }
        match newer_revision(ports, own, &found, &source.arn).await? {
            NewerRevision::Deregistered => {}
            // After the withdrawal, the source revision is the newest ACTIVE revision again.
            NewerRevision::ToBeWithdrawn => return Err(still_to_be_withdrawn(other)),
            NewerRevision::NotVisibleYet => {
                return Err(not_visible_yet(format!("ECS does not show the tags of {} yet", other.short())));
            }
            NewerRevision::Stays => {
                let (source, newest) = (source.arn.short(), other.short());
                let why = format!("{source} is not its family's newest ACTIVE revision; {newest} is the newest");
                return Ok(Some(why));
            }
        }
    }
    if newer.len() > MOST_DESCRIBED as usize {
        let (count, family) = (newer.len(), &source.arn.family);
        return Err(not_visible_yet(format!("ECS lists {count} deregistered revisions of family {family}")));
    }
    if listed.contains(&source.arn) {
        return Ok(None);
    }
    // The list may not show the source revision yet.
    let registered = source.registered_at.unwrap_or_default();
    let found = described_after(ports, &source.arn, registered).await?;
    let is_active = found.is_some_and(|found| found.is_active());
    Ok((!is_active).then(|| format!("{} is not ACTIVE any more", source.arn.short())))
}
