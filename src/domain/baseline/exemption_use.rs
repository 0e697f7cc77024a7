//! Which exemptions of a baseline a run of `logweir check` used, and which exemptions end soon.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Baseline, Exemption, Workload, end_of};
use crate::domain::rule_name::RuleName;

/// The time before the end of an exemption in which Logweir reports the end.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// An exemption, with the reason why an operator should look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExemptionRemark {
    /// The exemption's match criteria as text, such as `family=legacy-*, container=sidecar`.
    pub r#match: String,
    pub rules: Vec<RuleName>,
    pub owner: String,
    pub reason: String,
    /// The last day on which the exemption applies (UTC).
    pub until: String,
    pub state: ExemptionState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExemptionState {
    /// No finding of the run needs the exemption.
    Unused,
    /// The exemption ends within 30 days.
    EndsSoon,
    Expired,
    /// None of the other states.
    Valid,
}

/// A task definition that a run of `logweir check` checked.
pub struct CheckedDefinition<'a> {
    pub family: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    /// The tags of the revision. `None` if the tags are not known, because a deploy tool may still add tags.
    pub tags: Option<&'a [(String, String)]>,
    /// Whether a name of the family or of a container is missing or is a placeholder, so that any exemption may match.
    pub is_unnamed: bool,
    /// The rule and the container of each finding.
    pub findings: &'a [(RuleName, Option<&'a str>)],
    /// The rules that Logweir could not check.
    pub not_checked: &'a [RuleName],
}

/// The exemptions of a baseline, with their use by the task definitions of a run.
pub struct ExemptionUse<'b> {
    exemptions: Vec<(&'b Exemption, Use)>,
    baseline: &'b Baseline,
}

#[derive(Clone, Copy, Default)]
struct Use {
    is_used: bool,
    /// Whether a task definition of the run belongs to the account and Region of the exemption.
    is_here: bool,
    /// Whether a fact is missing that the exemption needs, so that the exemption may be needed after all.
    is_unknown: bool,
}

impl Baseline {
    /// Returns the exemptions, none of which is used yet.
    pub fn exemption_use(&self) -> ExemptionUse<'_> {
        let exemptions = self.exemptions.iter().map(|exemption| (exemption, Use::default())).collect();
        ExemptionUse { exemptions, baseline: self }
    }

    /// Returns all exemptions with their states at the time `now`.
    pub fn exemptions(&self, now: Timestamp) -> Vec<ExemptionRemark> {
        self.exemptions.iter().map(|exemption| exemption.remark(exemption.state(now))).collect()
    }
}

impl Exemption {
    pub(super) fn state(&self, now: Timestamp) -> ExemptionState {
        state(self.until, now)
    }

    pub(super) fn remark(&self, state: ExemptionState) -> ExemptionRemark {
        ExemptionRemark {
            r#match: self.matches.name(),
            rules: self.rules.clone(),
            owner: self.owner.clone(),
            reason: self.reason.clone(),
            until: self.until.to_string(),
            state,
        }
    }
}

/// Returns the state at the time `now` of an exemption with this last day.
pub(super) fn state(until: Date, now: Timestamp) -> ExemptionState {
    let left = end_of(until).duration_since(now);
    if left <= SignedDuration::ZERO {
        ExemptionState::Expired
    } else if left <= SOON {
        ExemptionState::EndsSoon
    } else {
        ExemptionState::Valid
    }
}

impl ExemptionUse<'_> {
    /// Adds a task definition of the run.
    pub fn add(&mut self, checked: &CheckedDefinition<'_>) {
        let CheckedDefinition { account, region, tags, .. } = *checked;
        for (exemption, of_it) in &mut self.exemptions {
            let Exemption { matches, rules, .. } = exemption;
            // Only `logweir exec check` uses the rules about ECS Exec, and it reports no unused exemption.
            let needs = |rule: &RuleName| {
                checked.not_checked.contains(rule) || self.baseline.is_off(*rule) || rule.is_about_exec()
            };
            of_it.is_unknown |= (matches.account.is_some() && account.is_none())
                || (matches.region.is_some() && region.is_none())
                || (matches.tag.is_some() && tags.is_none())
                || ((matches.family.is_some() || matches.container.is_some()) && checked.is_unnamed)
                || rules.iter().any(needs);
            let is = |glob: &Option<wildmatch::WildMatch>, value: Option<&str>| {
                glob.as_ref().is_none_or(|glob| value.is_some_and(|value| glob.matches(value)))
            };
            of_it.is_here |= is(&matches.account, account) && is(&matches.region, region);
            of_it.is_used |= checked.findings.iter().any(|(rule, container)| {
                let workload = Workload {
                    family: checked.family,
                    container: *container,
                    account,
                    region,
                    tags: tags.unwrap_or_default(),
                    ..Workload::default()
                };
                rules.contains(rule) && matches.covers(&workload)
            });
        }
    }

    /// Returns the used exemptions that end soon. If the task definitions of the run are complete, also returns the
    /// exemptions that no finding needs. An exemption for another account or Region may be needed there, and does not
    /// count as unused.
    pub fn remarks(&self, now: Timestamp, is_complete: bool) -> Vec<ExemptionRemark> {
        let remark = |(exemption, of_it): &(&Exemption, Use)| {
            let state = match exemption.state(now) {
                ExemptionState::EndsSoon if of_it.is_used => ExemptionState::EndsSoon,
                _ if is_complete && of_it.is_here && !of_it.is_used && !of_it.is_unknown => ExemptionState::Unused,
                _ => return None,
            };
            Some(exemption.remark(state))
        };
        self.exemptions.iter().filter_map(remark).collect()
    }
}
