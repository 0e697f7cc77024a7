//! Overrides settings with the keys of a baseline file. Invalid values and contradictory keys are errors.

use std::ops::RangeInclusive;

use jiff::SignedDuration;
use toml::Spanned;

use super::fault::{Checked, did_you_mean, fault, key_value};
use super::freeze::FreezeWindow;
use super::keys::{CorrectKeys, LogGroupKeys, LoggingKeys, RolloutKeys};
use super::settings::{
    AbsentMode, BaselineSettings, CorrectSettings, LogGroupSettings, Logging, MissingDriver, RolloutSettings,
    RolloutWhen,
};
use super::size::parse_size;
use super::values::{ANY_RETENTION, LOG_CLASSES, LOG_DRIVERS, RETENTION_DAYS, is_log_name_character};

/// Returns the settings `base`, overridden by the given keys.
pub(super) fn override_with(
    base: &BaselineSettings,
    logging: LoggingKeys,
    group: LogGroupKeys,
    rollout: RolloutKeys,
    correct: &CorrectKeys,
) -> Checked<BaselineSettings> {
    Ok(BaselineSettings {
        logging: override_logging(&base.logging, logging)?,
        log_group: override_log_group(&base.log_group, group)?,
        rollout: override_rollout(&base.rollout, rollout)?,
        correct: CorrectSettings { retire: correct.retire.unwrap_or(base.correct.retire) },
    })
}

fn override_logging(base: &Logging, keys: LoggingKeys) -> Checked<Logging> {
    let (min, max) = buffer_sizes(base, &keys)?;
    if let Some(driver) = keys.driver.as_ref().filter(|driver| driver.get_ref() != "awslogs") {
        return fault(
            driver.span(),
            "driver must be awslogs, the only log driver that Logweir writes",
            "driver = \"awslogs\"".to_owned(),
        );
    }
    if let Some(share) = keys.max_buffer_share.as_ref().filter(|share| !is_fraction(*share.get_ref())) {
        return fault(
            share.span(),
            "max-buffer-share must be a fraction of the memory, above 0 and at most 1",
            "use a fraction such as 0.25".to_owned(),
        );
    }
    for text in [&keys.group, &keys.stream_prefix].into_iter().flatten() {
        template(text)?;
    }
    let (accept, replace) = accepted_and_replaced(base, &keys)?;
    let correct_drivers = corrected(base, &keys)?;
    Ok(Logging {
        driver: base.driver.clone(),
        missing_driver: keys.missing_driver.unwrap_or(base.missing_driver),
        accept,
        replace,
        correct_drivers,
        delivery: keys.delivery.unwrap_or(base.delivery),
        absent_mode: keys.absent_mode.unwrap_or(base.absent_mode),
        max_buffer_size: max,
        min_buffer_size: min,
        max_buffer_share: keys.max_buffer_share.map_or(base.max_buffer_share, Spanned::into_inner),
        group: keys.group.map_or_else(|| base.group.clone(), Spanned::into_inner),
        stream_prefix: keys.stream_prefix.map_or_else(|| base.stream_prefix.clone(), Spanned::into_inner),
    })
}

/// Whether the number is above 0 and at most 1. Returns `false` for NaN.
fn is_fraction(number: f64) -> bool {
    number > 0.0 && number <= 1.0
}

/// Returns `min-buffer-size` and `max-buffer-size`, in bytes.
fn buffer_sizes(base: &Logging, keys: &LoggingKeys) -> Checked<(u64, u64)> {
    let size = |text: &Option<Spanned<String>>, base: u64| match text {
        None => Ok(base),
        Some(text) => match parse_size(text.get_ref()) {
            Some(bytes) if bytes > 0 => Ok(bytes),
            _ => fault(
                text.span(),
                format!("`{}` is not a size", text.get_ref()),
                "write a size such as \"25m\"".to_owned(),
            ),
        },
    };
    let max = size(&keys.max_buffer_size, base.max_buffer_size)?;
    let min = size(&keys.min_buffer_size, base.min_buffer_size)?;
    if min > max {
        let span = [&keys.min_buffer_size, &keys.max_buffer_size].into_iter().flatten().next().map(Spanned::span);
        return fault(span.unwrap_or_default(), "min-buffer-size must not be larger than max-buffer-size", None);
    }
    Ok((min, max))
}

fn accepted_and_replaced(base: &Logging, keys: &LoggingKeys) -> Checked<(Vec<String>, Vec<String>)> {
    let (accept, replace) = (drivers(&keys.accept, &base.accept)?, drivers(&keys.replace, &base.replace)?);
    if !accept.iter().any(|driver| driver == "awslogs") {
        let span = keys.accept.as_ref().map(Spanned::span).unwrap_or_default();
        return fault(span, "accept must list awslogs, the log driver that Logweir writes", None);
    }
    if let Some(both) = replace.iter().find(|driver| accept.contains(driver)) {
        let span = [&keys.replace, &keys.accept].into_iter().flatten().next().map(Spanned::span).unwrap_or_default();
        return fault(span, format!("`{both}` must not be listed under both accept and replace"), None);
    }
    Ok((accept, replace))
}

/// Returns the log drivers whose delivery Logweir corrects. ECS copies the options of awsfirelens to the router, which
/// refuses the options of the delivery.
fn corrected(base: &Logging, keys: &LoggingKeys) -> Checked<Vec<String>> {
    let corrected = drivers(&keys.correct_drivers, &base.correct_drivers)?;
    if corrected.iter().any(|driver| driver == "awsfirelens") {
        let span = keys.correct_drivers.as_ref().map(Spanned::span).unwrap_or_default();
        let message = "correct-drivers must not list awsfirelens, because mode and max-buffer-size stop its router";
        return fault(span, message, None);
    }
    Ok(corrected)
}

fn drivers(list: &Option<Spanned<Vec<String>>>, base: &[String]) -> Checked<Vec<String>> {
    let Some(list) = list else { return Ok(base.to_vec()) };
    match list.get_ref().iter().find(|driver| !LOG_DRIVERS.contains(&driver.as_str())) {
        Some(unknown) => {
            let help = did_you_mean(unknown, LOG_DRIVERS.into_iter());
            fault(list.span(), format!("ECS has no log driver `{unknown}`"), help)
        }
        None => Ok(list.get_ref().clone()),
    }
}

/// Checks the name of a log group or log stream. The name may contain the placeholders `{family}` and `{container}`.
fn template(text: &Spanned<String>) -> Checked<()> {
    let plain = text.get_ref().replace("{family}", "f").replace("{container}", "c");
    if plain.is_empty() || plain.starts_with("aws/") || !plain.chars().all(is_log_name_character) {
        return fault(
            text.span(),
            format!("CloudWatch Logs does not accept the name `{}`", text.get_ref()),
            "a name may contain the placeholders {family} and {container}".to_owned(),
        );
    }
    Ok(())
}

/// Parses `retention-days`, which is a number of days, or `any`.
pub(super) fn retention_days(value: &Spanned<toml::Value>) -> Checked<Option<u32>> {
    let days = match value.get_ref() {
        toml::Value::Integer(days) => *days,
        toml::Value::String(text) if text == ANY_RETENTION => return Ok(None),
        _ => {
            let message = format!("retention-days must be a number of days, or \"{ANY_RETENTION}\"");
            return fault(value.span(), message, "retention-days = 30".to_owned());
        }
    };
    if let Some(days) = RETENTION_DAYS.iter().find(|value| i64::from(**value) == days) {
        return Ok(Some(*days));
    }
    let help = match RETENTION_DAYS.iter().find(|value| i64::from(**value) > days) {
        Some(next) => format!("use {next}, the next longer retention"),
        None => format!("use at most {}", RETENTION_DAYS[RETENTION_DAYS.len() - 1]),
    };
    fault(value.span(), format!("CloudWatch Logs does not support a retention of {days} days"), help)
}

fn override_log_group(base: &LogGroupSettings, keys: LogGroupKeys) -> Checked<LogGroupSettings> {
    if let Some(class) = keys.class.as_ref().filter(|class| !LOG_CLASSES.contains(&class.get_ref().as_str())) {
        return fault(
            class.span(),
            format!("`{}` is not a log group class that Logweir supports", class.get_ref()),
            did_you_mean(class.get_ref(), LOG_CLASSES.into_iter()),
        );
    }
    if let Some(key) =
        keys.kms_key.as_ref().filter(|key| !key.get_ref().starts_with("arn:") || !key.get_ref().contains(":kms:"))
    {
        return fault(key.span(), "kms-key must be the ARN of a KMS key", None);
    }
    Ok(LogGroupSettings {
        create: keys.create.unwrap_or_else(|| base.create.clone()),
        retention_days: keys.retention_days.as_ref().map_or(Ok(base.retention_days), retention_days)?,
        class: keys.class.map_or_else(|| base.class.clone(), Spanned::into_inner),
        kms_key: keys.kms_key.map(Spanned::into_inner).or_else(|| base.kms_key.clone()),
        adopt: keys.adopt.unwrap_or_else(|| base.adopt.clone()),
    })
}

/// The values of `settle-minutes`, at most one day. With 0, Logweir updates a service as soon as the deployment of the
/// source has completed.
const SETTLE_MINUTES: RangeInclusive<i64> = 0..=24 * 60;

/// The values of `deadline-minutes`, at most one week. After a week, operators no longer watch a deployment.
const DEADLINE_MINUTES: RangeInclusive<i64> = 5..=7 * 24 * 60;

fn override_rollout(base: &RolloutSettings, keys: RolloutKeys) -> Checked<RolloutSettings> {
    let require_service_tag = match &keys.require_service_tag {
        None => base.require_service_tag.clone(),
        Some(tag) if tag.get_ref().is_empty() => None,
        Some(tag) => Some(key_value(tag)?),
    };
    if let Some(rate) = keys.registers_per_second.as_ref().filter(|rate| !is_fraction(*rate.get_ref())) {
        return fault(
            rate.span(),
            "registers-per-second must be above 0 and at most 1, the AWS limit for all principals of an account \
             and Region",
            None,
        );
    }
    let freeze = match &keys.freeze {
        None => base.freeze.clone(),
        Some(windows) => windows.iter().map(FreezeWindow::parse).collect::<Checked<_>>()?,
    };
    Ok(RolloutSettings {
        when: keys.when.unwrap_or(base.when),
        image_guard: keys.image_guard.unwrap_or(base.image_guard),
        require_service_tag,
        freeze,
        settle: minutes("settle-minutes", &keys.settle_minutes, SETTLE_MINUTES)?.unwrap_or(base.settle),
        deadline: minutes("deadline-minutes", &keys.deadline_minutes, DEADLINE_MINUTES)?.unwrap_or(base.deadline),
        registers_per_second: keys.registers_per_second.map_or(base.registers_per_second, Spanned::into_inner),
    })
}

/// Returns the value of the key `name`, a number of minutes. Returns `None` if the baseline does not set the key.
fn minutes(name: &str, value: &Option<Spanned<i64>>, allowed: RangeInclusive<i64>) -> Checked<Option<SignedDuration>> {
    let Some(minutes) = value else { return Ok(None) };
    if !allowed.contains(minutes.get_ref()) {
        let (least, most) = (allowed.start(), allowed.end());
        let message = format!("{name} must be between {least} and {most}, not {}", minutes.get_ref());
        return fault(minutes.span(), message, None);
    }
    Ok(Some(SignedDuration::from_mins(*minutes.get_ref())))
}

/// Returns the first key that is less strict in `profile` than in `root`. If the values of a key have no order of
/// strictness, any difference counts as less strict.
pub(super) fn loosened(root: &BaselineSettings, profile: &BaselineSettings) -> Option<&'static str> {
    let (from, to) = (&root.logging, &profile.logging);
    let checks = [
        ("missing-driver", to.missing_driver != from.missing_driver && to.missing_driver == MissingDriver::Advice),
        ("accept", to.accept.iter().any(|driver| !from.accept.contains(driver))),
        ("replace", to.replace != from.replace),
        ("correct-drivers", to.correct_drivers != from.correct_drivers),
        ("delivery", to.delivery != from.delivery),
        ("absent-mode", to.absent_mode != from.absent_mode && to.absent_mode == AbsentMode::Effective),
        ("max-buffer-size", to.max_buffer_size < from.max_buffer_size),
        ("min-buffer-size", to.min_buffer_size < from.min_buffer_size),
        ("max-buffer-share", to.max_buffer_share > from.max_buffer_share),
        ("group", to.group != from.group),
        ("create", profile.log_group.create != root.log_group.create),
        ("retention-days", profile.log_group.retention_days < root.log_group.retention_days),
        ("class", profile.log_group.class != root.log_group.class),
        ("kms-key", profile.log_group.kms_key != root.log_group.kms_key),
        ("adopt", profile.log_group.adopt != root.log_group.adopt),
        ("retire", profile.correct.retire != root.correct.retire),
    ];
    looser(&checks).or_else(|| loosened_rollout(&root.rollout, &profile.rollout))
}

/// Returns the first key of `rollout` that is less strict in `to` than in `from`.
pub(super) fn loosened_rollout(from: &RolloutSettings, to: &RolloutSettings) -> Option<&'static str> {
    looser(&[
        ("when", to.when != from.when && to.when == RolloutWhen::AtOnce),
        ("image-guard", to.image_guard < from.image_guard),
        (
            "require-service-tag",
            from.require_service_tag.is_some() && to.require_service_tag != from.require_service_tag,
        ),
        ("freeze", from.freeze.iter().any(|window| !to.freeze.contains(window))),
        ("settle-minutes", to.settle < from.settle),
        ("deadline-minutes", to.deadline > from.deadline),
        ("registers-per-second", to.registers_per_second > from.registers_per_second),
    ])
}

fn looser(checks: &[(&'static str, bool)]) -> Option<&'static str> {
    checks.iter().find(|(_, looser)| *looser).map(|(key, _)| *key)
}
