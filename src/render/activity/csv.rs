//! The panels of the activity report as CSV files (RFC 4180). No field starts a formula in a spreadsheet.

use serde::Serialize;
use serde_json::Value;

use crate::domain::trail::activity::Activity;
use crate::render::formats::csv_field;

/// A file of one panel.
pub struct CsvFile {
    /// The name of the file, such as `addresses.csv`.
    pub name: String,
    pub text: String,
}

/// Returns a file for each panel. The columns have the names of the members in the JSON output. A list in a field has a
/// space between its parts.
pub fn files(activity: &Activity) -> Vec<CsvFile> {
    let mut files = vec![
        file("records", &[activity.records]),
        file("unreadable_files", &activity.unreadable_files),
        file("timeline", &activity.timeline),
        file("week", &week(activity)),
        file("addresses", &activity.addresses),
        file("countries", &activity.countries),
        file("principals", &activity.principals),
        file("events", &activity.events),
        file("errors", &activity.errors),
        file("agents", &activity.agents),
        file("targets", &activity.targets),
        file("root", &activity.root),
        file("without_mfa", &activity.without_mfa),
        file("old_tls", &activity.old_tls),
        file("exec", &activity.exec.calls),
        file("logging", &activity.logging.calls),
    ];
    if let Some(new) = &activity.new {
        files.push(file("new_principals", &new.principals));
        files.push(file("new_addresses", &new.addresses));
        files.push(file("new_agents", &new.agents));
    }
    files
}

#[derive(Serialize)]
struct WeekRow {
    /// 1 is Monday.
    weekday: usize,
    hour: usize,
    count: u64,
}

fn week(activity: &Activity) -> Vec<WeekRow> {
    let days = activity.week.iter().enumerate();
    days.flat_map(|(day, hours)| {
        let row = move |(hour, count): (usize, &u64)| WeekRow { weekday: day + 1, hour, count: *count };
        hours.iter().enumerate().map(row)
    })
    .collect()
}

/// Returns the file of a list. Its first line has the names of the columns. An empty list has no columns, so its file is
/// empty.
fn file<T: Serialize>(name: &str, rows: &[T]) -> CsvFile {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let row = serde_json::to_value(row).unwrap_or_default();
        let Some(members) = row.as_object() else { continue };
        if at == 0 {
            line(&mut text, members.keys().map(|name| csv_field(name)));
        }
        line(&mut text, members.values().map(|value| csv_field(&plain_value(value))));
    }
    CsvFile { name: format!("{name}.csv"), text }
}

fn line(text: &mut String, fields: impl Iterator<Item = String>) {
    text.push_str(&fields.collect::<Vec<_>>().join(","));
    text.push_str("\r\n");
}

fn plain_value(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain_value).collect::<Vec<_>>().join(" "),
        Value::Object(share) => {
            let part = |name: &str| share.get(name).map(plain_value).unwrap_or_default();
            format!("{}={}", part("name"), part("count"))
        }
        other => other.to_string(),
    }
}
