//! A log driver that the baseline does not accept.

use serde_json::Value;

use super::{Case, Rule, Subject};
use crate::domain::finding::{Finding, Fix, Safety};
use crate::domain::task_definition::{Log, Options, is_placeholder};

pub(super) struct Fault;

const NAME: &str = "unaccepted-log-driver";

impl Rule for Fault {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "a log driver that the baseline does not accept"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        case.subjects()
            .filter_map(|subject| {
                let Log::Configured { driver, .. } = subject.container.log() else { return None };
                let accept = &subject.settings.logging.accept;
                if accept.iter().any(|accepted| accepted == driver) {
                    return None;
                }
                let called = subject.called();
                if is_placeholder(driver) {
                    let message = format!("which driver {called} logs through is a placeholder");
                    return Some(subject.finding(NAME, "/logDriver", message, Fix::Advice("render the document, then check it".into())));
                }
                let message = format!("{called} logs through `{driver}`, which the baseline does not accept");
                Some(subject.finding(NAME, "/logDriver", message, fix(&subject, driver, accept)))
            })
            .collect()
    }
}

fn fix(subject: &Subject<'_, '_>, driver: &str, accept: &[String]) -> Fix {
    if !subject.is_replaced(driver) {
        return Fix::Advice(format!("use one of {}, or list `{driver}` under accept or replace in the baseline", accept.join(", ")));
    }
    if holds_something_secret(subject) {
        return Fix::Advice("its options hold something that may be secret, so nothing is replaced: change it by hand".into());
    }
    match subject.complete_configuration() {
        Ok(configuration) => Fix::Configuration { safety: Safety::Unsafe, configuration },
        Err(why) => Fix::Advice(format!("use awslogs; nothing is replaced, as {why}")),
    }
}

/// A replaced configuration is kept in the journal so that it can be put back, and no secret may stand there. Secret
/// is what is not known to be harmless: any option that is not one of these, and whatever looks like a credential.
fn holds_something_secret(subject: &Subject<'_, '_>) -> bool {
    const HARMLESS: [&str; 12] = [
        "max-size",
        "max-file",
        "compress",
        "mode",
        "max-buffer-size",
        "syslog-facility",
        "syslog-format",
        "gelf-compression-type",
        "gelf-compression-level",
        "fluentd-async",
        "cache-disabled",
        "tag",
    ];
    let harmless = |(key, value): (&String, &Value)| {
        HARMLESS.contains(&key.as_str()) && value.as_str().is_some_and(|text| text.len() <= 64 && !text.contains(['@', '=']))
    };
    let secret_options = subject.container.member("logConfiguration").is_some_and(|c| {
        c.as_object().is_some_and(|members| members.keys().any(|key| key != "logDriver" && key != "options"))
    });
    secret_options
        || match subject.container.log() {
            Log::Configured { options: Options::Map(map), .. } => !map.iter().all(harmless),
            Log::Configured { options: Options::Malformed(_), .. } => true,
            _ => false,
        }
}
