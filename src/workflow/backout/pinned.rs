//! The pins of a corrected revision in a backout. A backout keeps a pinned revision, unless the operator ignores pins.

use super::context::{UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::domain::record::{EntryKind, NotUndone};
use crate::ports::{Answer, Ports};
use crate::workflow::pins::pins_of;

impl<P: Ports> UndoDriver<'_, P> {
    /// Returns the action that keeps the corrected revision, because an EventBridge rule or schedule pins the revision.
    /// Returns `None` if nothing pins the revision, or if the operator ignores pins.
    pub(in crate::workflow) async fn pinned(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
    ) -> Answer<Option<UndoAction>> {
        let pins = if now.ignore_pins { Vec::new() } else { pins_of(self.ports, corrected).await? };
        Ok((!pins.is_empty()).then(|| {
            let why = format!("{}; release these pins, then back out again", kept(corrected, &pins));
            let kept = NotUndone { places: pins, ..NotUndone::open(now.step, why, Some(Reason::Pinned)) };
            UndoAction::Write(EntryKind::Kept(kept))
        }))
    }
}

/// Returns why the pins keep the corrected revision.
pub(super) fn kept(corrected: &RevisionArn, pins: &[String]) -> String {
    format!("{} is kept, because it is pinned by {} (--ignore-pins ignores this)", corrected.short(), pins.join(", "))
}
