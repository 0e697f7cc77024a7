//! A task definition in the JSON of the ECS API: the complete text, and a parsed view for decisions.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::repeated_key::{RepeatedKey, in_task_definition};
use crate::domain::text::hex;
use crate::domain::text::placeholder::{is_intrinsic, is_marked, is_variable};

/// The members of a task definition that ECS computes. A DescribeTaskDefinition response has these members, and a
/// RegisterTaskDefinition request must not have them. The author of a task definition sets all other members.
/// `tests/programs/aws.rs` compares this list with the schemas of the SDK, and fails if a new SDK version has another
/// computed member.
pub const COMPUTED: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// The JSON document of one revision. `Debug` shows only the family and the number of containers.
#[derive(Clone, PartialEq, Eq)]
pub struct TaskDefinition {
    // A clone shares the text and the view, because a document may be large.
    text: Arc<str>,
    view: Arc<Value>,
}

/// The reason why a text is not a task definition. No variant repeats the text, because the text may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATaskDefinition {
    #[error("not JSON: {message}")]
    NotJson { line: usize, column: usize, message: String },
    #[error("not a task definition: the document is {found} instead of an object")]
    NotAnObject { found: &'static str },
    #[error("not a task definition: the document has no containerDefinitions")]
    NoContainers,
    #[error("containerDefinitions is {found} instead of a list")]
    ContainersNotAList { found: &'static str },
    #[error("containerDefinitions is empty, and ECS refuses a task definition without containers")]
    EmptyContainers,
    #[error("`{}` occurs twice, and Logweir cannot know which of the two ECS would use", .0.pointer)]
    Repeated(RepeatedKey),
}

impl From<serde_json::Error> for NotATaskDefinition {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned();
        Self::NotJson { line: error.line(), column: error.column(), message }
    }
}

/// Returns the type of a JSON value with an article, such as `a string`.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Returns the type of a JSON value, or the kind of a value that is known only later.
fn kind_or_variable(value: &Value) -> &'static str {
    match value {
        value if is_intrinsic(value) => "an intrinsic function",
        value if is_variable(value) => "a placeholder",
        value => kind(value),
    }
}

impl TaskDefinition {
    pub fn parse(text: impl Into<String>) -> Result<Self, NotATaskDefinition> {
        let text = text.into();
        let view: Value = serde_json::from_str(&text)?;
        let Value::Object(members) = &view else {
            return Err(NotATaskDefinition::NotAnObject { found: kind(&view) });
        };
        if let Some(repeated) = in_task_definition(&text)? {
            return Err(NotATaskDefinition::Repeated(repeated));
        }
        match members.get("containerDefinitions") {
            None => return Err(NotATaskDefinition::NoContainers),
            Some(Value::Array(items)) if items.is_empty() => return Err(NotATaskDefinition::EmptyContainers),
            Some(Value::Array(_)) => {}
            Some(other) => {
                return Err(NotATaskDefinition::ContainersNotAList { found: kind_or_variable(other) });
            }
        }
        Ok(Self { text: text.trim().into(), view: Arc::new(view) })
    }

    /// Returns the text of the document, in the spelling of the author.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the digest of the text, `sha256:…`, by which a record names a document that it must not contain.
    pub fn digest(&self) -> String {
        format!("sha256:{}", hex(&Sha256::digest(self.text.as_bytes())))
    }

    pub fn view(&self) -> &Value {
        &self.view
    }

    pub fn family(&self) -> Option<&str> {
        self.view.get("family")?.as_str().filter(|family| !family.is_empty())
    }

    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let items = self.view["containerDefinitions"].as_array().map_or(&[][..], Vec::as_slice);
        items.iter().enumerate().map(|(index, value)| Container { index, value })
    }

    /// Returns the memory of the whole task in bytes, if it is set and readable.
    pub fn memory(&self) -> Option<u64> {
        memory(self.view.get("memory")?)
    }

    pub fn requires_fargate(&self) -> bool {
        self.requires("FARGATE")
    }

    /// Whether the task definition requires the launch type, such as `FARGATE`.
    pub fn requires(&self, launch_type: &str) -> bool {
        self.view["requiresCompatibilities"].as_array().is_some_and(|all| all.iter().any(|one| one == launch_type))
    }

    /// Returns the task execution role and the task role, as ARNs or names.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        let role = |member| self.view[member].as_str().filter(|role| !role.is_empty());
        ["executionRoleArn", "taskRoleArn"].into_iter().filter_map(role)
    }

    /// Whether the task definition has an execution role, or an intrinsic function in its place.
    pub fn has_execution_role(&self) -> bool {
        self.has_role("executionRoleArn")
    }

    /// Whether the task definition has a task role, or an intrinsic function in its place.
    pub fn has_task_role(&self) -> bool {
        self.has_role("taskRoleArn")
    }

    fn has_role(&self, member: &str) -> bool {
        let role = &self.view[member];
        is_intrinsic(role) || role.as_str().is_some_and(|role| !role.trim().is_empty())
    }

    /// Whether the launch types, or one of them, are a placeholder or an intrinsic function.
    pub fn hides_launch_types(&self) -> bool {
        const LAUNCH_TYPES: [&str; 4] = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
        let hides = |value: &Value| is_variable(value) && !LAUNCH_TYPES.iter().any(|launch_type| value == launch_type);
        let launch_types = &self.view["requiresCompatibilities"];
        hides(launch_types) || launch_types.as_array().is_some_and(|all| all.iter().any(hides))
    }

    /// Whether any container is privileged, which gives the container root rights on the host.
    pub fn is_privileged(&self) -> bool {
        self.containers().any(|container| container.member("privileged") == Some(&Value::Bool(true)))
    }

    /// Whether any container creates its own log group.
    pub fn creates_log_groups(&self) -> bool {
        self.containers().any(Container::creates_log_group)
    }

    /// Whether a signed attestation covers the configuration of the containers, or the task definition does not show
    /// whether it does. Any edit may invalidate such an attestation.
    pub fn is_sandboxed(&self) -> bool {
        fn names_it(value: &Value) -> bool {
            match value {
                Value::String(text) => text == "CONFIDENTIAL_SANDBOX",
                Value::Array(items) => items.iter().any(names_it),
                Value::Object(members) => members.values().any(names_it),
                _ => false,
            }
        }
        let configuration = &self.view["trustedExecutionConfiguration"];
        let hides_it = |value: &Value| is_intrinsic(value) || value.as_str().is_some_and(is_marked);
        names_it(configuration) || hides_it(configuration) || hides_it(&configuration["isolationMode"])
    }
}

impl fmt::Debug for TaskDefinition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let containers = self.containers().count();
        write!(f, "TaskDefinition({}, {containers} containers)", self.family().unwrap_or("without family"))
    }
}

/// One container of a task definition, as a view of its JSON value.
#[derive(Clone, Copy)]
pub struct Container<'a> {
    pub index: usize,
    value: &'a Value,
}

/// The value of a container's `logConfiguration`.
#[derive(Clone, Copy)]
pub enum Log<'a> {
    /// The value is absent, null or `{}`, so ECS sends no log configuration to the container runtime.
    None,
    /// ECS refuses the value, because the value is not an object with a driver. The text describes the value, such as
    /// `a string`.
    Malformed(&'static str),
    /// The log configuration or its driver is a placeholder or an intrinsic function.
    Unknown,
    Configured {
        driver: &'a str,
        options: Options<'a>,
    },
}

/// The value of `options` in a log configuration.
#[derive(Clone, Copy)]
pub enum Options<'a> {
    Absent,
    Null,
    Map(&'a Map<String, Value>),
    Malformed(&'static str),
    /// The options are a placeholder or an intrinsic function.
    Unknown,
}

impl<'a> Options<'a> {
    /// Returns the option's value, if it is a string that is not empty.
    pub fn text(self, key: &str) -> Option<&'a str> {
        self.value(key)?.as_str().filter(|text| !text.is_empty())
    }

    pub fn value(self, key: &str) -> Option<&'a Value> {
        match self {
            Self::Map(map) => map.get(key),
            _ => None,
        }
    }
}

impl<'a> Container<'a> {
    pub fn name(self) -> Option<&'a str> {
        self.value.get("name")?.as_str().filter(|name| !name.is_empty())
    }

    pub fn member(self, name: &str) -> Option<&'a Value> {
        self.value.get(name)
    }

    /// Returns the type of the container's JSON value, if this value is not an object.
    pub fn malformed(self) -> Option<&'static str> {
        (!self.value.is_object()).then(|| kind(self.value))
    }

    /// Whether the name of the container is an intrinsic function.
    pub fn has_variable_name(self) -> bool {
        self.value.get("name").is_some_and(is_intrinsic)
    }

    /// Whether the whole container is a placeholder or an intrinsic function.
    pub fn is_variable(self) -> bool {
        is_variable(self.value)
    }

    /// Whether the whole container is an intrinsic function.
    pub fn is_intrinsic(self) -> bool {
        is_intrinsic(self.value)
    }

    /// Whether the options of the log configuration are an intrinsic function.
    pub fn has_intrinsic_options(self) -> bool {
        is_intrinsic(&self.value["logConfiguration"]["options"])
    }

    /// Whether the log configuration or its driver is an intrinsic function.
    pub fn has_intrinsic_log(self) -> bool {
        let log = &self.value["logConfiguration"];
        is_intrinsic(log) || is_intrinsic(&log["logDriver"])
    }

    /// Returns the container's hard memory limit in bytes, if it is set and readable.
    pub fn memory(self) -> Option<u64> {
        memory(self.value.get("memory")?)
    }

    /// Returns the memory that ECS reserves for the container in bytes, if it is set and readable.
    pub fn memory_reservation(self) -> Option<u64> {
        memory(self.value.get("memoryReservation")?)
    }

    /// Whether the container creates its log group when it starts, if the group is missing and the container's role
    /// allows it. ECS accepts only the value `true` of the option (source: ECS API reference, LogConfiguration).
    pub fn creates_log_group(self) -> bool {
        match self.log() {
            Log::Configured { driver: "awslogs", options } => options.text("awslogs-create-group") == Some("true"),
            _ => false,
        }
    }

    pub fn log(self) -> Log<'a> {
        let Some(configuration) = self.value.get("logConfiguration") else {
            return Log::None;
        };
        let members = match configuration {
            Value::Null => return Log::None,
            Value::Object(members) if members.is_empty() => return Log::None,
            variable if is_variable(variable) => return Log::Unknown,
            Value::Object(members) => members,
            other => return Log::Malformed(kind(other)),
        };
        let driver = match members.get("logDriver") {
            Some(Value::String(driver)) if !driver.is_empty() => driver,
            Some(driver) if is_intrinsic(driver) => return Log::Unknown,
            _ => return Log::Malformed("an object without a logDriver"),
        };
        let options = match members.get("options") {
            None => Options::Absent,
            Some(Value::Null) => Options::Null,
            Some(options) if is_variable(options) => Options::Unknown,
            Some(Value::Object(map)) => Options::Map(map),
            Some(other) => Options::Malformed(kind(other)),
        };
        Log::Configured { driver, options }
    }
}

/// Parses an amount of memory in a form that ECS accepts, and returns bytes. A number or a text without a unit is an
/// amount in MiB. A text may also have a unit, such as `"0.5 GB"`.
fn memory(value: &Value) -> Option<u64> {
    const MIB: f64 = 1024.0 * 1024.0;
    let mib = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            match text.strip_suffix("gb") {
                Some(gb) => gb.trim().parse::<f64>().ok()? * 1024.0,
                None => text.strip_suffix("mb").unwrap_or(&text).trim().parse().ok()?,
            }
        }
        _ => return None,
    };
    (mib.is_finite() && mib > 0.0 && mib < 1e9).then_some((mib * MIB) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debug_shows_no_content() {
        let secret = r#"{"family":"web","containerDefinitions":[{"environment":[{"name":"A","value":"CANARY"}]}]}"#;
        assert_eq!(format!("{:?}", TaskDefinition::parse(secret).unwrap()), "TaskDefinition(web, 1 containers)");
    }

    #[test]
    fn memory_is_read_in_every_spelling() {
        for value in [json!(512), json!("512"), json!("0.5 GB"), json!("0.5GB"), json!("512 MB")] {
            assert_eq!(memory(&value), Some(512 * 1024 * 1024), "{value}");
        }
        for value in [json!(null), json!("${memory}"), json!(-1), json!([]), json!("NaN"), json!("infinity")] {
            assert_eq!(memory(&value), None, "{value}");
        }
    }

    #[test]
    fn a_syntax_error_names_line_and_column() {
        let error = TaskDefinition::parse("{\n \"a\": }").unwrap_err();
        assert_eq!(error, NotATaskDefinition::NotJson { line: 2, column: 7, message: "expected value".into() });
    }

    #[test]
    fn a_list_of_containers_that_stands_twice_is_refused() {
        let twice = r#"{"containerDefinitions":[{}],"containerDefinitions":[{}]}"#;
        let repeated = RepeatedKey { pointer: "/containerDefinitions".into(), first: 1, second: 29 };
        assert_eq!(TaskDefinition::parse(twice), Err(NotATaskDefinition::Repeated(repeated)));
    }

    #[test]
    fn a_task_definition_has_containers() {
        let error = |containers: &str| {
            TaskDefinition::parse(format!(r#"{{"containerDefinitions":{containers}}}"#)).unwrap_err().to_string()
        };
        assert_eq!(error("[]"), "containerDefinitions is empty, and ECS refuses a task definition without containers");
        assert_eq!(error("null"), "containerDefinitions is null instead of a list");
        assert_eq!(error(r#""${CONTAINERS}""#), "containerDefinitions is a placeholder instead of a list");
        assert_eq!(error(r#"{"Ref":"X"}"#), "containerDefinitions is an intrinsic function instead of a list");
    }
}
