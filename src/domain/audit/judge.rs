//! Turns the plan of a revision into a compact result.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::revision::{AuditedFinding, AuditedFix, FixKind};
use super::texts::{Text, Texts};
use crate::domain::account_default::UnsetModes;
use crate::domain::baseline::Baseline;
use crate::domain::ecs::wire::Described;
use crate::domain::plan::{self, Plan};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::facts::{DefaultMode, LogGroup, Observation};
use crate::domain::rules::finding::{Finding, Fix};

/// The rules and the baseline of an audit.
#[derive(Clone, Copy)]
pub struct Judge<'j> {
    pub rules: &'j [&'static dyn Rule],
    pub baseline: &'j Baseline,
}

/// The facts about an account that a judgement needs beside the revision and its tags.
#[derive(Clone, Debug)]
pub struct AccountFacts<'f> {
    pub default_mode: &'f DefaultMode,
    /// The log groups that the revision needs, by their names. `None` if AWS refused to describe them.
    pub log_groups: Option<BTreeMap<String, LogGroup>>,
    pub now: Timestamp,
}

/// The findings about a revision, and the rules that could not be checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Judgement {
    pub findings: Vec<AuditedFinding>,
    pub not_checked: Vec<RuleName>,
    /// The containers without a mode.
    #[serde(default)]
    pub unset: UnsetModes,
}

/// The log groups of a revision by their names, each with the retention in days that the baseline requires.
pub type RequiredGroups = BTreeMap<String, Option<u32>>;

impl Judge<'_> {
    /// Returns the log groups that the rules need facts about, with the retentions that the baseline requires.
    pub fn log_groups(&self, described: &Described, default_mode: &DefaultMode, now: Timestamp) -> RequiredGroups {
        let tags = tags(described);
        let seen = observation(described, &tags, default_mode, None, now);
        plan::log_groups(&seen, self.baseline)
    }

    /// Judges a revision. Unlike `logweir check`, an audit does not read whether a log group is empty.
    pub fn judge(&self, described: &Described, facts: &AccountFacts<'_>, texts: &mut Texts) -> Judgement {
        let tags = tags(described);
        let seen = observation(described, &tags, facts.default_mode, facts.log_groups.as_ref(), facts.now);
        let Plan { findings, not_checked, .. } = plan::plan_by(self.rules, &seen, self.baseline);
        let findings = findings.iter().map(|finding| compact(finding, texts)).collect();
        Judgement { findings, not_checked, unset: UnsetModes::of(&seen, self.baseline) }
    }
}

fn tags(described: &Described) -> Vec<(String, String)> {
    described.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn observation<'o>(
    described: &'o Described,
    tags: &'o [(String, String)],
    default_mode: &DefaultMode,
    log_groups: Option<&'o BTreeMap<String, LogGroup>>,
    now: Timestamp,
) -> Observation<'o> {
    Observation {
        definition: &described.definition,
        account: Some(&described.arn.account),
        region: Some(&described.arn.region),
        tags,
        default_mode: default_mode.clone(),
        log_groups,
        template: None,
        now,
    }
}

fn compact(finding: &Finding, texts: &mut Texts) -> AuditedFinding {
    let mut share = |text: &str| -> Text { texts.share(text) };
    AuditedFinding {
        rule: finding.rule,
        severity: finding.severity,
        decided: finding.decided,
        container: finding.container.as_deref().map(&mut share),
        index: finding.index.and_then(|index| u32::try_from(index).ok()),
        pointer: share(&finding.pointer),
        message: share(&finding.message),
        effective: finding.effective.as_deref().map(&mut share),
        fix: AuditedFix {
            safety: finding.fix.safety(),
            kind: match &finding.fix {
                Fix::Options(_) | Fix::Configuration { .. } => FixKind::Revision,
                Fix::LogGroup(_) | Fix::Retention { .. } => FixKind::LogGroup,
                Fix::Advice(_) => FixKind::Advice,
            },
            text: share(&finding.fix.text()),
        },
        exempt: finding.exempt.clone().map(Box::new),
        notes: finding.notes.iter().map(|note| share(note)).collect(),
    }
}
