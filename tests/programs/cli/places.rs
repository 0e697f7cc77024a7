//! The text and the JSON name the same place: the faulty member in the file.

use serde_json::Value;
use tempfile::TempDir;

use super::{BLOCKING, file, logweir, run};

/// Checks the document, and returns the places in the text and the places in the JSON.
fn places(text: &str) -> (Vec<String>, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.json", text);
    let shown = run(&mut logweir(&["check", &path, "--region", "eu-west-1"])).out;
    let arrow = format!("--> {path}:");
    let shown = shown.lines().filter_map(|line| line.trim_start().strip_prefix(&arrow)).map(String::from).collect();
    let json = run(&mut logweir(&["check", &path, "--region", "eu-west-1", "--format", "json"])).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let findings = json["targets"][0]["findings"].as_array().unwrap();
    (
        shown,
        findings.iter().map(|finding| format!("{}:{}", finding["place"]["line"], finding["place"]["column"])).collect(),
    )
}

#[test]
fn text_and_json_name_the_line_and_the_column_of_the_faulty_member() {
    let value: Value = serde_json::from_str(BLOCKING).unwrap();
    let minified = value.to_string();
    let column = |text: &str, part: &str| text[..text.find(part).unwrap()].chars().count() + 1;
    let one_line = [format!("1:{}", column(&minified, "\"mode\"")), format!("1:{}", column(&minified, "\"options\""))];
    let wrapped = format!("{{\n \"ä\": 1, \"taskDefinition\":{minified}}}\n");
    let line = wrapped.lines().nth(1).unwrap();
    let on_line_2 = [format!("2:{}", column(line, "\"mode\"")), format!("2:{}", column(line, "\"options\""))];
    let pretty = ["14:11".to_owned(), "10:9".to_owned()];
    for (text, expected) in [
        (BLOCKING.to_owned(), &pretty),
        (format!("\u{feff}{}", BLOCKING.replace('\n', "\r\n")), &pretty),
        (minified.clone(), &one_line),
        (wrapped, &on_line_2),
    ] {
        let (shown, json) = places(&text);
        assert_eq!((&shown[..], &json[..]), (&expected[..], &expected[..]), "{text}");
    }
}

#[test]
fn an_excerpt_shows_the_faulty_member_and_no_other() {
    let text = BLOCKING.replace("\"awslogs-group\": \"/ecs/web\",\n          ", "\"splunk-token\": \"CANARY\", ");
    let minified = serde_json::from_str::<Value>(&text).unwrap().to_string();
    for text in [text, minified] {
        let ran = run(logweir(&["check", "-", "--region", "eu-west-1"]).write_stdin(text));
        assert!(ran.out.contains("\"mode\"") && !ran.out.contains("CANARY"), "{}", ran.out);
    }
}

#[test]
fn a_syntax_error_has_the_place_of_its_cause_in_text_and_in_json() {
    let folder = TempDir::new().unwrap();
    for (text, line, column, help) in [
        ("{\n  \"family\": \"w,\n  \"containerDefinitions\": []\n}\n", 2, 13, "add the closing quote"),
        (
            "{\n  \"family\": \"w\"\n  \"containerDefinitions\": [{\"image\":\"arn:${Partition}:x\"}]\n}\n",
            2,
            16,
            "add the missing comma",
        ),
        ("{\"containerDefinitions\": [\n", 1, 27, ""),
    ] {
        let path = file(&folder, "broken.json", text);
        let ran = run(&mut logweir(&["check", &path]));
        assert!(ran.err.contains(&format!("{path}:{line}:{column}: not JSON")), "{}", ran.err);
        assert!(ran.err.contains(help) && !ran.err.contains("template"), "{}", ran.err);
        let json = run(&mut logweir(&["check", &path, "--format", "json"])).out;
        let target = &serde_json::from_str::<Value>(&json).unwrap()["targets"][0];
        assert_eq!((&target["line"], &target["column"]), (&line.into(), &column.into()));
    }
}

#[test]
fn an_excerpt_of_yaml_shows_the_key_and_no_member_of_its_value() {
    let text = "family: web\ncontainerDefinitions:\n  - name: app\n    image: app:1\n    logConfiguration:\n      \
                logDriver: awslogs\n      options:\n        awslogs-group: CANARY\n        awslogs-region: eu-west-1\n";
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "web.yaml", text);
    let ran = run(&mut logweir(&["check", &path, "--region", "eu-west-1"]));
    assert!(ran.out.contains("7 |       options:\n"), "{}", ran.out);
    assert!(!ran.out.contains("CANARY") && !ran.out.contains("\"…\""), "{}", ran.out);
}
