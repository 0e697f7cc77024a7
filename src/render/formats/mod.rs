//! The formats of the results of `logweir check`, with one file for each format. Every format shows results of the same
//! run (`render::json`). A format for a pipeline contains only decided findings, because a value that the text does not
//! show is no fault.

mod asff;
pub(super) mod compliance_finding;
pub(super) mod csv;
mod github;
mod github_summary;
mod gitlab;
mod html;
mod junit;
mod markdown;
pub(super) mod markdown_tables;
pub(super) mod markdown_text;
mod ocsf;
mod sarif;
pub(super) mod sarif_log;
pub(super) mod security_finding;
pub(super) mod shown;
mod text;
pub(super) mod uri;

use std::fmt;

use jiff::Timestamp;

use super::json::CheckOutput;

pub(super) use csv::field as csv_field;

/// A run of `logweir check`, with the facts that some formats need beside the results.
pub struct Run<'r> {
    pub check: &'r CheckOutput,
    /// The time of the run.
    pub now: Timestamp,
    /// The account that the caller named, or the account of the credentials. Registered revisions name their own
    /// account.
    pub account: Option<&'r str>,
    /// The Region for files. Registered revisions name their own Region.
    pub region: Option<&'r str>,
}

/// A format of the results.
pub trait Emitter {
    /// Returns the results of a run as a text of this format.
    fn emit(&self, run: &Run<'_>) -> String;
}

/// The names of the formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatName {
    Text,
    Json,
    Sarif,
    Junit,
    Github,
    GithubSummary,
    Gitlab,
    Csv,
    Markdown,
    Ocsf,
    Asff,
    Html,
}

impl FormatName {
    pub const ALL: [Self; 12] = [
        Self::Text,
        Self::Json,
        Self::Sarif,
        Self::Junit,
        Self::Github,
        Self::GithubSummary,
        Self::Gitlab,
        Self::Csv,
        Self::Markdown,
        Self::Ocsf,
        Self::Asff,
        Self::Html,
    ];

    /// Returns the name in the spelling of the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::GithubSummary => "github-summary",
            Self::Gitlab => "gitlab",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
            Self::Ocsf => "ocsf",
            Self::Asff => "asff",
            Self::Html => "html",
        }
    }

    /// Returns the writer of the format.
    pub fn emitter(self) -> &'static dyn Emitter {
        match self {
            Self::Text => &text::Text,
            Self::Json => &text::Json,
            Self::Sarif => &sarif::Sarif,
            Self::Junit => &junit::Junit,
            Self::Github => &github::Annotations,
            Self::GithubSummary => &github_summary::StepSummary,
            Self::Gitlab => &gitlab::CodeQuality,
            Self::Csv => &csv::Csv,
            Self::Markdown => &markdown::Markdown,
            Self::Ocsf => &ocsf::Ocsf,
            Self::Asff => &asff::Asff,
            Self::Html => &html::Html,
        }
    }

    /// Whether the format shows the changes of the file that each fix makes.
    pub fn shows_changes(self) -> bool {
        matches!(self, Self::Json | Self::Sarif | Self::Html)
    }
}

impl fmt::Display for FormatName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_its_own_name() {
        let names: std::collections::BTreeSet<_> = FormatName::ALL.map(FormatName::name).into_iter().collect();
        assert_eq!(names.len(), FormatName::ALL.len());
    }
}
