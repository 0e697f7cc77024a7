//! Parses responses that describe clusters, and writes UpdateCluster requests, as JSON text.

use serde_json::{Value, json};

use super::{Cluster, ClusterArn, ClusterConfiguration};
use crate::domain::ecs::tags::Tag;
use crate::domain::text::json::{items, members};
use crate::domain::text::plain::plain;

/// The maximum length of a text that Logweir keeps from a response, in characters.
const LONGEST: usize = 256;

/// The error for a response that does not describe clusters. The message contains no text of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response does not describe a cluster in the JSON format of ECS")]
pub struct NotACluster;

/// Parses a response of DescribeClusters. Leaves out the clusters that the response reports as missing. Returns an error if
/// ECS could not describe a cluster for another reason.
pub fn described(reply: &str) -> Result<Vec<Cluster>, NotACluster> {
    let failures: Value = match member(reply, "failures")? {
        Some(failures) => serde_json::from_str(failures).map_err(|_| NotACluster)?,
        None => Value::Null,
    };
    if failures.as_array().into_iter().flatten().any(|failure| failure["reason"] != "MISSING") {
        return Err(NotACluster);
    }
    let list = member(reply, "clusters")?.ok_or(NotACluster)?;
    let items = items(list).map_err(|_| NotACluster)?;
    items.into_iter().map(|place| cluster(&list[place])).collect()
}

/// Parses a response of UpdateCluster.
pub fn updated(reply: &str) -> Result<Cluster, NotACluster> {
    cluster(member(reply, "cluster")?.ok_or(NotACluster)?)
}

/// Returns the body of an UpdateCluster call that sends the whole configuration.
pub fn update(cluster: &ClusterArn, configuration: &ClusterConfiguration) -> String {
    format!(r#"{{"cluster":{},"configuration":{}}}"#, json!(cluster), configuration.text())
}

fn cluster(text: &str) -> Result<Cluster, NotACluster> {
    let view: Value = match member(text, "clusterArn")? {
        Some(arn) => serde_json::from_str(arn).map_err(|_| NotACluster)?,
        None => return Err(NotACluster),
    };
    let arn = view.as_str().and_then(|arn| arn.parse::<ClusterArn>().ok()).ok_or(NotACluster)?;
    let configuration = match member(text, "configuration")? {
        None => ClusterConfiguration::empty(),
        Some(configuration) => ClusterConfiguration::parse(configuration).map_err(|_| NotACluster)?,
    };
    let tags = match member(text, "tags")? {
        None => Vec::new(),
        Some(list) => Tag::parse_list(list).map_err(|_| NotACluster)?,
    };
    let value = |key: &str| Ok(member(text, key)?.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default());
    let (status, settings): (Value, Value) = (value("status")?, value("settings")?);
    let short = |value: &Value| plain(value.as_str().unwrap_or_default(), LONGEST);
    let settings = settings.as_array().into_iter().flatten();
    let settings = settings.map(|setting| (short(&setting["name"]), short(&setting["value"]))).collect();
    Ok(Cluster { arn, status: short(&status), tags, settings, configuration })
}

/// Returns the text of a member. Returns `None` if the member is absent or null, and an error if it is there twice.
fn member<'t>(object: &'t str, key: &str) -> Result<Option<&'t str>, NotACluster> {
    let members = members(object).map_err(|_| NotACluster)?;
    let mut found = members.into_iter().filter(|member| member.key == key).map(|member| &object[member.value]);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(NotACluster),
        (found, None) => Ok(found.filter(|text| *text != "null")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_travels_as_text_and_a_cluster_without_one_has_an_empty_one() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:cluster/prod";
        let reply = format!(
            r#"{{"clusters":[{{"clusterArn":"{arn}","status":"ACTIVE","settings":[{{"name":"a","value":"b"}}],
            "tags":[{{"key":"k","value":"v"}}],"configuration":{{ "x" : 1.50 }}}},{{"clusterArn":"{arn}"}}],"failures":[]}}"#
        );
        let found = described(&reply).unwrap();
        assert_eq!(found[0].configuration.text(), r#"{ "x" : 1.50 }"#);
        assert!(found[0].is_active() && found[0].settings == [("a".into(), "b".into())] && found[0].tags.len() == 1);
        assert_eq!(found[1].configuration, ClusterConfiguration::empty());
        assert_eq!(
            update(&found[0].arn, &found[0].configuration),
            format!(r#"{{"cluster":"{arn}","configuration":{{ "x" : 1.50 }}}}"#)
        );
        let denied = r#"{"clusters":[],"failures":[{"arn":"a","reason":"ACCESS_DENIED"}]}"#;
        let missing = r#"{"clusters":[],"failures":[{"arn":"a","reason":"MISSING"}]}"#;
        assert_eq!((described(denied), described(missing)), (Err(NotACluster), Ok(Vec::new())));
        for reply in ["", "{}", r#"{"clusters":[{}]}"#, r#"{"clusters":[{"clusterArn":"prod"}]}"#] {
            assert_eq!(described(reply), Err(NotACluster), "{reply}");
        }
    }
}
