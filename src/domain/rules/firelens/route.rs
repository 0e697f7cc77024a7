//! The router of a case, and the arguments with which it starts.

use std::borrow::Cow;

use serde_json::Value;

use crate::domain::firelens::image::{RouterImage, Vendor};
use crate::domain::firelens::launcher::Launch;
use crate::domain::firelens::router::RouterKind;
use crate::domain::rule_name::RuleName;
use crate::domain::rules::case::{Case, Subject};
use crate::domain::rules::finding::{Finding, Fix};
use crate::domain::text::placeholder::{is_marked, is_variable};

impl<'a> Case<'a> {
    /// Returns the router that the ECS agent uses, which is the first one. Returns `None` if the task definition does
    /// not show whether an earlier container is a router.
    pub(super) fn router(&self) -> Option<Subject<'_, 'a>> {
        self.subjects().find(Subject::may_be_router).filter(Subject::is_router)
    }

    /// Returns the router if it runs Fluent Bit.
    pub(super) fn fluent_bit(&self) -> Option<Subject<'_, 'a>> {
        self.router().filter(|router| RouterKind::of(router.container) == Some(RouterKind::FluentBit))
    }

    /// Returns a finding about a member of the whole task, with advice.
    pub(super) fn task_finding(&self, rule: RuleName, pointer: &str, message: String, advice: &str) -> Finding {
        self.finding(rule, pointer, message, Fix::Advice(advice.into()))
    }
}

impl<'a> Subject<'_, 'a> {
    /// Returns a finding about a member of the container, with advice. `below` is the path of the member in the
    /// container, such as `/image`.
    pub(super) fn advice(&self, rule: RuleName, below: &str, message: String, advice: impl Into<String>) -> Finding {
        let pointer = format!("/containerDefinitions/{}{below}", self.container.index);
        Finding { pointer, ..self.finding(rule, "", message, Fix::Advice(advice.into())) }
    }

    /// Returns the image of the container, if the task definition shows it. A known image may have a variable as its
    /// registry.
    pub(super) fn image(&self) -> Option<(Cow<'a, str>, RouterImage)> {
        let image = self.container.member("image")?;
        let name = image.as_str().map(Cow::Borrowed).or_else(|| substituted(image).map(Cow::Owned))?;
        let read = RouterImage::read(&name);
        let shows_tag = || read.tag.as_deref().is_none_or(|tag| !self.is_placeholder(tag));
        let is_shown = !self.is_placeholder(&name) || read.vendor != Vendor::Other && shows_tag();
        (!name.is_empty() && is_shown).then_some((name, read))
    }

    /// Whether the container runs the agent of Alert Logic.
    pub(super) fn is_alert_logic_agent(&self) -> bool {
        let image = self.container.member("image").and_then(Value::as_str).unwrap_or_default();
        let name = image.rsplit('/').next().unwrap_or_default();
        name.split(['@', ':']).next() == Some("al-agent-container")
    }

    /// Whether the task ends when the container ends. Containers are essential by default.
    pub(super) fn is_essential(&self) -> bool {
        match self.container.member("essential") {
            Some(Value::Bool(essential)) => *essential,
            Some(Value::String(text)) => !text.eq_ignore_ascii_case("false"),
            _ => true,
        }
    }

    /// Returns the command line of the container, if the task definition sets and shows it.
    pub(super) fn command_line(&self) -> Option<Vec<&'a str>> {
        let part = |name| match self.container.member(name) {
            None | Some(Value::Null) => Some(Vec::new()),
            Some(list) => list.as_array()?.iter().map(Value::as_str).collect(),
        };
        let (entry_point, command): (Vec<&str>, Vec<&str>) = (part("entryPoint")?, part("command")?);
        let line: Vec<&str> = entry_point.into_iter().chain(command).collect();
        (!line.is_empty() && !line.iter().any(|word| is_marked(word))).then_some(line)
    }

    /// Returns the arguments of Alert Logic's launcher, if the container starts with it.
    pub(super) fn launch(&self) -> Option<Launch> {
        Launch::of(self.container)
    }

    /// Whether the task definition hides the value of a member of the container.
    pub(super) fn hides(&self, member: &str) -> bool {
        self.container.member(member).is_some_and(is_variable)
    }

    /// Returns the dependencies of the container on others, each with its condition. Returns `None` if the task
    /// definition hides one of them.
    pub(super) fn dependencies(&self) -> Option<Vec<(&'a str, &'a str)>> {
        let list = match self.container.member("dependsOn") {
            None | Some(Value::Null) => return Some(Vec::new()),
            Some(list) => list.as_array()?,
        };
        let one = |dependency: &'a Value| {
            let text = |member: &str| dependency.get(member)?.as_str().filter(|text| !is_marked(text));
            Some((text("containerName")?, text("condition")?))
        };
        list.iter().map(one).collect()
    }
}

/// Returns the text of CloudFormation's functions `Fn::Sub` and `Fn::Join`. A part that another function sets is a
/// variable in the text.
fn substituted(value: &Value) -> Option<String> {
    if let Some(text) = value.get("Fn::Sub") {
        return text.as_str().or_else(|| text.get(0)?.as_str()).map(String::from);
    }
    let list = value.get("Fn::Join")?;
    let parts = list.get(1)?.as_array()?.iter().map(|part| part.as_str().unwrap_or("${…}"));
    Some(parts.collect::<Vec<_>>().join(list.get(0)?.as_str()?))
}
