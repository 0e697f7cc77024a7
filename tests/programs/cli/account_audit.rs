//! `audit`: what runs in an account, and what would run next.

use serde_json::{Value, json};

use super::{BLOCKING, golden};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

fn document(family: &str, mode: &str) -> Value {
    let text = BLOCKING.replacen("\"web\"", &format!("\"{family}\""), 1);
    serde_json::from_str(&text.replace("\"mode\": \"blocking\"", mode)).unwrap()
}

pub(super) fn blocking(family: &str) -> Value {
    document(family, "\"mode\": \"blocking\"")
}

pub(super) fn compliant(family: &str) -> Value {
    document(family, "\"mode\": \"non-blocking\", \"max-buffer-size\": \"25m\"")
}

/// Answers the calls that the account of other tests does not know, or answers otherwise.
pub(super) fn answer(operation: &str, body: &str) -> Option<Reply> {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    match operation {
        "ListTaskDefinitions" if body.get("familyPrefix").is_none() => {
            Some(Reply::error("ClientException", "this account lists the revisions of one family only"))
        }
        "GetResources" => {
            let tagged = |name: &str| {
                let arn = format!("arn:aws:ecs:eu-west-1:111122223333:task-definition/{name}");
                json!({"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "web"}]})
            };
            let tagged = ["web:1", "web:2", "api:1"].map(tagged);
            Some(Reply::ok(&json!({"PaginationToken": "", "ResourceTagMappingList": tagged})))
        }
        "DescribeLogGroups" => {
            let group = json!({"logGroupName": "/ecs/web", "retentionInDays": 30, "storedBytes": 1});
            Some(Reply::ok(&json!({"logGroups": [group]})))
        }
        _ => None,
    }
}

/// An account whose service runs `web:1`, which blocks. `web:2` is compliant. `denied` is an operation that AWS denies.
fn operator(denied: &'static str) -> Operator {
    let documents = [blocking("web"), compliant("web"), compliant("api")];
    let Operator { account, folder, .. } = Operator::of(&documents);
    account.creates_service("prod/web", "web", 1);
    let mut service = account.service();
    let aws = Loopback::serve(move |operation, body| {
        if operation == denied {
            return Reply::error("AccessDeniedException", "not for you");
        }
        answer(operation, body).unwrap_or_else(|| service(operation, body))
    });
    Operator { folder, account, aws }
}

#[test]
fn an_arn_of_another_region_is_no_target_of_this_audit() {
    let target = "arn:aws:ecs:us-east-1:111122223333:service/prod/web";
    let ran = operator("").run(&["audit", "--no-cache", target]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("is not in account 111122223333 and Region eu-west-1"), "{}", ran.err);
    let target = target.replace("us-east-1", "eu-west-1");
    let ran = operator("").run(&["audit", "--no-cache", &target, "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

/// The revisions with their scopes and verdicts.
pub(super) fn revisions(ran: &Ran) -> Vec<(String, String, Value)> {
    let list = ran.json()["revisions"].as_array().unwrap().clone();
    let line = |one: &Value| {
        let name = one["arn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        (name, one["scopes"].to_string(), one["compliant"].clone())
    };
    list.iter().map(line).collect()
}

#[test]
fn what_runs_is_a_finding_though_the_newest_revision_is_fine() {
    let operator = operator("");
    let ran = operator.run(&["audit", "--format", "json"]);
    let expected = [
        ("api:1", r#"["next"]"#, json!(true)),
        ("web:1", r#"["running"]"#, json!(false)),
        ("web:2", r#"["next"]"#, json!(true)),
    ];
    assert_eq!(revisions(&ran), expected.map(|(name, scopes, verdict)| (name.into(), scopes.into(), verdict)));
    let json = ran.json();
    assert_eq!(
        (ran.code, &json["schema"], &json["accounts"][0]["is_complete"]),
        (1, &json!("logweir.audit/1"), &json!(true))
    );
    assert_eq!(json["revisions"][1]["users"][0]["name"], "web");
    assert_eq!(operator.writing_calls(), [""; 0]);
    assert!(!ran.out.contains("CANARY"), "{ran:?}");
}

#[test]
fn the_json_and_the_text_of_an_audit_have_the_recorded_form() {
    let operator = operator("DescribeTasks");
    let ran = operator.run(&["audit", "--no-cache", "--format", "json"]);
    let mut json = ran.json();
    json["accounts"][0]["started"] = json!("2026-12-01T12:00:00Z");
    golden("audit.json", &format!("{json:#}\n"));
    golden("audit.txt", &operator.run(&["audit", "--no-cache"]).out);
}

#[test]
fn a_second_audit_describes_nothing_and_says_the_same() {
    let operator = operator("");
    let described = || operator.aws.calls().iter().filter(|(call, _)| call == "DescribeTaskDefinition").count();
    let first = operator.run(&["audit"]);
    let before = described();
    let running = operator.run(&["audit", "--scope", "running"]);
    assert_eq!((described() - before, running.code), (0, 1), "{running:?}");
    assert!(running.out.contains("1 log group (1 from the cache)"), "{running:?}");
    let second = operator.run(&["audit"]);
    assert!(second.out.contains("from the cache"), "{second:?}");
    let table = |ran: &Ran| ran.out.split("\nread: ").next().unwrap().to_owned();
    assert_eq!(table(&first), table(&second));
    let cache = operator.folder.path().join(".cache/logweir");
    assert_eq!(std::fs::read_dir(cache).unwrap().count(), 1);
    let before = described();
    operator.run(&["audit", "--scope", "running", "--no-cache"]);
    assert_eq!(described() - before, 1);
}

#[test]
fn the_text_has_a_summary_and_a_line_for_each_family_with_faults() {
    let ran = operator("").run(&["audit", "--no-cache"]);
    let start = "3 revisions audited: 2 compliant, 1 with faults; 2 findings";
    assert!(ran.out.starts_with(start), "{ran:?}");
    for part in
        ["blocking-delivery", "Families with most running tasks affected", "running", "read: 1 cluster, 1 service"]
    {
        assert!(ran.out.contains(part), "{part}: {ran:?}");
    }
    assert!(!ran.out.contains("\napi"), "a compliant family has no line: {ran:?}");
    assert!(ran.err.contains("what runs: 1 of 1 revisions have faults"), "{ran:?}");
}

#[test]
fn a_denial_is_said_and_is_an_error() {
    let ran = operator("DescribeServices").run(&["audit", "--no-cache", "--exit-zero"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let line = "not read: the services of cluster prod: DescribeServices: AccessDeniedException: not for you";
    assert!(ran.out.contains(line) && ran.out.contains(", 1 denied"), "{ran:?}");
}

#[test]
fn a_misspelt_cluster_or_family_is_an_error() {
    let operator = operator("");
    for target in ["prodd", "ecs:webb"] {
        let ran = operator.run(&["audit", "--no-cache", target]);
        assert_eq!(ran.code, 2, "{target}: {ran:?}");
    }
    assert_eq!(operator.run(&["audit", "--no-cache", "prod"]).code, 1);
}

#[test]
fn a_resume_file_is_deleted_after_a_complete_audit_and_kept_after_another_one() {
    let operator = operator("DescribeServices");
    let path = operator.folder.path().join("audit.jsonl");
    let name = path.display().to_string();
    operator.run(&["audit", "--no-cache", "--resume", &name]);
    assert!(path.exists());
    let other = operator.run(&["audit", "--no-cache", "--resume", &name, "--family", "web"]);
    assert_eq!(other.code, 64, "{other:?}");
    assert!(other.err.contains("the file is of an audit with other targets or filters"), "{other:?}");
    let operator = super::account_audit::operator("");
    let path = operator.file("audit.jsonl", "");
    assert_eq!(operator.run(&["audit", "--no-cache", "--resume", &path]).code, 1);
    assert!(!std::path::Path::new(&path).exists());
}

#[test]
fn a_damaged_or_foreign_cache_is_ignored_with_a_note() {
    let operator = operator("");
    let path = operator.file("cache.jsonl", "not a cache\n");
    let ran = operator.run(&["audit", "--cache", &path]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("is not used: it is not a cache of audits"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "not a cache\n");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_an_audit_with_what_it_knows() {
    use std::process::{Command, Stdio};
    use std::sync::mpsc;

    let documents: Vec<Value> = (0..30).map(|number| compliant(&format!("family-{number:02}"))).collect();
    let Operator { account, folder, .. } = Operator::of(&documents);
    account.creates_service("prod/web", "family-00", 1);
    let mut service = account.service();
    let (reached, waits) = mpsc::channel();
    let (_never, blocked) = mpsc::channel::<()>();
    let mut described = 0;
    let aws = Loopback::serve(move |operation, body| {
        described += u32::from(operation == "DescribeTaskDefinition");
        if described == 10 {
            let _ = reached.send(());
            let _ = blocked.recv();
        }
        answer(operation, body).unwrap_or_else(|| service(operation, body))
    });
    let child = Command::new(env!("CARGO_BIN_EXE_logweir"))
        .args(["audit", "--endpoint-url", &aws.url, "--region", "eu-west-1", "--no-cache"])
        .env_clear()
        .env("HOME", folder.path())
        .envs([("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")])
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    waits.recv().unwrap();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(output.status.code(), Some(2), "{out}{err}");
    assert!(out.contains("interrupted: ") && out.contains("are not examined"), "{out}");
    assert!(err.contains("use --resume FILE to continue an interrupted audit"), "{err}");
}
