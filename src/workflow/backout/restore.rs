//! The restoration of a deregistered source revision, which Logweir registers again from the corrected revision.

use super::context::{UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::ecs::tags;
use crate::domain::edit::{Edit, difference};
use crate::domain::outcome::Reason;
use crate::domain::record::{EntryKind, NotRestored, Record};
use crate::ports::{Answer, Clock, Described, ErrorKind, Ports, Services, TaskDefinitions};
use crate::workflow::lag::not_visible_yet;
use crate::workflow::numbers::{Between, Gap, between};
use crate::workflow::own_registration::{MOST_DESCRIBED, NEWEST, reversed};
use crate::workflow::registration_state::{Registration, read, registered_at};

impl<P: Ports> UndoDriver<'_, P> {
    /// Whether the source revision is ACTIVE.
    pub(in crate::workflow) async fn source_is_active(&self, now: &UndoContext<'_>) -> Answer<bool> {
        let opened = Some(now.record.head.opened_at);
        Ok(read(self.ports, now.source, opened).await?.is_active())
    }

    /// Returns the next action about a revision that an unfinished backout restored or may have restored, before Logweir
    /// deregisters the corrected revision. Logweir withdraws the restored revision if its service has changed since, so
    /// that nothing needs the restored revision.
    pub(in crate::workflow) async fn unneeded(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
        found: Option<&Described>,
        edits: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        if now.restoring
            && !edits.is_empty()
            && let Some(then) = self.unanswered(now, corrected, found, edits).await?
        {
            return Ok(Some(then));
        }
        match now.restored {
            Some(restored) if now.is_withdrawable && !now.uses_restored && !now.restore_source => {
                let is_used = !self.ports.services().users(restored).await?.is_empty();
                let (corrected, why) = (restored.clone(), Reason::ServiceChanged);
                Ok((!is_used).then_some(UndoAction::Write(EntryKind::Withdrawing { corrected, why })))
            }
            _ => Ok(None),
        }
    }

    /// Returns the next action to restore a deregistered source revision that no service needs, if the caller requests
    /// it. Returns `None` if there is nothing to restore, or if `edits` is empty: the record does not contain the edits of
    /// a revision that a worker registered without the lease.
    pub(in crate::workflow) async fn requested(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
        found: Option<&Described>,
        edits: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        if !now.restore_source || edits.is_empty() {
            return Ok(None);
        }
        if self.source_is_active(now).await? {
            // The caller knows of the deregistration, but this read may not show the deregistration yet.
            let asked = now.record.restoration_requested_at();
            return match asked.is_some_and(|asked| may_lag(asked, self.ports.clock().now())) {
                true => Err(not_visible_yet(format!(
                    "ECS still shows {} as ACTIVE, so there is nothing to restore yet; Logweir reads it again until \
                     ten minutes after the first request",
                    now.source.short()
                ))),
                false => Ok(None),
            };
        }
        match found {
            Some(found) => self.restored(now, found, edits).await,
            None => {
                let why = format!("neither {} nor {} is ACTIVE any more", now.source.short(), corrected.short());
                Ok(Some(now.keep(why, Some(Reason::Unreadable))))
            }
        }
    }

    /// Returns the next action to restore a deregistered source revision from the corrected revision, which differs
    /// from the source revision by `edits`. Returns `None` when `now.restored` is the restored revision, is ACTIVE and
    /// has the right document, so that a service may run it.
    pub(in crate::workflow) async fn restored(
        &self,
        now: &UndoContext<'_>,
        corrected: &Described,
        edits: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        let gone = format!("{} is not ACTIVE any more", now.source.short());
        if let Some(reason) = now.not_restored {
            return Ok(Some(not_restored(now, &gone, reason)));
        }
        let restored = match difference::edited(&corrected.definition, &reversed(edits)) {
            Ok(restored) => restored,
            Err(why) => return Ok(Some(now.keep(format!("{gone}: {why}"), None))),
        };
        if now.restoring
            && let Some(then) = self.unanswered(now, &corrected.arn, Some(corrected), edits).await?
        {
            return Ok(Some(then));
        }
        if let Some(standing) = now.restored {
            return self.verified(now, corrected, standing, edits).await;
        }
        if !now.restore_over_newer
            && let Some(newer) = newer(self.ports, now.record, &corrected.arn).await?
        {
            return Ok(Some(now.keep(over_newer(&gone, now, &corrected.arn, &newer), Some(Reason::NewerRevision))));
        }
        let tags = tags::carried(&corrected.tags, &[now.tag()]);
        Ok(Some(UndoAction::Restore(Box::new(restored), tags)))
    }

    /// Returns the action that records a restored revision, if ECS registered this revision although the response to
    /// RegisterTaskDefinition was lost. Returns `None` if there is no such revision.
    async fn unanswered(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
        found: Option<&Described>,
        edits: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        let reversed = reversed(edits);
        let made = now.expected(corrected, found, &reversed);
        let restored = made.unanswered(self.ports, &self.own, now.record).await?;
        Ok(restored.map(|restored| UndoAction::Write(EntryKind::Restored { step: now.step, restored })))
    }

    /// Verifies that the restored revision is ACTIVE, that ECS kept its document, and that no other principal registered
    /// a revision between the corrected revision and the restored revision. Returns `None` if all conditions hold.
    ///
    /// After Logweir has updated a service to the restored revision, Logweir only verifies that the revision is ACTIVE,
    /// because the other conditions held before the update and cannot change.
    async fn verified(
        &self,
        now: &UndoContext<'_>,
        corrected: &Described,
        standing: &RevisionArn,
        edits: &[Edit],
    ) -> Answer<Option<UndoAction>> {
        let at = registered_at(now.record, standing);
        let received = match read(self.ports, standing, at).await? {
            Registration::Active(received) => received,
            Registration::Inactive(_) => {
                return Ok(Some(UndoAction::Write(EntryKind::Vanished { corrected: standing.clone() })));
            }
            Registration::Unknown => {
                let why = format!("ECS does not describe the restored revision {}", standing.short());
                return Ok(Some(now.keep(why, Some(Reason::Unreadable))));
            }
        };
        if now.uses_restored {
            return Ok(None);
        }
        let reversed = reversed(edits);
        let sent = difference::edited(&corrected.definition, &reversed).ok();
        if sent.is_some_and(|sent| !difference::lost(sent.view(), received.definition.view()).is_empty()) {
            return self.withdrawing(now, standing, Reason::LostMembers).await.map(Some);
        }
        let made = now.expected(&corrected.arn, Some(corrected), &reversed);
        let registered = now.record.registered();
        let gap = Gap {
            after: &corrected.arn,
            registered: standing,
            at: at.unwrap_or_default(),
            known: registered.iter().map(|registered| registered.revision).collect(),
            source: now.source,
        };
        match between(self.ports, &self.own, gap, &made).await? {
            Between::Nothing => Ok(None),
            // The response to the registration of a second restored revision was lost.
            Between::ByLogweir(registered) => Ok(Some(UndoAction::Write(EntryKind::Unclaimed { registered }))),
            Between::Newer(_) | Between::TooMany if now.restore_over_newer => Ok(None),
            Between::Newer(_) | Between::TooMany => {
                self.withdrawing(now, standing, Reason::NewerRevision).await.map(Some)
            }
        }
    }

    /// Returns the action that withdraws the restored revision. Logweir does not withdraw a restored revision that a
    /// service or task already uses.
    async fn withdrawing(&self, now: &UndoContext<'_>, restored: &RevisionArn, why: Reason) -> Answer<UndoAction> {
        let name = restored.short();
        match self.ports.services().users(restored).await {
            Ok(users) if users.is_empty() => {
                Ok(UndoAction::Write(EntryKind::Withdrawing { corrected: restored.clone(), why }))
            }
            Ok(users) => {
                let place = &users[0].place;
                let text = format!("the restored revision {name} is kept, because it already runs in {place}");
                Ok(now.keep(text, Some(why)))
            }
            Err(error) if error.kind == ErrorKind::Retry => Err(error),
            Err(error) => {
                let text =
                    format!("the restored revision {name} is kept, because its users could not be read: {error}");
                Ok(now.keep(text, Some(why)))
            }
        }
    }
}

/// Returns an ACTIVE revision that is newer than the corrected revision, and that the record does not say Logweir
/// registered. A list of revisions may lag behind, so Logweir describes each revision that the list names.
pub(super) async fn newer<P: Ports>(
    ports: &P,
    record: &Record,
    corrected: &RevisionArn,
) -> Answer<Option<RevisionArn>> {
    let registered = record.registered();
    let listed = ports.task_definitions().newest(&corrected.family, NEWEST).await?;
    let others = listed.into_iter().filter(|other| {
        other.revision > corrected.revision && registered.iter().all(|registered| registered.revision != other)
    });
    for (described, other) in others.enumerate() {
        if described == MOST_DESCRIBED as usize || !read(ports, &other, None).await?.is_inactive() {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

fn over_newer(gone: &str, now: &UndoContext<'_>, corrected: &RevisionArn, newer: &RevisionArn) -> String {
    format!(
        "{gone}, and {} is newer than the corrected revision {}: restoring {} would make old code the family's newest \
         revision (--restore-over-newer restores it anyway)",
        newer.short(),
        corrected.short(),
        now.source.short()
    )
}

fn not_restored(now: &UndoContext<'_>, gone: &str, reason: NotRestored) -> UndoAction {
    match reason {
        NotRestored::Withdrawn(why @ Reason::NewerRevision) => now.keep(
            format!(
                "{gone}, and while Logweir registered the source revision again, another principal registered another \
                 revision"
            ),
            Some(why),
        ),
        NotRestored::Withdrawn(why) => {
            now.keep(format!("{gone}, and ECS lost a part of the document that was sent to restore it"), Some(why))
        }
        NotRestored::Vanished => now.keep(
            format!(
                "{gone}, and another principal deregistered the restored revision; back out again to restore it again"
            ),
            None,
        ),
    }
}
