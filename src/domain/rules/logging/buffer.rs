//! The buffer of a non-blocking container: its size, and the size that the baseline requires.

use serde_json::Value;

use crate::domain::baseline::{parse_size, size_text};
use crate::domain::rules::case::Subject;

impl Subject<'_, '_> {
    /// Returns the required `max-buffer-size`: the baseline's size, at most its share of the memory, at least the
    /// floor.
    pub fn buffer(&self) -> Buffer {
        let logging = &self.settings.logging;
        let share = self.share();
        let bytes = logging.max_buffer_size.min(share.unwrap_or(u64::MAX)).max(logging.min_buffer_size);
        // Whole MiB read best; what the floor forbids to round down stays as it is.
        let whole = bytes >> 20 << 20;
        let bytes = if whole >= logging.min_buffer_size { whole } else { bytes };
        Buffer { bytes, floor_exceeds_share: share.is_some_and(|share| logging.min_buffer_size > share) }
    }

    /// The largest buffer that the memory allows, where the memory is known.
    pub fn share(&self) -> Option<u64> {
        let memory = self.container.memory().or_else(|| self.case.seen.definition.memory())?;
        Some((memory as f64 * self.settings.logging.max_buffer_share) as u64)
    }
}

/// The buffer that a container requires.
pub struct Buffer {
    pub bytes: u64,
    /// The floor wins over the memory's share; then somebody should give the container more memory.
    pub floor_exceeds_share: bool,
}

impl Buffer {
    /// Returns the size in Docker's notation.
    pub fn text(&self) -> String {
        size_text(self.bytes)
    }
}

/// The value of an option for a size.
pub(super) enum SizeOption {
    Absent,
    Placeholder,
    Malformed,
    Bytes(u64),
}

impl SizeOption {
    pub(super) fn of(subject: &Subject<'_, '_>, value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Absent,
            Some(Value::String(text)) if text.is_empty() => Self::Absent,
            Some(Value::String(text)) if subject.is_placeholder(text) => Self::Placeholder,
            Some(Value::String(text)) => parse_size(text).map_or(Self::Malformed, Self::Bytes),
            Some(_) => Self::Malformed,
        }
    }
}
