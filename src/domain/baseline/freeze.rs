//! Freeze windows: the parts of a week in which Logweir starts no rollout.

use std::fmt;
use std::ops::Range;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use toml::Spanned;

use super::fault::{Checked, fault, nearest};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A weekly freeze window in the local time of a time zone, such as `fri 15:00 - mon 08:00 Europe/Berlin`. The moment
/// at which the window ends is not part of the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeWindow {
    from: Reading,
    to: Reading,
    zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    day: Weekday,
    at: Time,
}

#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Begin,
    End,
}

impl FreezeWindow {
    /// Whether `now` is in the freeze window of any week.
    pub fn contains(&self, now: Timestamp) -> bool {
        let today = self.zone.to_datetime(now).date();
        let since = i64::from(today.weekday().since(self.from.day));
        // The window that began a week earlier may still be open. If the clocks go back at midnight, the window that
        // begins tomorrow may already be open.
        let days = [since - 7, since, since + 7].into_iter().filter_map(|ago| today.checked_sub(ago.days()).ok());
        days.filter_map(|day| self.beginning_on(day)).any(|window| window.contains(&now))
    }

    /// Returns the window that begins on `day`. `None` if the beginning or the end of the window is not in the
    /// calendar.
    fn beginning_on(&self, day: Date) -> Option<Range<Timestamp>> {
        let days = match i64::from(self.to.day.since(self.from.day)) {
            0 if self.to.at < self.from.at => 7,
            days => days,
        };
        let last = day.checked_add(days.days()).ok()?;
        Some(self.moment(day, Edge::Begin)?..self.moment(last, Edge::End)?)
    }

    /// Returns the moment on `day` at which the window begins or ends. If local clocks show the time of `edge` twice on
    /// this day, the window begins at the first of these moments, or ends at the second. If local clocks skip the time,
    /// the window begins or ends at the moment of the skip.
    fn moment(&self, day: Date, edge: Edge) -> Option<Timestamp> {
        let at = if edge == Edge::Begin { self.from.at } else { self.to.at };
        let read = self.zone.to_ambiguous_timestamp(day.to_datetime(at));
        match (read.offset(), edge) {
            (AmbiguousOffset::Gap { .. }, _) => {
                self.zone.following(read.earlier().ok()?).next().map(|leap| leap.timestamp())
            }
            (_, Edge::Begin) => read.earlier().ok(),
            (_, Edge::End) => read.later().ok(),
        }
    }

    pub(super) fn parse(text: &Spanned<String>) -> Checked<Self> {
        let words: Vec<&str> = text.get_ref().split_whitespace().collect();
        let &[from, at, "-", to, until, zone] = words.as_slice() else {
            let help = "write a window as \"fri 15:00 - mon 08:00 Europe/Berlin\"".to_owned();
            return fault(text.span(), "the text is not a freeze window", help);
        };
        let reading = |day: &str, at: &str| {
            let Some((_, day)) = DAYS.iter().find(|(name, _)| *name == day) else {
                let help = format!("use one of: {}", DAYS.map(|(name, _)| name).join(", "));
                return fault(text.span(), format!("`{day}` is not a day of the week"), help);
            };
            match time(at) {
                Some(at) => Ok(Reading { day: *day, at }),
                None => {
                    let help = "use a time from 00:00 to 23:59".to_owned();
                    fault(text.span(), format!("`{at}` is not a time of the day"), help)
                }
            }
        };
        let window = Self { from: reading(from, at)?, to: reading(to, until)?, zone: self::zone(zone, text)? };
        if window.from == window.to {
            let help = "to update no service at all, use the mode `register`".to_owned();
            return fault(text.span(), "a freeze window must not end at the time at which it begins", help);
        }
        Ok(window)
    }
}

/// Parses a time of day, which must have the form `08:00`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Looks up a time zone in the time zone database inside the binary, and not in the database of the operating system.
fn zone(name: &str, text: &Spanned<String>) -> Checked<TimeZone> {
    let known = TimeZoneDatabase::bundled();
    match known.get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(zone),
        _ => {
            let names: Vec<_> = known.available().collect();
            let help = match nearest(name, names.iter().map(|name| name.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "use a name of the IANA time zone database, such as Europe/Berlin".to_owned(),
            };
            fault(text.span(), format!("no time zone is called `{name}`"), help)
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = DAYS.iter().find(|(_, day)| *day == self.day).map_or("", |(name, _)| name);
        write!(f, "{name} {:02}:{:02}", self.at.hour(), self.at.minute())
    }
}

impl fmt::Display for FreezeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} - {} {}", self.from, self.to, self.zone.iana_name().unwrap_or("UTC"))
    }
}
