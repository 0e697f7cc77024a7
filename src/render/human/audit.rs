//! The text output of `logweir audit`: a summary, and a table with a line for each family that has faults.

use std::collections::BTreeMap;
use std::fmt::Write;

use comfy_table::{CellAlignment, Table, presets};

use crate::domain::audit::{
    Audit, AuditSummary, AuditedRevision, Coverage, FamilyImpact, OwnerCount, RuleCount, Scopes, UnjudgedDaemon, owner,
};
use crate::domain::severity::Severity;
use crate::domain::text::count;
use crate::domain::text::plain::plain;
use crate::render::json::AuditOutput;

/// The number of owners that the summary names.
const MOST_OWNERS: usize = 10;

/// The number of failed reads that the text names.
const MOST_UNREAD: usize = 10;

/// The longest name from a tag, in characters.
const LONGEST: usize = 60;

/// Returns the whole text.
pub fn text(output: &AuditOutput, audits: &[Audit], owner_tags: &[String]) -> String {
    let AuditSummary { rules, worst, owners, .. } = &output.summary;
    let mut text = head(&output.summary) + &hidden(audits);
    if !rules.is_empty() {
        text += &format!("\n{}", by_rule(rules));
    }
    if !worst.is_empty() {
        text += &format!("\nFamilies with most running tasks affected\n{}", worst_families(worst, audits.len() > 1));
    }
    if owners.iter().any(|owner| owner.owner.is_some()) {
        text += &format!("\n{}", by_owner(owners));
    }
    for audit in audits {
        text += &families(audit, owner_tags, audits.len() > 1);
    }
    for audit in audits {
        text += &covered(audit, audits.len() > 1);
    }
    for statement in audits.iter().filter_map(|audit| audit.account_default.as_ref()) {
        text += &format!("\n{}\n", statement.sentences().join("\n"));
    }
    text + &format!("baseline: {}\n", output.baseline)
}

fn head(summary: &AuditSummary) -> String {
    let AuditSummary { revisions, compliant, faulty, unknown, findings, exempt, tasks_affected, .. } = summary;
    let mut text = format!("{} audited: {compliant} compliant, {faulty} with faults", count(*revisions, "revision"));
    if *unknown > 0 {
        text += &format!(", {unknown} without a verdict");
    }
    text += &format!("; {}", count(*findings, "finding"));
    if *exempt > 0 {
        text += &format!(", {exempt} exempt");
    }
    if *tasks_affected > 0 {
        text += &format!("; {} affected", count(*tasks_affected, "running task"));
    }
    text + "\n"
}

/// Names the revisions with a fault that the filters hide.
fn hidden(audits: &[Audit]) -> String {
    let number = audits.iter().flat_map(|audit| &audit.revisions).filter(|one| one.hides_fault).count() as u64;
    match number {
        0 => String::new(),
        number => format!("--rule and --severity hide faults of {}\n", count(number, "revision")),
    }
}

fn table(header: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    for index in numbers {
        if let Some(column) = table.column_mut(*index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn by_rule(rules: &[RuleCount]) -> String {
    let has_stale = rules.iter().any(|rule| rule.stale > 0);
    let mut header = vec!["RULE", "SEVERITY", "RUNNING", "NEXT"];
    header.extend(has_stale.then_some("STALE"));
    let mut table = table(&header, &[2, 3, 4]);
    for RuleCount { rule, severity, running, next, stale, .. } in rules {
        let mut row = vec![rule.to_string(), severity.to_string(), running.to_string(), next.to_string()];
        row.extend(has_stale.then(|| stale.to_string()));
        table.add_row(row);
    }
    table.trim_fmt() + "\n"
}

fn worst_families(worst: &[FamilyImpact], has_accounts: bool) -> String {
    let mut header = vec!["FAMILY", "TASKS", "SERVICES", "FINDINGS"];
    if has_accounts {
        header.extend(["ACCOUNT", "REGION"]);
    }
    let mut table = table(&header, &[1, 2, 3]);
    for FamilyImpact { account, region, family, tasks, services, findings } in worst {
        let mut row = vec![family.clone(), tasks.to_string(), services.to_string(), findings.to_string()];
        if has_accounts {
            row.extend([account.clone(), region.clone()]);
        }
        table.add_row(row);
    }
    table.trim_fmt() + "\n"
}

fn by_owner(owners: &[OwnerCount]) -> String {
    let mut table = table(&["OWNER", "REVISIONS", "FAULTY", "FINDINGS", "TASKS"], &[1, 2, 3, 4]);
    for OwnerCount { owner, revisions, faulty, findings, tasks } in owners.iter().take(MOST_OWNERS) {
        let name = owner.as_deref().map_or_else(|| "(no tag)".to_owned(), |owner| plain(owner, LONGEST));
        table.add_row([name, revisions.to_string(), faulty.to_string(), findings.to_string(), tasks.to_string()]);
    }
    let more = owners.len().saturating_sub(MOST_OWNERS) as u64;
    let more = if more > 0 { format!("and {}\n", count(more, "further owner")) } else { String::new() };
    table.trim_fmt() + "\n" + &more
}

/// The revisions of one family that the table shows in one line.
#[derive(Default)]
struct FamilyRow<'a> {
    revisions: Vec<u32>,
    scopes: Vec<Scopes>,
    severities: [u64; 3],
    services: u64,
    tasks: u64,
    owner: Option<&'a str>,
    is_unread: bool,
}

impl<'a> FamilyRow<'a> {
    fn add(&mut self, revision: &'a AuditedRevision, owner_tags: &[String]) {
        self.revisions.push(revision.revision);
        self.scopes.push(revision.scopes);
        for finding in revision.findings.iter().filter(|finding| finding.exempt.is_none()) {
            let place = Severity::ALL.iter().position(|severity| *severity == finding.severity).unwrap_or_default();
            self.severities[place] += 1;
        }
        self.services += revision.services().count() as u64;
        self.tasks += revision.running_tasks();
        self.owner = self.owner.or_else(|| owner(revision, owner_tags));
        self.is_unread |= revision.unread.is_some();
    }

    fn cells(&self, family: &str) -> [String; 7] {
        let scopes = self.scopes.iter().fold(Scopes::default(), |all, one| all.and(*one));
        let revisions = self.revisions.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let findings = Severity::ALL.iter().zip(self.severities).filter(|(_, number)| *number > 0);
        let findings: Vec<String> = findings.map(|(severity, number)| count(number, severity.name())).collect();
        let findings = match (findings.is_empty(), self.is_unread) {
            (true, true) => "not read".to_owned(),
            (false, true) => format!("{}, incomplete", findings.join(", ")),
            (_, false) => findings.join(", "),
        };
        let owner = self.owner.map(|owner| plain(owner, LONGEST)).unwrap_or_default();
        [
            family.to_owned(),
            revisions,
            scopes.names(),
            findings,
            self.services.to_string(),
            self.tasks.to_string(),
            owner,
        ]
    }
}

/// Returns the families with shown faults, and those that could not be read.
fn families(audit: &Audit, owner_tags: &[String], has_accounts: bool) -> String {
    let mut rows: BTreeMap<&str, FamilyRow<'_>> = BTreeMap::new();
    for revision in audit.revisions.iter().filter(|one| one.shows_fault() || one.compliant().is_none()) {
        rows.entry(&revision.family).or_default().add(revision, owner_tags);
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut table = table(&["FAMILY", "REVISIONS", "SCOPE", "FINDINGS", "SERVICES", "TASKS", "OWNER"], &[4, 5]);
    rows.iter().for_each(|(family, row)| _ = table.add_row(row.cells(family)));
    format!("\n{}{}\n", named(audit, has_accounts, ":\n"), table.trim_fmt())
}

fn named(audit: &Audit, has_accounts: bool, end: &str) -> String {
    match has_accounts {
        true => format!("account {}, {}{end}", audit.home.account, audit.home.region),
        false => String::new(),
    }
}

/// Returns the lines about what was read and what was not.
fn covered(audit: &Audit, has_accounts: bool) -> String {
    let coverage = &audit.coverage;
    let Coverage { clusters, services, tasks, revisions, from_cache, log_groups, .. } = coverage;
    let parts = [
        (clusters, "cluster"),
        (services, "service"),
        (tasks, "running task"),
        (revisions, "revision"),
        (log_groups, "log group"),
    ];
    let parts = parts.map(|(number, word)| count(*number, word)).join(", ");
    let cached = if *from_cache > 0 { format!(" ({from_cache} from the cache)") } else { String::new() };
    let mut text = format!("\n{}read: {parts}{cached}; {}", named(audit, has_accounts, ": "), calls(coverage));
    text.push('\n');
    for part in coverage.unread.iter().take(MOST_UNREAD) {
        let times = if part.count > 1 { format!(" ({} times)", part.count) } else { String::new() };
        let _ = writeln!(text, "not read: {}: {}: {}{times}", part.what, part.call, part.message);
    }
    let more = coverage.unread.len().saturating_sub(MOST_UNREAD) as u64 + coverage.more_unread;
    if more > 0 {
        let _ = writeln!(text, "not read: {}", count(more, "further part"));
    }
    for UnjudgedDaemon { cluster, definition, tasks } in coverage.daemons.iter().take(MOST_UNREAD) {
        let (definition, cluster) = (plain(definition, LONGEST), plain(cluster, LONGEST));
        let tasks = count(*tasks, "running task");
        let _ = writeln!(text, "not judged: the managed daemon {definition} in cluster {cluster} ({tasks})");
    }
    let more = coverage.daemons.len().saturating_sub(MOST_UNREAD) as u64;
    if more > 0 {
        let _ = writeln!(text, "not judged: {}", count(more, "further managed daemon"));
    }
    if coverage.is_interrupted {
        let _ = writeln!(text, "interrupted: {}", coverage.interruption());
    }
    text
}

fn calls(coverage: &Coverage) -> String {
    let mut text = count(coverage.calls_made(), "call");
    let (denied, throttled) = (coverage.calls_denied(), coverage.calls_throttled());
    for (number, word) in [(denied, "denied"), (throttled, "throttled")] {
        if number > 0 {
            let _ = write!(text, ", {number} {word}");
        }
    }
    text
}
