//! Finds the effects of a record that a backout still has to undo.

use super::request::BackoutOptions;
use crate::domain::record::{Backout, Effects, Record, Undo};
use crate::ports::{Answer, Ports};
use crate::workflow::registration_state::read;

/// Returns the undo steps for a new backout request. Logweir restores a deregistered source from the corrected
/// revision. So if the caller requests the restoration, this function returns a step for the corrected revision, even
/// if the corrected revision is already deregistered.
pub(super) async fn requested<P: Ports>(ports: &P, ask: &BackoutOptions, record: &Record) -> Answer<Vec<Undo>> {
    let mut left = remaining(ports, record, None).await?;
    let head = &record.head;
    if ask.restore_source
        && head.restored.is_none()
        && left.iter().all(|undo| undo.origin().is_none())
        && let Some(newest) = record.registered().into_iter().rfind(|registered| !registered.edits.is_empty())
        && !read(ports, &head.source, Some(head.opened_at)).await?.is_active()
    {
        left.push(Undo::Deregister { corrected: newest.revision.clone(), edits: newest.edits.to_vec() });
    }
    Ok(left)
}

/// Returns the undo steps for all effects that are still in place. Also returns a step for each revision that an entry
/// says Logweir registered, and that ECS says is ACTIVE although a later entry says that it is gone. `backout` is the
/// backout that is in progress; steps that it contains are omitted.
pub(super) async fn remaining<P: Ports>(
    ports: &P,
    record: &Record,
    backout: Option<&Backout<'_>>,
) -> Answer<Vec<Undo>> {
    let effects = Effects::of(record);
    let mut undo = effects.undo();
    let services = undo.iter().filter(|undo| matches!(undo, Undo::RollBackService { .. })).count();
    // ECS confirmed each withdrawal of this backout. Before this backout, a withdrawal also counted as done if ECS did
    // not find the revision.
    let attempt = record.attempt().ok().flatten().filter(|_| backout.is_some());
    let withdrawn = attempt.map(|attempt| attempt.withdrawals).unwrap_or_default();
    for registered in record.registered() {
        let step = Undo::Deregister { corrected: registered.revision.clone(), edits: registered.edits.to_vec() };
        let is_known = undo.iter().any(|undo| undo.is_about_the_same(&step))
            || effects.restored == Some(registered.revision)
            || backout.is_some_and(|backout| backout.steps.iter().any(|undo| undo.is_about_the_same(&step)))
            || withdrawn.iter().any(|(revision, _, withdrawn)| *withdrawn && *revision == registered.revision);
        if !is_known && read(ports, registered.revision, Some(registered.at)).await?.is_active() {
            undo.insert(services, step);
        }
    }
    if let Some(backout) = backout {
        undo.retain(|undo| !backout.steps.iter().any(|step| step.is_about_the_same(undo)));
    }
    Ok(undo)
}
