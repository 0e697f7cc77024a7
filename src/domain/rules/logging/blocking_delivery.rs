//! A container whose delivery mode differs from the mode that the baseline asks for.

use serde_json::Value;

use super::options::{Given, Unknown};
use crate::domain::baseline::{AbsentMode, Delivery};
use crate::domain::ecs::task_definition::{Options, kind};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::facts::DefaultMode;
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::text::placeholder::is_marked;

pub(in crate::domain::rules) struct BlockingDelivery;

const NAME: RuleName = RuleName::BlockingDelivery;

/// The path of the option `mode` in a `logConfiguration`.
const AT: &str = "/options/mode";

impl Rule for BlockingDelivery {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a container that blocks, or may block, when its logs cannot be delivered"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects()
            .filter_map(|subject| {
                let (driver, options) = subject.delivery_options()?;
                check(&subject, driver, options)
            })
            .collect()
    }

    /// If an absent mode is checked by its effect, the rule needs the account's default mode to check a container
    /// without a mode.
    fn lacks_evidence(&self, case: &Case<'_>) -> bool {
        case.subjects().any(|subject| subject.hides_delivery_options())
            || !matches!(case.seen.default_mode, DefaultMode::Known(_))
                && case.subjects().any(|subject| {
                    subject.delivery_options().is_some_and(|(driver, options)| {
                        subject.accepts(driver)
                            && absent_mode(&subject, driver) == AbsentMode::Effective
                            && matches!(mode(&subject, options), GivenMode::Absent)
                    })
                })
    }
}

/// The value of the option `mode` in a container's log configuration.
#[derive(Clone, Copy)]
pub(super) enum GivenMode<'a> {
    Absent,
    Is(Delivery),
    Unknown(Unknown),
    Malformed(&'a Value),
}

pub(super) fn mode<'a>(subject: &Subject<'_, 'a>, options: Options<'a>) -> GivenMode<'a> {
    match (subject.given_word(options, "mode"), options.value("mode")) {
        (Given::Absent, _) => GivenMode::Absent,
        (Given::Text("non-blocking"), _) => GivenMode::Is(Delivery::NonBlocking),
        (Given::Text("blocking"), _) => GivenMode::Is(Delivery::Blocking),
        (Given::Unknown(Unknown::Placeholder | Unknown::Unreplaced), Some(value)) if is_misspelled(value) => {
            GivenMode::Malformed(value)
        }
        (Given::Unknown(why), _) => GivenMode::Unknown(why),
        (Given::Malformed(value), _) | (Given::Text(_), Some(value)) => GivenMode::Malformed(value),
        (Given::Text(_), None) => GivenMode::Absent,
    }
}

/// Whether the value is a mode in another spelling, such as `NON_BLOCKING`, which looks like the name of a variable.
fn is_misspelled(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).collect();
    !is_marked(text) && ["blocking", "nonblocking"].iter().any(|mode| letters.eq_ignore_ascii_case(mode))
}

/// Returns how the rule checks an absent mode. A driver other than awslogs must name its mode only if Logweir corrects
/// the driver.
pub(super) fn absent_mode(subject: &Subject<'_, '_>, driver: &str) -> AbsentMode {
    if driver == "awslogs" || subject.corrects_delivery(driver) {
        subject.settings.logging.absent_mode
    } else {
        AbsentMode::Effective
    }
}

fn check<'a>(subject: &Subject<'_, 'a>, driver: &str, options: Options<'a>) -> Option<Finding> {
    let wanted = subject.settings.logging.delivery;
    let mode = mode(subject, options);
    let settled = match mode {
        GivenMode::Is(mode) => Some(mode),
        // The driver itself is a fault, and its default mode is no second one.
        GivenMode::Absent if !subject.accepts(driver) => return None,
        GivenMode::Absent if absent_mode(subject, driver) == AbsentMode::Effective => Some(default_mode(subject)?),
        GivenMode::Absent | GivenMode::Unknown(_) | GivenMode::Malformed(_) => None,
    };
    // Docker refuses a buffer size together with mode `blocking` (source: moby, daemon/logger/factory.go).
    let oversized =
        wanted == Delivery::Blocking && options.value("max-buffer-size").is_some_and(|size| !size.is_null());
    let unknown_size = match subject.given_word(options, "max-buffer-size") {
        Given::Unknown(why) if wanted == Delivery::Blocking => Some(why),
        _ => None,
    };
    let mut set = vec![("mode", Some(wanted.mode().to_owned()))];
    if oversized {
        set.push(("max-buffer-size", None));
    }
    let buffers = subject.case.buffers();
    let fix = match (wanted, unknown_size) {
        (_, Some(why)) => Fix::Advice(why.advice().into()),
        (Delivery::NonBlocking, _) if subject.corrects_delivery(driver) && !buffers.fit(subject.container.index) => {
            subject.more_memory()
        }
        _ => subject.delivery_fix(driver, set),
    };
    if let (Some(why), true) = (unknown_size, settled == Some(wanted)) {
        return Some(subject.unknown(NAME, "/options/max-buffer-size", "buffer size", why));
    }
    if settled == Some(wanted) {
        let called = subject.called();
        let message = format!(
            "{called} has mode `blocking` and a max-buffer-size, but the container runtime refuses the two together"
        );
        return oversized.then(|| subject.finding(NAME, "/options/max-buffer-size", message, fix));
    }
    Some(match mode {
        GivenMode::Is(mode) => unwanted(subject, driver, mode, fix),
        GivenMode::Absent => absent(subject, driver, fix),
        GivenMode::Unknown(why) => subject.unknown(NAME, AT, "mode", why),
        GivenMode::Malformed(value) => malformed(subject, value, fix),
    })
}

fn unwanted(subject: &Subject<'_, '_>, driver: &str, mode: Delivery, fix: Fix) -> Finding {
    let message = format!(
        "{} {}: its mode is `{}`, but the baseline asks for `{}`",
        subject.called(),
        consequence(driver, mode),
        mode.mode(),
        subject.settings.logging.delivery.mode()
    );
    Finding { effective: Some(mode.mode().into()), ..subject.finding(NAME, AT, message, fix) }
}

fn absent(subject: &Subject<'_, '_>, driver: &str, fix: Fix) -> Finding {
    let called = subject.called();
    let default = default_mode(subject);
    let message = match default {
        Some(mode) if mode != subject.settings.logging.delivery => {
            let consequence = consequence(driver, mode);
            format!("{called} {consequence}: no mode is set, and the account's default is `{}`", mode.mode())
        }
        _ => format!("{called} leaves its delivery mode to a default that may change"),
    };
    let note = match &subject.case.seen.default_mode {
        DefaultMode::NotChecked => Some(
            "the default mode of ECS is `non-blocking` since 2025-06-25, unless the account setting \
             defaultLogDriverMode sets another mode"
                .into(),
        ),
        DefaultMode::Unreadable(why) => Some(format!("cannot read the account's default mode: {why}")),
        DefaultMode::Known(_) => None,
    };
    Finding {
        effective: default.map(|mode| mode.mode().into()),
        notes: note.into_iter().collect(),
        ..subject.finding(NAME, AT, message, fix)
    }
}

fn malformed(subject: &Subject<'_, '_>, value: &Value, fix: Fix) -> Finding {
    let value = match value {
        Value::String(_) => format!("the mode {value}"),
        other => format!("{} as its mode", kind(other)),
    };
    subject.finding(NAME, AT, format!("{} has {value}, which no container runtime accepts", subject.called()), fix)
}

/// Returns the mode that ECS uses for a container without a mode, if the account's default is known.
fn default_mode(subject: &Subject<'_, '_>) -> Option<Delivery> {
    match subject.case.seen.default_mode {
        DefaultMode::Known(mode) => Some(mode),
        DefaultMode::NotChecked | DefaultMode::Unreadable(_) => None,
    }
}

fn consequence(driver: &str, mode: Delivery) -> String {
    let effect = match mode {
        Delivery::Blocking => "blocks",
        Delivery::NonBlocking => "loses log lines",
    };
    match driver {
        "awslogs" => format!("{effect} when CloudWatch Logs is unavailable"),
        _ => format!("{effect} when the driver {driver} cannot deliver logs"),
    }
}
