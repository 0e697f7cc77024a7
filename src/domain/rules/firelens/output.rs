//! The output of a container that logs to a Fluent Bit router: the plugin and its options.

use serde_json::{Map, Value};

use crate::domain::ecs::task_definition::Options;
use crate::domain::firelens::agent::OF_THE_AGENT;
use crate::domain::firelens::plugin::{Plugin, plugin};
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::rules::logging::options::Given;
use crate::domain::text::plain::plain;

/// The longest name of an option, or value of an option, in a message, in characters.
const LONGEST: usize = 80;

/// A container whose options name an output plugin.
pub(super) struct Output<'c, 'a> {
    pub(super) subject: Subject<'c, 'a>,
    pub(super) name: &'a str,
    /// The plugin with the name. `None` if neither Fluent Bit itself nor the images of AWS have such a plugin.
    pub(super) plugin: Option<&'static Plugin>,
    options: &'a Map<String, Value>,
}

impl<'a> Case<'a> {
    /// Returns the outputs of all containers. Returns nothing if the task has no Fluent Bit router.
    pub(super) fn outputs(&self) -> Vec<Output<'_, 'a>> {
        if self.fluent_bit().is_none() {
            return Vec::new();
        }
        self.subjects().filter_map(Output::of).collect()
    }
}

impl<'c, 'a> Output<'c, 'a> {
    fn of(subject: Subject<'c, 'a>) -> Option<Self> {
        let Some(Options::Map(options)) = subject.options_of("awsfirelens") else { return None };
        let Given::Text(name) = subject.given(Options::Map(options), "Name") else { return None };
        let output = Self { subject, name, plugin: plugin(name), options };
        // The images of Grafana contain another plugin with the name of Fluent Bit's plugin for Loki, and with the option
        // `Url` (source: grafana/loki, clients/cmd/fluent-bit).
        let is_of_grafana = name.eq_ignore_ascii_case("loki") && !output.is_absent("url");
        (!is_variable(name)).then(|| Self { plugin: output.plugin.filter(|_| !is_of_grafana), ..output })
    }

    /// Returns the options that the agent copies into the output section, in the order of the document.
    pub(super) fn options(&self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let is_copied = |(name, value): &(&String, &Value)| {
            *name != "Name" && !OF_THE_AGENT.contains(&name.as_str()) && !value.is_null()
        };
        self.options.iter().filter(is_copied)
    }

    /// Returns the value of an option. Fluent Bit compares the names of options without regard to case, and reads an
    /// empty value as absent.
    pub(super) fn given(&self, option: &str) -> Given<'a> {
        self.subject.given(Options::Map(self.options), self.spelling(option))
    }

    /// Returns the text of an option, with its variables.
    pub(super) fn raw(&self, option: &str) -> Option<&'a str> {
        self.options.get(self.spelling(option))?.as_str()
    }

    /// Returns the text of an option, if the task definition shows all of it.
    pub(super) fn text(&self, option: &str) -> Option<&'a str> {
        match self.given(option) {
            Given::Text(text) if !is_variable(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_absent(&self, option: &str) -> bool {
        matches!(self.given(option), Given::Absent)
    }

    /// Returns the name of an option in the spelling of the document.
    pub(super) fn spelling<'n>(&self, option: &'n str) -> &'n str
    where
        'a: 'n,
    {
        let is_named = |(name, value): &(&'a String, &Value)| name.eq_ignore_ascii_case(option) && !value.is_null();
        let secrets = self.subject.container.member("logConfiguration").and_then(|log| log.get("secretOptions"));
        let secrets = secrets.and_then(Value::as_array).into_iter().flatten();
        let mut secrets = secrets.filter_map(|secret| secret.get("name")?.as_str());
        let name = self.options.iter().find(is_named).map(|(name, _)| name.as_str());
        name.or_else(|| secrets.find(|name| name.eq_ignore_ascii_case(option))).unwrap_or(option)
    }

    /// Returns a finding about the option, with advice. `name` is the name in the spelling of the document.
    pub(super) fn finding(&self, rule: RuleName, name: &str, message: String, advice: impl Into<String>) -> Finding {
        let below = format!("/options/{}", name.replace('~', "~0").replace('/', "~1"));
        self.subject.finding(rule, &below, message, Fix::Advice(advice.into()))
    }
}

/// Whether a part of the value is a variable: of Fluent Bit, which reads it from the environment of the router, or of
/// the plugin, which reads it from the log line.
pub(super) fn is_variable(text: &str) -> bool {
    text.contains('$')
}

/// Returns third-party text in the form of messages: safe and not too long.
pub(super) fn shown(text: &str) -> String {
    plain(text, LONGEST)
}
