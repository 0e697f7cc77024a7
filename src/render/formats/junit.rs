//! JUnit XML, in the form that test reports of CI services read. A target is a test suite, and a finding is a failed
//! test case.

use std::fmt::Write as _;

use super::shown::{exemption, fix, message, place, resource, shown};
use super::{Emitter, Run};
use crate::domain::text::plain::plain;
use crate::render::json::{CheckOutput, FindingLine, State, TargetOutput};

pub(super) struct Junit;

/// The result of a test case.
enum Outcome {
    Passed,
    /// The test case failed: the message, and the text below it.
    Failed(String, String),
    Error(String),
    Skipped(String),
}

struct Case {
    name: String,
    outcome: Outcome,
}

impl Emitter for Junit {
    fn emit(&self, run: &Run<'_>) -> String {
        let suites: Vec<(&TargetOutput, Vec<Case>)> =
            run.check.targets.iter().map(|target| (target, cases(run.check, target))).collect();
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let all = suites.iter().flat_map(|(_, cases)| cases);
        let _ = writeln!(out, "<testsuites name=\"logweir check\"{}>", totals(all));
        for (target, cases) in &suites {
            suite(&mut out, target, cases);
        }
        out + "</testsuites>\n"
    }
}

fn suite(out: &mut String, target: &TargetOutput, cases: &[Case]) {
    let name = attribute(&target.target);
    let _ = writeln!(out, "  <testsuite name=\"{name}\"{}>", totals(cases.iter()));
    let class = attribute(&resource(target).unwrap_or_else(|| target.target.clone()));
    for case in cases {
        let _ = write!(out, "    <testcase classname=\"{class}\" name=\"{}\" time=\"0\"", attribute(&case.name));
        if let Some(file) = &target.path {
            let _ = write!(out, " file=\"{}\"", attribute(file));
        }
        let _ = match &case.outcome {
            Outcome::Passed => writeln!(out, "/>"),
            Outcome::Failed(message, text) => writeln!(
                out,
                ">\n      <failure message=\"{}\" type=\"{}\">{}</failure>\n    </testcase>",
                attribute(message),
                attribute(case.name.split(' ').next().unwrap_or_default()),
                escaped(text)
            ),
            Outcome::Error(message) => writeln!(
                out,
                ">\n      <error message=\"{}\" type=\"error\"></error>\n    </testcase>",
                attribute(message)
            ),
            Outcome::Skipped(why) => {
                writeln!(out, ">\n      <skipped message=\"{}\"></skipped>\n    </testcase>", attribute(why))
            }
        };
    }
    *out += "  </testsuite>\n";
}

/// Returns the test cases of a target: one for each finding, one for each rule that Logweir could not check, one for
/// the error if there is one, and one that passes if there is nothing else.
fn cases(check: &CheckOutput, target: &TargetOutput) -> Vec<Case> {
    let findings =
        target.findings.iter().map(|finding| Case { name: name(finding), outcome: outcome(target, finding) });
    let unknown = target.unknown.iter().map(|unknown| Case {
        name: format!("unknown {}", shown(&unknown.pointer)),
        outcome: Outcome::Skipped(format!("{}: {}", place(target, unknown.place), shown(&unknown.why))),
    });
    let error = target.error.iter().map(|error| Case { name: "read".into(), outcome: Outcome::Error(shown(error)) });
    let unchecked = target.not_checked.iter().map(|rule| Case {
        name: rule.name().into(),
        outcome: Outcome::Skipped("not checked, because facts are missing".into()),
    });
    let mut cases: Vec<Case> = findings.chain(unknown).chain(error).chain(unchecked).collect();
    if target.compliant == Some(true) {
        let name = format!("complies with the baseline {}", check.baseline.digest);
        cases.push(Case { name, outcome: Outcome::Passed });
    }
    number_equal_names(&mut cases);
    cases
}

/// Gives test cases with equal names different names, because readers count test cases by their names.
fn number_equal_names(cases: &mut [Case]) {
    let mut seen: std::collections::HashMap<String, usize> = Default::default();
    for case in cases {
        let count = seen.entry(case.name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            case.name = format!("{} #{count}", case.name);
        }
    }
}

fn name(finding: &FindingLine) -> String {
    let container = finding.container.as_deref().map(|name| format!(" ({})", shown(name)));
    format!("{}{}", finding.rule, container.unwrap_or_default())
}

fn outcome(target: &TargetOutput, finding: &FindingLine) -> Outcome {
    let message = message(finding);
    if let Some(why) = exemption(finding) {
        return Outcome::Skipped(format!("{message} ({why})"));
    }
    if !finding.is_decided() {
        return Outcome::Skipped(format!("unknown: {message}"));
    }
    if finding.state == Some(State::Known) {
        return Outcome::Skipped(format!("known: {message}"));
    }
    if !finding.severity.is_fault() {
        return Outcome::Skipped(format!("note: {message}"));
    }
    let mut text = format!("{}\n{}: {message}\n{}\n", place(target, finding.place), finding.severity, fix(finding));
    for note in &finding.notes {
        let _ = writeln!(text, "Note: {}", shown(note));
    }
    for reference in &finding.references {
        let _ = writeln!(text, "{reference}");
    }
    Outcome::Failed(message, text)
}

/// Returns the attributes with the numbers of test cases.
fn totals<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for case in cases {
        tests += 1;
        match case.outcome {
            Outcome::Passed => {}
            Outcome::Failed(..) => failures += 1,
            Outcome::Error(_) => errors += 1,
            Outcome::Skipped(_) => skipped += 1,
        }
    }
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

/// Returns a text of one line for an attribute.
fn attribute(text: &str) -> String {
    escaped(&shown(text))
}

/// Returns a text for XML. XML 1.0 allows no control character except tab and the ends of lines.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        if !out.is_empty() {
            out.push('\n');
        }
        for c in plain(line, usize::MAX).chars() {
            match c {
                '&' => out += "&amp;",
                '<' => out += "&lt;",
                '>' => out += "&gt;",
                '"' => out += "&quot;",
                '\'' => out += "&apos;",
                '\u{fffe}' | '\u{ffff}' => {}
                c => out.push(c),
            }
        }
    }
    out
}
