//! The sheet of the runbook as text for people: each requirement with its numbers, and what a person should read.

use std::collections::BTreeMap;
use std::io;

use anstyle::{AnsiColor, Style};

use super::catalogues::line;
use super::resource::{evidence, exemption, place, subject};
use super::unchecked::unchecked;

use crate::domain::baseline::ExemptionState;
use crate::domain::runbook::{RunbookExemptionRemark, Verdict};
use crate::domain::text::count;
use crate::domain::text::plain::plain;
use crate::render::formats::shown::shown;
use crate::render::json::{AccountCoverage, Kept, RequirementLine, ResultLine, RunbookOutput};

/// The verdicts whose results the text lists. The other ones appear as numbers.
const SHOWN: [Verdict; 3] = [Verdict::Fail, Verdict::Advice, Verdict::Undecidable];

/// The maximum number of resources that the text names for one advice.
const MOST: usize = 5;

/// The maximum length of a message, in characters.
const LONGEST: usize = 1000;

/// The function that receives the pieces of the text.
type Put<'p> = &'p mut dyn FnMut(&str) -> io::Result<()>;

/// Calls `put` with the text of a run: each requirement with its numbers, and the results that a person should read. A
/// run that could read no target has only its last lines.
pub(super) fn sheet(output: &RunbookOutput, put: Put<'_>) -> io::Result<()> {
    if output.requirements.iter().all(|of| of.results.is_empty()) {
        return put(closing(output).trim_start());
    }
    for of in &output.requirements {
        put(&head(of))?;
        let is_counted = |verdict: &Verdict| of.count(*verdict) > 0;
        if !SHOWN.iter().any(is_counted) && of.exempt() == 0 {
            continue;
        }
        let controls = line(&of.controls);
        if !controls.is_empty() {
            put(&format!("     controls: {controls}\n"))?;
        }
        put(&format!("     what to do: {}\n\n", of.remedy))?;
        for verdict in SHOWN {
            groups(of, verdict, put)?;
        }
        exempt(of, put)?;
    }
    put(&closing(output))
}

fn head(of: &RequirementLine) -> String {
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
    text + "\n"
}

/// Writes the results with the verdict in the style of compiler messages. Results with the same rule and message share
/// a paragraph. The paragraph of failures names every resource with its evidence.
fn groups(of: &RequirementLine, verdict: Verdict, put: Put<'_>) -> io::Result<()> {
    let mut groups: BTreeMap<(&str, String), Vec<Kept>> = BTreeMap::new();
    for (kept, line) in of.results.with(verdict) {
        groups.entry((line.result.rule, line.result.message)).or_default().push(kept);
    }
    for ((rule, message), lines) in groups {
        put(&paragraph(verdict, rule, &message))?;
        let most = if verdict == Verdict::Fail { lines.len() } else { MOST };
        for line in lines.iter().take(most).filter_map(|kept| of.results.get(*kept)) {
            put(&origin(verdict, &line))?;
        }
        if lines.len() > most {
            put(&format!("  and {} others\n", lines.len() - most))?;
        }
        put("\n")?;
    }
    Ok(())
}

/// Writes the results that an exemption covers.
fn exempt(of: &RequirementLine, put: Put<'_>) -> io::Result<()> {
    for line in of.results.exempt() {
        let (rule, subject) = (line.result.rule, subject(&line.result));
        if let Some(why) = exemption(&line) {
            put(&format!("exempt[{rule}]: {subject}: {why}\n"))?;
        }
    }
    if of.exempt() > 0 { put("\n") } else { Ok(()) }
}

fn paragraph(verdict: Verdict, rule: &str, message: &str) -> String {
    let colour = match verdict {
        Verdict::Fail => AnsiColor::Red,
        Verdict::Advice => AnsiColor::Yellow,
        _ => AnsiColor::Magenta,
    };
    let (style, name): (Style, &str) = (colour.on_default().bold(), verdict.name());
    format!("{style}{name}[{rule}]{style:#}: {}\n", plain(message, LONGEST))
}

/// Returns the resource of a result, and the evidence of a failure.
fn origin(verdict: Verdict, line: &ResultLine) -> String {
    let subject = subject(&line.result);
    let origin = named_place(line).map_or_else(|| subject.clone(), |place| format!("{place} ({subject})"));
    match evidence(&line.result).filter(|_| verdict == Verdict::Fail) {
        Some(evidence) => format!("  --> {origin}\n      evidence: {evidence}\n"),
        None => format!("  --> {origin}\n"),
    }
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
    let mut reasons: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for rule in unchecked(output) {
        let rules = reasons.entry(rule.why).or_default();
        if !rules.contains(&rule.rule) {
            rules.push(rule.rule);
        }
    }
    for (why, rules) in reasons {
        text += &format!("not checked: {}: {}\n", rules.join(", "), plain(&why, LONGEST));
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
