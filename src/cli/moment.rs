//! Parses a moment, which is a time, a day in UTC, or a span from now.

use jiff::{Span, Timestamp, Zoned};

/// Parses the start of a period. A span such as `2h` counts backward from now.
pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    moment(text, |now, span| now.checked_sub(span))
}

fn moment(text: &str, from_now: impl Fn(&Zoned, Span) -> Result<Zoned, jiff::Error>) -> Result<Timestamp, String> {
    let now = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        return day.to_zoned(jiff::tz::TimeZone::UTC).map(|day| day.timestamp()).map_err(|error| error.to_string());
    }
    match text.parse::<Span>() {
        Ok(span) => from_now(&now, span).map(|then| then.timestamp()).map_err(|error| error.to_string()),
        Err(_) => Err("expected a time (2026-12-01T08:00:00Z), a day (2026-12-01) or a span (2h, 7d)".into()),
    }
}

/// Parses the end of a period. A span such as `2h` counts forward from now. Returns an error if the end is in the past.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    let until = moment(text, |now, span| now.checked_add(span))?;
    if until > Timestamp::now() { Ok(until) } else { Err("the time is in the past".into()) }
}
