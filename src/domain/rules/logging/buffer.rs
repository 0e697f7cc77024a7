//! The buffer of a non-blocking container: how large it is to be, and how a size is written.

use serde_json::Value;

use crate::domain::baseline::parse_size;
use crate::domain::rules::case::Subject;

impl Subject<'_, '_> {
    /// What is to stand in `max-buffer-size`: the baseline's size, at most its share of the memory, at least the floor.
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

pub struct Buffer {
    pub bytes: u64,
    /// The floor wins over the memory's share; then somebody should give the container more memory.
    pub floor_exceeds_share: bool,
}

impl Buffer {
    /// As Docker reads it.
    pub fn text(&self) -> String {
        size_text(self.bytes)
    }
}

/// A size in the largest unit that holds it exactly.
pub(super) fn size_text(bytes: u64) -> String {
    match bytes {
        0 => "0".into(),
        _ if bytes.is_multiple_of(1 << 20) => format!("{}m", bytes >> 20),
        _ if bytes.is_multiple_of(1 << 10) => format!("{}k", bytes >> 10),
        _ => bytes.to_string(),
    }
}

/// What an option holds that ought to be a size.
pub(super) enum Size {
    Absent,
    Placeholder,
    Malformed,
    Bytes(u64),
}

pub(super) fn size(subject: &Subject<'_, '_>, value: Option<&Value>) -> Size {
    match value {
        None | Some(Value::Null) => Size::Absent,
        Some(Value::String(text)) if text.is_empty() => Size::Absent,
        Some(Value::String(text)) if subject.is_placeholder(text) => Size::Placeholder,
        Some(Value::String(text)) => parse_size(text).map_or(Size::Malformed, Size::Bytes),
        Some(_) => Size::Malformed,
    }
}
