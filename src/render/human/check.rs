//! The last lines of the text output of `logweir check`.

use super::passed_over;
use crate::domain::text::count;
use crate::render::json::{CheckOutput, FleetCoverage, Severities, Summary};

/// The rules that need facts from AWS. Another rule is not checked if the Region is not known, or if a placeholder
/// stands for a value that the rule needs.
const NEED_AWS: [&str; 3] = ["blocking-delivery", "missing-log-group", "unbounded-retention"];

pub fn closing(check: &CheckOutput) -> String {
    let CheckOutput { summary, passed_over, fixable, not_checked, baseline, live_baseline, .. } = check;
    let Summary { checked, compliant, findings, exempt, unknown, errors, severities, known, faults: _ } = *summary;
    let kind = if check.coverage.is_some() { "resource" } else { "task definition" };
    let (checked, findings) = (count(checked as u64, kind), count(findings as u64, "finding"));
    let mut text = format!("{checked} checked: {compliant} compliant, {findings}");
    text += &by_severity(severities);
    if exempt > 0 {
        text += &format!(", {exempt} exempt");
    }
    if unknown > 0 {
        text += &format!(", {unknown} unknown");
    }
    if errors > 0 {
        text += &format!(", {errors} without a verdict");
    }
    if *fixable > 0 {
        text += &format!("; `logweir fix` fixes {fixable}");
    }
    text.push('\n');
    if let Some(known) = known {
        text += &format!("{known} known and not shown, {} new\n", summary.findings - known);
    }
    text += &passed_over::line(passed_over);
    if check.is_unread {
        let rules: Vec<&str> = not_checked.iter().copied().collect();
        text += &format!("not checked, because a read of AWS failed: {}\n", rules.join(", "));
    } else {
        let (need_aws, need_values): (Vec<&str>, Vec<&str>) =
            not_checked.iter().copied().partition(|rule| NEED_AWS.contains(rule));
        for (rules, need) in [(need_aws, "AWS"), (need_values, "values that no document shows, such as a Region")] {
            if !rules.is_empty() {
                text += &format!("not checked, because these rules need {need}: {}\n", rules.join(", "));
            }
        }
    }
    text += &check.coverage.as_ref().map(fleet).unwrap_or_default();
    if check.is_baseline_shown {
        text += &format!("baseline: {baseline}\n");
    }
    if let Some(live) = live_baseline {
        text += &format!("baseline of the registered revisions: {live}\n");
    }
    text
}

/// Returns the lines about what a run of `logweir exec check` read, and about what it cannot decide.
fn fleet(coverage: &FleetCoverage) -> String {
    let FleetCoverage { clusters, services, daemons, tasks, with_exec, not_decidable } = *coverage;
    let read = [(clusters, "cluster"), (services, "service"), (daemons, "daemon"), (tasks, "running task")];
    let read = read.map(|(number, word)| count(number as u64, word)).join(", ");
    let mut text = format!("read: {read}; {with_exec} with ECS Exec\n");
    text.extend(not_decidable.iter().map(|question| format!("not decidable from configuration: {question}\n")));
    text
}

/// Returns the number of findings of each severity, such as ` (1 error, 2 warnings)`, if there are findings.
fn by_severity(Severities { error, warning, note }: Severities) -> String {
    let numbers =
        [(error, "error"), (warning, "warning"), (note, "note")].into_iter().filter(|(number, _)| *number > 0);
    let texts: Vec<String> = numbers.map(|(number, word)| count(number as u64, word)).collect();
    if texts.is_empty() { String::new() } else { format!(" ({})", texts.join(", ")) }
}
