//! The output of a container that logs to a Fluent Bit router: the plugin and its options.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::domain::ecs::task_definition::Options;
use crate::domain::firelens::agent::OF_THE_AGENT;
use crate::domain::firelens::image::Vendor;
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
        let Some(router) = self.fluent_bit() else { return Vec::new() };
        let vendor = router.image().map_or(Vendor::Other, |(_, image)| image.vendor);
        self.subjects().filter_map(|subject| Output::of(subject, vendor)).collect()
    }
}

impl<'c, 'a> Output<'c, 'a> {
    /// Reads the output of a container. `vendor` is the vendor of the router's image.
    fn of(subject: Subject<'c, 'a>, vendor: Vendor) -> Option<Self> {
        let Some(Options::Map(options)) = subject.options_of("awsfirelens") else { return None };
        let Given::Text(name) = subject.given(Options::Map(options), "Name") else { return None };
        let name = Some(name.trim()).filter(|name| !name.is_empty() && !is_variable(name))?;
        let output = Self { subject, name, plugin: plugin(name), options };
        // The images of Grafana contain another plugin with the name of Fluent Bit's plugin for Loki, and with the option
        // `Url` (source: grafana/loki, clients/cmd/fluent-bit).
        let is_of_grafana = vendor == Vendor::Other && name.eq_ignore_ascii_case("loki") && !output.is_absent("url");
        Some(Self { plugin: output.plugin.filter(|_| !is_of_grafana), ..output })
    }

    /// Returns the options that the agent copies into the output section: those of the map in the order of the document,
    /// each with its value, and then the secret ones.
    pub(super) fn options(&self) -> impl Iterator<Item = (&'a str, Option<&'a Value>)> {
        let given = self.options.iter().filter(|(_, value)| !value.is_null());
        let given = given.map(|(name, value)| (name.as_str(), Some(value)));
        let is_given = |name: &&str| self.options.get(*name).is_some_and(|value| !value.is_null());
        let secrets = self.subject.secrets().map(|(_, name)| name).filter(move |name| !is_given(name));
        let is_copied = |(name, _): &(&str, Option<&Value>)| *name != "Name" && !OF_THE_AGENT.contains(name);
        given.chain(secrets.map(|name| (name, None))).filter(is_copied)
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
    pub(super) fn text(&self, option: &str) -> Option<Cow<'a, str>> {
        match self.given(option) {
            Given::Text(text) => Some(Cow::Borrowed(text)),
            Given::Malformed(value) => text_of(value),
            _ => None,
        }
        .filter(|text| !is_variable(text))
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
        let name = self.options.iter().find(is_named).map(|(name, _)| name.as_str());
        let mut secrets = self.subject.secrets().map(|(_, name)| name);
        name.or_else(|| secrets.find(|name| name.eq_ignore_ascii_case(option))).unwrap_or(option)
    }

    /// Returns a finding about the option, with advice. `name` is the name in the spelling of the document.
    pub(super) fn finding(&self, rule: RuleName, name: &str, message: String, advice: impl Into<String>) -> Finding {
        let is_given = self.options.get(name).is_some_and(|value| !value.is_null());
        let secret = self.subject.secrets().find(|(_, secret)| *secret == name && !is_given);
        let below = match secret {
            Some((at, _)) => format!("/secretOptions/{at}/name"),
            None => format!("/options/{}", name.replace('~', "~0").replace('/', "~1")),
        };
        self.subject.finding(rule, &below, message, Fix::Advice(advice.into()))
    }
}

/// Returns the text that the agent writes for the value of an option. Returns `None` for a list or an object.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(_) | Value::Number(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}

/// Returns the name of an option as Fluent Bit reads it. Fluent Bit reads the first word of a line as the name, and the
/// rest as the value.
pub(super) fn key(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
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
