//! Parses a moment, which is a time, a day in UTC, or a span from now.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use crate::domain::text::moment;

/// Parses the start of a period. A day counts from its start, and a span such as `2h` counts backward from now.
pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    let start_of = |day: Date| day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |day| day.timestamp());
    parse(text, start_of, |now, span| now.checked_sub(span))
}

fn parse(
    text: &str,
    of_day: impl Fn(Date) -> Timestamp,
    from_now: impl Fn(&Zoned, Span) -> Result<Zoned, jiff::Error>,
) -> Result<Timestamp, String> {
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Some(day) = moment::day(text) {
        return Ok(of_day(day));
    }
    match text.parse::<Span>() {
        Ok(span) => from_now(&now, span).map(|then| then.timestamp()).map_err(|error| error.to_string()),
        Err(_) => Err("expected a time (2026-12-01T08:00:00Z), a day (2026-12-01) or a span (2h, 7d)".into()),
    }
}

/// Parses the end of a period in the past. A period up to a day includes the day, and a span such as `2h` counts backward
/// from now.
pub(super) fn up_to(text: &str) -> Result<Timestamp, String> {
    parse(text, moment::end_of, |now, span| now.checked_sub(span))
}

/// Parses the end of a period. A period until a day includes the day, and a span such as `2h` counts forward from now.
/// Returns an error if the end is in the past.
pub(super) fn until(text: &str) -> Result<Timestamp, String> {
    let until = parse(text, moment::end_of, |now, span| now.checked_add(span))?;
    if until > Timestamp::now() { Ok(until) } else { Err("the time is in the past".into()) }
}
