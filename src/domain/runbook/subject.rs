//! The task definition that the rules of the runbook judge.

use jiff::Timestamp;
use serde_json::Value;

use super::secret_shape::is_secret;
use super::verdict::{Evidence, InScope, Resource, ResourceKind, RunbookResult, Verdict};
use crate::domain::baseline::Baseline;
use crate::domain::ecs::task_definition::{Container, TaskDefinition};
use crate::domain::text::count;
use crate::domain::text::placeholder::{is_intrinsic, is_placeholder, is_variable};
use crate::domain::text::plain::plain;

/// The longest value in a message or as evidence, in characters.
const LONGEST: usize = 200;

/// A task definition with what is known around it.
pub struct Subject<'s> {
    pub definition: &'s TaskDefinition,
    pub baseline: &'s Baseline,
    /// The name of the file, or `DescribeTaskDefinition`.
    pub source: &'s str,
    /// The ARN of a registered revision. `None` for a file.
    pub arn: Option<&'s str>,
    /// The tags. `None` if the file shows none, because a deploy tool may add tags.
    pub tags: Option<&'s [(String, String)]>,
    /// Why the registered revision is in scope. `None` for a file.
    pub scope: Option<InScope>,
    /// The time of the read of a registered revision.
    pub time: Option<Timestamp>,
    /// Whether the run also judges the account. Otherwise, the rules about the account are `not-checked`.
    pub is_with_account: bool,
}

/// A member of a task definition.
#[derive(Clone, Copy)]
pub(super) enum Member<'a> {
    /// The member is absent or null.
    Absent,
    /// The member is a placeholder or an intrinsic function.
    Unknown,
    Known(&'a Value),
}

impl<'a> Member<'a> {
    pub(super) fn of(value: Option<&'a Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::Absent,
            // ECS treats an empty text like an absent member.
            Some(Value::String(text)) if text.trim().is_empty() => Self::Absent,
            Some(value) if is_variable(value) => Self::Unknown,
            Some(value) => Self::Known(value),
        }
    }

    /// Returns the member with this name of an object. The members of an unknown value are unknown.
    pub(super) fn member(self, name: &str) -> Self {
        match self {
            Self::Absent | Self::Unknown => self,
            Self::Known(value) => Self::of(value.get(name)),
        }
    }

    /// Returns the items of a list. Returns `None` if the whole list is unknown.
    pub(super) fn items(self) -> Option<&'a [Value]> {
        match self {
            Self::Absent => Some(&[]),
            Self::Unknown => None,
            Self::Known(value) => Some(value.as_array().map_or(&[], Vec::as_slice)),
        }
    }
}

impl<'s> Subject<'s> {
    /// Returns a value that a person may have written as text, such as the value of an environment variable. A
    /// registered revision has no placeholders, so each of its values is known.
    pub(super) fn written(&self, value: Option<&'s Value>) -> Member<'s> {
        match (self.arn, Member::of(value), value) {
            (Some(_), Member::Unknown, Some(value)) => Member::Known(value),
            (_, member, _) => member,
        }
    }

    /// Returns the account and the Region of a registered revision.
    pub(super) fn home(&self) -> Option<(&'s str, &'s str)> {
        let mut parts = self.arn?.split(':').skip(3);
        let region = parts.next()?;
        Some((parts.next()?, region))
    }

    /// Returns a member of the task definition.
    pub(super) fn member(&self, name: &str) -> Member<'s> {
        Member::of(self.definition.view().get(name))
    }

    /// Whether the containers run on Windows. `None` if the task definition does not show the operating system.
    pub(super) fn is_windows(&self) -> Option<bool> {
        let platform = self.member("runtimePlatform");
        if let Member::Known(platform) = platform
            && let Some(family) = platform["operatingSystemFamily"].as_str()
            && (family.starts_with("WINDOWS_SERVER") || family == "LINUX")
        {
            return Some(family != "LINUX");
        }
        match platform.member("operatingSystemFamily") {
            Member::Absent => Some(false),
            Member::Unknown | Member::Known(_) => None,
        }
    }

    /// Returns the result of a rule about the whole task definition.
    pub(super) fn about(&self, rule: &'static str, member: &str, verdict: Verdict, message: &str) -> RunbookResult {
        let value = self.definition.view().pointer(member);
        self.result(rule, None, member, verdict, message, value)
    }

    /// Returns the result of a rule about a container. `member` is the JSON pointer in the container.
    pub(super) fn about_container(
        &self,
        rule: &'static str,
        container: Container<'_>,
        member: &str,
        verdict: Verdict,
        message: &str,
    ) -> RunbookResult {
        let pointer = format!("/containerDefinitions/{}{member}", container.index);
        let value = self.definition.view().pointer(&pointer);
        self.result(rule, Some(container), &pointer, verdict, message, value)
    }

    fn result(
        &self,
        rule: &'static str,
        container: Option<Container<'_>>,
        member: &str,
        verdict: Verdict,
        message: &str,
        value: Option<&Value>,
    ) -> RunbookResult {
        let evidence = Evidence {
            source: plain(self.source, LONGEST),
            member: plain(member, LONGEST),
            value: value.filter(|value| !may_be_secret(member, value)).map(shown),
            time: self.time,
        };
        let name = |container: Container<'_>| match container.name() {
            Some(name) => plain(name, LONGEST),
            None => format!("#{}", container.index + 1),
        };
        let resource = Resource { container: container.map(name), ..self.resource() };
        let image = container.and_then(|container| container.member("image")).and_then(Value::as_str);
        RunbookResult {
            scope: self.scope,
            image: image.map(String::from),
            ..RunbookResult::decided(resource, rule, (verdict, plain(message, 1000)), evidence)
        }
    }

    /// Returns the task definition as the resource of a result.
    pub(super) fn resource(&self) -> Resource {
        let family = self.definition.family().filter(|family| !is_placeholder(family));
        Resource {
            kind: ResourceKind::TaskDefinition,
            name: plain(family.unwrap_or(self.source), LONGEST),
            arn: self.arn.map(String::from),
            container: None,
        }
    }
}

/// Whether the value of the member may be a secret. The runbook never prints such a value, nor its length. A person may
/// have written a secret in place of its reference, so only a reference with the form of a path or an ARN is shown.
fn may_be_secret(member: &str, value: &Value) -> bool {
    let within = |name: &str| member.split('/').any(|part| part == name);
    let text = value.as_str().unwrap_or_default();
    let is_reference = text.starts_with("arn:") || text.starts_with('/');
    ["environment", "options", "command", "dockerLabels", "entryPoint"].into_iter().any(within)
        || (within("valueFrom") && !is_reference)
        || is_secret(text)
        || value.as_array().is_some_and(|items| items.iter().filter_map(Value::as_str).any(is_secret))
}

/// The largest number of items of a list that appears with its items.
const MOST_ITEMS: usize = 20;

/// Returns a value as evidence. A short list of texts appears with its items. Objects and other lists appear only with
/// their sizes.
fn shown(value: &Value) -> String {
    let is_short =
        |items: &[Value]| !items.is_empty() && items.len() <= MOST_ITEMS && items.iter().all(Value::is_string);
    match value {
        Value::String(text) => plain(text, LONGEST),
        Value::Array(items) if is_short(items) => {
            plain(&items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "), LONGEST)
        }
        Value::Array(items) => format!("a list with {}", count(items.len() as u64, "item")),
        value if is_intrinsic(value) => "an intrinsic function".to_owned(),
        Value::Object(members) => format!("an object with {}", count(members.len() as u64, "member")),
        value => value.to_string(),
    }
}
