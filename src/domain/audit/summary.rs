//! The totals of one or several audits.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Audit;
use super::revision::{AuditedFinding, AuditedRevision};
use super::scope::{Scope, Scopes};
use crate::domain::rule_name::RuleName;
use crate::domain::severity::Severity;

/// The number of families that the summary names by their running tasks.
const WORST: usize = 10;

/// The keys of tags that name an owner, if the caller names none. The first key that a revision has counts.
pub const OWNER_TAGS: [&str; 3] = ["owner", "team", "aws:cloudformation:stack-name"];

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditSummary {
    pub revisions: u64,
    pub compliant: u64,
    /// The revisions with a fault.
    pub faulty: u64,
    /// The revisions that have no fault, but could not be judged completely.
    pub unknown: u64,
    pub findings: u64,
    pub exempt: u64,
    /// The running tasks of the revisions with a fault.
    pub tasks_affected: u64,
    /// The findings of each rule and severity, the highest severity first.
    pub rules: Vec<RuleCount>,
    /// The families with most running tasks of revisions with a fault.
    pub worst: Vec<FamilyImpact>,
    /// The owners that tags name, those with most findings first.
    pub owners: Vec<OwnerCount>,
}

/// The findings of one rule and severity in each scope. A finding about a revision with two scopes counts in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleCount {
    pub rule: RuleName,
    pub severity: Severity,
    pub findings: u64,
    pub running: u64,
    pub next: u64,
    pub stale: u64,
}

/// A family with revisions that run and have a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FamilyImpact {
    pub account: String,
    pub region: String,
    pub family: String,
    /// The running tasks of the family's revisions with a fault.
    pub tasks: u64,
    pub services: u64,
    pub findings: u64,
}

/// The revisions of one owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OwnerCount {
    /// The value of the tag. `None` for the revisions without such a tag.
    pub owner: Option<String>,
    pub revisions: u64,
    pub faulty: u64,
    pub findings: u64,
    pub tasks: u64,
}

/// Returns the value of the first of these tags that the revision has. Ignores the case of keys.
pub fn owner<'r>(revision: &'r AuditedRevision, keys: &[String]) -> Option<&'r str> {
    keys.iter().find_map(|key| {
        let found = revision.tags.iter().find(|(other, value)| other.eq_ignore_ascii_case(key) && !value.is_empty());
        found.map(|(_, value)| &**value)
    })
}

impl AuditSummary {
    /// Returns the totals of audits. `owner_tags` are the keys of the tags that name an owner.
    pub fn of(audits: &[Audit], owner_tags: &[String]) -> Self {
        let mut summary = Self::default();
        let mut rules: BTreeMap<(std::cmp::Reverse<Severity>, &'static str), RuleCount> = BTreeMap::new();
        let mut families: BTreeMap<(&str, &str, &str), FamilyImpact> = BTreeMap::new();
        let mut owners: BTreeMap<Option<&str>, OwnerCount> = BTreeMap::new();
        for audit in audits {
            for revision in &audit.revisions {
                summary.add(revision);
                for finding in revision.findings.iter().filter(|finding| finding.exempt.is_none()) {
                    let key = (std::cmp::Reverse(finding.severity), finding.rule.name());
                    rules.entry(key).or_insert_with(|| RuleCount::of(finding)).add(revision.scopes);
                }
                let name = owner(revision, owner_tags);
                owners.entry(name).or_insert_with(|| OwnerCount::of(name)).add(revision);
                if is_affected(revision) {
                    let home = &audit.home;
                    let key = (home.account.as_str(), home.region.as_str(), &*revision.family);
                    families.entry(key).or_insert_with(|| FamilyImpact::of(key)).add(revision);
                }
            }
        }
        summary.rules = rules.into_values().collect();
        summary.worst = families.into_values().collect();
        summary.worst.sort_by_key(|family| std::cmp::Reverse((family.tasks, family.services, family.findings)));
        summary.worst.truncate(WORST);
        summary.owners = owners.into_values().collect();
        summary.owners.sort_by_key(|owner| std::cmp::Reverse((owner.findings, owner.faulty, owner.revisions)));
        summary
    }

    fn add(&mut self, revision: &AuditedRevision) {
        self.revisions += 1;
        match revision.compliant() {
            Some(true) => self.compliant += 1,
            Some(false) => {
                self.faulty += 1;
                self.tasks_affected += revision.running_tasks();
            }
            None => self.unknown += 1,
        }
        self.findings += counted(revision);
        self.exempt += revision.findings.iter().filter(|finding| finding.exempt.is_some()).count() as u64;
    }
}

fn is_affected(revision: &AuditedRevision) -> bool {
    revision.compliant() == Some(false) && revision.scopes.has(Scope::Running)
}

fn counted(revision: &AuditedRevision) -> u64 {
    revision.findings.iter().filter(|finding| finding.exempt.is_none()).count() as u64
}

impl RuleCount {
    fn of(finding: &AuditedFinding) -> Self {
        Self { rule: finding.rule, severity: finding.severity, findings: 0, running: 0, next: 0, stale: 0 }
    }

    fn add(&mut self, scopes: Scopes) {
        self.findings += 1;
        self.running += u64::from(scopes.has(Scope::Running));
        self.next += u64::from(scopes.has(Scope::Next));
        self.stale += u64::from(scopes.has(Scope::Stale));
    }
}

impl FamilyImpact {
    fn of((account, region, family): (&str, &str, &str)) -> Self {
        let [account, region, family] = [account, region, family].map(String::from);
        Self { account, region, family, tasks: 0, services: 0, findings: 0 }
    }

    fn add(&mut self, revision: &AuditedRevision) {
        self.tasks += revision.running_tasks();
        self.services += revision.services().count() as u64;
        self.findings += counted(revision);
    }
}

impl OwnerCount {
    fn of(owner: Option<&str>) -> Self {
        Self { owner: owner.map(String::from), revisions: 0, faulty: 0, findings: 0, tasks: 0 }
    }

    fn add(&mut self, revision: &AuditedRevision) {
        self.revisions += 1;
        self.faulty += u64::from(revision.compliant() == Some(false));
        self.findings += counted(revision);
        self.tasks += revision.running_tasks();
    }
}
