//! The table `[rules]` of a baseline, and the choice of rules by `logweir check` and `logweir fix`.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Baseline;
use super::fault::{Checked, did_you_mean, fault};
use crate::domain::rule_name::{NoSuchRule, RuleName};
use crate::domain::severity::Severity;

/// The table `[rules]` in the spelling of `baseline.toml`.
pub(super) type LevelKeys = BTreeMap<Spanned<String>, Spanned<String>>;

/// How a rule counts in `logweir check` and `logweir fix`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The rule reports no finding, and `logweir fix` makes none of the rule's fixes.
    Off,
    At(Severity),
}

/// The levels that a baseline sets, each with its rule. A rule without a level has its own severity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Levels(Vec<(RuleName, Level)>);

/// The rules that the caller of `logweir check` or `logweir fix` chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleChoice {
    /// The only rules that count, even if the baseline switches them off. If the list is empty, every rule counts that
    /// the baseline does not switch off.
    pub select: Vec<RuleName>,
    /// The rules that do not count.
    pub ignore: Vec<RuleName>,
}

impl Level {
    const ALL: [Self; 4] =
        [Self::Off, Self::At(Severity::Error), Self::At(Severity::Warning), Self::At(Severity::Note)];

    /// Returns the level in the spelling of `baseline.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::At(severity) => severity.name(),
        }
    }
}

impl Levels {
    pub(super) fn parse(keys: &LevelKeys) -> Checked<Self> {
        keys.iter().map(|(name, level)| Ok((rule(name)?, parse_level(level)?))).collect::<Checked<_>>().map(Self)
    }

    pub(super) fn of(&self, rule: RuleName) -> Option<Level> {
        self.0.iter().find(|(name, _)| *name == rule).map(|(_, level)| *level)
    }
}

/// Parses the name of a rule.
pub(super) fn rule(name: &Spanned<String>) -> Checked<RuleName> {
    name.get_ref().parse().or_else(|unknown: NoSuchRule| {
        let help = did_you_mean(name.get_ref(), RuleName::ALL.iter().map(|rule| rule.name()));
        fault(name.span(), unknown.to_string(), help)
    })
}

fn parse_level(text: &Spanned<String>) -> Checked<Level> {
    match Level::ALL.into_iter().find(|level| level.name() == text.get_ref()) {
        Some(level) => Ok(level),
        None => {
            let message = format!("`{}` is neither a severity nor `off`", text.get_ref());
            fault(text.span(), message, did_you_mean(text.get_ref(), Level::ALL.iter().map(|level| level.name())))
        }
    }
}

impl RuleChoice {
    fn is_off(&self, rule: RuleName, level: Option<Level>) -> bool {
        let is_selected = if self.select.is_empty() { level != Some(Level::Off) } else { self.select.contains(&rule) };
        !is_selected || self.ignore.contains(&rule)
    }
}

impl Baseline {
    /// Returns this baseline for `logweir check` and `logweir fix`, which leave out the rules that the table `[rules]`
    /// or the caller switches off. Every other part of Logweir uses the baseline without a choice, in which every rule
    /// is on, so that only an exemption with an owner and an end stops a correction.
    pub fn choosing(&self, choice: &RuleChoice) -> Self {
        let off = RuleName::ALL.into_iter().filter(|rule| choice.is_off(*rule, self.levels.of(*rule))).collect();
        Self { off, ..self.clone() }
    }

    /// Whether `logweir check` and `logweir fix` leave out the rule. Returns `false` for a baseline without a choice.
    pub fn is_off(&self, rule: RuleName) -> bool {
        self.off.contains(&rule)
    }

    /// Returns the severity of the rule's findings.
    pub fn severity(&self, rule: RuleName) -> Severity {
        match self.levels.of(rule) {
            Some(Level::At(severity)) => severity,
            Some(Level::Off) | None => rule.severity(),
        }
    }

    /// Returns the level of the rule in the table `[rules]`, or else the rule's own severity.
    pub fn level(&self, rule: RuleName) -> Level {
        self.levels.of(rule).unwrap_or(Level::At(rule.severity()))
    }
}
