//! The result of `logweir audit` as data. A run writes the revisions one after the other, because an account may have a
//! hundred thousand families.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::baseline::BaselineLine;
use crate::domain::audit::{
    Audit, AuditSummary, AuditedFinding, AuditedRevision, Coverage, FixKind, Scopes, User, UserKind,
};
use crate::domain::baseline::Exempted;
use crate::domain::report::schema;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::finding::Safety;
use crate::domain::severity::Severity;
use crate::domain::verdict::Decided;

/// The length from which a part of the output is written, in bytes.
const PART: usize = 64 << 10;

/// The result of `logweir audit`, without the revisions.
#[derive(Serialize)]
pub struct AuditOutput {
    pub schema: &'static str,
    pub baseline: BaselineLine,
    /// The audited accounts and Regions, with what was read there and what was not.
    pub accounts: Vec<AccountLine>,
    pub summary: AuditSummary,
}

/// One audited account and Region.
#[derive(Serialize)]
pub struct AccountLine {
    pub account: String,
    pub region: String,
    pub partition: String,
    pub started: Timestamp,
    /// The account setting `defaultLogDriverMode`. `None` if it could not be read, or was not needed.
    pub default_mode: Option<&'static str>,
    pub is_complete: bool,
    pub coverage: Coverage,
}

/// An audited revision.
#[derive(Serialize)]
pub struct RevisionLine<'a> {
    pub arn: String,
    pub account: &'a str,
    pub region: &'a str,
    pub family: &'a str,
    pub revision: u32,
    pub scopes: Scopes,
    /// `None` if there is no fault, but a read failed.
    pub compliant: Option<bool>,
    /// Why Logweir could not read the revision, or could not check every rule.
    pub error: Option<&'a str>,
    pub users: Vec<UserLine<'a>>,
    pub findings: Vec<AuditFindingLine<'a>>,
    pub not_checked: &'a [RuleName],
    pub tags: BTreeMap<&'a str, &'a str>,
    pub registered_by: Option<&'a str>,
    pub registered_at: Option<Timestamp>,
}

/// A service, or the standalone tasks of one group.
#[derive(Serialize)]
pub struct UserLine<'a> {
    pub kind: UserKind,
    pub cluster: &'a str,
    pub name: &'a str,
    pub desired: u32,
    pub running: u32,
    /// Whether the service starts new tasks from this revision.
    pub starts: bool,
}

/// A fault of an audited revision.
#[derive(Serialize)]
pub struct AuditFindingLine<'a> {
    pub rule: RuleName,
    pub severity: Severity,
    pub decided: Decided,
    pub container: Option<&'a str>,
    pub pointer: &'a str,
    pub message: &'a str,
    pub effective: Option<&'a str>,
    pub fix: AuditFixLine<'a>,
    pub exempt: Option<&'a Exempted>,
    pub notes: Vec<&'a str>,
}

#[derive(Serialize)]
pub struct AuditFixLine<'a> {
    pub safety: Safety,
    /// What the fix changes: a new revision, a log group, or nothing.
    pub kind: FixKind,
    pub text: &'a str,
}

impl AuditOutput {
    /// Returns the result of audits. `owner_tags` are the keys of the tags that name an owner.
    pub fn of(audits: &[Audit], baseline: BaselineLine, owner_tags: &[String]) -> Self {
        let accounts = audits.iter().map(AccountLine::of).collect();
        Self { schema: schema::AUDIT, baseline, accounts, summary: AuditSummary::of(audits, owner_tags) }
    }

    /// Writes the result with all revisions as one JSON object, in parts.
    pub fn write(&self, audits: &[Audit], mut put: impl FnMut(String)) {
        let whole = serde_json::to_string(self).unwrap_or_default();
        let mut part = format!("{},\"revisions\":[", whole.strip_suffix('}').unwrap_or(&whole));
        let mut is_first = true;
        for audit in audits {
            for revision in &audit.revisions {
                part += if std::mem::take(&mut is_first) { "\n" } else { ",\n" };
                part += &serde_json::to_string(&RevisionLine::of(audit, revision)).unwrap_or_default();
                if part.len() >= PART {
                    put(std::mem::take(&mut part));
                }
            }
        }
        put(part + "\n]}\n");
    }
}

impl AccountLine {
    fn of(audit: &Audit) -> Self {
        let home = audit.home.clone();
        Self {
            account: home.account,
            region: home.region,
            partition: home.partition,
            started: audit.started,
            default_mode: audit.default_mode.map(|mode| mode.mode()),
            is_complete: audit.coverage.is_complete(),
            coverage: audit.coverage.clone(),
        }
    }
}

impl<'a> RevisionLine<'a> {
    pub fn of(audit: &'a Audit, revision: &'a AuditedRevision) -> Self {
        Self {
            arn: arn(audit, revision),
            account: &audit.home.account,
            region: &audit.home.region,
            family: &revision.family,
            revision: revision.revision,
            scopes: revision.scopes,
            compliant: revision.compliant(),
            error: revision.unread.as_deref(),
            users: revision.users.iter().map(UserLine::of).collect(),
            findings: revision.findings.iter().map(AuditFindingLine::of).collect(),
            not_checked: &revision.not_checked,
            tags: revision.tags.iter().map(|(key, value)| (&**key, &**value)).collect(),
            registered_by: revision.registered_by.as_deref(),
            registered_at: revision.registered_at,
        }
    }
}

/// Returns the ARN of a revision. Returns the ARN of its family if the newest revision could not be read.
fn arn(audit: &Audit, revision: &AuditedRevision) -> String {
    let arn = audit.arn(revision).to_string();
    match revision.revision {
        0 => arn.trim_end_matches(":0").to_owned(),
        _ => arn,
    }
}

impl<'a> UserLine<'a> {
    fn of(user: &'a User) -> Self {
        let User { kind, cluster, name, desired, running, starts } = user;
        Self { kind: *kind, cluster, name, desired: *desired, running: *running, starts: *starts }
    }
}

impl<'a> AuditFindingLine<'a> {
    fn of(finding: &'a AuditedFinding) -> Self {
        Self {
            rule: finding.rule,
            severity: finding.severity,
            decided: finding.decided,
            container: finding.container.as_deref(),
            pointer: &finding.pointer,
            message: &finding.message,
            effective: finding.effective.as_deref(),
            fix: AuditFixLine { safety: finding.fix.safety, kind: finding.fix.kind, text: &finding.fix.text },
            exempt: finding.exempt.as_deref(),
            notes: finding.notes.iter().map(|note| &**note).collect(),
        }
    }
}
