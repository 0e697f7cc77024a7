//! The principals, and what they called: API actions, errors, user agents and targets.

use super::table::{Cell, Column, Table, bar, cell, keyed, number, opening, shares};
use super::when::Clock;
use crate::domain::trail::activity::{
    Activity, AgentKind, AgentRow, ErrorRow, EventRow, PrincipalRow, TargetKind, TargetRow,
};
use crate::domain::trail::{How, Strength};
use crate::render::html::section::Section;
use crate::render::html::{code, text};

pub(super) fn principals(activity: &Activity, clock: &Clock) -> String {
    let most = activity.principals.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &PrincipalRow| {
        vec![
            cell(opening(&text(&row.name), &[("Named by", how(row.how).to_owned())], &row.examples)),
            keyed(strength(row.strength), row.strength as i64),
            bar(row.count, most),
            number(row.writes),
            number(row.errors),
            clock.cell(row.first),
            clock.cell(row.last),
        ]
    };
    Table {
        section: Section {
            id: "principals",
            name: "Principals",
            about: "AWS authenticated a proven name. The caller chose a claimed name.",
        },
        columns: vec![
            Column::Text("Principal"),
            Column::Word("Name is"),
            Column::Number("Calls"),
            Column::Number("Writes"),
            Column::Number("Errors"),
            Column::Time("First seen"),
            Column::Time("Last seen"),
        ],
        rows: activity.principals.iter().map(row).collect(),
        left_out: left_out(activity, "principals"),
        empty: "No call has a principal.",
    }
    .html()
}

pub(super) fn left_out(activity: &Activity, list: &str) -> u64 {
    activity.left_out.get(list).copied().unwrap_or_default()
}

pub(super) fn strength(strength: Strength) -> String {
    let class = match strength {
        Strength::Proven => "fine",
        Strength::Claimed => "warning",
        Strength::Unknown => "",
    };
    format!("<span class=\"badge {class}\">{}</span>", strength.name())
}

fn how(how: How) -> &'static str {
    match how {
        How::SourceIdentity => "the source identity of the session",
        How::OnBehalfOf => "the user of IAM Identity Center",
        How::PermissionSet => "the session of a permission set",
        How::IamUser => "the IAM user",
        How::FederatedUser => "the federated user",
        How::Root => "the root user",
        How::SessionName => "the name of the session, which the caller chose",
        How::Role => "the role, because a program made up the name of the session",
        How::Service => "the AWS service",
        How::Account => "the other account",
        How::None => "the record names no principal",
    }
}

pub(super) fn events(activity: &Activity) -> String {
    let most = activity.events.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &EventRow| {
        let kind =
            if row.write { "<span class=\"badge write\">write</span>" } else { "<span class=\"badge\">read</span>" };
        vec![
            cell(opening(&text(&row.name), &[("Service", code(&row.source))], &row.examples)),
            cell(kind),
            bar(row.count, most),
            number(row.errors),
        ]
    };
    let writes = activity.events.iter().filter(|row| row.write);
    let reads = activity.events.iter().filter(|row| !row.write);
    Table {
        section: Section { id: "events", name: "API actions", about: "Writes come first." },
        columns: vec![Column::Text("Action"), Column::Word("Kind"), Column::Number("Calls"), Column::Number("Errors")],
        rows: writes.chain(reads).map(row).collect(),
        left_out: left_out(activity, "events"),
        empty: "No call is in the period.",
    }
    .html()
}

pub(super) fn errors(activity: &Activity) -> String {
    let most = activity.errors.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &ErrorRow| {
        let details = [("API actions", shares(&row.events))];
        vec![
            cell(opening(&code(&row.code), &details, &row.examples)),
            bar(row.count, most),
            cell(shares(&row.principals)),
        ]
    };
    Table {
        section: Section { id: "errors", name: "Errors", about: "The calls that AWS refused, with their principals." },
        columns: vec![Column::Text("Code"), Column::Number("Calls"), Column::Text("Principals")],
        rows: activity.errors.iter().map(row).collect(),
        left_out: left_out(activity, "errors"),
        empty: "No call ended with an error.",
    }
    .html()
}

pub(super) fn agents(activity: &Activity, clock: &Clock) -> String {
    let most = activity.agents.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &AgentRow| -> Vec<Cell> {
        let kind = match row.kind {
            AgentKind::Console => "console",
            AgentKind::Cli => "command line",
            AgentKind::Sdk => "SDK",
            AgentKind::Tool => "tool",
            AgentKind::Service => "AWS service",
            AgentKind::Other => "other",
        };
        let details = [("First seen", clock.minute(row.first))];
        vec![
            cell(opening(&text(&row.agent), &details, &row.examples)),
            cell(kind),
            bar(row.count, most),
            clock.cell(row.last),
        ]
    };
    Table {
        section: Section {
            id: "agents",
            name: "User agents",
            about: "The programs of the callers, by their own account.",
        },
        columns: vec![
            Column::Text("User agent"),
            Column::Word("Kind"),
            Column::Number("Calls"),
            Column::Time("Last seen"),
        ],
        rows: activity.agents.iter().map(row).collect(),
        left_out: left_out(activity, "agents"),
        empty: "No call has a user agent.",
    }
    .html()
}

pub(super) fn targets(activity: &Activity, clock: &Clock) -> String {
    let most = activity.targets.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &TargetRow| -> Vec<Cell> {
        let kind = match row.kind {
            TargetKind::Cluster => "cluster",
            TargetKind::Service => "service",
            TargetKind::Family => "family",
        };
        vec![
            cell(opening(&text(&row.name), &[], &row.examples)),
            cell(kind),
            bar(row.count, most),
            number(row.writes),
            clock.cell(row.last),
        ]
    };
    Table {
        section: Section {
            id: "targets",
            name: "Clusters, services and families",
            about: "The targets that calls name.",
        },
        columns: vec![
            Column::Text("Name"),
            Column::Word("Kind"),
            Column::Number("Calls"),
            Column::Number("Writes"),
            Column::Time("Last seen"),
        ],
        rows: activity.targets.iter().map(row).collect(),
        left_out: left_out(activity, "targets"),
        empty: "No call names a cluster, a service or a family.",
    }
    .html()
}
