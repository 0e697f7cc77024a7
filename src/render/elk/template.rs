//! The index template, and the query for the calls of one service.

use serde_json::{Map, Value, json};

use super::document::INDEX;

/// The types of the fields that are no keywords.
const TYPES: [(&str, &str); 2] = [("@timestamp", "date"), ("source.ip", "ip")];

/// The fields that are keywords.
const KEYWORDS: [&str; 35] = [
    "event.id",
    "event.kind",
    "event.action",
    "event.provider",
    "event.outcome",
    "event.type",
    "error.code",
    "error.message",
    "source.address",
    "source.geo.country_iso_code",
    "logweir.source.kind",
    "logweir.source.owner",
    "user.name",
    "user.id",
    "logweir.user.how",
    "logweir.user.strength",
    "user_agent.original",
    "cloud.provider",
    "cloud.account.id",
    "cloud.region",
    "aws.cloudtrail.event_type",
    "aws.cloudtrail.read_only",
    "aws.cloudtrail.management_event",
    "aws.cloudtrail.request_id",
    "aws.cloudtrail.shared_event_id",
    "aws.cloudtrail.vpc_endpoint_id",
    "aws.cloudtrail.tls_version",
    "aws.cloudtrail.user_identity.type",
    "aws.cloudtrail.user_identity.arn",
    "aws.cloudtrail.user_identity.account_id",
    "aws.cloudtrail.user_identity.invoked_by",
    "aws.cloudtrail.mfa_authenticated",
    "aws.ecs.cluster",
    "aws.ecs.service",
    "aws.ecs.family",
];

/// Returns the index template. Fields that the template does not name are stored and not indexed.
pub fn index_template() -> Value {
    let mut properties = Map::new();
    for (name, kind) in TYPES {
        put(&mut properties, name, json!({"type": kind}));
    }
    for name in KEYWORDS {
        put(&mut properties, name, json!({"type": "keyword", "ignore_above": 1024}));
    }
    json!({
        "index_patterns": [format!("{INDEX}-*")],
        "priority": 500,
        "template": {
            "settings": {"index": {"number_of_shards": 1}},
            "mappings": {"dynamic": false, "properties": properties},
        },
        "_meta": {"description": "Calls to Amazon ECS, from the records of AWS CloudTrail. Written by Logweir."},
    })
}

/// Adds a field to the nested properties of a mapping.
fn put(properties: &mut Map<String, Value>, name: &str, field: Value) {
    match name.split_once('.') {
        None => drop(properties.insert(name.into(), field)),
        Some((object, rest)) => {
            let inner = properties.entry(object).or_insert_with(|| json!({"properties": {}}));
            if let Some(inner) = inner["properties"].as_object_mut() {
                put(inner, rest, field);
            }
        }
    }
}

/// Returns the body of a search for the newest calls to Amazon ECS, with their most frequent source addresses.
pub fn index_query() -> Value {
    json!({
        "size": 50,
        "query": {"bool": {"filter": [{"term": {"event.provider": "ecs.amazonaws.com"}}]}},
        "sort": [{"@timestamp": {"order": "desc"}}],
        "aggs": {"addresses": {"terms": {"field": "source.address", "size": 20}}},
    })
}
