//! The formats of the results of `logweir audit`. The formats of pipelines and of other
//! programs are those of `logweir check`, with who uses each revision. The page is the audit's own.

mod details;
mod html;

use jiff::Timestamp;

use super::formats::{FormatName, Run};
use super::human;
use super::json::{AuditOutput, BaselineLine, CheckOutput, TargetOutput};
use crate::domain::audit::Audit;

use details::details;

/// A run of `logweir audit`.
pub struct AuditRun<'r> {
    pub audits: &'r [Audit],
    pub output: &'r AuditOutput,
    /// The keys of the tags that name an owner.
    pub owner_tags: &'r [String],
    /// The time of the run.
    pub now: Timestamp,
    /// Whether the text shows each finding in full.
    pub has_details: bool,
}

impl AuditRun<'_> {
    /// Returns the results in a format.
    pub fn emit(&self, format: FormatName) -> String {
        match format {
            FormatName::Text => self.text(false),
            FormatName::Json => {
                let mut out = String::new();
                self.output.write(self.audits, |part| out += &part);
                out
            }
            FormatName::Html => html::page(self),
            format => {
                let check = self.as_check();
                format.emitter().emit(&Run { check: &check, now: self.now, account: None, region: None })
            }
        }
    }

    /// Returns the summary and the table, and with `has_details` each finding in full.
    pub fn text(&self, is_styled: bool) -> String {
        let mut text = human::audit::text(self.output, self.audits, self.owner_tags);
        if self.has_details {
            text.push('\n');
            for audit in self.audits {
                for revision in &audit.revisions {
                    text += &details(audit, revision, self.owner_tags, is_styled);
                }
            }
        }
        text
    }

    /// Returns the audited revisions as targets of a check. A part of the account that Logweir could not read is a
    /// target with an error.
    fn as_check(&self) -> CheckOutput {
        let BaselineLine { path, digest, origin } = &self.output.baseline;
        let baseline = BaselineLine { path: path.clone(), digest: digest.clone(), origin: origin.clone() };
        let mut check = CheckOutput::new(baseline, None, None);
        check.verb = "audit";
        for audit in self.audits {
            for revision in &audit.revisions {
                check.add(TargetOutput::of_audit(audit, revision, self.owner_tags));
            }
            for part in &audit.coverage.unread {
                let target = format!("{} in account {}, {}", part.what, audit.home.account, audit.home.region);
                let error = format!("{}: {}", part.call, part.message);
                check.add(TargetOutput::unread(target, super::json::Scope::Live, None, error, None));
            }
        }
        check
    }
}
