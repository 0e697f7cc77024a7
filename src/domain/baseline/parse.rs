//! Reading `baseline.toml`: every error has its place and, where one is near, a suggestion.

use std::ops::Range;

use jiff::civil::Date;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml::Spanned;
use wildmatch::WildMatch;

use super::settings::{
    AbsentMode, Delivery, ImageGuard, LogGroupSettings, Logging, MissingDriver, Rollout,
    RolloutWhen, Settings, parse_size,
};
use super::{Baseline, Exemption, Match, Profile, RETENTION_DAYS};
use crate::domain::rules;

/// What is wrong with a baseline, and where: line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}{}", help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())]
pub struct BaselineError {
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
}

/// An error before its place is counted out.
struct Fault {
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

type Checked<T> = Result<T, Fault>;

fn fault<T>(
    span: Range<usize>,
    message: impl Into<String>,
    help: impl Into<Option<String>>,
) -> Checked<T> {
    Err(Fault {
        span,
        message: message.into(),
        help: help.into(),
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    version: Spanned<i64>,
    #[serde(default)]
    trusted_tags: Vec<String>,
    #[serde(default)]
    logging: LoggingKeys,
    #[serde(default)]
    log_group: LogGroupKeys,
    #[serde(default)]
    rollout: RolloutKeys,
    #[serde(default)]
    profile: Vec<ProfileKeys>,
    #[serde(default)]
    exempt: Vec<ExemptKeys>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct LoggingKeys {
    driver: Option<Spanned<String>>,
    missing_driver: Option<MissingDriver>,
    accept: Option<Spanned<Vec<String>>>,
    replace: Option<Spanned<Vec<String>>>,
    delivery: Option<Delivery>,
    absent_mode: Option<AbsentMode>,
    max_buffer_size: Option<Spanned<String>>,
    min_buffer_size: Option<Spanned<String>>,
    max_buffer_share: Option<Spanned<f64>>,
    group: Option<Spanned<String>>,
    stream_prefix: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct LogGroupKeys {
    create: Option<Vec<String>>,
    retention_days: Option<Spanned<i64>>,
    class: Option<Spanned<String>>,
    kms_key: Option<Spanned<String>>,
    adopt: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct RolloutKeys {
    when: Option<RolloutWhen>,
    image_guard: Option<ImageGuard>,
    require_service_tag: Option<Spanned<String>>,
    freeze: Option<Vec<Spanned<String>>>,
    registers_per_second: Option<Spanned<f64>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct MatchKeys {
    family: Option<String>,
    container: Option<String>,
    account: Option<String>,
    region: Option<String>,
    tag: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ProfileKeys {
    r#match: Spanned<MatchKeys>,
    #[serde(default)]
    logging: LoggingKeys,
    #[serde(default)]
    log_group: LogGroupKeys,
    #[serde(default)]
    rollout: RolloutKeys,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ExemptKeys {
    r#match: Spanned<MatchKeys>,
    rules: Spanned<Vec<Spanned<String>>>,
    until: Spanned<toml::value::Datetime>,
    owner: Spanned<String>,
    reason: Spanned<String>,
}

pub(super) fn parse(text: &str) -> Result<Baseline, BaselineError> {
    let placed = |fault: Fault| {
        let head = &text[..text.floor_char_boundary(fault.span.start)];
        let line_start = head.rfind('\n').map_or(0, |newline| newline + 1);
        BaselineError {
            line: head.matches('\n').count() + 1,
            column: head[line_start..].chars().count() + 1,
            message: fault.message,
            help: fault.help,
        }
    };
    let file: File = toml::from_str(text).map_err(|error| placed(syntax(&error)))?;
    baseline(file, format!("sha256:{}", hex(&Sha256::digest(text)))).map_err(placed)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// serde names the unknown key and those that it expected: the nearest of them is the suggestion.
fn syntax(error: &toml::de::Error) -> Fault {
    let message = error.message().to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let help = match (message.starts_with("unknown "), quoted.next()) {
        (true, Some(unknown)) => did_you_mean(unknown, quoted),
        _ if message.contains("missing field `until`") => {
            Some("an exemption ends: until = 2027-01-31".into())
        }
        _ => None,
    };
    Fault {
        span: error.span().unwrap_or_default(),
        message,
        help,
    }
}

fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    let near = known
        .iter()
        .map(|k| (strsim::jaro_winkler(word, k), k))
        .filter(|(score, _)| *score > 0.75);
    match near.max_by(|(a, _), (b, _)| a.total_cmp(b)) {
        Some((_, nearest)) => Some(format!("did you mean `{nearest}`?")),
        None => (!known.is_empty()).then(|| format!("it is one of: {}", known.join(", "))),
    }
}

fn baseline(file: File, digest: String) -> Checked<Baseline> {
    if *file.version.get_ref() != 1 {
        return fault(
            file.version.span(),
            format!("version {} is not known", file.version.get_ref()),
            "version = 1".to_owned(),
        );
    }
    let root = override_with(
        &Settings::default(),
        file.logging,
        file.log_group,
        file.rollout,
    )?;
    let mut profiles = Vec::new();
    for keys in file.profile {
        let span = keys.r#match.span();
        let matches = matches(keys.r#match)?;
        let settings = override_with(&root, keys.logging, keys.log_group, keys.rollout)?;
        if let (Some((tag, _)), Some(key)) = (&matches.tag, loosened(&root, &settings))
            && !file.trusted_tags.contains(tag)
        {
            let message = format!(
                "a tag is written by the author of the revision: tag `{tag}` must not loosen {key}"
            );
            return fault(
                span,
                message,
                format!("list it: trusted-tags = [\"{tag}\"], if others cannot set it"),
            );
        }
        profiles.push(Profile { matches, settings });
    }
    let exemptions = file
        .exempt
        .into_iter()
        .map(|keys| exemption(keys, &file.trusted_tags))
        .collect::<Checked<_>>()?;
    Ok(Baseline {
        root,
        profiles,
        exemptions,
        digest,
    })
}

fn exemption(keys: ExemptKeys, trusted: &[String]) -> Checked<Exemption> {
    let span = keys.r#match.span();
    let matches = matches(keys.r#match)?;
    if let Some((tag, _)) = matches
        .tag
        .as_ref()
        .filter(|(tag, _)| !trusted.contains(tag))
    {
        let message =
            format!("a tag is written by the author of the revision: tag `{tag}` must not exempt");
        return fault(
            span,
            message,
            format!("list it: trusted-tags = [\"{tag}\"], if others cannot set it"),
        );
    }
    let known = rules::names();
    let mut rules = Vec::new();
    for rule in keys.rules.get_ref() {
        match known.iter().find(|name| *name == rule.get_ref()) {
            Some(name) => rules.push(*name),
            None => {
                let help = did_you_mean(rule.get_ref(), known.iter().copied());
                return fault(
                    rule.span(),
                    format!("no rule is called `{}`", rule.get_ref()),
                    help,
                );
            }
        }
    }
    if rules.is_empty() {
        return fault(
            keys.rules.span(),
            "an exemption names the rules that it switches off",
            None,
        );
    }
    let until = match (keys.until.get_ref().date, keys.until.get_ref().time) {
        (Some(d), None) => Date::new(
            d.year.try_into().unwrap_or(0),
            d.month.try_into().unwrap_or(0),
            d.day.try_into().unwrap_or(0),
        )
        .ok(),
        _ => None,
    };
    let Some(until) = until else {
        return fault(
            keys.until.span(),
            "until is a day, without a time",
            "until = 2027-01-31".to_owned(),
        );
    };
    for text in [&keys.owner, &keys.reason] {
        if text.get_ref().trim().is_empty() {
            return fault(
                text.span(),
                "an exemption has an owner and a reason; neither is empty",
                None,
            );
        }
    }
    Ok(Exemption {
        matches,
        rules,
        until,
        owner: keys.owner.into_inner(),
        reason: keys.reason.into_inner(),
    })
}

fn matches(keys: Spanned<MatchKeys>) -> Checked<Match> {
    let span = keys.span();
    let keys = keys.into_inner();
    let tag = match &keys.tag {
        None => None,
        Some(tag) => Some(key_value(tag)?),
    };
    let all = [&keys.family, &keys.container, &keys.account, &keys.region];
    if tag.is_none() && all.iter().all(|key| key.is_none()) {
        return fault(
            span,
            "match is empty, so it would cover everything",
            "match = { family = \"web-*\" }".to_owned(),
        );
    }
    let glob = |pattern: Option<String>| pattern.map(|pattern| WildMatch::new(&pattern));
    Ok(Match {
        family: glob(keys.family),
        container: glob(keys.container),
        account: glob(keys.account),
        region: glob(keys.region),
        tag,
    })
}

fn key_value(text: &Spanned<String>) -> Checked<(String, String)> {
    match text.get_ref().split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Ok((key.trim().into(), value.trim().into()))
        }
        _ => fault(text.span(), "a tag is written key=value", None),
    }
}

/// `base` with the keys that are given, checked one by one and then against each other.
fn override_with(
    base: &Settings,
    logging: LoggingKeys,
    group: LogGroupKeys,
    rollout: RolloutKeys,
) -> Checked<Settings> {
    Ok(Settings {
        logging: override_logging(&base.logging, logging)?,
        log_group: override_log_group(&base.log_group, group)?,
        rollout: override_rollout(&base.rollout, rollout)?,
    })
}

fn override_logging(base: &Logging, keys: LoggingKeys) -> Checked<Logging> {
    let size = |text: &Option<Spanned<String>>, base: u64| match text {
        None => Ok(base),
        Some(text) => match parse_size(text.get_ref()) {
            Some(bytes) if bytes > 0 => Ok(bytes),
            _ => fault(
                text.span(),
                format!("`{}` is not a size", text.get_ref()),
                "such as \"25m\"".to_owned(),
            ),
        },
    };
    let (max, min) = (
        size(&keys.max_buffer_size, base.max_buffer_size)?,
        size(&keys.min_buffer_size, base.min_buffer_size)?,
    );
    if min > max {
        let span = [&keys.min_buffer_size, &keys.max_buffer_size]
            .into_iter()
            .flatten()
            .next()
            .map(Spanned::span)
            .unwrap_or_default();
        return fault(span, "min-buffer-size is above max-buffer-size", None);
    }
    if let Some(driver) = keys
        .driver
        .as_ref()
        .filter(|driver| driver.get_ref() != "awslogs")
    {
        return fault(
            driver.span(),
            "only awslogs can be given to a container that has no driver",
            "driver = \"awslogs\"".to_owned(),
        );
    }
    if let Some(share) = keys
        .max_buffer_share
        .as_ref()
        .filter(|share| !(*share.get_ref() > 0.0 && *share.get_ref() <= 1.0))
    {
        return fault(
            share.span(),
            "max-buffer-share is a part of the memory: above 0, at most 1",
            "such as 0.25".to_owned(),
        );
    }
    for text in [&keys.group, &keys.stream_prefix].into_iter().flatten() {
        template(text)?;
    }
    let drivers = |list: &Option<Spanned<Vec<String>>>, base: &[String]| {
        list.as_ref().map_or(base.to_vec(), |l| l.get_ref().clone())
    };
    let (accept, replace) = (
        drivers(&keys.accept, &base.accept),
        drivers(&keys.replace, &base.replace),
    );
    if !accept.iter().any(|driver| driver == "awslogs") {
        let span = keys.accept.as_ref().map(Spanned::span).unwrap_or_default();
        return fault(
            span,
            "accept leaves out awslogs, the driver that Logweir gives",
            None,
        );
    }
    if let Some(both) = replace.iter().find(|driver| accept.contains(driver)) {
        let span = [&keys.replace, &keys.accept]
            .into_iter()
            .flatten()
            .next()
            .map(Spanned::span)
            .unwrap_or_default();
        return fault(
            span,
            format!("`{both}` is accepted and replaced at once"),
            None,
        );
    }
    Ok(Logging {
        driver: base.driver.clone(),
        missing_driver: keys.missing_driver.unwrap_or(base.missing_driver),
        accept,
        replace,
        delivery: keys.delivery.unwrap_or(base.delivery),
        absent_mode: keys.absent_mode.unwrap_or(base.absent_mode),
        max_buffer_size: max,
        min_buffer_size: min,
        max_buffer_share: keys
            .max_buffer_share
            .map_or(base.max_buffer_share, Spanned::into_inner),
        group: keys
            .group
            .map_or_else(|| base.group.clone(), Spanned::into_inner),
        stream_prefix: keys
            .stream_prefix
            .map_or_else(|| base.stream_prefix.clone(), Spanned::into_inner),
    })
}

/// A name in which `{family}` and `{container}` stand for themselves.
fn template(text: &Spanned<String>) -> Checked<()> {
    let plain = text
        .get_ref()
        .replace("{family}", "f")
        .replace("{container}", "c");
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/#".contains(c);
    match plain.is_empty() || plain.starts_with("aws/") || !plain.chars().all(allowed) {
        true => fault(
            text.span(),
            format!(
                "`{}` is not a name that CloudWatch Logs takes",
                text.get_ref()
            ),
            "{family} and {container} may stand in it".to_owned(),
        ),
        false => Ok(()),
    }
}

fn override_log_group(base: &LogGroupSettings, keys: LogGroupKeys) -> Checked<LogGroupSettings> {
    let retention_days = match &keys.retention_days {
        None => base.retention_days,
        Some(days) => match RETENTION_DAYS
            .iter()
            .find(|value| i64::from(**value) == *days.get_ref())
        {
            Some(days) => *days,
            None => {
                let near = RETENTION_DAYS
                    .iter()
                    .find(|value| i64::from(**value) > *days.get_ref())
                    .unwrap_or(&3653);
                let message = format!(
                    "CloudWatch Logs does not keep logs for {} days",
                    days.get_ref()
                );
                return fault(
                    days.span(),
                    message,
                    format!("the next value that it takes is {near}"),
                );
            }
        },
    };
    const CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", "ESSENTIALS"];
    if let Some(class) = keys
        .class
        .as_ref()
        .filter(|class| !CLASSES.contains(&class.get_ref().as_str()))
    {
        // DELIVERY is a class too, but it keeps one day, whatever retention says.
        return fault(
            class.span(),
            format!(
                "`{}` is not a class for a container's logs",
                class.get_ref()
            ),
            did_you_mean(class.get_ref(), CLASSES.into_iter()),
        );
    }
    if let Some(key) = keys
        .kms_key
        .as_ref()
        .filter(|key| !key.get_ref().starts_with("arn:") || !key.get_ref().contains(":kms:"))
    {
        return fault(key.span(), "kms-key is the ARN of a KMS key", None);
    }
    Ok(LogGroupSettings {
        create: keys.create.unwrap_or_else(|| base.create.clone()),
        retention_days,
        class: keys
            .class
            .map_or_else(|| base.class.clone(), Spanned::into_inner),
        kms_key: keys
            .kms_key
            .map(Spanned::into_inner)
            .or_else(|| base.kms_key.clone()),
        adopt: keys.adopt.unwrap_or_else(|| base.adopt.clone()),
    })
}

fn override_rollout(base: &Rollout, keys: RolloutKeys) -> Checked<Rollout> {
    let require_service_tag = match &keys.require_service_tag {
        None => base.require_service_tag.clone(),
        Some(tag) if tag.get_ref().is_empty() => None,
        Some(tag) => Some(key_value(tag)?),
    };
    if let Some(rate) = keys
        .registers_per_second
        .as_ref()
        .filter(|rate| !(*rate.get_ref() > 0.0 && *rate.get_ref() <= 1.0))
    {
        return fault(
            rate.span(),
            "registers-per-second lies above 0 and at most at 1, which is all that AWS allows everybody together",
            None,
        );
    }
    for window in keys.freeze.iter().flatten() {
        if !is_window(window.get_ref()) {
            return fault(
                window.span(),
                "not a window of time",
                "such as \"fri 15:00 - mon 08:00 Europe/Berlin\"".to_owned(),
            );
        }
    }
    Ok(Rollout {
        when: keys.when.unwrap_or(base.when),
        image_guard: keys.image_guard.unwrap_or(base.image_guard),
        require_service_tag,
        freeze: keys.freeze.map_or_else(
            || base.freeze.clone(),
            |all| all.into_iter().map(Spanned::into_inner).collect(),
        ),
        registers_per_second: keys
            .registers_per_second
            .map_or(base.registers_per_second, Spanned::into_inner),
    })
}

/// `fri 15:00 - mon 08:00 Europe/Berlin`
fn is_window(text: &str) -> bool {
    let day = |word: &str| ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&word);
    let time = |word: &str| word.len() == 5 && word.parse::<jiff::civil::Time>().is_ok();
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [from, at, "-", to, until, zone] => {
            day(from) && time(at) && day(to) && time(until) && !zone.is_empty()
        }
        _ => false,
    }
}

/// The first key in which `profile` asks for less than `root`, or simply for something else where neither is less.
fn loosened(root: &Settings, profile: &Settings) -> Option<&'static str> {
    let (from, to) = (&root.logging, &profile.logging);
    let checks = [
        (
            "missing-driver",
            to.missing_driver != from.missing_driver && to.missing_driver == MissingDriver::Advice,
        ),
        (
            "accept",
            to.accept.iter().any(|driver| !from.accept.contains(driver)),
        ),
        ("replace", to.replace != from.replace),
        ("delivery", to.delivery != from.delivery),
        (
            "absent-mode",
            to.absent_mode != from.absent_mode && to.absent_mode == AbsentMode::Effective,
        ),
        ("max-buffer-size", to.max_buffer_size < from.max_buffer_size),
        ("min-buffer-size", to.min_buffer_size < from.min_buffer_size),
        (
            "max-buffer-share",
            to.max_buffer_share > from.max_buffer_share,
        ),
        ("group", to.group != from.group),
        ("create", profile.log_group.create != root.log_group.create),
        (
            "retention-days",
            profile.log_group.retention_days < root.log_group.retention_days,
        ),
        ("class", profile.log_group.class != root.log_group.class),
        (
            "kms-key",
            profile.log_group.kms_key != root.log_group.kms_key,
        ),
        ("adopt", profile.log_group.adopt != root.log_group.adopt),
        (
            "when",
            profile.rollout.when != root.rollout.when
                && profile.rollout.when == RolloutWhen::AtOnce,
        ),
        (
            "image-guard",
            profile.rollout.image_guard < root.rollout.image_guard,
        ),
        (
            "require-service-tag",
            profile.rollout.require_service_tag != root.rollout.require_service_tag,
        ),
        ("freeze", profile.rollout.freeze != root.rollout.freeze),
        (
            "registers-per-second",
            profile.rollout.registers_per_second > root.rollout.registers_per_second,
        ),
    ];
    checks
        .into_iter()
        .find(|(_, looser)| *looser)
        .map(|(key, _)| key)
}
