//! Where the calls come from: the source addresses, and the world map with the countries.

use super::map::map;
use super::table::{Cell, Column, Table, bar, cell, number, opening, shares};
use super::when::Clock;
use crate::domain::country::{Country, with_code};
use crate::domain::trail::activity::{Activity, AddressRow, CountryRow};
use crate::domain::trail::address::Kind;
use crate::render::html::number::{grouped, share};
use crate::render::html::section::Section;
use crate::render::html::{code, escaped, text};

const ADDRESSES: Section = Section {
    id: "addresses",
    name: "Source addresses",
    about: "Open a row to see its principals, its user agents and up to five event IDs.",
};

const COUNTRIES: Section = Section {
    id: "countries",
    name: "Countries",
    about: "The countries of public source addresses. Boundaries: Natural Earth, which is not a legal statement.",
};

pub(super) fn addresses(activity: &Activity, clock: &Clock) -> String {
    let most = activity.addresses.iter().map(|row| row.count).max().unwrap_or_default();
    let row = |row: &AddressRow| {
        let details = [
            ("Principals", shares(&row.principals)),
            ("User agents", shares(&row.agents)),
            ("Errors", if row.errors > 0 { grouped(row.errors) } else { String::new() }),
        ];
        vec![
            cell(opening(&name(&row.address), &details, &row.examples)),
            cell(owner(row)),
            bar(row.count, most),
            cell(row.principals.iter().take(2).map(|share| text(&share.name)).collect::<Vec<_>>().join("<br>")),
            clock.cell(row.first),
            clock.cell(row.last),
        ]
    };
    Table {
        section: ADDRESSES,
        columns: vec![
            Column::Text("Address"),
            Column::Text("Owner"),
            Column::Number("Calls"),
            Column::Text("Principals"),
            Column::Time("First seen"),
            Column::Time("Last seen"),
        ],
        rows: activity.addresses.iter().map(row).collect(),
        left_out: activity.left_out.get("addresses").copied().unwrap_or_default(),
        empty: "No call has a source address.",
    }
    .html()
}

/// Returns the address as the page shows it. A record may have no source address.
fn name(address: &str) -> String {
    if address.is_empty() { "<span class=\"quiet\">none</span>".to_owned() } else { code(address) }
}

/// Returns the owner of an address and its country.
fn owner(row: &AddressRow) -> String {
    let owner = match (&row.owner, row.kind) {
        (Some(owner), Kind::VpcEndpoint) => format!("VPC endpoint {}", code(owner)),
        (Some(owner), _) => text(owner),
        (None, Kind::Service) => "AWS service".to_owned(),
        (None, Kind::Private) => "private network".to_owned(),
        (None, Kind::VpcEndpoint) => "VPC endpoint".to_owned(),
        (None, Kind::Aws) => "AWS".to_owned(),
        (None, Kind::Public) => String::new(),
        (None, Kind::Unknown) if row.country.is_none() => "<span class=\"quiet\">unknown</span>".to_owned(),
        (None, Kind::Unknown) => String::new(),
    };
    let country = row.country.as_deref().map(country).unwrap_or_default();
    let gap = if owner.is_empty() || country.is_empty() { "" } else { "<br>" };
    format!("{owner}{gap}{country}")
}

fn country(code: &str) -> String {
    match with_code(code) {
        Some(Country { code, name, .. }) => format!("<span class=\"cc\">{code}</span> {}", escaped(name)),
        None => text(code),
    }
}

pub(super) fn countries(activity: &Activity) -> String {
    let known = |row: &CountryRow| Some((with_code(&row.country)?, row.count));
    let counts: Vec<(Country, u64)> = activity.countries.iter().filter_map(known).collect();
    if counts.is_empty() {
        let way = match activity.geography {
            Some(_) => "No public source address has a known country.",
            None => "Countries need a database of addresses: run the command with --geoip FILE.",
        };
        return COUNTRIES.around(&format!("<p class=\"none\">{way}</p>\n"));
    }
    let all = activity.countries.iter().map(|row| row.count).sum();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or_default();
    let row = |row: &CountryRow| -> Vec<Cell> {
        vec![
            cell(opening(&country(&row.country), &[("Share", share(row.count, all))], &row.examples)),
            bar(row.count, most),
            number(row.addresses),
        ]
    };
    let table = Table {
        section: COUNTRIES,
        columns: vec![Column::Text("Country"), Column::Number("Calls"), Column::Number("Addresses")],
        rows: activity.countries.iter().map(row).collect(),
        left_out: activity.left_out.get("countries").copied().unwrap_or_default(),
        empty: "",
    };
    let database = activity
        .geography
        .as_ref()
        .map(|database| format!("<p class=\"about\">Database: {}</p>\n", text(&database.to_string())));
    COUNTRIES.around(&format!(
        "<div class=\"side\">\n<figure class=\"box\">\n{}{}</figure>\n<div>\n{}</div>\n</div>\n",
        map(&counts),
        database.unwrap_or_default(),
        table.inner()
    ))
}
