//! A line of the journal file.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::UNKNOWN;
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::record::{RecordKey, RecordKind};
use crate::ports::StateKind;

/// A line of the journal file, which contains either a commit (`head` and `entry`) or exactly one state (such as
/// `family`). The checksum `crc32` covers the texts of all other members of the line.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line<'t> {
    pub(super) crc32: u32,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) head: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) entry: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) family: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) pointings: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) budget: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) reconciliation: Option<&'t RawValue>,
    #[serde(borrow, default, rename = "pin-holder", skip_serializing_if = "Option::is_none")]
    pub(super) pin_holder: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) pins: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) baseline: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) cluster: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) resource: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<&'t RawValue>,
    #[serde(borrow, default, rename = "run-page", skip_serializing_if = "Option::is_none")]
    pub(super) run_page: Option<&'t RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) setting: Option<&'t RawValue>,
}

impl<'t> Line<'t> {
    /// Returns the member of the line in which the journal stores a state of this kind.
    pub(super) fn state(&mut self, kind: StateKind) -> &mut Option<&'t RawValue> {
        match kind {
            StateKind::Family => &mut self.family,
            StateKind::ServiceHistory => &mut self.pointings,
            StateKind::RateLimit => &mut self.budget,
            StateKind::Reconciliation => &mut self.reconciliation,
            StateKind::PinHolder => &mut self.pin_holder,
            StateKind::RevisionPins => &mut self.pins,
            StateKind::PublishedBaseline => &mut self.baseline,
            StateKind::SessionWatch => &mut self.session,
            StateKind::ClusterRecord => &mut self.cluster,
            StateKind::ResourceRecord => &mut self.resource,
            StateKind::Run => &mut self.run,
            StateKind::RunPage => &mut self.run_page,
            StateKind::SettingRecord => &mut self.setting,
        }
    }

    fn states(&self) -> [Option<&'t RawValue>; 13] {
        let Self { family, pointings, budget, reconciliation, pin_holder, pins, baseline, cluster, session, .. } =
            *self;
        let Self { resource, run, run_page, setting, .. } = *self;
        [
            family,
            pointings,
            budget,
            reconciliation,
            pin_holder,
            pins,
            baseline,
            cluster,
            session,
            resource,
            run,
            run_page,
            setting,
        ]
    }

    pub(super) fn checksum(&self) -> u32 {
        let mut crc32 = crc32fast::Hasher::new();
        for text in [self.head, self.entry].into_iter().chain(self.states()).flatten() {
            crc32.update(text.get().as_bytes());
        }
        crc32.finalize()
    }

    /// Returns whether the line contains either exactly one commit or exactly one state.
    pub(super) fn is_one_thing(&self) -> bool {
        let states = self.states().into_iter().flatten().count();
        matches!((self.head, self.entry, states), (Some(_), Some(_), 0) | (None, None, 1))
    }
}

/// A line of the journal file that Logweir cannot read, with the reason.
#[derive(Clone, Copy)]
pub(super) struct Damage {
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// Returns every line of a journal file with its line number, oldest line first.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = Result<(usize, Line<'_>), Damage>> {
    whole(text).split_inclusive(|byte| *byte == b'\n').enumerate().map(|(index, text)| {
        let line = index + 1;
        let damage = |what| Err(Damage { line, what });
        match serde_json::from_slice::<Line<'_>>(text) {
            Err(_) => damage("is not a line of a journal"),
            Ok(found) if found.crc32 != found.checksum() => damage("does not match its checksum"),
            Ok(found) if !found.is_one_thing() => damage(UNKNOWN),
            Ok(found) => Ok((line, found)),
        }
    })
}

/// A commit in the journal file, with the number of the line that contains the commit. The texts of the head and of the
/// entry may contain words that only a newer version of Logweir knows.
pub(super) struct Commit<'t> {
    pub(super) line: usize,
    pub(super) key: RecordKey,
    pub(super) head: &'t str,
    pub(super) entry: &'t str,
}

/// Returns every commit in a journal file, oldest commit first. Reads only the key of each commit.
pub(super) fn commits(text: &[u8]) -> impl Iterator<Item = Result<Commit<'_>, Damage>> {
    #[derive(Deserialize)]
    struct Named {
        source: RevisionArn,
        #[serde(default)]
        kind: RecordKind,
    }
    lines(text).filter_map(|line| match line {
        Ok((line, Line { head: Some(head), entry: Some(entry), .. })) => {
            let named = serde_json::from_str(head.get()).map_err(|_| Damage { line, what: UNKNOWN });
            Some(named.map(|Named { source, kind }| Commit {
                line,
                key: RecordKey { kind, source },
                head: head.get(),
                entry: entry.get(),
            }))
        }
        Ok(_) => None,
        Err(damage) => Some(Err(damage)),
    })
}

/// Returns the complete lines of a text. Omits the last line if this line does not end with a newline.
pub(super) fn whole(text: &[u8]) -> &[u8] {
    &text[..text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)]
}
