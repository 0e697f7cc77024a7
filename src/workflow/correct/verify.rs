//! Verifies the new revision before Logweir closes the record.

use super::steps::StepDriver;
use crate::domain::ecs::lag::may_lag;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::edit::difference;
use crate::domain::outcome::{Outcome, Reason};
use crate::domain::record::{Attempt, Done, EntryKind, Record, Step};
use crate::ports::{Answer, Clock, Described, Ports, TaskDefinitions};
use crate::workflow::lag::{described_after, not_visible_yet};
use crate::workflow::numbers::{Between, Gap, between};
use crate::workflow::own_registration::{Match, NEWEST, carries};

impl<P: Ports> StepDriver<'_, P> {
    /// Verifies the corrected or migrated revision before Logweir closes the record. Returns an entry that records the
    /// fault, if this revision has one of these faults:
    ///
    /// - ECS lost a member of the document or a tag of the corrected revision.
    /// - Another revision was registered between the source revision and the corrected revision, so the corrected
    ///   revision makes old code the newest revision.
    /// - Logweir has registered two corrected revisions of the source revision.
    /// - The corrected revision is not ACTIVE any more.
    /// - ECS does not describe the corrected revision, although every read should show it by now.
    ///
    /// Returns an error that allows a retry as long as a read may not show one of these revisions yet.
    pub(super) async fn verify(&self, record: &Record, attempt: &Attempt<'_>) -> Answer<Option<EntryKind>> {
        let mut steps = attempt.opening.steps.iter().enumerate();
        let registers = steps.find(|(_, step)| step.registers());
        let (Some(corrected), Some((number, step))) = (attempt.corrected(), registers) else { return Ok(None) };
        let withdrawing =
            |corrected: &RevisionArn, why| Ok(Some(EntryKind::Withdrawing { corrected: corrected.clone(), why }));
        // Another worker lost its lease while it registered a second corrected revision. Logweir keeps the corrected
        // revision with the lower number.
        let second = |corrected| Ok(Some(EntryKind::Done { step: number, done: Done::Registered { corrected } }));

        let stands = |other: &&&RevisionArn| {
            **other != corrected && !attempt.withdrawals.iter().any(|(gone, ..)| gone == *other)
        };
        if let Some(second) = attempt.registered.iter().find(stands) {
            return withdrawing(second, Reason::Duplicate);
        }
        if let Some(later) = self.later(attempt, corrected, step).await? {
            return second(later);
        }
        let at = record.registered_at(corrected).unwrap_or_default();
        let known = attempt.registered.iter().chain(&attempt.unclaimed).copied().collect();
        let after = &self.source.arn;
        let gap = Gap { after, registered: corrected, at, known, source: after };
        match between(self.ports, &self.own, gap, &self.expected(step)).await? {
            Between::Nothing => {}
            Between::ByLogweir(earlier) => return second(earlier),
            Between::Newer(_) => return withdrawing(corrected, Reason::NewerRevision),
            Between::TooMany => {
                return Ok(Some(EntryKind::Closed(Outcome::NeedsOperator.because(Reason::NewerRevision))));
            }
        }
        match described_after(self.ports, corrected, at).await? {
            // ECS shows neither that the revision is ACTIVE nor that another principal deregistered it.
            None => Ok(Some(EntryKind::Closed(Outcome::NeedsOperator.because(Reason::Unreadable)))),
            Some(received) if !received.is_active() => Ok(Some(EntryKind::Vanished { corrected: corrected.clone() })),
            Some(received) => match self.has_lost(record, &received, step)? {
                true => withdrawing(corrected, Reason::LostMembers),
                false => Ok(None),
            },
        }
    }

    /// Returns a second corrected revision with a higher number, which the record does not name yet.
    async fn later(&self, attempt: &Attempt<'_>, corrected: &RevisionArn, step: &Step) -> Answer<Option<RevisionArn>> {
        let newest = self.ports.task_definitions().newest(&corrected.family, NEWEST).await?;
        for other in newest.iter().rev().filter(|other| other.revision > corrected.revision) {
            if attempt.registered.contains(&other) || attempt.unclaimed.contains(&other) {
                continue;
            }
            match self.expected(step).compare_at(self.ports, &self.own, other).await? {
                Match::Yes => return Ok(Some(other.clone())),
                Match::No => {}
                Match::NotVisibleYet => {
                    return Err(not_visible_yet(format!("ECS lists {}, but does not show it yet", other.short())));
                }
            }
        }
        Ok(None)
    }

    /// Returns whether ECS lost a member of the document or a tag that Logweir sent. Returns an error that allows a
    /// retry if ECS may not show the tags yet.
    fn has_lost(&self, record: &Record, received: &Described, step: &Step) -> Answer<bool> {
        let Ok(sent) = self.document(step) else { return Ok(false) };
        if !difference::lost(sent.view(), received.definition.view()).is_empty() {
            return Ok(true);
        }
        let lacks_tags = match (self.sent.get(), record.tags_sent()) {
            (Some(sent), _) => sent.iter().any(|tag| !carries(&received.tags, tag)),
            (None, Some(count)) => received.tags.len() < count as usize,
            (None, None) => false,
        };
        let at = record.registered_at(&received.arn).unwrap_or_default();
        if lacks_tags && may_lag(at, self.ports.clock().now()) {
            return Err(not_visible_yet(format!("ECS does not show all tags of {} yet", received.arn.short())));
        }
        Ok(lacks_tags)
    }
}
