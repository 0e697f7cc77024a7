//! The result of `logweir runbook`, and the map of `logweir controls`.

use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;

use serde::Serialize;

use super::baseline::BaselineLine;
use super::passed_over::PassedOver;
use super::place::Place;
use super::runbook_result::ResultLine;
use super::runbook_results::{ResultLines, Store};
use crate::domain::fleet::facts::Unread;
use crate::domain::report::schema;
use crate::domain::runbook::{
    CORRECTIONS, Controls, Correction, Depth, Requirement, RunbookExemptionRemark, RunbookResult, Verdict,
};

/// The results of a run, by requirement.
#[derive(Serialize)]
pub struct RunbookOutput {
    pub schema: &'static str,
    /// The baseline of files, or of the account if the run read no file.
    pub baseline: Option<BaselineLine>,
    pub requirements: Vec<RequirementLine>,
    pub coverage: Coverage,
    /// The exemptions that have ended, end soon, or cover no result.
    pub exemptions: Vec<RunbookExemptionRemark>,
    #[serde(skip)]
    store: Rc<Store>,
}

/// A requirement with its results.
#[derive(Serialize)]
pub struct RequirementLine {
    pub id: &'static str,
    pub title: &'static str,
    pub controls: Controls,
    /// What to do about the failures.
    pub remedy: &'static str,
    pub results: ResultLines,
}

/// What the run read.
#[derive(Serialize, Default)]
pub struct Coverage {
    /// The number of task definitions that Logweir judged.
    pub task_definitions: usize,
    /// What the run read of an account. `None` for a run that only reads task definitions.
    pub account: Option<AccountCoverage>,
    /// The files that contain no task definition.
    pub passed_over: PassedOver,
    /// The targets that Logweir could not read.
    pub errors: Vec<UnreadTarget>,
    /// The rules that Logweir did not check, because it did not read their facts.
    pub not_checked: Vec<&'static str>,
    /// The requests to AWS by operation, retries included.
    pub calls: BTreeMap<String, u64>,
}

/// What the run read of an account and Region.
#[derive(Serialize)]
pub struct AccountCoverage {
    pub account: String,
    pub region: String,
    pub depth: Depth,
    pub clusters: usize,
    pub services: usize,
    pub tasks: usize,
    pub capacity_providers: usize,
    /// The reads that AWS denied, each once, with the right that the caller needs.
    pub missing_rights: Vec<MissingRight>,
    /// The reads that failed for another reason, each once.
    pub failed_reads: Vec<FailedRead>,
}

/// A read that AWS denied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MissingRight {
    /// The IAM action, such as `ecs:DescribeServices`.
    pub right: &'static str,
    pub message: String,
}

impl MissingRight {
    pub fn of(unread: &Unread) -> Self {
        Self { right: unread.action, message: unread.cause().to_owned() }
    }
}

/// A read that failed, although AWS did not deny it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct FailedRead {
    /// The IAM action of the operation, such as `ecs:DescribeServices`.
    pub operation: &'static str,
    pub message: String,
}

impl FailedRead {
    pub fn of(unread: &Unread) -> Self {
        Self { operation: unread.action, message: unread.cause().to_owned() }
    }
}

#[derive(Serialize)]
pub struct UnreadTarget {
    pub target: String,
    pub message: String,
}

impl Default for RunbookOutput {
    fn default() -> Self {
        let store = Rc::default();
        let line = |requirement: Requirement| RequirementLine {
            id: requirement.id(),
            title: requirement.title(),
            controls: requirement.controls(),
            remedy: requirement.remedy(),
            results: ResultLines::new(&store),
        };
        let requirements = Requirement::ALL.into_iter().map(line).collect();
        Self {
            schema: schema::RUNBOOK,
            baseline: None,
            requirements,
            coverage: Coverage::default(),
            exemptions: Vec::new(),
            store,
        }
    }
}

impl RunbookOutput {
    /// Adds the results about one task definition.
    pub fn add_definition(&mut self, results: Vec<(Requirement, RunbookResult)>) {
        self.coverage.task_definitions += 1;
        self.add(results);
    }

    /// Adds results of an account.
    pub fn add(&mut self, results: Vec<(Requirement, RunbookResult)>) {
        self.put(results.into_iter().map(|result| (result, None)), None);
    }

    /// Adds the results about one task definition in a file. `places` has the place of each result in the file.
    pub fn add_file(
        &mut self,
        results: Vec<(Requirement, RunbookResult)>,
        path: Option<&str>,
        places: Vec<Option<Place>>,
    ) {
        self.coverage.task_definitions += 1;
        self.put(results.into_iter().zip(places), path);
    }

    fn put(
        &mut self,
        results: impl Iterator<Item = ((Requirement, RunbookResult), Option<Place>)>,
        path: Option<&str>,
    ) {
        for ((requirement, result), place) in results {
            if result.verdict == Verdict::NotChecked && !self.coverage.not_checked.contains(&result.rule) {
                self.coverage.not_checked.push(result.rule);
            }
            let line = ResultLine::of(requirement, result, path, place);
            if let Some(of) = self.requirements.iter_mut().find(|of| of.id == requirement.id()) {
                of.results.push(line);
            }
        }
    }

    /// Sorts the results of each requirement by rule and resource, and makes each fingerprint unique.
    pub fn sort(&mut self) {
        self.requirements.iter_mut().for_each(|line| line.results.sort());
        self.coverage.not_checked.sort_unstable();
    }

    /// Returns the first error of the temporary file with the results. After one, results are missing.
    pub fn intact(&self) -> io::Result<()> {
        self.store.intact()
    }

    /// Whether Logweir read everything that the caller asked for.
    pub fn is_read(&self) -> bool {
        self.coverage.errors.is_empty() && self.missing_rights().is_empty() && self.failed_reads().is_empty()
    }

    /// Returns the number of results that fail and are not exempt.
    pub fn failures(&self) -> usize {
        self.count(Verdict::Fail)
    }

    /// Returns the number of exempt results.
    pub fn exempt(&self) -> usize {
        self.requirements.iter().map(RequirementLine::exempt).sum()
    }

    /// Returns the reads of the account that AWS denied.
    pub fn missing_rights(&self) -> &[MissingRight] {
        self.coverage.account.as_ref().map_or(&[], |account| &account.missing_rights)
    }

    /// Returns the reads of the account that failed for another reason.
    pub fn failed_reads(&self) -> &[FailedRead] {
        self.coverage.account.as_ref().map_or(&[], |account| &account.failed_reads)
    }

    /// Returns every result with its requirement.
    pub fn results(&self) -> impl Iterator<Item = (&RequirementLine, ResultLine)> {
        self.requirements.iter().flat_map(|of| of.results.iter().map(move |result| (of, result)))
    }

    /// Returns the results that count for the verdict, each with its requirement.
    pub fn with(&self, verdict: Verdict) -> impl Iterator<Item = (&RequirementLine, ResultLine)> {
        let all = self.requirements.iter();
        all.flat_map(move |of| of.results.with(verdict).map(move |(_, result)| (of, result)))
    }

    /// Returns the number of results with the verdict that are not exempt.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.requirements.iter().map(|line| line.count(verdict)).sum()
    }
}

impl RequirementLine {
    /// Returns the number of results with the verdict, without exempt ones.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.results.count(Some(verdict))
    }

    /// Returns the number of exempt results.
    pub fn exempt(&self) -> usize {
        self.results.count(None)
    }

    /// Returns the most important verdict of the results. Returns `None` without a result that counts.
    pub fn verdict(&self) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| self.count(*verdict) > 0)
    }
}

/// The controls of every requirement.
#[derive(Serialize)]
pub struct ControlsOutput {
    pub schema: &'static str,
    pub requirements: Vec<ControlsLine>,
    /// The safeguards of CIS Controls version 8 that the written runbook names wrongly.
    pub corrections: [Correction; 4],
}

#[derive(Serialize)]
pub struct ControlsLine {
    pub id: &'static str,
    pub title: &'static str,
    pub controls: Controls,
}

impl Default for ControlsOutput {
    fn default() -> Self {
        let line = |one: Requirement| ControlsLine { id: one.id(), title: one.title(), controls: one.controls() };
        Self {
            schema: schema::CONTROLS,
            requirements: Requirement::ALL.into_iter().map(line).collect(),
            corrections: CORRECTIONS,
        }
    }
}
