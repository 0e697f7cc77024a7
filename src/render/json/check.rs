//! The result of `logweir check`.

use std::collections::BTreeSet;

use serde::Serialize;

use super::baseline::BaselineLine;
use super::coverage::FleetCoverage;
use super::finding::{FindingLine, State};
use super::fingerprint::Fingerprints;
use super::known::KnownFindings;
use super::passed_over::PassedOver;
use super::summary::Summary;
use super::target::TargetOutput;
use crate::domain::baseline::ExemptionRemark;
use crate::domain::report::schema;

#[derive(Serialize)]
pub struct CheckOutput {
    pub schema: &'static str,
    pub baseline: BaselineLine,
    /// The baseline of the registered revisions, if the run also checked files with another baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_baseline: Option<BaselineLine>,
    /// The targets that the run keeps until its end. The members before this one are known before the first target.
    pub targets: Vec<TargetOutput>,
    pub summary: Summary,
    pub passed_over: PassedOver,
    /// The exemptions that end soon, or that cover no finding.
    pub exemptions: Vec<ExemptionRemark>,
    /// The number of findings that `logweir fix` can fix. The JSON output does not contain this number.
    #[serde(skip)]
    pub fixable: usize,
    /// The rules that Logweir could not check on at least one target. The JSON output names the unchecked rules of each
    /// target instead.
    #[serde(skip)]
    pub not_checked: BTreeSet<&'static str>,
    /// Whether a read failed, so that rules about a registered revision were not checked.
    #[serde(skip)]
    pub is_unread: bool,
    /// What the run read of the account's clusters. `None` unless `logweir exec check` made the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coverage: Option<FleetCoverage>,
    /// The verb that made the output. Code scanning keeps the results of each verb apart.
    #[serde(skip)]
    pub verb: &'static str,
    /// Whether the text output shows the baseline.
    #[serde(skip)]
    pub is_baseline_shown: bool,
    /// The findings of the report that `--new-since` names.
    #[serde(skip)]
    known: Option<KnownFindings>,
    #[serde(skip)]
    fingerprints: Fingerprints,
}

impl CheckOutput {
    /// Returns the output of a run that has checked no target yet.
    pub fn new(baseline: BaselineLine, live_baseline: Option<BaselineLine>, known: Option<KnownFindings>) -> Self {
        let summary = Summary { known: known.as_ref().map(|_| 0), ..Summary::default() };
        Self {
            schema: schema::CHECK,
            baseline,
            live_baseline,
            targets: Vec::new(),
            summary,
            passed_over: PassedOver::default(),
            exemptions: Vec::new(),
            fixable: 0,
            not_checked: BTreeSet::new(),
            is_unread: false,
            coverage: None,
            verb: "check",
            is_baseline_shown: false,
            known,
            fingerprints: Fingerprints::default(),
        }
    }

    /// Adds a checked target to the totals. Makes the fingerprints of the findings unique in the run, and says of each
    /// finding whether it is new.
    pub fn count(&mut self, target: &mut TargetOutput) {
        self.summary.checked += 1;
        self.summary.errors += usize::from(target.error.is_some());
        self.summary.compliant += usize::from(target.compliant == Some(true));
        self.summary.unknown += usize::from(target.error.is_none() && target.compliant.is_none());
        self.not_checked.extend(target.not_checked.iter().map(|rule| rule.name()));
        for finding in &mut target.findings {
            finding.fingerprint = self.fingerprints.unique(&finding.fingerprint);
            finding.state = self.known.as_ref().map(|known| known.state(&finding.fingerprint));
            if finding.exempt.is_some() {
                self.summary.exempt += 1;
                continue;
            }
            self.summary.findings += 1;
            self.summary.severities.add(finding.severity);
            let is_known = finding.state == Some(State::Known);
            self.summary.known = self.summary.known.map(|known| known + usize::from(is_known));
            self.summary.faults += usize::from(finding.is_fault() && !is_known);
        }
    }

    /// Adds a checked target to the totals, and keeps it until the end of the run.
    pub fn add(&mut self, mut target: TargetOutput) -> &mut TargetOutput {
        self.count(&mut target);
        let index = self.targets.len();
        self.targets.push(target);
        &mut self.targets[index]
    }

    /// Returns every finding with its target.
    pub fn findings(&self) -> impl Iterator<Item = (&TargetOutput, &FindingLine)> {
        self.targets.iter().flat_map(|target| target.findings.iter().map(move |finding| (target, finding)))
    }
}
