//! The configuration of a cluster as JSON text. Logweir changes only the members that say where the sessions of ECS Exec
//! are logged; every other byte stays as ECS returned it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use crate::domain::text::json::{self, Unambiguous};

const EXEC: &str = "executeCommandConfiguration";
const LOGGING: &str = "logging";
const LOG: &str = "logConfiguration";
const GROUP: &str = "cloudWatchLogGroupName";

/// The largest configuration that Logweir changes, in bytes. The record of a cluster contains each configuration twice,
/// and an item of a DynamoDB table holds at most 400 KB. A configuration of every member has about 2 KB.
const LARGEST: usize = 8 * 1024;

/// The member `configuration` of a cluster, as JSON text. A cluster without a configuration has the text `{}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClusterConfiguration(String);

/// Where ECS logs the sessions of ECS Exec (source: ECS API reference, ExecuteCommandConfiguration).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ExecLogging {
    /// The configuration names no logging. ECS treats the cluster like `DEFAULT`.
    #[default]
    Unset,
    /// Sessions go to the log group of the container, if the container logs with `awslogs`, and otherwise nowhere.
    Default,
    /// No session is logged.
    None,
    /// Sessions go to the log group and the bucket of the log configuration.
    Override,
    /// A word that this version of Logweir does not know.
    Unknown,
}

/// The typed view of `executeCommandConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecConfiguration {
    pub logging: ExecLogging,
    /// The KMS key that encrypts the data between the client and the container.
    pub kms_key: Option<String>,
    /// The members of `logConfiguration`. `None` if the configuration has no such member.
    pub log: Option<ExecLogConfiguration>,
}

/// The typed view of `logConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecLogConfiguration {
    pub log_group: Option<String>,
    /// Whether the log group must have a KMS key. If it has none, sessions fail.
    pub encrypts_log_group: bool,
    pub s3_bucket: Option<String>,
    pub s3_prefix: Option<String>,
    pub encrypts_s3: bool,
}

/// Why Logweir does not change the logging of a cluster. The messages contain no text of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotConfigurable {
    #[error("the configuration of the cluster is not an object, or names a member twice")]
    Unreadable,
    #[error("the configuration of the cluster is larger than {LARGEST} bytes")]
    TooLarge,
    #[error(
        "the cluster's unused log configuration names an S3 bucket, which `logging: OVERRIDE` would also use; remove \
         the bucket, or set `logging: OVERRIDE` yourself"
    )]
    WouldLogToS3,
    #[error(
        "the cluster's unused log configuration requires an encrypted log group, so sessions may fail; remove \
         `cloudWatchEncryptionEnabled`, or set `logging: OVERRIDE` yourself"
    )]
    WouldRequireEncryption,
}

impl ExecLogging {
    /// Returns the word of the ECS API. Returns `unset` if the configuration names no logging.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Default => "DEFAULT",
            Self::None => "NONE",
            Self::Override => "OVERRIDE",
            Self::Unknown => "unknown",
        }
    }
}

impl ExecConfiguration {
    /// Returns where the sessions go, in words: the word of the ECS API and, for `OVERRIDE`, the log group and the bucket.
    pub fn words(&self) -> String {
        let log = self.log.as_ref().filter(|_| self.logging == ExecLogging::Override);
        let places = log.into_iter().flat_map(|log| {
            let group = log.log_group.as_ref().map(|group| format!("log group {group}"));
            group.into_iter().chain(log.s3_bucket.as_ref().map(|bucket| format!("bucket {bucket}")))
        });
        let places = places.collect::<Vec<_>>().join(" and ");
        let places = if places.is_empty() { places } else { format!(" to {places}") };
        format!("{}{places}", self.logging.name())
    }
}

impl ClusterConfiguration {
    /// Creates the configuration from a JSON object. Returns an error if the text is not an object, or if an object in
    /// it names a member twice.
    pub fn parse(text: impl Into<String>) -> Result<Self, NotConfigurable> {
        let text = text.into();
        match serde_json::from_str(&text) {
            Ok(Unambiguous(Value::Object(_))) => Ok(Self(text)),
            _ => Err(NotConfigurable::Unreadable),
        }
    }

    /// Returns the configuration of a cluster that has none.
    pub fn empty() -> Self {
        Self("{}".into())
    }

    /// Returns the JSON text, with every byte as ECS returned it.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Returns the typed view of the configuration of ECS Exec.
    pub fn exec(&self) -> ExecConfiguration {
        let view = self.view();
        let exec = &view[EXEC];
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(String::from);
        let logging = match exec[LOGGING].as_str() {
            Some("DEFAULT") => ExecLogging::Default,
            Some("NONE") => ExecLogging::None,
            Some("OVERRIDE") => ExecLogging::Override,
            None | Some("") if exec[LOGGING].is_null() || exec[LOGGING].is_string() => ExecLogging::Unset,
            _ => ExecLogging::Unknown,
        };
        let log = exec[LOG].as_object().map(|log| {
            let member = |name: &str| log.get(name).unwrap_or(&Value::Null);
            ExecLogConfiguration {
                log_group: text(member(GROUP)),
                encrypts_log_group: member("cloudWatchEncryptionEnabled").as_bool().unwrap_or_default(),
                s3_bucket: text(member("s3BucketName")),
                s3_prefix: text(member("s3KeyPrefix")),
                encrypts_s3: member("s3EncryptionEnabled").as_bool().unwrap_or_default(),
            }
        });
        ExecConfiguration { logging, kms_key: text(&exec["kmsKeyId"]), log }
    }

    /// Returns this configuration with the sessions of ECS Exec logged to the log group, and with no other change.
    /// Returns an error if `logging: OVERRIDE` would also switch on a member that Logweir does not change.
    pub fn logging_to(&self, group: &str) -> Result<Self, NotConfigurable> {
        let log = self.exec().log.unwrap_or_default();
        if log.s3_bucket.is_some() {
            return Err(NotConfigurable::WouldLogToS3);
        }
        if log.encrypts_log_group {
            return Err(NotConfigurable::WouldRequireEncryption);
        }
        let exec = member(&self.0, EXEC)?.unwrap_or("{}");
        let log = with(member(exec, LOG)?.unwrap_or("{}"), GROUP, &json!(group).to_string())?;
        let exec = with(&with(exec, LOGGING, "\"OVERRIDE\"")?, LOG, &log)?;
        Self::bounded(with(&self.0, EXEC, &exec)?)
    }

    /// Returns this configuration with the configuration of ECS Exec that `before` has, and with no other change. If
    /// `before` names no logging, the result has `logging: DEFAULT`, because nothing removes the member from a cluster
    /// and both have the same effect.
    pub fn restoring(&self, before: &Self) -> Result<Self, NotConfigurable> {
        let former = member(&before.0, EXEC)?.unwrap_or("{}");
        let former = match before.exec().logging {
            ExecLogging::Unset => with(former, LOGGING, "\"DEFAULT\"")?,
            _ => former.to_owned(),
        };
        Self::bounded(with(&self.0, EXEC, &former)?)
    }

    /// Whether both configurations have the same members. An absent member equals a null, an empty and a false one,
    /// because ECS may leave such a member out.
    pub fn is_same(&self, other: &Self) -> bool {
        is_same(&self.view(), &other.view())
    }

    /// Whether this configuration, which ECS returned, has every member of the configuration that Logweir sent. ECS may
    /// add members, and may leave out a null, an empty and a false one.
    pub fn keeps(&self, sent: &Self) -> bool {
        keeps(&self.view(), &sent.view())
    }

    /// Whether both configurations log the sessions of ECS Exec in the same way, with the same key.
    pub fn has_same_exec(&self, other: &Self) -> bool {
        is_same(&self.view()[EXEC], &other.view()[EXEC])
    }

    /// Whether both configurations have the same members apart from the configuration of ECS Exec.
    pub fn is_same_elsewhere(&self, other: &Self) -> bool {
        let rest = |configuration: &Self| {
            let mut view = configuration.view();
            view.as_object_mut().map(|members| members.remove(EXEC));
            view
        };
        is_same(&rest(self), &rest(other))
    }

    fn view(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    fn bounded(text: String) -> Result<Self, NotConfigurable> {
        if text.len() > LARGEST { Err(NotConfigurable::TooLarge) } else { Self::parse(text) }
    }
}

/// A journal contains the text of a configuration, which must be readable.
impl<'de> Deserialize<'de> for ClusterConfiguration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Returns the text of a member. Returns `None` if the member is absent or null.
fn member<'t>(object: &'t str, key: &str) -> Result<Option<&'t str>, NotConfigurable> {
    let members = json::members(object).map_err(|_| NotConfigurable::Unreadable)?;
    let found = members.into_iter().find(|member| member.key == key).map(|member| &object[member.value]);
    Ok(found.filter(|text| *text != "null"))
}

/// Returns the object with this value of the member, which becomes the last member if the object does not have it.
fn with(object: &str, key: &str, value: &str) -> Result<String, NotConfigurable> {
    let members = json::members(object).map_err(|_| NotConfigurable::Unreadable)?;
    if let Some(member) = members.iter().find(|member| member.key == key) {
        return Ok(json::exchange(object, &member.value, value));
    }
    let (end, comma) = match members.last() {
        Some(last) => (last.value.end, ","),
        None => (object.find('{').map_or(0, |open| open + 1), ""),
    };
    Ok(json::exchange(object, &(end..end), &format!("{comma}\"{key}\":{value}")))
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let of =
                |members: &serde_json::Map<String, Value>, key: &String| members.get(key).cloned().unwrap_or_default();
            one.keys().chain(other.keys()).all(|key| is_same(&of(one, key), &of(other, key)))
        }
        (one, other) => one == other || (is_empty(one) && is_empty(other)),
    }
}

fn keeps(found: &Value, sent: &Value) -> bool {
    match (found, sent) {
        (_, sent) if is_empty(sent) => true,
        (Value::Object(found), Value::Object(sent)) => {
            sent.iter().all(|(key, value)| keeps(found.get(key).unwrap_or(&Value::Null), value))
        }
        (found, sent) => found == sent,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_empty),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(text: &str) -> ClusterConfiguration {
        ClusterConfiguration::parse(text).unwrap()
    }

    #[test]
    fn only_the_logging_members_change_and_every_other_byte_stays() {
        let before = concat!(
            "{ \"managedStorageConfiguration\": {\"kmsKeyId\":\"k\\u0061\"},\n",
            " \"executeCommandConfiguration\":{\"kmsKeyId\":\"key\", \"logging\" : \"NONE\", \"new\":1.0} , \"newer\":[] }"
        );
        let after = configuration(before).logging_to("/ecs/exec").unwrap();
        assert_eq!(
            after.text(),
            concat!(
                "{ \"managedStorageConfiguration\": {\"kmsKeyId\":\"k\\u0061\"},\n",
                " \"executeCommandConfiguration\":{\"kmsKeyId\":\"key\", \"logging\" : \"OVERRIDE\", \"new\":1.0,",
                "\"logConfiguration\":{\"cloudWatchLogGroupName\":\"/ecs/exec\"}} , \"newer\":[] }"
            )
        );
        assert!(after.is_same_elsewhere(&configuration(before)) && !after.is_same(&configuration(before)));
        assert!(after.restoring(&configuration(before)).unwrap().is_same(&configuration(before)));
        let empty = ClusterConfiguration::empty();
        let text = r#"{"executeCommandConfiguration":{"logging":"OVERRIDE","logConfiguration":{"cloudWatchLogGroupName":"g"}}}"#;
        assert_eq!(empty.logging_to("g").unwrap().text(), text);
        let restored = configuration(text).restoring(&empty).unwrap();
        assert_eq!(restored.text(), r#"{"executeCommandConfiguration":{"logging":"DEFAULT"}}"#);
    }

    #[test]
    fn a_member_that_override_would_switch_on_prevents_the_change() {
        let with = |log: &str| {
            let text = format!(r#"{{"executeCommandConfiguration":{{"logging":"NONE","logConfiguration":{log}}}}}"#);
            configuration(&text).logging_to("g").map(drop)
        };
        assert_eq!(with(r#"{"s3BucketName":"b"}"#), Err(NotConfigurable::WouldLogToS3));
        assert_eq!(with(r#"{"cloudWatchEncryptionEnabled":true}"#), Err(NotConfigurable::WouldRequireEncryption));
        assert_eq!(with(r#"{"cloudWatchEncryptionEnabled":false,"s3BucketName":""}"#), Ok(()));
        assert_eq!(with(&format!(r#"{{"x":"{}"}}"#, "x".repeat(LARGEST))), Err(NotConfigurable::TooLarge));
        for text in ["[]", "", "{\"a\":1,\"a\":1}", "{\"a\":{\"b\":1,\"b\":2}}"] {
            assert_eq!(ClusterConfiguration::parse(text), Err(NotConfigurable::Unreadable), "{text}");
        }
    }

    #[test]
    fn each_word_of_logging_differs_from_an_absent_one() {
        let of = |exec: &str| configuration(&format!("{{\"executeCommandConfiguration\":{exec}}}")).exec().logging;
        for (exec, expected) in [
            ("null", ExecLogging::Unset),
            ("{}", ExecLogging::Unset),
            ("{\"logging\":null}", ExecLogging::Unset),
            ("{\"logging\":\"DEFAULT\"}", ExecLogging::Default),
            ("{\"logging\":\"NONE\"}", ExecLogging::None),
            ("{\"logging\":\"OVERRIDE\"}", ExecLogging::Override),
            ("{\"logging\":\"none\"}", ExecLogging::Unknown),
            ("{\"logging\":1}", ExecLogging::Unknown),
        ] {
            assert_eq!(of(exec), expected, "{exec}");
        }
        assert_eq!(ClusterConfiguration::empty().exec(), ExecConfiguration::default());
    }

    #[test]
    fn what_ecs_may_leave_out_makes_no_difference() {
        let one = configuration(r#"{"a":{"x":null,"y":false,"z":""},"b":1}"#);
        assert!(one.is_same(&configuration(r#"{"b":1}"#)) && !one.is_same(&configuration(r#"{"b":2}"#)));
        assert!(!one.is_same(&configuration(r#"{"b":1,"a":{"y":true}}"#)));
        let more = configuration(r#"{"b":1,"a":{"y":true}}"#);
        assert!(more.keeps(&one) && !one.keeps(&more));
    }
}
