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

use anstream::adapter::strip_str;
use jiff::Timestamp;
use serde_json::Value;

use super::Output;
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
    /// Returns the results as a text of the format. Returns `None` for a format that is not in [`FORMATS`].
    pub fn emit(&self, format: FormatName) -> Option<String> {
        Some(match format {
            FormatName::Text => strip_str(&text::sheet(self.output)).to_string(),
            FormatName::Json => format!("{:#}\n", self.output.json()),
            FormatName::Markdown => markdown::sheet(self),
            FormatName::Csv => csv::rows(self.output),
            FormatName::Ocsf => ocsf::events(self),
            FormatName::Asff => asff::findings(self),
            FormatName::Sarif => sarif::log(self),
            FormatName::Html => html::page(self),
            FormatName::Junit | FormatName::Github | FormatName::GithubSummary | FormatName::Gitlab => return None,
        })
    }
}

impl Output for RunbookOutput {
    fn text(&self) -> String {
        text::sheet(self)
    }

    fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
