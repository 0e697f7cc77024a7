//! `activity`: every form of input, every way in which a file breaks, the filters and the outputs.

mod history;
mod trail;

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;
use trail::{envelope, gzip, looked_up, record, records, trail_file};

use super::{golden, logweir, run};
use crate::loopback::operator::Ran;

const TRAIL: &str = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/01";

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn activity(folder: &TempDir, arguments: &[&str]) -> Ran {
    run(logweir(&[&["activity"], arguments].concat()).current_dir(folder.path()))
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

/// Returns the report of a run that must end with the exit code.
fn reported(folder: &TempDir, code: i32, arguments: &[&str]) -> Value {
    let ran = activity(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    report(&ran)
}

fn counts(report: &Value) -> [u64; 5] {
    ["read", "kept", "filtered", "duplicate", "unreadable"].map(|name| report["records"][name].as_u64().unwrap())
}

#[test]
fn the_report_shows_every_panel() {
    let folder = TempDir::new().unwrap();
    write(&folder, &format!("{TRAIL}/a.json.gz"), &gzip(&trail_file(&trail::story())));
    let ran = activity(&folder, &[".", "--source", "all", "--since", "2026-11-02", "--time-zone", "Europe/Paris"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    golden("activity.txt", &ran.out);
    let data = reported(&folder, 0, &[".", "--source", "all", "--since", "2026-11-02", "--time-zone", "Europe/Paris"]);
    golden("activity.json", &format!("{data:#}\n"));
}

#[test]
fn every_form_of_input_has_the_same_records() {
    let all = records(6);
    let lines: Vec<String> = all.iter().map(Value::to_string).collect();
    let both = [gzip(&trail_file(&all[..2])), gzip(&trail_file(&all[2..]))].concat();
    let forms: [(&str, Vec<u8>); 9] = [
        ("trail.json.gz", gzip(&trail_file(&all))),
        ("two-members.json.gz", both),
        ("trail.json", trail_file(&all)),
        ("list.json", serde_json::to_vec_pretty(&all).unwrap()),
        ("lines.jsonl", lines.join("\n").into_bytes()),
        ("lookup.json", looked_up(&all)),
        ("events.jsonl", all.iter().map(|one| envelope(one).to_string() + "\n").collect::<String>().into_bytes()),
        ("export.log", lines.iter().map(|one| format!("2026-11-01T08:00:00.000Z {one}\n")).collect::<String>().into()),
        (
            "messages.json",
            json!({"events": lines.iter().map(|one| json!({"message": one})).collect::<Vec<_>>()}).to_string().into(),
        ),
    ];
    let mut expected = None;
    for (name, bytes) in forms {
        let folder = TempDir::new().unwrap();
        write(&folder, name, &bytes);
        let by_folder = reported(&folder, 0, &["."]);
        let ran = run(logweir(&["activity", "-", "--format", "json"]).write_stdin(bytes));
        for mut data in [by_folder, report(&ran)] {
            assert_eq!(counts(&data), [6, 6, 0, 0, 0], "{name}");
            data["files"] = Value::Null;
            assert_eq!(&data, expected.get_or_insert(data.clone()), "{name}");
        }
    }
}

#[test]
fn a_broken_file_is_named_and_what_was_read_before_it_breaks_counts() {
    let all = records(300);
    let (plain, packed) = (trail_file(&all), gzip(&trail_file(&all)));
    let mut corrupt = packed.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..middle + 40].fill(0xff);
    let truncated = "the file ends in the middle of its records";
    for (name, bytes, least, why) in [
        ("cut.json", &plain[..plain.len() / 2], 100, truncated),
        ("cut.json.gz", &packed[..packed.len() / 2], 1, truncated),
        ("corrupt.json.gz", &corrupt[..], 1, "the compressed data are corrupt"),
        ("empty.json.gz", b"", 0, truncated),
        ("text.json", b"fn main() {}", 0, "the file has no records of CloudTrail, but other text"),
    ] {
        let folder = TempDir::new().unwrap();
        write(&folder, name, bytes);
        write(&folder, "good.json", &trail_file(&[record(900)]));
        let ran = activity(&folder, &[".", "--format", "json"]);
        let data = report(&ran);
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.err.contains(name) && ran.err.contains(why), "{name}: {}", ran.err);
        assert_eq!(data["files"]["read"], 2, "{name}");
        assert_eq!(data["files"]["unreadable"], 1, "{name}");
        let file = &data["unreadable_files"][0];
        assert!(file["file"].as_str().unwrap().ends_with(name), "{file}");
        assert_eq!(file["why"], why, "{name}");
        let [read, kept, filtered, duplicate, unreadable] = counts(&data);
        assert_eq!(read, kept + filtered + duplicate + unreadable, "{name}");
        assert!(kept > least, "{name}: {data:#}");
    }
}

#[test]
fn a_path_that_cannot_be_read_does_not_end_the_run() {
    let folder = TempDir::new().unwrap();
    write(&folder, "good.json", &trail_file(&records(2)));
    let ran = activity(&folder, &["good.json", "gone.json", "--format", "json"]);
    assert_eq!((ran.code, counts(&report(&ran))), (2, [2, 2, 0, 0, 0]));
    assert!(ran.err.contains("gone.json"), "{}", ran.err);
}

#[test]
fn digests_and_insights_are_skipped() {
    let folder = TempDir::new().unwrap();
    write(&folder, &format!("{TRAIL}/a.json.gz"), &gzip(&trail_file(&records(2))));
    let digest = json!({"awsAccountId": "111122223333", "digestS3Object": "x", "logFiles": []}).to_string();
    let other = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/11/01/d.json.gz";
    write(&folder, other, &gzip(digest.as_bytes()));
    write(&folder, "AWSLogs/111122223333/CloudTrail-Insight/x.json", b"broken");
    write(&folder, "moved-digest.json", digest.as_bytes());
    write(&folder, "README.md", b"text");
    let data = reported(&folder, 0, &["."]);
    assert_eq!(counts(&data), [2, 2, 0, 0, 0]);
    assert_eq!((&data["files"]["read"], &data["files"]["skipped"]), (&json!(1), &json!(2)));
}

#[test]
fn a_record_is_unreadable_then_filtered_then_a_duplicate_then_kept() {
    let folder = TempDir::new().unwrap();
    let other = |source: &str| {
        let mut one = record(7);
        one["eventSource"] = source.into();
        one
    };
    let mut without_id = other("ecs.amazonaws.com");
    without_id["eventID"] = Value::Null;
    let mut without_time = other("s3.amazonaws.com");
    without_time["eventTime"] = "yesterday".into();
    let all = [
        record(1),
        record(1),
        other("s3.amazonaws.com"),
        other("s3.amazonaws.com"),
        without_id,
        without_time,
        json!(5),
        json!([record(2)]),
    ];
    write(&folder, "a.json", &trail_file(&all));
    assert_eq!(counts(&reported(&folder, 2, &["."])), [8, 1, 2, 1, 4]);
    assert_eq!(counts(&reported(&folder, 2, &[".", "--source", "all"])), [8, 2, 0, 2, 4]);
}

#[test]
fn members_of_any_type_and_unknown_members_do_not_make_a_record_unreadable() {
    let folder = TempDir::new().unwrap();
    let odd = |name: &str, value: Value| {
        let mut one = record(name.len() as u64 * 100);
        one["eventID"] = format!("{name} {value}").into();
        one[name] = value;
        one
    };
    let values = [json!(null), json!("text"), json!(5), json!(true), json!([{"a": []}]), json!({"type": {"b": 1}})];
    let names = ["userIdentity", "requestParameters", "resources", "tlsDetails", "sourceIPAddress", "errorCode", "new"];
    let all: Vec<Value> = names.iter().flat_map(|name| values.iter().map(|value| odd(name, value.clone()))).collect();
    write(&folder, "a.json", &trail_file(&all));
    assert_eq!(counts(&reported(&folder, 0, &["."])), [42, 42, 0, 0, 0]);
}

#[test]
fn a_text_that_is_no_unicode_a_line_that_breaks_off_and_the_mark_of_a_digest_hide_no_record() {
    let folder = TempDir::new().unwrap();
    let odd = record(1).to_string().replacen("\"eventID\"", r#""userAgent":"\ud800","eventID""#, 1);
    let (broken, digest) = (r#"{"a":{"#.to_owned(), r#"{"digestS3Object":"x"}"#.to_owned());
    let lines = [odd, broken, record(2).to_string(), digest, record(3).to_string()];
    write(&folder, "a.jsonl", lines.join("\n").as_bytes());
    let ran = activity(&folder, &[".", "--format", "json"]);
    assert_eq!((ran.code, counts(&report(&ran))), (2, [5, 3, 0, 0, 2]));
    assert!(ran.err.contains("2 records could not be read"), "{}", ran.err);
}

#[test]
fn the_filters_select_records() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.json", &trail_file(&trail::story()));
    let all = trail::story().len() as u64;
    for (arguments, kept) in [
        (&["--source", "all"][..], all),
        (&["--source", "logs", "--source", "ssm.amazonaws.com"], 3),
        (&["--source", "all", "--region", "us-east-1"], 1),
        (&["--source", "all", "--account", "444455556666"], 1),
        (&["--source", "all", "--principal", "alice@"], 4),
        (&["--source", "all", "--event", "Delete*", "--event", "PutRetentionPolicy"], 2),
        (&["--source", "all", "--errors"], 1),
        (&["--source", "all", "--since", "2026-11-03T00:00:00Z", "--until", "2026-11-03"], 2),
        (&["--source", "all", "--until", "2026-11-01T09:00:00Z"], 1),
    ] {
        let data = reported(&folder, 0, &[&["."], arguments].concat());
        let counts = counts(&data);
        assert_eq!((counts[0], counts[1]), (all, kept), "{arguments:?}");
    }
}

#[test]
fn a_wrong_time_is_refused_before_anything_is_read() {
    let folder = TempDir::new().unwrap();
    for (arguments, message) in [
        (&["--since", "soon"][..], "expected a time"),
        (&["--time-zone", "Mars/Olympus"], "expected a name such as UTC"),
        (
            &["--since", "2026-11-02", "--until", "2026-11-01"],
            "the period ends at 2026-11-02T00:00:00Z, before its start",
        ),
        (&["--account", "12"], "twelve digits"),
    ] {
        let ran = activity(&folder, &[&["gone.json"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (64, ""), "{arguments:?}");
        assert!(ran.err.contains(message) && !ran.err.contains("gone.json:"), "{}", ran.err);
    }
    assert_eq!(activity(&folder, &[]).code, 64);
}

#[test]
fn hostile_texts_are_neutralised() {
    let folder = TempDir::new().unwrap();
    let hostile = "=cmd|' /C calc'!A0\u{1b}[2J\u{202e}\n::error::x<script>alert(1)</script>\"";
    let mut one = trail::hostile(record(1), hostile);
    one["eventTime"] = "2026-11-01T08:00:00Z".into();
    one["eventSource"] = "ecs.amazonaws.com".into();
    one["eventName"] = "ExecuteCommand".into();
    one["userIdentity"]["type"] = "IAMUser".into();
    write(&folder, "a.json", &trail_file(&[one]));
    let ran = activity(&folder, &["a.json", "--csv", "panels"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let bad = |text: &str| text.chars().any(|c| c == '\u{1b}' || c == '\u{202e}');
    assert!(!bad(&ran.out) && ran.out.contains("=cmd|"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| !line.trim_start().starts_with("::")), "{}", ran.out);
    let mut files = 0;
    for entry in fs::read_dir(folder.path().join("panels")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!bad(&text) && !text.contains(",\"=cmd") && !text.starts_with("\"=cmd"), "{text}");
        files += 1;
    }
    assert_eq!(files, 16);
}

#[test]
fn a_csv_file_has_the_rows_of_its_panel() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.json", &trail_file(&records(3)));
    assert_eq!(activity(&folder, &["a.json", "--csv", "deep/panels"]).code, 0);
    let read = |name: &str| fs::read_to_string(folder.path().join("deep/panels").join(name)).unwrap();
    assert_eq!(read("timeline.csv"), "\"start\",\"read\",\"write\"\r\n\"2026-11-01T08:00:00Z\",\"2\",\"1\"\r\n");
    assert!(read("events.csv").starts_with("\"source\",\"name\",\"count\",\"write\","), "{}", read("events.csv"));
    assert_eq!(read("root.csv"), "");
    write(&folder, "file", b"");
    let ran = activity(&folder, &["a.json", "--csv", "file"]);
    assert!(ran.code == 2 && ran.err.contains("cannot write file"), "{}", ran.err);
}

#[test]
fn each_kept_record_is_a_line_of_json_in_the_order_of_the_files() {
    let folder = TempDir::new().unwrap();
    for number in (0..4).rev() {
        let name = format!("1_CloudTrail_eu-west-1_202611{:02}T0800Z_{}.json", number + 1, 9 - number);
        write(&folder, &name, &trail_file(&[record(number * 60), record(number * 60)]));
    }
    let ran = activity(&folder, &[".", "--jsonl", "records.jsonl", "--event", "DescribeTasks"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let text = fs::read_to_string(folder.path().join("records.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times: Vec<&str> = lines.iter().map(|line| line["@timestamp"].as_str().unwrap()).collect();
    assert_eq!(times, [1, 2, 3, 4].map(|day| format!("2026-11-0{day}T08:00:00Z")));
    assert_eq!(
        (&lines[0]["event.action"], &lines[0]["user.name"]),
        (&json!("DescribeTasks"), &json!("alice@example.com"))
    );
    assert!(ran.out.contains("records.jsonl has 4 records."), "{}", ran.out);
}

#[test]
fn the_number_of_rows_is_limited_and_the_rest_is_counted() {
    let folder = TempDir::new().unwrap();
    write(&folder, "a.json", &trail_file(&records(30)));
    let rows = |data: &Value| data["addresses"].as_array().unwrap().len();
    let all = reported(&folder, 0, &["a.json", "--top", "0"]);
    let two = reported(&folder, 0, &["a.json", "--top", "2"]);
    assert_eq!((rows(&all), rows(&two)), (7, 2));
    assert_eq!((&all["left_out"], &two["left_out"]["addresses"]), (&json!({}), &json!(5)));
    assert_eq!(two["addresses"][0], all["addresses"][0]);
}
