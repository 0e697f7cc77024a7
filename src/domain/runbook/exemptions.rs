//! Applies the exemptions of a baseline to results, and notes which exemptions a run used.

use jiff::Timestamp;
use serde::Serialize;

use super::Results;
use super::known_agents;
use super::requirement::Requirement;
use super::verdict::{Exempt, RunbookResult, Verdict};
use crate::domain::baseline::{Baseline, ExemptionState, RunbookExemption, RunbookSettings, RunbookSubject};

/// The exemptions of a baseline, with their use in a run.
pub struct RunbookExemptions<'b> {
    settings: &'b RunbookSettings,
    used: Vec<bool>,
    now: Timestamp,
}

/// An exemption, with the reason why an operator should look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunbookExemptionRemark {
    /// The exemption's match criteria as text, such as `container=router`.
    pub r#match: String,
    pub requirements: Vec<String>,
    pub rules: Vec<String>,
    pub owner: String,
    pub reason: String,
    /// The last day on which the exemption applies (UTC).
    pub until: String,
    pub state: ExemptionState,
}

impl<'b> RunbookExemptions<'b> {
    pub fn new(baseline: &'b Baseline, now: Timestamp) -> Self {
        let settings = baseline.runbook();
        Self { settings, used: vec![false; settings.exemptions.len()], now }
    }

    /// Marks the results that an exemption covers. An exemption covers failures, advice and what no API decides, and
    /// never what Logweir did not check. An expired exemption covers nothing, and the message says so. `home` is the
    /// account and the Region of the results, if they are known.
    pub fn apply(&mut self, results: &mut Results, home: Option<(&str, &str)>) {
        for (requirement, result) in results {
            if matches!(result.verdict, Verdict::Fail | Verdict::Advice | Verdict::Undecidable) {
                result.exempt = self.of(*requirement, result, home);
            }
        }
    }

    fn of(
        &mut self,
        requirement: Requirement,
        result: &mut RunbookResult,
        home: Option<(&str, &str)>,
    ) -> Option<Exempt> {
        let mut expired = None;
        for (exemption, used) in self.settings.exemptions.iter().zip(&mut self.used) {
            if !exemption.covers(&subject(requirement, result, home)) {
                continue;
            }
            *used = true;
            let RunbookExemption { owner, reason, until, .. } = exemption;
            if exemption.state(self.now) != ExemptionState::Expired {
                return Some(Exempt { owner: owner.clone(), reason: reason.clone(), until: Some(until.to_string()) });
            }
            expired.get_or_insert((owner, until));
        }
        let known = if self.settings.exempt_known_agents { known_agents::exempt(result) } else { None };
        if let (None, Some((owner, until))) = (&known, expired) {
            result.message += &format!("; the exemption of {owner} ended on {until}");
        }
        known
    }

    /// Returns the exemptions that have ended or end soon, and that the run used. If the run read the whole account,
    /// also returns the exemptions that no result needs.
    pub fn remarks(&self, is_complete: bool) -> Vec<RunbookExemptionRemark> {
        let remark = |(exemption, used): (&RunbookExemption, &bool)| {
            let state = match (exemption.state(self.now), used) {
                (state @ (ExemptionState::EndsSoon | ExemptionState::Expired), true) => state,
                (_, false) if is_complete => ExemptionState::Unused,
                _ => return None,
            };
            Some(RunbookExemptionRemark {
                r#match: exemption.name(),
                requirements: exemption.requirements.clone(),
                rules: exemption.rules.clone(),
                owner: exemption.owner.clone(),
                reason: exemption.reason.clone(),
                until: exemption.until.to_string(),
                state,
            })
        };
        self.settings.exemptions.iter().zip(&self.used).filter_map(remark).collect()
    }
}

fn subject<'r>(
    requirement: Requirement,
    result: &'r RunbookResult,
    home: Option<(&'r str, &'r str)>,
) -> RunbookSubject<'r> {
    RunbookSubject {
        requirement: requirement.id(),
        rule: result.rule,
        name: &result.resource.name,
        arn: result.resource.arn.as_deref(),
        container: result.resource.container.as_deref(),
        image: result.image.as_deref(),
        account: home.map(|(account, _)| account),
        region: home.map(|(_, region)| region),
    }
}
