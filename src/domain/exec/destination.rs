//! Where the transcript of a session goes.

use super::evidence::Place;
use super::setting::{Basis, Setting};
use crate::domain::ecs::cluster::{ExecLogConfiguration, ExecLogging};
use crate::domain::ecs::task_definition::{Log, TaskDefinition};

/// How the container of a session logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerLogs {
    /// The container logs to this log group, with the driver awslogs.
    Awslogs { group: String, region: Option<String> },
    /// The container logs with another driver, or with none.
    Otherwise(String),
}

impl ContainerLogs {
    /// Returns how a container of a registered revision logs. Returns the reason if the revision does not tell.
    pub fn of(definition: &TaskDefinition, container: &str) -> Result<Self, String> {
        let found = definition.containers().find(|found| found.name() == Some(container));
        let found = found.ok_or("the revision of the task has no container of this name")?;
        match found.log() {
            Log::Configured { driver: "awslogs", options } => match options.text("awslogs-group") {
                Some(group) => {
                    Ok(Self::Awslogs { group: group.into(), region: options.text("awslogs-region").map(String::from) })
                }
                None => Err("the container logs with awslogs and names no log group".into()),
            },
            Log::Configured { driver, .. } => Ok(Self::Otherwise(format!("the driver {driver}"))),
            _ => Ok(Self::Otherwise("no log driver".into())),
        }
    }
}

/// Where the transcript of a session goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To each of these places.
    Places(Vec<Place>, Basis),
    /// Nowhere, for this reason.
    Nowhere(String, Basis),
    /// Logweir does not know where, for this reason.
    Unknown(String),
}

/// Returns where the transcript of the session `id` goes. `region` is the Region of the session. Under `DEFAULT`, the
/// transcript goes to the log group of the container, so `logs` then decides (source: ECS API reference,
/// ExecuteCommandConfiguration).
pub fn destination(
    id: &str,
    setting: &Result<Setting, String>,
    logs: impl FnOnce() -> Result<ContainerLogs, String>,
    region: &str,
) -> Destination {
    let Setting { exec, basis } = match setting {
        Ok(setting) => setting,
        Err(why) => return Destination::Unknown(why.clone()),
    };
    let stream = |group: String| Place::Stream { group, stream: id.to_owned() };
    match exec.logging {
        ExecLogging::None => Destination::Nowhere("the cluster logs no sessions (logging NONE)".into(), *basis),
        ExecLogging::Unset | ExecLogging::Default => match logs() {
            Ok(ContainerLogs::Awslogs { region: Some(other), .. }) if other != region => {
                Destination::Unknown(format!("the container logs to the Region {other}, which Logweir does not read"))
            }
            Ok(ContainerLogs::Awslogs { group, .. }) => Destination::Places(vec![stream(group)], *basis),
            Ok(ContainerLogs::Otherwise(how)) => {
                let why = format!("the cluster's logging is DEFAULT, and the container has {how} instead of awslogs");
                Destination::Nowhere(why, *basis)
            }
            Err(why) => Destination::Unknown(format!("the cluster's logging is DEFAULT, and {why}")),
        },
        ExecLogging::Override => {
            let ExecLogConfiguration { log_group, s3_bucket, s3_prefix, .. } = exec.log.clone().unwrap_or_default();
            let object = |bucket| Place::Object { bucket, keys: keys(s3_prefix.as_deref().unwrap_or_default(), id) };
            let places: Vec<Place> = log_group.map(stream).into_iter().chain(s3_bucket.map(object)).collect();
            match places.is_empty() {
                true => Destination::Nowhere(
                    "the cluster's log configuration names no log group and no bucket".into(),
                    *basis,
                ),
                false => Destination::Places(places, *basis),
            }
        }
        ExecLogging::Unknown => {
            Destination::Unknown("this version of Logweir does not know the logging of the cluster".into())
        }
    }
}

/// Returns the keys that the transcript may have (source: the Kosli instance access reporter, which matches
/// `PREFIX/ID.log`).
fn keys(prefix: &str, id: &str) -> Vec<String> {
    let trimmed = prefix.trim_end_matches('/');
    let mut keys = vec![if trimmed.is_empty() { format!("{id}.log") } else { format!("{trimmed}/{id}.log") }];
    if trimmed != prefix {
        keys.push(format!("{prefix}/{id}.log"));
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_an_object_has_the_prefix_of_the_configuration() {
        assert_eq!(keys("", "a"), ["a.log"]);
        assert_eq!(keys("exec", "a"), ["exec/a.log"]);
        assert_eq!(keys("exec/prod/", "a"), ["exec/prod/a.log", "exec/prod//a.log"]);
        assert_eq!(keys("/", "a"), ["a.log", "//a.log"]);
    }
}
