//! The text output of `logweir activity`: tables with the first rows of each list, and a sparkline of the calls over
//! time.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::text::count;
use crate::domain::text::plain::shortened;
use crate::domain::trail::activity::{Activity, AddressRow, ErrorRow, Listed, New, Seen, Share, Step, Watched};

/// The maximum number of rows of a table. The other outputs have all rows.
const MOST: usize = 10;

/// The longest text in a cell, in characters.
const LONGEST: usize = 48;

/// The maximum number of characters of a sparkline.
const WIDEST: usize = 72;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub fn text(activity: &Activity) -> String {
    let zone = TimeZone::get(&activity.time_zone).unwrap_or(TimeZone::UTC);
    let time = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let mut out = String::new();
    totals(&mut out, activity, &time);
    over_time(&mut out, activity);
    let addresses = activity.addresses.iter().map(|row| address(row, &time)).collect();
    table(
        &mut out,
        "Source addresses",
        &["ADDRESS", "CALLS", "ERRORS", "FIRST", "LAST", "FROM", "PRINCIPALS"],
        addresses,
    );
    let countries =
        activity.countries.iter().map(|row| vec![row.country.clone(), number(row.count), number(row.addresses)]);
    table(&mut out, "Countries", &["COUNTRY", "CALLS", "ADDRESSES"], countries.collect());
    let principals = activity.principals.iter().map(|row| {
        let known = format!("{} ({})", row.strength.name(), row.how.name());
        vec![row.name.clone(), number(row.count), number(row.writes), number(row.errors), known, time(row.last)]
    });
    let heads = ["PRINCIPAL", "CALLS", "WRITES", "ERRORS", "KNOWN", "LAST"];
    table(&mut out, "Principals", &heads, principals.collect());
    // Writes change something, so they come first.
    let mut events: Vec<_> = activity.events.iter().collect();
    events.sort_by_key(|row| !row.write);
    let events = events.into_iter().map(|row| {
        let kind = if row.write { "write" } else { "read" };
        vec![row.name.clone(), number(row.count), number(row.errors), kind.to_owned(), row.source.clone()]
    });
    table(&mut out, "Actions, writes first", &["ACTION", "CALLS", "ERRORS", "KIND", "SERVICE"], events.collect());
    let errors = activity.errors.iter().map(error).collect();
    table(&mut out, "Errors", &["ERROR", "CALLS", "ACTIONS", "PRINCIPALS"], errors);
    let agents = activity.agents.iter().map(|row| vec![row.agent.clone(), number(row.count), time(row.last)]);
    table(&mut out, "User agents", &["AGENT", "CALLS", "LAST"], agents.collect());
    let targets = activity.targets.iter().map(|row| {
        let kind = format!("{:?}", row.kind).to_lowercase();
        vec![row.name.clone(), kind, number(row.count), number(row.writes), time(row.last)]
    });
    table(&mut out, "Clusters, services and families", &["NAME", "KIND", "CALLS", "WRITES", "LAST"], targets.collect());
    activity.new.iter().for_each(|new| seen_first(&mut out, new, &time));
    watched(&mut out, "Calls of root users", &activity.root, &time);
    watched(&mut out, "Writes without multi-factor authentication", &activity.without_mfa, &time);
    watched(&mut out, "TLS below 1.2", &activity.old_tls, &time);
    listed(&mut out, "Sessions in containers", &activity.exec, &time);
    listed(&mut out, "Changes of what is logged", &activity.logging, &time);
    if !activity.notes.is_empty() {
        out.push('\n');
    }
    activity.notes.iter().for_each(|note| _ = writeln!(out, "note: {note}"));
    out
}

fn totals(out: &mut String, activity: &Activity, time: &impl Fn(Timestamp) -> String) {
    let records = activity.records;
    let range = |from: Option<Timestamp>, to: Option<Timestamp>| match (from, to) {
        (Some(from), Some(to)) => format!("{} to {}", time(from), time(to)),
        _ => "no records".to_owned(),
    };
    let _ = writeln!(out, "period: {} ({})", range(activity.period.since, activity.period.until), activity.time_zone);
    let _ = writeln!(
        out,
        "records: {} read = {} kept + {} filtered + {} duplicate + {} unreadable",
        records.read, records.kept, records.filtered, records.duplicate, records.unreadable
    );
    let files = activity.files;
    let _ = write!(out, "files: {} read", files.read);
    if files.unreadable > 0 {
        let _ = write!(out, ", {} of them not to their end", files.unreadable);
    }
    if files.skipped > 0 {
        let _ = write!(out, ", {} without records skipped", files.skipped);
    }
    out.push('\n');
    if let Some(database) = &activity.geography {
        let credit = database.credit.map(|credit| format!(" ({}: {})", credit.text, credit.link)).unwrap_or_default();
        let _ = writeln!(out, "countries: {database}{credit}");
    }
}

/// Writes the sparklines of reads and writes. If there are more bars than characters, a character has several bars.
fn over_time(out: &mut String, activity: &Activity) {
    let (Some(first), Some(last)) = (activity.timeline.first(), activity.timeline.last()) else { return };
    let step = match activity.timeline_step {
        Step::Hour => 3600,
        Step::Day => 86_400,
    };
    let span = (last.start.as_second() - first.start.as_second()) / step + 1;
    let width = usize::try_from(span).unwrap_or(WIDEST).clamp(1, WIDEST);
    let mut sums = vec![[0; 2]; width];
    for bar in &activity.timeline {
        let at = (bar.start.as_second() - first.start.as_second()) / step * width as i64 / span;
        let sum = &mut sums[(at as usize).min(width - 1)];
        *sum = [sum[0] + bar.read, sum[1] + bar.write];
    }
    let each = if span as usize > width { "about " } else { "" };
    let unit = match activity.timeline_step {
        Step::Hour => "hour",
        Step::Day => "day",
    };
    let _ = writeln!(out, "\nCalls over time ({each}{} for each character)", count(span as u64 / width as u64, unit));
    for (name, which) in [("reads ", 0), ("writes", 1)] {
        let values: Vec<u64> = sums.iter().map(|sum| sum[which]).collect();
        let _ = writeln!(out, "  {name} {} {}", sparkline(&values), values.iter().sum::<u64>());
    }
}

/// Returns a character for each value. A value of zero has a space.
fn sparkline(values: &[u64]) -> String {
    let most = values.iter().max().copied().unwrap_or(0).max(1);
    let bar = |value: &u64| match *value {
        0 => ' ',
        value => BARS[((u128::from(value) * 8).div_ceil(u128::from(most)) as usize - 1).min(7)],
    };
    values.iter().map(bar).collect()
}

fn address(row: &AddressRow, time: &impl Fn(Timestamp) -> String) -> Vec<String> {
    let from = match (&row.owner, &row.country) {
        (Some(owner), Some(country)) => format!("{owner}, {country}"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => row.kind.name().to_owned(),
    };
    // A record may have no source address.
    let name = if row.address.is_empty() { "none".to_owned() } else { row.address.clone() };
    let (calls, errors) = (number(row.count), number(row.errors));
    vec![name, calls, errors, time(row.first), time(row.last), from, shares(&row.principals)]
}

fn error(row: &ErrorRow) -> Vec<String> {
    vec![row.code.clone(), number(row.count), shares(&row.events), shares(&row.principals)]
}

fn shares(shares: &[Share]) -> String {
    let part = |share: &Share| format!("{} {}", share.name, share.count);
    shares.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn seen_first(out: &mut String, new: &New, time: &impl Fn(Timestamp) -> String) {
    let rows = |kind: &'static str, seen: &'_ [Seen]| {
        let row = move |row: &Seen| vec![row.name.clone(), kind.to_owned(), number(row.count), time(row.first)];
        seen.iter().map(row).collect::<Vec<_>>()
    };
    let mut all = rows("principal", &new.principals);
    all.extend(rows("address", &new.addresses));
    all.extend(rows("agent", &new.agents));
    let title = format!("New: not in the {} before the period", count(new.records_before, "record"));
    table(out, &title, &["NAME", "KIND", "CALLS", "FIRST"], all);
}

fn watched(out: &mut String, title: &str, rows: &[Watched], time: &impl Fn(Timestamp) -> String) {
    let row = |row: &Watched| {
        let event = format!("{} {}", row.event, row.detail);
        vec![row.principal.clone(), event.trim_end().to_owned(), number(row.count), time(row.last)]
    };
    table(out, title, &["PRINCIPAL", "ACTION", "CALLS", "LAST"], rows.iter().map(row).collect());
}

fn listed(out: &mut String, title: &str, listed: &Listed, time: &impl Fn(Timestamp) -> String) {
    let row = |call: &crate::domain::trail::activity::Occurrence| {
        let detail = match &call.error {
            Some(error) => format!("{} failed: {error}", call.detail),
            None => call.detail.clone(),
        };
        vec![time(call.time), call.principal.clone(), call.event.clone(), call.target.clone(), detail.trim().to_owned()]
    };
    let rows = listed.calls.iter().map(row).collect();
    table(out, title, &["TIME", "PRINCIPAL", "ACTION", "TARGET", "DETAIL"], rows);
}

/// Writes the first rows of a table, with its title. Writes nothing if there are no rows.
fn table(out: &mut String, title: &str, heads: &[&str], rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(heads.to_vec());
    let left_out = rows.len().saturating_sub(MOST);
    for row in rows.into_iter().take(MOST) {
        table.add_row(row.iter().map(|cell| shortened(cell, LONGEST)));
    }
    for (at, head) in heads.iter().enumerate() {
        if matches!(*head, "CALLS" | "ERRORS" | "WRITES" | "ADDRESSES")
            && let Some(column) = table.column_mut(at)
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let _ = writeln!(out, "\n{title}\n{}", table.trim_fmt());
    if left_out > 0 {
        let _ = writeln!(out, "  and {left_out} more");
    }
}

fn number(number: u64) -> String {
    number.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_each_value_in_relation_to_the_highest() {
        assert_eq!(sparkline(&[0, 1, 4, 8, u64::MAX]), "  ▁▁▁█".replacen("  ", " ", 1));
        assert_eq!(sparkline(&[0, 1, 4, 8]), " ▁▄█");
        assert_eq!(sparkline(&[]), "");
    }
}
