//! Parses `baseline.toml`. Every error contains its position in the file, and suggests a valid name if a similar name
//! exists.

use std::ops::Range;

use jiff::SignedDuration;
use toml::Spanned;
use wildmatch::WildMatch;

use super::digest;
use super::effective::{written_keys, written_profiles};
use super::exec::exec;
use super::exemption_terms::{Terms, terms};
use super::fault::{BaselineError, Checked, Fault, did_you_mean, fault, key_value};
use super::keys::{ExemptKeys, File, FuseKeys, MatchKeys};
use super::levels::{Levels, rule};
use super::overrides::{loosened, loosened_rollout, override_with};
use super::runbook::runbook;
use super::settings::BaselineSettings;
use super::{Baseline, Exemption, FuseLimits, Match, Profile};
use crate::domain::rule_name::RuleName;

pub(super) fn parse(text: &str) -> Result<Baseline, BaselineError> {
    let file: File = toml::from_str(text).map_err(|error| syntax(&error).placed_in(text))?;
    let document: toml::Table = toml::from_str(text).map_err(|error| syntax(&error).placed_in(text))?;
    baseline(file, &document).map_err(|fault| fault.placed_in(text))
}

/// Converts an error of the TOML parser. The message of the parser names an unknown key and the expected keys. The help
/// text suggests the expected key that is most similar to the unknown key.
fn syntax(error: &toml::de::Error) -> Fault {
    let message = error.message().to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let help = match (message.starts_with("unknown "), quoted.next()) {
        (true, Some(unknown)) => did_you_mean(unknown, quoted),
        _ if message.contains("missing field `until`") => {
            Some("give the exemption an end date, such as until = 2027-01-31".into())
        }
        _ => None,
    };
    Fault { span: error.span().unwrap_or_default(), message, help }
}

fn baseline(file: File, document: &toml::Table) -> Checked<Baseline> {
    if *file.version.get_ref() != 1 {
        return fault(
            file.version.span(),
            format!("version {} of the baseline format is not known", file.version.get_ref()),
            "version = 1".to_owned(),
        );
    }
    let root = override_with(&BaselineSettings::default(), file.logging, file.log_group, file.rollout, &file.correct)?;
    let mut profiles = Vec::new();
    let mut spans = Vec::new();
    for (keys, written) in file.profile.into_iter().zip(written_profiles(document)) {
        spans.push(keys.r#match.span());
        let matches = matches(keys.r#match)?;
        let beside = [
            keys.logging.as_ref().map(Spanned::span),
            keys.log_group.as_ref().map(Spanned::span),
            keys.correct.as_ref().map(Spanned::span),
        ];
        if let (true, Some(span)) = (matches.asks_for_a_service(), beside.into_iter().flatten().next()) {
            let message = "a profile that matches on cluster or service-tag may set only keys of rollout";
            return fault(
                span,
                message,
                "the keys of logging, log-group and correct apply to revisions, which have no cluster and no service tags"
                    .to_owned(),
            );
        }
        let logging = keys.logging.map(Spanned::into_inner).unwrap_or_default();
        let log_group = keys.log_group.map(Spanned::into_inner).unwrap_or_default();
        let correct = keys.correct.map(Spanned::into_inner).unwrap_or_default();
        let settings = override_with(&root, logging, log_group, keys.rollout, &correct)?;
        profiles.push(Profile { matches, settings, written });
    }
    for (i, span) in spans.into_iter().enumerate() {
        no_tag_loosens(&root, &profiles[i..], &file.trusted_tags, span)?;
    }
    let levels = Levels::parse(&file.rules)?;
    let exemptions = file.exempt.into_iter().map(|keys| exemption(keys, &file.trusted_tags)).collect::<Checked<_>>()?;
    let fuse = fuse(file.fuse)?;
    let exec = exec(file.exec)?;
    let runbook = runbook(file.runbook)?;
    let (written, digest) = (written_keys(document), digest::of(document));
    Ok(Baseline {
        root,
        profiles,
        exemptions,
        fuse,
        exec,
        runbook,
        levels,
        off: Vec::new(),
        trusted_tags: file.trusted_tags,
        written,
        digest,
        note: None,
    })
}

fn fuse(keys: FuseKeys) -> Checked<FuseLimits> {
    let number = |key: Option<Spanned<i64>>, most: i64, default: i64| match key {
        None => Ok(default),
        Some(key) if (1..=most).contains(key.get_ref()) => Ok(key.into_inner()),
        Some(key) => fault(key.span(), format!("the value must be between 1 and {most}, not {}", key.get_ref()), None),
    };
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(FuseLimits {
        corrections: count(number(keys.corrections, 200, 3)?),
        within: SignedDuration::from_mins(number(keys.minutes, 7 * 24 * 60, 10)?),
        weekly: count(number(keys.corrections_per_week, 200, 50)?),
    })
}

const REVISION_TAG: &str = "the author of a revision can set its tags, so tag";
const SERVICE_TAG: &str = "the author of a service can set its tags, so service-tag";

/// Returns an error if the first of `profiles` matches on an untrusted tag and is less strict than the root settings or
/// a later profile. Without this check, a principal could set the tag to avoid the stricter settings.
fn no_tag_loosens(
    root: &BaselineSettings,
    profiles: &[Profile],
    trusted: &[String],
    span: Range<usize>,
) -> Checked<()> {
    let [first, behind @ ..] = profiles else { return Ok(()) };
    let untrusted =
        |tag: &Option<(String, String)>| tag.as_ref().map(|(key, _)| key).filter(|key| !trusted.contains(key)).cloned();
    let (tag, whose) = match (untrusted(&first.matches.tag), untrusted(&first.matches.service_tag)) {
        (Some(tag), _) => (tag, REVISION_TAG),
        (None, Some(tag)) => (tag, SERVICE_TAG),
        (None, None) => return Ok(()),
    };
    let others = behind.iter().map(|profile| &profile.settings).chain([root]);
    // Logweir uses only the rollout settings of a profile that matches on services.
    let looser = |other: &BaselineSettings| {
        if first.matches.asks_for_a_service() {
            return loosened_rollout(&other.rollout, &first.settings.rollout);
        }
        loosened(other, &first.settings)
    };
    let Some(key) = others.into_iter().find_map(looser) else { return Ok(()) };
    fault(span, format!("{whose} `{tag}` must not loosen {key}"), trust(&tag))
}

fn trust(tag: &str) -> String {
    format!("if only trusted principals can set the tag, list its key: trusted-tags = [\"{tag}\"]")
}

fn exemption(keys: ExemptKeys, trusted: &[String]) -> Checked<Exemption> {
    let span = keys.r#match.span();
    let rules = keys.rules.get_ref().iter().map(rule).collect::<Checked<Vec<RuleName>>>()?;
    let MatchKeys { cluster, service_tag, .. } = keys.r#match.get_ref();
    let is_of_clusters = !rules.is_empty() && rules.iter().all(|rule| rule.is_about_exec());
    if let Some(text) = service_tag.as_ref().or(cluster.as_ref().filter(|_| !is_of_clusters)) {
        let help =
            "match on family, container, account, region or tag; for rules about ECS Exec alone, also on cluster";
        return fault(
            text.span(),
            "an exemption cannot use cluster or service-tag, because a revision has no cluster and no service tags",
            help.to_owned(),
        );
    }
    let matches = matches(keys.r#match)?;
    if let Some((tag, _)) = matches.tag.as_ref().filter(|(tag, _)| !trusted.contains(tag)) {
        return fault(span, format!("{REVISION_TAG} `{tag}` must not grant an exemption"), trust(tag));
    }
    if rules.is_empty() {
        return fault(keys.rules.span(), "an exemption must name the rules that it switches off", None);
    }
    let Terms { until, owner, reason } = terms(&keys.until, keys.owner, keys.reason)?;
    Ok(Exemption { matches, rules, until, owner, reason })
}

fn matches(keys: Spanned<MatchKeys>) -> Checked<Match> {
    let span = keys.span();
    let keys = keys.into_inner();
    let tag = keys.tag.as_ref().map(key_value).transpose()?;
    let service_tag = keys.service_tag.as_ref().map(key_value).transpose()?;
    let cluster = keys.cluster.map(Spanned::into_inner);
    let globs = [&keys.family, &keys.container, &keys.account, &keys.region, &cluster];
    if tag.is_none() && service_tag.is_none() && globs.iter().all(|key| key.is_none()) {
        return fault(
            span,
            "match must not be empty, because an empty match would cover every task definition",
            "match = { family = \"web-*\" }".to_owned(),
        );
    }
    if keys.container.is_some() && (cluster.is_some() || service_tag.is_some()) {
        let message =
            "match must not combine container with cluster or service-tag, because these two keys select services";
        return fault(span, message, None);
    }
    let glob = |pattern: Option<String>| pattern.map(|pattern| WildMatch::new(&pattern));
    Ok(Match {
        family: glob(keys.family),
        container: glob(keys.container),
        account: glob(keys.account),
        region: glob(keys.region),
        tag,
        cluster: glob(cluster),
        service_tag,
    })
}
