//! The place of a finding is the faulty member in the file, in every layout of the file.

use std::path::Path;

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::plan::plan;
use logweir::domain::rules::facts::Observation;
use logweir::settings::SHIPPED_BASELINE;
use logweir::sources::Document;
use serde_json::{Value, json};

use crate::rules::golden;

/// A name that no document contains.
const MARK: &str = "logweir-mark";

/// Checks the place of each finding in `text`, and returns the number of findings.
fn check(text: &str) -> usize {
    let Ok(documents) = Document::parse_all("web.json", text, Some("web")) else { return 0 };
    documents.iter().map(|document| check_one(text, document)).sum()
}

fn check_one(text: &str, document: &Document) -> usize {
    let baseline = Baseline::parse(SHIPPED_BASELINE).unwrap();
    let seen = Observation::of_document(&document.definition, Some("eu-west-1"), Timestamp::UNIX_EPOCH);
    let findings = plan(&seen, &baseline).findings;
    let places = document.places(findings.iter().map(|finding| finding.pointer.as_str()));
    assert_eq!(places.len(), findings.len());
    for (finding, (range, position)) in findings.iter().zip(places) {
        let pointer = document.pointer(&finding.pointer);
        // If the member at the range is replaced by a mark, the mark is at the pointer, or at the nearest pointer
        // above.
        let member = &text[range.clone()];
        let is_member = member.starts_with('"') && serde_json::from_str::<Value>(member).is_err();
        let mark = if is_member { format!("\"{MARK}\":0") } else { format!("\"{MARK}\"") };
        let marked = format!("{}{mark}{}", &text[..range.start], &text[range.end..]);
        let marked: Value = serde_json::from_str(marked.trim_start_matches('\u{feff}')).unwrap();
        let nearest = nearest(&serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap(), &pointer);
        let found = match (is_member, nearest.rsplit_once('/')) {
            (true, Some((parent, _))) => marked.pointer(parent).unwrap().get(MARK).is_some(),
            _ => marked.pointer(&nearest) == Some(&json!(MARK)),
        };
        assert!(found, "{pointer} in {text}: {member}");

        let before: Vec<&str> = text[..range.start].split('\n').collect();
        let column = before.last().unwrap().trim_start_matches('\u{feff}').chars().count() + 1;
        assert_eq!((position.line, position.column), (before.len(), column), "{pointer} in {text}");
    }
    findings.len()
}

/// Returns the longest part of the pointer that names a value of the document.
fn nearest(document: &Value, pointer: &str) -> String {
    let mut pointer = pointer.to_owned();
    while document.pointer(&pointer).is_none() {
        pointer.truncate(pointer.rfind('/').unwrap());
    }
    pointer
}

/// Returns a minified document with random white space around each token.
fn respaced(minified: &str, mut seed: u64) -> String {
    const SPACES: [&str; 8] = ["", "", " ", "\n", "\r\n", "\t", "\n    ", "  \n\t"];
    let mut space = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        SPACES[(seed >> 40) as usize % SPACES.len()]
    };
    let (mut text, mut in_string, mut is_escaped) = (String::new(), false, false);
    for c in minified.chars() {
        let is_token = !in_string && "{}[],:".contains(c);
        if is_token {
            text += space();
        }
        text.push(c);
        if is_token {
            text += space();
        }
        in_string ^= c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
    }
    text
}

/// Returns the document in many layouts.
fn layouts(text: &str) -> Vec<String> {
    let body = text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(body).unwrap();
    let (minified, pretty) = (value.to_string(), format!("{value:#}\n"));
    let wrapped = json!({"tags": [], "ä": "😀", "taskDefinition": value.get("taskDefinition").unwrap_or(&value)});
    let mut partly = value.clone();
    // Each container is one line.
    let lines: Vec<String> = partly["containerDefinitions"]
        .as_array()
        .map_or(Vec::new(), |list| list.iter().map(Value::to_string).collect());
    if partly.is_object() {
        partly["containerDefinitions"] = json!(MARK);
    }
    let inlined =
        format!("{partly:#}").replace(&format!("\"{MARK}\""), &format!("[\n    {}\n  ]", lines.join(",\n    ")));
    let mut all = vec![
        text.to_owned(),
        minified.clone(),
        pretty.replace('\n', "\r\n"),
        pretty.replace("  ", "\t"),
        format!("\u{feff}\n{pretty}"),
        wrapped.to_string(),
        format!("{wrapped:#}"),
        inlined,
        pretty,
    ];
    all.extend((0..4).map(|seed| respaced(&minified, seed)));
    all.push(respaced(&wrapped.to_string(), 7));
    all
}

#[test]
fn in_every_layout_the_place_of_a_finding_is_its_member() {
    let mut findings = 0;
    for case in golden::cases() {
        findings += layouts(&case.input).iter().map(|text| check(text)).sum::<usize>();
    }
    assert!(findings > 500, "{findings} findings");
}

#[test]
fn the_places_in_third_party_files_are_true() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let mut files: Vec<_> = walkdir::WalkDir::new(beside.join("corpus/taskdefs")).into_iter().flatten().collect();
    files.extend(walkdir::WalkDir::new(beside.join("cases")).into_iter().flatten());
    for file in files.iter().filter(|file| file.path().extension().is_some_and(|extension| extension == "json")) {
        let Ok(text) = std::fs::read_to_string(file.path()) else { continue };
        if Document::parse_all("web.json", &text, Some("web")).is_ok() {
            layouts(&text).iter().for_each(|text| {
                check(text);
            });
        }
    }
}

#[test]
fn a_missing_member_has_the_place_of_the_object_around() {
    let text = "{\"taskDefinition\":\n  {\"containerDefinitions\": [ 7,\n {\"name\": \"ä\",\"logConfiguration\":{\"logDriver\":\"awslogs\"} },{ }]}}";
    let document = Document::parse_all("web.json", text, None).unwrap().remove(0);
    for (pointer, line, column) in [
        ("/containerDefinitions/0/logConfiguration", 2, 30),
        ("/containerDefinitions/1/logConfiguration/options/mode", 3, 15),
        ("/containerDefinitions/2/logConfiguration", 3, 60),
        ("/executionRoleArn", 2, 3),
    ] {
        let (_, position) = document.places([pointer]).remove(0);
        assert_eq!((position.line, position.column), (line, column), "{pointer}");
    }
}
