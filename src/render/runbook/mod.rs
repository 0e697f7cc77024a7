//! The formats of the results of `logweir runbook` other than JSON, with one file for each format. Every format shows
//! results of the same run (`render::json::RunbookOutput`).

mod asff;
mod catalogues;
mod csv;
mod html;
mod markdown;
mod ocsf;
mod page;
mod resource;
mod sarif;
mod text;
mod unchecked;

use std::io::{self, Write};

use anstream::adapter::strip_str;
use jiff::Timestamp;
use serde::Serialize;

use super::formats::FormatName;
use super::formats::shown::marked;
use super::html::{code, escaped};
use super::json::RunbookOutput;

/// Returns a message in HTML, in which the names between backticks become code.
fn html_message(text: &str) -> String {
    marked(text, code, escaped)
}

/// The formats of the results.
pub const FORMATS: [FormatName; 8] = [
    FormatName::Text,
    FormatName::Json,
    FormatName::Markdown,
    FormatName::Csv,
    FormatName::Ocsf,
    FormatName::Asff,
    FormatName::Sarif,
    FormatName::Html,
];

/// A run of `logweir runbook`, with the facts that some formats need in addition to the results.
pub struct RunbookRun<'r> {
    pub output: &'r RunbookOutput,
    /// The time of the run.
    pub now: Timestamp,
    /// The account that the caller named, or the account of the credentials. An ARN names its own account.
    pub account: Option<&'r str>,
    /// The Region of the run. An ARN names its own Region, unless the resource is global.
    pub region: Option<&'r str>,
}

impl RunbookRun<'_> {
    /// Writes the results in the format, piece by piece. Writes nothing for a format that is not in [`FORMATS`].
    pub fn emit(&self, format: FormatName, out: &mut dyn Write) -> io::Result<()> {
        match format {
            FormatName::Text => text::sheet(self.output, &mut |text| write!(out, "{}", strip_str(text))),
            FormatName::Json => json(out, self.output),
            FormatName::Markdown => markdown::sheet(self, out),
            FormatName::Csv => csv::rows(self.output, out),
            FormatName::Ocsf => ocsf::events(self, out),
            FormatName::Asff => asff::findings(self, out),
            FormatName::Sarif => sarif::log(self, out),
            FormatName::Html => out.write_all(html::page(self).as_bytes()),
            FormatName::Junit | FormatName::Github | FormatName::GithubSummary | FormatName::Gitlab => Ok(()),
        }
    }

    /// Calls `put` with the pieces of the text for a terminal, which may contain styles. Each piece has whole lines.
    pub fn styled(&self, put: &mut dyn FnMut(&str)) {
        // The function that receives the pieces has no error.
        let _ = text::sheet(self.output, &mut |text| {
            put(text);
            Ok(())
        });
    }
}

/// Writes a value as JSON, with a line break at the end.
fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    out.write_all(b"\n")
}
