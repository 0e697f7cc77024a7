//! The calls that deserve attention, and what was seen for the first time.

use super::calls::{left_out, strength};
use super::table::{Column, MOST, Table, bar, cell, opening};
use super::when::Clock;
use crate::domain::trail::activity::{Activity, Listed, New, Occurrence, OccurrenceKind, Seen, Watched};
use crate::render::html::number::plural;
use crate::render::html::section::Section;
use crate::render::html::{code, text};

pub(super) fn new(activity: &Activity, clock: &Clock) -> String {
    let section = Section { id: "new", name: "New in this period", about: "" };
    let Some(New { records_before, since, principals, addresses, agents }) = &activity.new else {
        return section
            .around("<p class=\"none\">Without a start of the period, nothing comes before it. Use --since.</p>\n");
    };
    if *records_before == 0 {
        return section.around(
            "<p class=\"none\">The files contain no record before the period, so everything would be new.</p>\n",
        );
    }
    let since = since.map(|since| format!(" since {}", clock.minute(since))).unwrap_or_default();
    let lists = [
        ("Principals", "new.principals", principals, "No principal is new."),
        ("Source addresses", "new.addresses", addresses, "No source address is new."),
        ("User agents", "new.agents", agents, "No user agent is new."),
    ];
    let list = |(name, list, seen, empty): (&'static str, &str, &Vec<Seen>, &'static str)| {
        let most = seen.iter().map(|seen| seen.count).max().unwrap_or_default();
        let row = |seen: &Seen| {
            let details = [("First seen", clock.minute(seen.first))];
            vec![cell(opening(&text(&seen.name), &details, &seen.examples)), bar(seen.count, most)]
        };
        let table = Table {
            section: Section { id: "", name, about: "" },
            columns: vec![Column::Text("Name"), Column::Number("Calls")],
            rows: seen.iter().map(row).collect(),
            left_out: left_out(activity, list),
            empty,
        };
        format!("<div>\n<h3>{name}</h3>\n{}</div>\n", table.inner())
    };
    let lists: String = lists.into_iter().map(list).collect();
    section.around(&format!(
        "<p class=\"about\">What {} before the period{since} do not contain.</p>\n<div class=\"thirds\">\n{lists}</div>\n",
        plural(*records_before, "record")
    ))
}

pub(super) fn root(activity: &Activity, clock: &Clock) -> String {
    let section = Section {
        id: "root",
        name: "Root users",
        about: "The root user of an account can do everything. Daily work needs no root user.",
    };
    watched(section, &activity.root, left_out(activity, "root"), "No root user made a call.", clock)
}

pub(super) fn without_mfa(activity: &Activity, clock: &Clock) -> String {
    let section = Section {
        id: "mfa",
        name: "Writes without MFA",
        about: "The writes of users who did not authenticate with a second factor.",
    };
    let left_out = left_out(activity, "without_mfa");
    watched(section, &activity.without_mfa, left_out, "No user wrote without a second factor.", clock)
}

pub(super) fn old_tls(activity: &Activity, clock: &Clock) -> String {
    let section =
        Section { id: "tls", name: "TLS below 1.2", about: "Clients that use a version of TLS that AWS has ended." };
    watched(section, &activity.old_tls, left_out(activity, "old_tls"), "Every call used TLS 1.2 or later.", clock)
}

fn watched(section: Section, rows: &[Watched], left_out: u64, empty: &'static str, clock: &Clock) -> String {
    let most = rows.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &Watched| {
        let details =
            [("Service", code(&row.source)), ("Detail", text(&row.detail)), ("First seen", clock.minute(row.first))];
        vec![
            cell(opening(&text(&row.principal), &details, &row.examples)),
            cell(text(&row.event)),
            bar(row.count, most),
            clock.cell(row.last),
        ]
    };
    let columns =
        vec![Column::Text("Principal"), Column::Text("Action"), Column::Number("Calls"), Column::Time("Last seen")];
    Table { section, columns, rows: rows.iter().map(row).collect(), left_out, empty }.html()
}

pub(super) fn exec(activity: &Activity, clock: &Clock) -> String {
    let section = Section {
        id: "exec",
        name: "Sessions in containers",
        about: "The sessions of ECS Exec, and the sessions of Session Manager that open a container directly.",
    };
    listed(section, &activity.exec, "No session was started.", clock)
}

pub(super) fn logging(activity: &Activity, clock: &Clock) -> String {
    let section = Section {
        id: "logging",
        name: "Changes of what is logged",
        about: "Log groups, retentions, revisions without logs, and the settings of ECS Exec.",
    };
    listed(section, &activity.logging, "No call changed what is logged.", clock)
}

fn listed(section: Section, listed: &Listed, empty: &'static str, clock: &Clock) -> String {
    let row = |call: &Occurrence| {
        let failed =
            call.error.as_deref().map(|error| format!("<br><span class=\"badge error\">{}</span>", text(error)));
        let record = call
            .record
            .as_deref()
            .map(|record| format!("<br><span class=\"of\">Logweir's record {}</span>", code(record)));
        let detail = if call.detail.is_empty() {
            String::new()
        } else {
            format!("<br><span class=\"of\">{}</span>", text(&call.detail))
        };
        let details = [
            ("Action", format!("{} {}", code(&call.source), text(&call.event))),
            ("Address", code(&call.address)),
            ("Account", text(&call.account)),
            ("Region", text(&call.region)),
        ];
        vec![
            cell(opening(kind(call.kind), &details, std::slice::from_ref(&call.id))),
            cell(format!("{}{detail}{}{}", text(&call.target), failed.unwrap_or_default(), record.unwrap_or_default())),
            cell(format!("{}<br>{}", text(&call.principal), strength(call.strength))),
            clock.cell(call.time),
        ]
    };
    let rows: Vec<_> = listed.calls.iter().take(MOST).map(row).collect();
    let left_out = listed.count.saturating_sub(rows.len() as u64);
    Table {
        section,
        columns: vec![Column::Text("What"), Column::Text("Target"), Column::Text("Principal"), Column::Time("Time")],
        rows,
        left_out,
        empty,
    }
    .html()
}

fn kind(kind: OccurrenceKind) -> &'static str {
    match kind {
        OccurrenceKind::ExecSession => "session of ECS Exec",
        OccurrenceKind::DirectSession => "session without ECS Exec",
        OccurrenceKind::RevisionWithoutLogs => "revision without logs",
        OccurrenceKind::LogGroupDeleted => "log group deleted",
        OccurrenceKind::LogStreamDeleted => "log stream deleted",
        OccurrenceKind::RetentionChanged => "retention changed",
        OccurrenceKind::ExecSettings => "settings of ECS Exec",
        OccurrenceKind::LogDriverDefault => "default of the log driver",
    }
}
