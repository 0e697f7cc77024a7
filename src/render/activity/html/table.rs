//! Tables with sortable columns, whose rows lead to event IDs.

use std::fmt::Write as _;

use crate::domain::trail::activity::Share;
use crate::render::html::number::{grouped, plural};
use crate::render::html::section::Section;
use crate::render::html::{code, escaped, text};

/// The maximum number of rows of a table. The JSON output has all rows.
pub(super) const MOST: usize = 50;

/// A column: its name, and whether it contains numbers or times, which the reader sorts from high to low first.
pub(super) enum Column {
    Text(&'static str),
    /// One of a few words, which stay on one line.
    Word(&'static str),
    Number(&'static str),
    Time(&'static str),
}

impl Column {
    fn name(&self) -> &'static str {
        let (Self::Text(name) | Self::Word(name) | Self::Number(name) | Self::Time(name)) = self;
        name
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Text(_) => "",
            Self::Word(_) => " class=\"w\"",
            Self::Number(_) => " class=\"n\"",
            Self::Time(_) => " class=\"t\"",
        }
    }
}

/// A cell: its content, and the key for sorting if the content is not the key.
pub(super) struct Cell {
    html: String,
    key: Option<i64>,
}

/// Returns a cell with escaped content.
pub(super) fn cell(html: impl Into<String>) -> Cell {
    Cell { html: html.into(), key: None }
}

/// Returns a cell with a number that sorts by another key than its text.
pub(super) fn keyed(html: impl Into<String>, key: i64) -> Cell {
    Cell { html: html.into(), key: Some(key) }
}

/// Returns a cell with a number. Zero is quiet.
pub(super) fn number(number: u64) -> Cell {
    let html = if number == 0 { "<span class=\"quiet\">0</span>".to_owned() } else { grouped(number) };
    keyed(html, i64::try_from(number).unwrap_or(i64::MAX))
}

/// Returns a cell with a number and a bar, whose length is the part of the highest number of the column.
pub(super) fn bar(count: u64, most: u64) -> Cell {
    let length = (count as f64 / most.max(1) as f64 * 100.0).max(1.0);
    let html = format!(
        "{}<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect \
         width=\"{length:.0}\" height=\"4\"/></svg>",
        grouped(count)
    );
    keyed(html, i64::try_from(count).unwrap_or(i64::MAX))
}

/// A table in a section of the page.
pub(super) struct Table {
    pub(super) section: Section,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// The number of rows that the report does not contain.
    pub(super) left_out: u64,
    /// The sentence in place of an empty table.
    pub(super) empty: &'static str,
}

impl Table {
    pub(super) fn html(self) -> String {
        self.section.with_count(self.rows.len() as u64 + self.left_out, &self.inner())
    }

    /// Returns the table without its section.
    pub(super) fn inner(&self) -> String {
        if self.rows.is_empty() {
            return format!("<p class=\"none\">{}</p>\n", self.empty);
        }
        let name = escaped(self.section.name);
        let mut out = format!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Table: {name}\">\n<table class=\"sortable\">\n\
             <caption class=\"unseen\">{name}</caption>\n<thead><tr>"
        );
        for column in &self.columns {
            let _ = write!(out, "<th scope=\"col\"{}>{}</th>", column.class(), column.name());
        }
        out += "</tr></thead>\n<tbody>\n";
        for row in self.rows.iter().take(MOST) {
            out += "<tr>";
            for (column, cell) in self.columns.iter().zip(row) {
                let key = cell.key.map(|key| format!(" data-k=\"{key}\"")).unwrap_or_default();
                let (class, name) = (column.class(), column.name());
                let _ = write!(out, "<td{class}{key} data-l=\"{name}\">{}</td>", cell.html);
            }
            out += "</tr>\n";
        }
        out += "</tbody>\n</table>\n</div>\n";
        let others = self.left_out + self.rows.len().saturating_sub(MOST) as u64;
        if others > 0 {
            let _ = writeln!(out, "<p class=\"others\">and {}</p>", plural(others, "other"));
        }
        out
    }
}

/// Returns the name of a row, which opens to its details and event IDs.
pub(super) fn opening(name: &str, details: &[(&str, String)], examples: &[String]) -> String {
    let mut list = String::new();
    for (name, detail) in details.iter().filter(|(_, detail)| !detail.is_empty()) {
        let _ = write!(list, "<dt>{name}</dt><dd>{detail}</dd>");
    }
    if !examples.is_empty() {
        let ids: String = examples.iter().map(|id| format!("<li>{}</li>", code(id))).collect();
        let _ = write!(list, "<dt>Event IDs</dt><dd><ul class=\"ids\">{ids}</ul></dd>");
    }
    format!("<details><summary>{name}</summary><dl>{list}</dl></details>")
}

/// Returns the parts of a row's count, such as the principals of an address.
pub(super) fn shares(shares: &[Share]) -> String {
    let share = |Share { name, count }: &Share| format!("<li>{} <b>{}</b></li>", text(name), grouped(*count));
    if shares.is_empty() {
        return String::new();
    }
    format!("<ul class=\"parts\">{}</ul>", shares.iter().map(share).collect::<String>())
}
