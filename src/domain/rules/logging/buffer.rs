//! The buffer of a non-blocking container: its size, and the size that the baseline requires.

use super::options::{Given, Unknown};
use crate::domain::baseline::{parse_size, size_text};
use crate::domain::ecs::task_definition::Options;
use crate::domain::rules::case::Subject;

impl Subject<'_, '_> {
    /// Returns the buffer that a fix sets. The size of the buffer is the smaller of the baseline's `max-buffer-size`
    /// and the share `max-buffer-share` of the memory, but at least the baseline's `min-buffer-size`.
    pub fn buffer(&self) -> Buffer {
        let logging = &self.settings.logging;
        let share = self.share();
        let bytes = logging.max_buffer_size.min(share.unwrap_or(u64::MAX)).max(logging.min_buffer_size);
        // Whole MiB are easier to read, but a rounded size must not be below the minimum.
        let whole = bytes >> 20 << 20;
        let bytes = if whole >= logging.min_buffer_size { whole } else { bytes };
        Buffer { bytes, floor_exceeds_share: share.is_some_and(|share| logging.min_buffer_size > share) }
    }

    /// Returns the largest buffer, in bytes, that the baseline allows for the memory of the container or task. `None`
    /// if the memory is unknown.
    pub fn share(&self) -> Option<u64> {
        let memory = self.container.memory().or_else(|| self.case.seen.definition.memory())?;
        Some((memory as f64 * self.settings.logging.max_buffer_share) as u64)
    }
}

/// The buffer that a fix sets for a container.
pub struct Buffer {
    pub bytes: u64,
    /// Whether the baseline's minimum buffer exceeds the share of the memory that a buffer may take. In this case, the
    /// buffer has the minimum size, and the container needs more memory.
    pub floor_exceeds_share: bool,
}

impl Buffer {
    /// Returns the size in Docker's notation, such as `25m`.
    pub fn text(&self) -> String {
        size_text(self.bytes)
    }
}

/// The value of the option `max-buffer-size` of a container.
pub(super) enum SizeOption {
    Absent,
    Unknown(Unknown),
    Malformed,
    Bytes(u64),
}

impl SizeOption {
    pub(super) fn of<'a>(subject: &Subject<'_, 'a>, options: Options<'a>) -> Self {
        match subject.given_word(options, "max-buffer-size") {
            Given::Absent => Self::Absent,
            Given::Unknown(why) => Self::Unknown(why),
            Given::Text(text) => parse_size(text).map_or(Self::Malformed, Self::Bytes),
            Given::Malformed(_) => Self::Malformed,
        }
    }
}
