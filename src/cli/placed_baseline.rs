//! A baseline with the place from which Logweir read it.

use std::fmt;

use super::failure::Failure;
use super::rule_choice::RuleChoiceArgs;
use crate::domain::baseline::{Baseline, BaselineError};
use crate::domain::rules::Rule;
use crate::domain::runbook::unknown_name;
use crate::domain::text::place::{Position, position};
use crate::render::json::BaselineLine;
use crate::settings::SHIPPED_BASELINE;

/// The place of the shipped baseline in the output.
pub(super) const SHIPPED: &str = "(shipped)";

/// The next step after an exemption of the runbook names what the runbook does not have.
const UNKNOWN: &str = "correct the exemption in [[runbook.exempt]]; `logweir controls` lists the requirements";

/// A baseline, and the place from which Logweir read the baseline.
pub(super) struct PlacedBaseline {
    /// The file or the Systems Manager parameter of the baseline, or `(shipped)` for the shipped baseline.
    pub(super) place: String,
    /// How Logweir found the baseline, as a phrase.
    pub(super) origin: String,
    /// Whether a run of `check` names the baseline although the caller named no baseline.
    pub(super) is_shown: bool,
    pub(super) baseline: Baseline,
}

/// The baselines for the targets of one run.
#[derive(Clone, Copy)]
pub(super) struct Baselines<'b> {
    pub(super) files: &'b PlacedBaseline,
    pub(super) live: &'b PlacedBaseline,
}

/// The rules of one run, and the baselines for its targets. Each baseline names the rules that the table `[rules]` and the
/// caller leave out.
pub(super) struct ChosenBaselines {
    pub(super) rules: Vec<&'static dyn Rule>,
    pub(super) files: Baseline,
    pub(super) live: Baseline,
}

impl Baselines<'_> {
    /// Returns the baselines for a run with the rules, of which the caller chooses some.
    pub(super) fn choose(&self, choice: &RuleChoiceArgs, rules: &[&'static dyn Rule]) -> ChosenBaselines {
        let (files, live) = (choice.apply(&self.files.baseline), choice.apply(&self.live.baseline));
        ChosenBaselines { rules: rules.to_vec(), files, live }
    }
}

impl PlacedBaseline {
    /// Returns the place, the digest and the origin of the baseline.
    pub(super) fn line(&self) -> BaselineLine {
        let (path, origin) = (self.place.clone(), self.origin.clone());
        BaselineLine { path, digest: self.baseline.digest().to_owned(), origin }
    }

    /// Returns an error if an exemption of the runbook names neither a requirement nor a rule of the runbook.
    pub(super) fn has_known_exemptions(&self) -> Result<(), Failure> {
        match unknown_name(&self.baseline) {
            Some(name) => Err(Failure::error(format!("{}: {}", self.place, unknown(name))).help(UNKNOWN)),
            None => Ok(()),
        }
    }

    pub(super) fn parse(place: String, origin: impl Into<String>, text: &str) -> Result<Self, Failure> {
        let baseline = Baseline::parse(text).map_err(|error| faulty(&place, error))?;
        Ok(Self { place, origin: origin.into(), is_shown: true, baseline })
    }

    pub(super) fn shipped(origin: &str, is_shown: bool) -> Result<Self, Failure> {
        let placed = Self::parse(SHIPPED.to_owned(), origin, SHIPPED_BASELINE)?;
        Ok(Self { is_shown, baseline: placed.baseline.shipped(), ..placed })
    }
}

fn unknown(name: &str) -> String {
    format!("no requirement and no rule of the runbook is called `{name}`")
}

/// Returns the error about an exemption of the runbook that names neither a requirement nor a rule of the runbook.
/// `text` is the text of the baseline.
pub(super) fn unknown_exemption(text: &str, baseline: &Baseline) -> Option<BaselineError> {
    let name = unknown_name(baseline)?;
    let Position { line, column } = position(text, text.find(&format!("\"{name}\"")).unwrap_or(0));
    Some(BaselineError { line, column, message: unknown(name), help: Some(UNKNOWN.to_owned()) })
}

/// Returns the failure about an error in the baseline at `place`.
pub(super) fn faulty(place: &str, error: BaselineError) -> Failure {
    let failure = Failure::error(format!("{place}:{}:{}: {}", error.line, error.column, error.message));
    match error.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

impl fmt::Display for PlacedBaseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "baseline: {}", self.line())
    }
}
