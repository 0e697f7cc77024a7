//! The text output of `logweir runbook` and of `logweir controls`.

use crate::domain::runbook::{CisControl, Resource, RunbookResult, Verdict};
use crate::render::json::{ControlsOutput, RequirementLine, RunbookOutput};

/// The verdicts whose results the text lists. The other ones appear as numbers.
const LISTED: [Verdict; 3] = [Verdict::Fail, Verdict::Advice, Verdict::Undecidable];

/// Returns the text of a run: each requirement with its numbers, and the results that a person should read.
pub fn sheet(output: &RunbookOutput) -> String {
    let requirements: String = output.requirements.iter().map(requirement).collect();
    format!("{requirements}\n{}", closing(output))
}

fn requirement(line: &RequirementLine) -> String {
    let counts: Vec<String> = Verdict::ALL
        .into_iter()
        .map(|verdict| (verdict, line.count(verdict)))
        .filter(|(_, count)| *count > 0)
        .map(|(verdict, count)| format!("{count} {}", verdict.name()))
        .collect();
    let counts = if counts.is_empty() { "no result".to_owned() } else { counts.join(", ") };
    let mut text = format!("{:>3}  {}: {counts}\n", line.id, line.title);
    for verdict in LISTED {
        line.results.iter().filter(|result| result.verdict == verdict).for_each(|one| text += &result(one));
    }
    text
}

fn result(result: &RunbookResult) -> String {
    let RunbookResult { resource, rule, verdict, message, evidence, .. } = result;
    let mut text = format!("     {} {rule}: {}: {message}\n", verdict.name(), subject(resource));
    if let Some(evidence) = evidence {
        let value = evidence.value.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
        text += &format!("       evidence: {} {}{value}\n", evidence.source, evidence.member);
    }
    text
}

fn subject(resource: &Resource) -> String {
    match &resource.container {
        Some(container) => format!("{}, container {container}", resource.name),
        None => resource.name.clone(),
    }
}

fn closing(output: &RunbookOutput) -> String {
    let counts: Vec<String> =
        Verdict::ALL.into_iter().map(|verdict| format!("{} {}", output.count(verdict), verdict.name())).collect();
    let coverage = &output.coverage;
    let mut text = format!("{} task definitions: {}\n", coverage.task_definitions, counts.join(", "));
    if !coverage.not_checked.is_empty() {
        text += &format!(
            "not checked, because a task definition does not show the facts: {}\n",
            coverage.not_checked.join(", ")
        );
    }
    text
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
