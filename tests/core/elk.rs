//! The export for OpenSearch and Elasticsearch: its documents, its index template and its dashboards.

use std::collections::BTreeSet;

use jiff::Timestamp;
use logweir::domain::trail::address::{Class, Kind};
use logweir::domain::trail::{Record, person};
use logweir::render::elk::{Dashboards, Observed, files, index_template};
use serde_json::{Map, Value, json};

fn record() -> Value {
    json!({
        "eventID": "11111111-2222-3333-4444-555555555555", "eventTime": "2026-12-01T08:00:00Z",
        "eventSource": "ecs.amazonaws.com", "eventName": "UpdateService", "awsRegion": "eu-west-1",
        "eventType": "AwsApiCall", "readOnly": false, "managementEvent": true, "requestID": "r-1",
        "sharedEventID": "s-1", "vpcEndpointId": "vpce-1",
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15", "recipientAccountId": "111122223333",
        "errorCode": "AccessDeniedException", "errorMessage": "no", "tlsDetails": {"tlsVersion": "TLSv1.3"},
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/anna", "accountId": "111122223333",
            "principalId": "AROAEXAMPLE:anna", "invokedBy": "cloudformation.amazonaws.com",
            "sessionContext": {"attributes": {"mfaAuthenticated": "true"}},
        },
        "requestParameters": {"cluster": "prod", "service": "web", "taskDefinition": "web:7"},
    })
}

/// The lines of a record in a bulk request.
fn lines(record: &Value, class: &Class) -> String {
    let text = record.to_string();
    let record: Record<'_> = serde_json::from_str(&text).unwrap();
    let person = person(&record.identity);
    let time: Timestamp = record.time.parse().unwrap();
    Observed { record: &record, time, person: &person, class }.bulk_lines()
}

fn document(record: &Value, class: &Class) -> Map<String, Value> {
    let lines = lines(record, class);
    serde_json::from_str(lines.lines().nth(1).unwrap()).unwrap()
}

fn aws() -> Class {
    Class { kind: Kind::Aws, owner: Some("AWS eu-west-2 (EC2)".into()), country: Some("GB".into()) }
}

/// The names of all fields of a mapping.
fn fields(properties: &Value, prefix: &str, found: &mut BTreeSet<String>) {
    for (name, field) in properties.as_object().unwrap() {
        match field.get("properties") {
            Some(inner) => fields(inner, &format!("{prefix}{name}."), found),
            None => drop(found.insert(format!("{prefix}{name}"))),
        }
    }
}

#[test]
fn a_document_has_the_names_of_the_elastic_common_schema() {
    let document = document(&record(), &aws());
    for (name, value) in [
        ("@timestamp", "2026-12-01T08:00:00Z"),
        ("event.action", "UpdateService"),
        ("event.provider", "ecs.amazonaws.com"),
        ("event.outcome", "failure"),
        ("event.type", "change"),
        ("source.address", "198.51.100.7"),
        ("source.ip", "198.51.100.7"),
        ("source.geo.country_iso_code", "GB"),
        ("logweir.source.owner", "AWS eu-west-2 (EC2)"),
        ("user.name", "deploy/anna"),
        ("cloud.region", "eu-west-1"),
        ("aws.cloudtrail.read_only", "false"),
        ("aws.ecs.family", "web:7"),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
}

#[test]
fn each_field_of_a_document_is_in_the_template_and_the_other_way_round() {
    let mut fields_of_template = BTreeSet::new();
    fields(&index_template()["template"]["mappings"]["properties"], "", &mut fields_of_template);
    let fields_of_document: BTreeSet<String> = document(&record(), &aws()).keys().cloned().collect();
    assert_eq!(fields_of_template, fields_of_document);
}

#[test]
fn the_action_names_the_index_of_the_month_and_the_event() {
    let lines = lines(&record(), &aws());
    let action: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let id = "11111111-2222-3333-4444-555555555555";
    assert_eq!(action, json!({"create": {"_index": "cloudtrail-ecs-2026.12", "_id": id}}));
    assert_eq!((lines.lines().count(), lines.ends_with('\n')), (2, true));
}

#[test]
fn a_source_that_is_no_address_has_no_source_ip() {
    for source in ["ecs.amazonaws.com", "AWS Internal", "", "300.1.1.1", "198.51.100.7 "] {
        let mut record = record();
        record["sourceIPAddress"] = source.into();
        let document = document(&record, &Class { kind: Kind::Unknown, owner: None, country: None });
        assert!(!document.contains_key("source.ip"), "{source}");
        assert_eq!(document.contains_key("source.address"), !source.is_empty());
    }
    let mut record = record();
    record["sourceIPAddress"] = "2001:DB8:0::1".into();
    assert_eq!(document(&record, &aws())["source.ip"], "2001:db8::1");
}

#[test]
fn a_hostile_record_stays_within_its_two_lines_and_its_lengths() {
    let mut record = record();
    let hostile = format!("\n{{\"delete\":{{}}}}\u{2028}\u{202e}\u{1b}[31m{}", "x".repeat(5000));
    for name in ["eventID", "userAgent", "errorMessage", "sourceIPAddress", "eventName"] {
        record[name] = hostile.clone().into();
    }
    let lines = lines(&record, &aws());
    assert_eq!(lines.lines().count(), 2);
    assert!(lines.len() < 10_000 && !lines.contains(['\u{2028}', '\u{202e}', '\u{1b}']));
    let action: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(action["create"]["_id"].as_str().unwrap().len() <= 512, "Elasticsearch refuses longer IDs");
}

#[test]
fn each_line_of_the_dashboards_is_an_object_and_each_reference_is_in_the_file() {
    for dashboards in [Dashboards::OpenSearch, Dashboards::Kibana] {
        let text = dashboards.ndjson();
        let objects: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let keys: BTreeSet<(&str, &str)> =
            objects.iter().map(|one| (one["type"].as_str().unwrap(), one["id"].as_str().unwrap())).collect();
        assert_eq!(keys.len(), objects.len(), "an ID occurs twice");
        for object in &objects {
            let names: Vec<&str> = references(object).map(|one| one["name"].as_str().unwrap()).collect();
            for one in references(object) {
                let key = (one["type"].as_str().unwrap(), one["id"].as_str().unwrap());
                assert!(keys.contains(&key), "{key:?} in {object}");
            }
            let mut inner = Vec::new();
            inner_json(&object["attributes"], &mut inner);
            assert!(object["type"] == "index-pattern" || !inner.is_empty(), "{object}");
            for used in inner.iter().flat_map(reference_names) {
                assert!(names.contains(&used.as_str()), "{used} in {object}");
            }
        }
    }
}

fn references(object: &Value) -> impl Iterator<Item = &Value> {
    object["references"].as_array().unwrap().iter()
}

/// Parses the members whose text is JSON.
fn inner_json(attributes: &Value, found: &mut Vec<Value>) {
    for (name, value) in attributes.as_object().into_iter().flatten() {
        match value {
            Value::String(text) if name.ends_with("JSON") || name == "visState" => {
                found.push(serde_json::from_str(text).unwrap());
            }
            Value::Object(_) => inner_json(value, found),
            _ => {}
        }
    }
}

/// The names of references that a JSON uses.
fn reference_names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if name.ends_with("RefName") => vec![text.clone()],
                value => reference_names(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(reference_names).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_dashboards_show_fields_that_the_template_has() {
    let mut known = BTreeSet::new();
    fields(&index_template()["template"]["mappings"]["properties"], "", &mut known);
    for dashboards in [Dashboards::OpenSearch, Dashboards::Kibana] {
        for line in dashboards.ndjson().lines() {
            let object: Value = serde_json::from_str(line).unwrap();
            let mut inner = Vec::new();
            inner_json(&object["attributes"], &mut inner);
            for field in inner.iter().flat_map(fields_of) {
                assert!(known.contains(&field), "{field}");
            }
        }
    }
}

fn fields_of(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value {
                Value::String(text) if matches!(name.as_str(), "field" | "term") => vec![text.clone()],
                value => fields_of(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(fields_of).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_dashboards_have_the_three_pictures_and_the_query_of_the_recipe() {
    for (dashboards, map) in [(Dashboards::OpenSearch, "region_map"), (Dashboards::Kibana, "ES_TERM_SOURCE")] {
        let text = dashboards.ndjson();
        for part in ["Top source addresses", "Calls over time", "Calls by country", map] {
            assert!(text.contains(part), "{part}");
        }
        assert!(text.contains(r#"event.provider : \\\"ecs.amazonaws.com\\\""#), "{text}");
    }
}

#[test]
fn every_file_beside_the_documents_is_named_in_the_instructions() {
    let files = files();
    let (_, readme) = &files[0];
    for (name, text) in &files[1..] {
        assert!(readme.contains(name) && text.ends_with('\n'), "{name}");
    }
}
