//! The pins of a corrected revision in a backout. A backout does not deregister a pinned revision, unless the operator
//! uses `--ignore-pins`.

use super::context::{UndoAction, UndoContext, UndoDriver};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::outcome::Reason;
use crate::domain::record::{EntryKind, NotUndone};
use crate::ports::{Answer, Ports};
use crate::workflow::pins::pins_of;

impl<P: Ports> UndoDriver<'_, P> {
    /// Returns the action that keeps the corrected revision, because an EventBridge rule or schedule pins the revision.
    /// Returns `None` if nothing pins the revision, or if the operator uses `--ignore-pins`.
    pub(in crate::workflow) async fn pinned(
        &self,
        now: &UndoContext<'_>,
        corrected: &RevisionArn,
    ) -> Answer<Option<UndoAction>> {
        let pins = if now.ignore_pins { Vec::new() } else { pins_of(self.ports, corrected).await? };
        Ok((!pins.is_empty()).then(|| {
            let why = format!(
                "{}; change the targets of these rules or schedules, then back out again",
                kept(corrected, &pins)
            );
            let kept = NotUndone { places: pins, ..NotUndone::open(now.step, why, Some(Reason::Pinned)) };
            UndoAction::Write(EntryKind::Kept(kept))
        }))
    }
}

/// Returns why the pins keep the corrected revision.
pub(super) fn kept(corrected: &RevisionArn, pins: &[String]) -> String {
    format!(
        "{} is kept, because it is pinned by {} (--ignore-pins deregisters it anyway)",
        corrected.short(),
        pins.join(", ")
    )
}
