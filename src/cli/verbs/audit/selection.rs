//! The targets and the filters of `logweir audit`.

use clap::Args;

use crate::cli::failure::Failure;
use crate::domain::audit::{AuditHome, AuditTarget, Globs, Scope, Scopes, Selection};
use crate::domain::ecs::arn::Arn;
use crate::domain::rule_name::RuleName;
use crate::domain::severity::Severity;

/// The least similarity (Jaro) of a name that an error suggests.
const NEAR: f64 = 0.7;

/// In the filters, `*` and `?` are wildcards, and a pattern after `!` excludes.
#[derive(Args, Default)]
pub(super) struct SelectionArgs {
    /// ecs:FAMILY, the ARN of a service, or a cluster; with the wildcards `*` and `?` [default: everything]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
    /// Audit only the matching families; repeatable, and `!` excludes, as in every filter
    #[arg(long, value_name = "GLOB")]
    family: Vec<String>,
    /// Audit only what the matching clusters run
    #[arg(long, value_name = "GLOB")]
    cluster: Vec<String>,
    /// Audit only what the matching services run, as NAME or CLUSTER/NAME
    #[arg(long, value_name = "GLOB")]
    service: Vec<String>,
    /// Audit only revisions and services with a matching tag, as KEY or KEY=VALUE
    #[arg(long, value_name = "GLOB")]
    tag: Vec<String>,
    /// Show only the findings of the matching rules
    #[arg(long, value_name = "GLOB")]
    rule: Vec<String>,
    /// Show only the findings with this severity: error, warning or note
    #[arg(long, value_name = "GLOB")]
    severity: Vec<String>,
    /// Audit running (what services and tasks use), next (the newest revisions) or stale (older ACTIVE revisions)
    /// [default: running and next]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
}

impl SelectionArgs {
    /// Returns the first target that is an ARN.
    pub(super) fn arn(&self) -> Option<&str> {
        self.targets.iter().map(String::as_str).find(|text| Arn::parse(text).is_some())
    }

    pub(super) fn parse(&self) -> Result<Selection, Failure> {
        let targets = self.targets.iter().map(|text| {
            AuditTarget::parse(text)
                .map_err(|help| Failure::usage(format!("`{text}` is no target of an audit")).help(help))
        });
        let filters = [&self.family, &self.cluster, &self.service, &self.tag, &self.rule, &self.severity, &self.scope];
        if filters.into_iter().flatten().any(|pattern| pattern.trim_start_matches('!').is_empty()) {
            return Err(Failure::usage("a filter is empty, and matches nothing")
                .help("give the filter a name or a pattern, or leave the filter out"));
        }
        known("--rule", &self.rule, RuleName::ALL.iter().map(|rule| rule.name()))?;
        known("--severity", &self.severity, Severity::ALL.iter().map(|severity| severity.name()))?;
        known("--scope", &self.scope, Scope::ALL.iter().map(|scope| scope.name()))?;
        Ok(Selection {
            targets: targets.collect::<Result<_, _>>()?,
            families: Globs::of(&self.family),
            clusters: Globs::of(&self.cluster),
            services: Globs::of(&self.service),
            tags: Globs::of(&self.tag),
            rules: Globs::of(&self.rule),
            severities: Globs::of(&self.severity),
            scopes: scopes(&self.scope),
        })
    }

    /// Returns an error if a target is the ARN of a resource in another account or Region than the audited ones.
    pub(super) fn is_in(&self, home: &AuditHome) -> Result<(), Failure> {
        for target in &self.targets {
            let Some(arn) = Arn::parse(target) else { continue };
            if (arn.account, arn.region) != (home.account.as_str(), home.region.as_str()) {
                let (account, region) = (&home.account, &home.region);
                let message =
                    format!("{target} is not in account {account} and Region {region}, which this run audits");
                return Err(Failure::error(message).help("select its account and Region with --profile and --region"));
            }
        }
        Ok(())
    }
}

/// Returns the scopes that the caller names. A scope after `!` alone excludes it from the default.
fn scopes(given: &[String]) -> Scopes {
    if given.is_empty() {
        return Scopes::default();
    }
    let globs = Globs::of(given);
    let is_wanted = given.iter().any(|text| !text.starts_with('!'));
    let base = if is_wanted { Scopes::ALL } else { Selection::default().scopes() };
    Scopes::of(base.iter().filter(|scope| globs.has(scope.name())))
}

/// Fails if a pattern matches none of the names, because it may be misspelt.
fn known<'n>(option: &str, patterns: &[String], names: impl Iterator<Item = &'n str> + Clone) -> Result<(), Failure> {
    for pattern in patterns {
        let glob = Globs::of([pattern.trim_start_matches('!')]);
        if !names.clone().any(|name| glob.has(name)) {
            let known: Vec<&str> = names.clone().collect();
            let similar = known.iter().max_by(|a, b| {
                let near = |name: &str| strsim::jaro(name, pattern);
                near(a).total_cmp(&near(b))
            });
            let help = match known.len() {
                0..=3 => format!("use {}", known.join(", ")),
                _ => match similar.filter(|name| strsim::jaro(name, pattern) > NEAR) {
                    Some(name) => format!("did you mean `{name}`? `logweir rules` lists all"),
                    None => "list the rules with `logweir rules`".to_owned(),
                },
            };
            return Err(Failure::usage(format!("{option} {pattern} matches nothing")).help(help));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(scopes: &[&str]) -> String {
        let args = SelectionArgs { scope: scopes.iter().map(|s| (*s).to_owned()).collect(), ..Default::default() };
        args.parse().unwrap_or_else(|failure| panic!("{failure}")).scopes().names()
    }

    #[test]
    fn stale_revisions_are_audited_only_if_they_are_asked_for() {
        assert_eq!(given(&[]), "running, next");
        assert_eq!(given(&["running"]), "running");
        assert_eq!(given(&["!running"]), "next");
        assert_eq!(given(&["*"]), "running, next, stale");
        assert_eq!(given(&["*", "!next"]), "running, stale");
    }

    #[test]
    fn a_misspelt_name_is_a_usage_error() {
        for args in [
            SelectionArgs { rule: vec!["blocking-delivry".into()], ..Default::default() },
            SelectionArgs { severity: vec!["fatal".into()], ..Default::default() },
            SelectionArgs { scope: vec!["!old".into()], ..Default::default() },
            SelectionArgs { tag: vec![String::new()], ..Default::default() },
            SelectionArgs { service: vec!["web".into(), "!".into()], ..Default::default() },
            SelectionArgs { targets: vec!["ecs:web:1".into()], ..Default::default() },
        ] {
            assert!(args.parse().is_err());
        }
        assert!(SelectionArgs { rule: vec!["*-log-group".into()], ..Default::default() }.parse().is_ok());
    }
}
