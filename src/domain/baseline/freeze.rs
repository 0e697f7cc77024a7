//! The parts of a week in which no service is made to follow.

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

/// `fri 15:00 - mon 08:00 Europe/Berlin`: each week, from one reading of the clocks there until another, which is outside.
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
    /// Whether `now` lies in the window of some week.
    pub fn contains(&self, now: Timestamp) -> bool {
        let today = self.zone.to_datetime(now).date();
        let since = i64::from(today.weekday().since(self.from.day));
        // The window of the week before may go on, and where clocks are put back at midnight tomorrow may have been already.
        let days = [since - 7, since, since + 7].into_iter().filter_map(|ago| today.checked_sub(ago.days()).ok());
        days.filter_map(|day| self.beginning_on(day)).any(|window| window.contains(&now))
    }

    /// `None` at the ends of the calendar.
    fn beginning_on(&self, day: Date) -> Option<Range<Timestamp>> {
        let days = match i64::from(self.to.day.since(self.from.day)) {
            0 if self.to.at < self.from.at => 7,
            days => days,
        };
        let last = day.checked_add(days.days()).ok()?;
        Some(self.moment(day, Edge::Begin)?..self.moment(last, Edge::End)?)
    }

    /// When the clocks read the edge's time on `day`. What they read twice begins with the first reading and ends with the
    /// second, so that a window has no hole of some minutes; what they leap over is the moment of the leap.
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
            let help = "such as \"fri 15:00 - mon 08:00 Europe/Berlin\"".to_owned();
            return fault(text.span(), "not a window of time", help);
        };
        let reading = |day: &str, at: &str| {
            let Some((_, day)) = DAYS.iter().find(|(name, _)| *name == day) else {
                let help = format!("it is one of: {}", DAYS.map(|(name, _)| name).join(", "));
                return fault(text.span(), format!("`{day}` is not a day of the week"), help);
            };
            match time(at) {
                Some(at) => Ok(Reading { day: *day, at }),
                None => {
                    fault(text.span(), format!("`{at}` is not a time of the day"), "from 00:00 to 23:59".to_owned())
                }
            }
        };
        let window = Self { from: reading(from, at)?, to: reading(to, until)?, zone: self::zone(zone, text)? };
        if window.from == window.to {
            let help = "where no service is to follow at all, the mode `register` is enough".to_owned();
            return fault(text.span(), "a window that ends where it begins", help);
        }
        Ok(window)
    }
}

/// `08:00`, and no other way to write it.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |digits: &str| digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// Looked up in the database that is part of the binary, whatever the machine has.
fn zone(name: &str, text: &Spanned<String>) -> Checked<TimeZone> {
    let known = TimeZoneDatabase::bundled();
    match known.get(name) {
        Ok(zone) if !zone.is_unknown() => Ok(zone),
        _ => {
            let names: Vec<_> = known.available().collect();
            let help = match nearest(name, names.iter().map(|name| name.as_str())) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "a name of the IANA time zone database, such as Europe/Berlin".to_owned(),
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
