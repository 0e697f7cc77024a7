//! Moments in requests and options, as text.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Returns the end of a period that ends at a time, or at the end of a day in UTC. Returns `None` for any other text.
pub fn end(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| day(text).map(end_of))
}

/// Returns the day that the text names, such as `2026-12-01`.
pub fn day(text: &str) -> Option<Date> {
    // The parser of jiff also accepts a date with a time, and ignores the time.
    const LENGTH: usize = "2026-12-01".len();
    text.parse().ok().filter(|_| text.len() == LENGTH)
}

/// Returns the first moment after `day`, in UTC.
pub fn end_of(day: Date) -> Timestamp {
    let next = day.tomorrow().unwrap_or(Date::MAX);
    TimeZone::UTC.to_timestamp(next.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_to_its_end() {
        for (text, expected) in [
            ("2026-12-01", Some("2026-12-02T00:00:00Z")),
            ("2026-12-31", Some("2027-01-01T00:00:00Z")),
            ("2026-12-01T08:00:00Z", Some("2026-12-01T08:00:00Z")),
            ("2026-12-01T08:00:00+01:00", Some("2026-12-01T07:00:00Z")),
            ("2026-12-01T08:00:00", None),
            ("2026-12-01T08:00", None),
            ("2026-02-30", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(end(text), expected.map(|time| time.parse().unwrap()), "{text}");
        }
    }
}
