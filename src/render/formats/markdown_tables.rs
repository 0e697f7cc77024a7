//! The tables of a report in Markdown.

use std::fmt::Write as _;

/// Returns the heading and the header of a table.
pub(in crate::render) fn head(title: &str, header: &[&str]) -> String {
    format!("\n## {title}\n\n| {} |\n|{}\n", header.join(" | "), " --- |".repeat(header.len()))
}

/// Returns a row of a table.
pub(in crate::render) fn line(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// The text of a report, and its limit.
pub(in crate::render) struct Tables {
    out: String,
    /// The most bytes of the text.
    most: usize,
    omitted: usize,
}

impl Tables {
    /// Returns the report after its first text. The tables add at most so many rows that the text has `most` bytes.
    pub(in crate::render) fn new(out: String, most: usize) -> Self {
        Self { out, most, omitted: 0 }
    }

    /// Adds a table under a heading. Adds nothing if there is no row.
    pub(in crate::render) fn table(&mut self, title: &str, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let mut rows = rows.peekable();
        if rows.peek().is_none() {
            return;
        }
        self.out += &head(title, header);
        for row in rows {
            let line = line(&row);
            if self.out.len() + line.len() > self.most {
                self.omitted += 1;
            } else {
                self.out += &line;
            }
        }
    }

    /// Returns the text, which says how many rows it leaves out.
    pub(in crate::render) fn end(self) -> String {
        let Self { mut out, omitted, .. } = self;
        if omitted > 0 {
            let _ = writeln!(out, "\n{omitted} rows are omitted, because this page would be too long.");
        }
        out
    }
}
