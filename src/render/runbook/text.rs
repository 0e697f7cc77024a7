//! The sheet of the runbook as text for people: each requirement with its numbers, and what a person should read.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};

use super::catalogues::line;
use super::resource::{evidence, exemption, place, subject};
use super::unchecked::unchecked;

use crate::domain::baseline::ExemptionState;
use crate::domain::runbook::{RunbookExemptionRemark, Verdict};
use crate::domain::text::count;
use crate::domain::text::plain::plain;
use crate::render::formats::shown::shown;
use crate::render::json::{AccountCoverage, RequirementLine, ResultLine, RunbookOutput};

/// The verdicts whose results the text lists. The other ones appear as numbers.
const SHOWN: [Verdict; 3] = [Verdict::Fail, Verdict::Advice, Verdict::Undecidable];

/// The maximum number of resources that the text names for one advice.
const MOST: usize = 5;

/// The maximum length of a message, in characters.
const LONGEST: usize = 1000;

/// Returns the text of a run: each requirement with its numbers, and the results that a person should read. A run that
/// could read no target has only its last lines.
pub(super) fn sheet(output: &RunbookOutput) -> String {
    if output.results().next().is_none() {
        return closing(output).trim_start().to_owned();
    }
    let requirements: String = output.requirements.iter().map(requirement).collect();
    format!("{requirements}{}", closing(output))
}

fn requirement(of: &RequirementLine) -> String {
    let verdict = of.verdict().map_or("no result", Verdict::name);
    let mut text = format!("{:>3}  {}: {verdict}\n", of.id, of.title);
    if of.results.is_empty() {
        return text;
    }
    let counts: Vec<String> =
        Verdict::ALL.into_iter().map(|verdict| format!("{} {}", of.count(verdict), verdict.name())).collect();
    text += &format!("     {}", counts.join(", "));
    if of.exempt() > 0 {
        text += &format!("; {} exempt", of.exempt());
    }
    text.push('\n');
    let findings = SHOWN.map(|verdict| groups(of, verdict)).concat() + &exempt(of);
    if findings.is_empty() {
        return text;
    }
    let controls = line(&of.controls);
    if !controls.is_empty() {
        text += &format!("     controls: {controls}\n");
    }
    text + &format!("     what to do: {}\n\n{findings}", of.remedy)
}

/// Returns the results with the verdict in the style of compiler messages. Results with the same rule and message share
/// a paragraph. The paragraph of failures names every resource with its evidence.
fn groups(of: &RequirementLine, verdict: Verdict) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<&ResultLine>> = BTreeMap::new();
    for line in of.results.iter().filter(|line| line.result.counts_as(verdict)) {
        groups.entry((line.result.rule, &line.result.message)).or_default().push(line);
    }
    groups.into_iter().map(|((rule, message), lines)| group(verdict, rule, message, &lines)).collect()
}

/// Returns the results that an exemption covers.
fn exempt(of: &RequirementLine) -> String {
    let one = |line: &ResultLine| {
        let (rule, subject) = (line.result.rule, subject(&line.result));
        exemption(line).map(|why| format!("exempt[{rule}]: {subject}: {why}\n"))
    };
    let mut text: String = of.results.iter().filter_map(one).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn group(verdict: Verdict, rule: &str, message: &str, lines: &[&ResultLine]) -> String {
    let colour = match verdict {
        Verdict::Fail => AnsiColor::Red,
        Verdict::Advice => AnsiColor::Yellow,
        _ => AnsiColor::Magenta,
    };
    let (style, name): (Style, &str) = (colour.on_default().bold(), verdict.name());
    let mut text = format!("{style}{name}[{rule}]{style:#}: {}\n", plain(message, LONGEST));
    let most = if verdict == Verdict::Fail { lines.len() } else { MOST };
    for line in lines.iter().take(most) {
        let subject = subject(&line.result);
        let origin = named_place(line).map_or_else(|| subject.clone(), |place| format!("{place} ({subject})"));
        text += &format!("  --> {origin}\n");
        if let Some(evidence) = evidence(&line.result).filter(|_| verdict == Verdict::Fail) {
            text += &format!("      evidence: {evidence}\n");
        }
    }
    if lines.len() > most {
        text += &format!("  and {} others\n", lines.len() - most);
    }
    text + "\n"
}

/// Returns the ARN of a live resource, or the place in a file, by the name that the caller gave to the file.
fn named_place(line: &ResultLine) -> Option<String> {
    let place = place(line)?;
    let (Some(path), Some(evidence)) = (&line.path, &line.result.evidence) else { return Some(place) };
    let position = place.strip_prefix(shown(path).as_str()).map(str::to_owned);
    Some(position.map_or(place, |position| shown(&evidence.source) + &position))
}

fn closing(output: &RunbookOutput) -> String {
    let counts: Vec<String> =
        Verdict::ALL.into_iter().map(|verdict| format!("{} {}", output.count(verdict), verdict.name())).collect();
    let coverage = &output.coverage;
    let definitions = count(coverage.task_definitions as u64, "task definition");
    let exempt = if output.exempt() > 0 { format!(", {} exempt", output.exempt()) } else { String::new() };
    let mut text = format!("\n{definitions}: {}{exempt}\n", counts.join(", "));
    text += &coverage.account.as_ref().map(|account| read(account, output)).unwrap_or_default();
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in unchecked(output) {
        let rules = reasons.entry(rule.why).or_default();
        if !rules.contains(&rule.rule) {
            rules.push(rule.rule);
        }
    }
    for (why, rules) in reasons {
        text += &format!("not checked: {}: {}\n", rules.join(", "), plain(why, LONGEST));
    }
    text + &exemptions(output)
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
        text += &format!("not read: AWS denied {}: {}\n", right.right, right.message);
    }
    for read in &account.failed_reads {
        text += &format!("not read: {} failed: {}\n", read.operation, read.message);
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
