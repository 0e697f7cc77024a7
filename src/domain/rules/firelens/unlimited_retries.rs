//! An output that tries to deliver a chunk of log lines without end, so that the chunks fill the memory of the router
//! while the destination is down.

use super::output::Output;
use crate::domain::firelens::launcher::{Launch, Section};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct UnlimitedRetries;

const NAME: RuleName = RuleName::UnlimitedRetries;

impl Rule for UnlimitedRetries {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "an output that retries without a limit, so that a broken destination fills the memory of the router"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let of_container = |output: &Output<'_, '_>| {
            let value = output.text("retry_limit").filter(|value| is_unlimited(value))?;
            (!is_local(output.text("host").as_deref())).then(|| {
                let name = output.spelling("retry_limit");
                let message = format!("{} sets `{name}` to `{value}`, {EFFECT}", output.subject.called());
                output.finding(NAME, name, message, ADVICE)
            })
        };
        let mut findings: Vec<Finding> = case.outputs().iter().filter_map(of_container).collect();
        findings.extend(case.fluent_bit().and_then(|router| of_launcher(&router)));
        findings
    }
}

const EFFECT: &str = "so that log lines fill the memory of the router while the destination is down";

const ADVICE: &str = "set `retry_limit` to a number such as `5`; Fluent Bit tries a chunk again that many times";

/// Whether Fluent Bit reads the value as no limit (source: fluent-bit, flb_output_set_property in src/flb_output.c).
fn is_unlimited(value: &str) -> bool {
    ["no_limits", "false", "off"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether the destination is in the same task, where it is down only while the task starts or stops.
fn is_local(host: Option<&str>) -> bool {
    host.is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "::1"))
}

/// Returns the finding about the arguments of Alert Logic's launcher.
fn of_launcher(router: &Subject<'_, '_>) -> Option<Finding> {
    let launch = router.launch()?;
    let overrides = launch.value(Section::Output, "Retry_Limit").is_some_and(is_unlimited);
    (overrides || has_unlimited_output(&launch)).then(|| {
        let message = format!("the command of {} sets `Retry_Limit` without a limit, {EFFECT}", router.called());
        router.advice(NAME, "/command", message, ADVICE)
    })
}

/// Whether the arguments for Fluent Bit define an output outside of the task that retries without a limit.
fn has_unlimited_output(launch: &Launch) -> bool {
    let mut sections: Vec<Vec<&str>> = Vec::new();
    for pair in launch.fluent_bit.windows(2) {
        match (pair[0].as_str(), sections.last_mut()) {
            ("-o" | "--output" | "-F" | "--filter" | "-i" | "--input", _) => sections.push(Vec::new()),
            ("-p" | "--prop", Some(section)) => section.push(pair[1].as_str()),
            _ => {}
        }
    }
    let is_unlimited_elsewhere = |section: &Vec<&str>| {
        property(section, "retry_limit").is_some_and(is_unlimited) && !is_local(property(section, "host"))
    };
    sections.iter().any(is_unlimited_elsewhere)
}

/// Returns the last value of a property, such as `no_limits` for `Retry_Limit=no_limits`.
fn property<'a>(section: &[&'a str], key: &str) -> Option<&'a str> {
    let mut properties = section.iter().rev().filter_map(|property| property.split_once('='));
    properties.find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value)
}
