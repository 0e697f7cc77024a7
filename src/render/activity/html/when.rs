//! Times in the time zone of the report.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::table::{Cell, keyed};

pub(super) struct Clock(TimeZone);

impl Clock {
    /// Returns the clock of an IANA time zone. An unknown name is UTC.
    pub(super) fn of(zone: &str) -> Self {
        Self(TimeZone::get(zone).unwrap_or(TimeZone::UTC))
    }

    /// Returns a time, such as `2026-11-29 14:05`.
    pub(super) fn minute(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// Returns a time with its weekday, such as `Sun 2026-11-29 14:00`.
    pub(super) fn hour(&self, time: Timestamp) -> String {
        time.to_zoned(self.0.clone()).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    /// Returns a time for the axis of a chart, such as `Nov 29` for the start of a day and `Nov 29 14:00` for an hour.
    pub(super) fn short(&self, time: Timestamp) -> String {
        let time = time.to_zoned(self.0.clone());
        let is_midnight = (time.hour(), time.minute()) == (0, 0);
        time.strftime(if is_midnight { "%b %-d" } else { "%b %-d %H:%M" }).to_string()
    }

    pub(super) fn date(&self, time: Timestamp) -> Date {
        time.to_zoned(self.0.clone()).date()
    }

    /// Returns the cell of a time in a table.
    pub(super) fn cell(&self, time: Timestamp) -> Cell {
        keyed(format!("<time>{}</time>", self.minute(time).replacen(' ', " <span>", 1) + "</span>"), time.as_second())
    }
}
