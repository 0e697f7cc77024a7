//! The result of `logweir audit` as data. A run writes the revisions one after the other, because an account may have a
//! hundred thousand families.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::baseline::BaselineLine;
use super::family_sources::OwnedFamily;
use crate::domain::account_default::Statement;
use crate::domain::audit::{
    Audit, AuditSummary, AuditedFinding, AuditedRevision, Coverage, FixKind, Scopes, User, UserKind,
};
use crate::domain::baseline::Exempted;
use crate::domain::owner::{Owner, Traces};
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
    /// The owners of the families with faults, and the files of the caller's folder that describe these families.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<OwnedFamily>,
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
    /// What the account setting would resolve. `None` if it would resolve nothing.
    pub account_default: Option<AccountDefaultLine>,
}

/// What the account setting `defaultLogDriverMode` would resolve.
#[derive(Serialize)]
pub struct AccountDefaultLine {
    /// The value of the setting. `None` if ECS lists no value.
    pub value: Option<&'static str>,
    pub effective: &'static str,
    /// The principal that read the setting.
    pub caller: String,
    /// Whether the value belongs to the caller alone, and hides the account's default.
    pub is_own: bool,
    pub settled: usize,
    pub command: String,
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
    /// The tool or pipeline that registers the revisions of the family, as far as tags and the principal name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<OwnerLine>,
}

/// The owner of a revision's family.
#[derive(Serialize)]
pub struct OwnerLine {
    #[serde(flatten)]
    pub owner: Owner,
    /// What the owner's next deployment does. `None` for a revision without a fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
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
        let summary = AuditSummary::of(audits, owner_tags);
        Self { schema: schema::AUDIT, baseline, accounts, summary, sources: Vec::new() }
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
            default_mode: audit.default_mode.as_ref().map(|setting| setting.effective().mode()),
            is_complete: audit.coverage.is_complete(),
            coverage: audit.coverage.clone(),
            account_default: audit.account_default.as_ref().map(AccountDefaultLine::of),
        }
    }
}

impl AccountDefaultLine {
    fn of(statement: &Statement) -> Self {
        Self {
            value: statement.setting.value.map(|mode| mode.mode()),
            effective: statement.setting.effective().mode(),
            caller: statement.caller.clone(),
            is_own: statement.setting.hides_the_default(),
            settled: statement.settled(),
            command: statement.command(),
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
            owner: OwnerLine::of(revision),
        }
    }
}

impl OwnerLine {
    fn of(revision: &AuditedRevision) -> Option<Self> {
        let tags: Vec<(&str, &str)> = revision.tags.iter().map(|(key, value)| (&**key, &**value)).collect();
        let owner =
            Owner::of(&Traces { tags: &tags, principal: revision.registered_by.as_deref(), ..Traces::default() })?;
        let warning = (revision.compliant() == Some(false)).then(|| owner.warning());
        Some(Self { owner, warning })
    }
}

/// Returns the ARN of a revision. Returns the ARN of its family if the newest revision could not be read.
pub fn arn(audit: &Audit, revision: &AuditedRevision) -> String {
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
