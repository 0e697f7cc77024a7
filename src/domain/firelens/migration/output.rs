//! An output of the router: the output plugin with its options, for the log configuration of a container or for a file.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// The implementation of the CloudWatch output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudWatchPlugin {
    /// `cloudwatch_logs`, which is a part of Fluent Bit.
    Core,
    /// `cloudwatch`, a plugin in Go that only the images of AWS contain.
    Go,
}

impl CloudWatchPlugin {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "cloudwatch_logs",
            Self::Go => "cloudwatch",
        }
    }
}

/// An output plugin with its options.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Output {
    /// The options, with the name of the plugin as the first one.
    pub(super) options: Vec<(&'static str, Value)>,
    /// The options whose values are secrets: each with the ARN of the secret.
    pub(super) secrets: Vec<(&'static str, String)>,
}

impl Output {
    pub(super) fn new(plugin: &'static str) -> Self {
        Self { options: vec![("Name", plugin.into())], secrets: Vec::new() }
    }

    pub(super) fn with(mut self, option: &'static str, value: impl Into<Value>) -> Self {
        self.options.push((option, value.into()));
        self
    }

    /// Adds an option with its value. The value of a secret option is the ARN of the secret.
    pub(super) fn with_value(mut self, option: &'static str, value: String, is_secret: bool) -> Self {
        match is_secret {
            true => self.secrets.push((option, value)),
            false => self.options.push((option, value.into())),
        }
        self
    }

    /// Returns the value of an option.
    pub(super) fn value(&self, option: &str) -> Option<&Value> {
        self.options.iter().find(|(name, _)| *name == option).map(|(_, value)| value)
    }

    /// Returns the log configuration of a container that logs to this output. Keeps the other members of the container's
    /// log configuration.
    pub(super) fn configuration(&self, old: &Map<String, Value>, kept_secrets: Vec<Value>) -> Value {
        let mut new = old.clone();
        new.insert("logDriver".into(), "awsfirelens".into());
        let options = self.options.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        new.insert("options".into(), Value::Object(options.collect()));
        let own = self.secrets.iter().map(|(name, from)| json!({"name": name, "valueFrom": from}));
        let secrets: Vec<Value> = kept_secrets.into_iter().chain(own).collect();
        let was_empty = old.get("secretOptions").is_none_or(|old| old.as_array().is_none_or(Vec::is_empty));
        match secrets.is_empty() {
            true if was_empty => {}
            true => drop(new.shift_remove("secretOptions")),
            false => drop(new.insert("secretOptions".into(), secrets.into())),
        }
        Value::Object(new)
    }

    /// Returns the section `[OUTPUT]` for a file. The value of a secret is an environment variable of the router.
    pub(super) fn section(&self, matching: &str) -> String {
        let mut text = String::from("[OUTPUT]\n");
        for (index, (name, value)) in self.options.iter().enumerate() {
            let value = value.as_str().map_or_else(|| value.to_string(), String::from);
            let _ = writeln!(text, "    {name} {value}");
            if index == 0 {
                let _ = writeln!(text, "    Match {matching}");
            }
        }
        for (name, _) in &self.secrets {
            let _ = writeln!(text, "    {name} ${{{}}}", self.variable(name));
        }
        text
    }

    /// Returns the environment variable of the router that holds the secret of an option, such as
    /// `FIRELENS_HTTP_HEADER`.
    pub(super) fn variable(&self, option: &str) -> String {
        let plugin = self.value("Name").and_then(Value::as_str).unwrap_or_default();
        let of = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        format!("FIRELENS_{plugin}_{option}").chars().map(of).collect()
    }
}
