//! The text output of `logweir runbook` and of `logweir controls`.

use crate::domain::baseline::ExemptionState;
use crate::domain::runbook::{
    CisControl, Exempt, InScope, Resource, ResourceKind, RunbookExemptionRemark, RunbookResult, Verdict,
};
use crate::domain::text::count;
use crate::domain::text::plain::plain;
use crate::render::json::{AccountCoverage, ControlsOutput, RequirementLine, RunbookOutput};

/// The longest text of an exemption, in characters.
const LONGEST: usize = 300;

/// The verdicts whose results the text lists. The other ones appear as numbers.
const LISTED: [Verdict; 3] = [Verdict::Fail, Verdict::Advice, Verdict::Undecidable];

/// Returns the text of a run: each requirement with its numbers, and the results that a person should read.
pub fn sheet(output: &RunbookOutput) -> String {
    let requirements: String = output.requirements.iter().map(requirement).collect();
    format!("{requirements}\n{}", closing(output))
}

fn requirement(line: &RequirementLine) -> String {
    let mut counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict, line.count(verdict)))
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.name()))
        .collect();
    if line.exempt() > 0 {
        counts.push(format!("{} exempt", line.exempt()));
    }
    let counts = if counts.is_empty() { "no result".to_owned() } else { counts.join(", ") };
    let mut text = format!("{:>3}  {}: {counts}\n", line.id, line.title);
    for verdict in LISTED {
        line.results.iter().filter(|result| result.counts_as(verdict)).for_each(|one| text += &result(one));
    }
    line.results.iter().filter(|result| result.exempt.is_some()).for_each(|one| text += &result(one));
    text
}

fn result(result: &RunbookResult) -> String {
    let RunbookResult { resource, rule, verdict, message, evidence, exempt, .. } = result;
    let state = if exempt.is_some() { "exempt" } else { verdict.name() };
    let mut text = format!("     {state} {rule}: {}: {message}\n", subject(result, resource));
    if let Some(Exempt { owner, reason, until }) = exempt {
        let until = until.as_ref().map(|until| format!(", until {until}")).unwrap_or_default();
        text += &format!("       exempt by {}: {}{until}\n", plain(owner, LONGEST), plain(reason, LONGEST));
    }
    if let Some(evidence) = evidence {
        let value = evidence.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        let time = evidence.time.map(|time| format!(" at {time:.0}")).unwrap_or_default();
        text += &format!("       evidence: {} {}{value}{time}\n", evidence.source, evidence.member);
    }
    text
}

/// Returns the resource as text. The text of a revision says why the revision is in scope.
fn subject(result: &RunbookResult, resource: &Resource) -> String {
    let name = match (resource.kind, &resource.arn) {
        (ResourceKind::TaskDefinition, Some(arn)) => arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        (ResourceKind::TaskDefinition, None) => resource.name.clone(),
        (kind, _) => format!("{} {}", kind.name(), resource.name),
    };
    let scope = match result.scope {
        Some(InScope::InUse) => " (in use)",
        Some(InScope::Newest) => " (newest revision, not in use)",
        Some(InScope::Named) | None => "",
    };
    match &resource.container {
        Some(container) => format!("{name}{scope}, container {container}"),
        None => format!("{name}{scope}"),
    }
}

fn closing(output: &RunbookOutput) -> String {
    let counts: Vec<String> =
        Verdict::ALL.into_iter().map(|verdict| format!("{} {}", output.count(verdict), verdict.name())).collect();
    let coverage = &output.coverage;
    let mut text = format!("{} task definitions: {}", coverage.task_definitions, counts.join(", "));
    text += &if output.exempt() > 0 { format!(", {} exempt\n", output.exempt()) } else { "\n".to_owned() };
    if !coverage.not_checked.is_empty() {
        let why = match coverage.account {
            Some(_) => "not checked, because this run did not read the facts",
            None => "not checked, because a task definition does not show the facts",
        };
        text += &format!("{why}: {}\n", coverage.not_checked.join(", "));
    }
    text + &coverage.account.as_ref().map(|account| read(account, output)).unwrap_or_default() + &exemptions(output)
}

/// Returns what the run read of the account, with the calls.
fn read(account: &AccountCoverage, output: &RunbookOutput) -> String {
    let AccountCoverage { clusters, services, tasks, capacity_providers, depth, region, .. } = account;
    let mut text = format!(
        "read in {region} at depth {}: {}, {}, {}, {}\n",
        depth.name(),
        count(*clusters as u64, "cluster"),
        count(*services as u64, "service"),
        count(*tasks as u64, "running task"),
        count(*capacity_providers as u64, "capacity provider"),
    );
    for right in &account.missing_rights {
        text += &format!("could not read, for which Logweir needs {}: {}\n", right.right, right.message);
    }
    let calls = &output.coverage.calls;
    let list: Vec<String> = calls.iter().map(|(operation, calls)| format!("{operation} {calls}")).collect();
    text + &format!("{}: {}\n", count(calls.values().sum(), "call"), list.join(", "))
}

/// Returns the exemptions that an operator should look at.
fn exemptions(output: &RunbookOutput) -> String {
    let remark = |one: &RunbookExemptionRemark| {
        let of: Vec<&str> = one.requirements.iter().chain(&one.rules).map(String::as_str).collect();
        let state = match one.state {
            ExemptionState::Unused => "covers no result; remove it from the baseline",
            ExemptionState::Expired => "has ended, so it covers nothing",
            ExemptionState::EndsSoon => "ends soon",
            ExemptionState::Valid => "is valid",
        };
        let (of, owner) = (plain(&of.join(", "), LONGEST), plain(&one.owner, LONGEST));
        let matches = plain(&one.r#match, LONGEST);
        format!("the exemption from {of} for {matches} ({owner}, until {}) {state}\n", one.until)
    };
    output.exemptions.iter().map(remark).collect()
}

/// Returns the map from the requirements to the controls of other catalogues.
pub fn controls(output: &ControlsOutput) -> String {
    let mut text = String::new();
    for line in &output.requirements {
        let controls = &line.controls;
        text += &format!("{:>3}  {}\n", line.id, line.title);
        let cis: Vec<String> =
            controls.cis_v8.iter().map(|CisControl { id, title, .. }| format!("{id} {title}")).collect();
        let lists = [
            ("AWS Security Hub", controls.security_hub.join(", ")),
            ("AWS Control Tower", controls.control_tower.join(", ")),
            ("CIS Controls v8", cis.join(", ")),
            ("NIST CSF 1.1", controls.nist_csf_1_1.join(", ")),
            ("NIST CSF 2.0", controls.nist_csf_2_0.join(", ")),
            ("NIST SP 800-53 r5", controls.nist_800_53.join(", ")),
            ("PCI DSS 4.0.1", controls.pci_dss_4.join(", ")),
            ("control statement", controls.statements.join(", ")),
        ];
        for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            text += &format!("     {name:<18} {list}\n");
        }
    }
    text += "\nThe written runbook names these safeguards of CIS Controls v8 with other titles:\n";
    for one in &output.corrections {
        text += &format!("     {} \"{}\" is \"{}\"; meant is {}\n", one.id, one.sop_title, one.title, one.meant);
    }
    text
}
