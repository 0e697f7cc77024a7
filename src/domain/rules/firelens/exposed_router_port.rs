//! A port of the router, or of Alert Logic's agent, that the task opens to others, who can then send forged log lines
//! or read the state of the router.

use serde_json::Value;

use crate::domain::firelens::port::opens;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::Rule;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::Finding;

pub(in crate::domain::rules) struct ExposedRouterPort;

const NAME: RuleName = RuleName::ExposedRouterPort;

impl Rule for ExposedRouterPort {
    fn name(&self) -> RuleName {
        NAME
    }

    fn summary(&self) -> &'static str {
        "an open port of the router, to which others can send forged log lines"
    }

    fn check(&self, case: &Case<'_>) -> Vec<Finding> {
        let Some(router) = case.router() else { return Vec::new() };
        let is_meant = |subject: &Subject<'_, '_>| {
            subject.container.index == router.container.index || subject.is_alert_logic_agent()
        };
        case.subjects().filter(is_meant).flat_map(|subject| exposed(&subject)).collect()
    }
}

/// The ports of the forward input, of Alert Logic's agent and of Fluent Bit's HTTP server.
const PORTS: [u64; 3] = [24224, 1514, 2020];

fn exposed(subject: &Subject<'_, '_>) -> Vec<Finding> {
    let mappings = subject.container.member("portMappings").and_then(Value::as_array).into_iter().flatten().enumerate();
    let one = |(at, mapping): (usize, &Value)| {
        let port = PORTS.into_iter().find(|port| opens(mapping, *port))?;
        let called = subject.called();
        let what = match port {
            2020 => "others can read the state of the router",
            _ => "others can send forged log lines",
        };
        let message = format!("{called} opens the port {port}: {what}");
        let advice = "remove the port mapping; the containers of a task reach the port without it";
        Some(subject.advice(NAME, &format!("/portMappings/{at}"), message, advice))
    };
    mappings.filter_map(one).collect()
}
