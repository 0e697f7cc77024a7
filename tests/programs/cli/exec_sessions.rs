//! `logweir exec sessions`: an account whose services describe sessions, and the verdicts of the real program.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::loopback::Loopback;
use crate::loopback::exec::Exec;
use crate::loopback::operator::{Operator, Ran};

const TASK: &str = "4b2c4b2c4b2c4b2c4b2c4b2c4b2c4b2c";

pub(super) fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

/// A record of ExecuteCommand in a cluster.
fn execute(event: &str, id: &str, cluster: &str, minutes: i64) -> Value {
    json!({
        "eventID": event, "eventTime": format!("{:.0}", ago(minutes)), "awsRegion": "eu-west-1",
        "eventSource": "ecs.amazonaws.com", "eventName": "ExecuteCommand", "recipientAccountId": "111122223333",
        "sourceIPAddress": "198.51.100.7",
        "userIdentity": {"type": "IAMUser", "userName": "alice", "arn": "arn:aws:iam::111122223333:user/alice"},
        "requestParameters": {
            "cluster": cluster, "task": TASK, "container": "app", "command": "sh -c 'psql password=CANARY'",
            "interactive": true
        },
        "responseElements": {
            "clusterArn": format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{cluster}"), "containerName": "app",
            "taskArn": format!("arn:aws:ecs:eu-west-1:111122223333:task/{cluster}/{TASK}"),
            "session": {"sessionId": id}
        }
    })
}

/// A session of Systems Manager in a cluster. It is open if it has no `length` in minutes.
pub(super) fn session(id: &str, cluster: &str, minutes: i64, length: Option<i64>) -> Value {
    let mut session = json!({
        "SessionId": id, "Target": format!("ecs:{cluster}_{TASK}_{TASK}-0123456789"),
        "Status": if length.is_some() { "Terminated" } else { "Connected" },
        "StartDate": ago(minutes).as_second() as f64 + 0.7, "DocumentName": "AmazonECS-ExecuteInteractiveCommand",
        "Owner": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-execute-command"
    });
    if let Some(length) = length {
        session["EndDate"] = (ago(minutes - length).as_second() as f64).into();
    }
    session
}

pub(super) fn to_group(group: &str) -> Value {
    json!({"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": group}})
}

/// An account whose clusters have different places of transcripts, with at least one session for each verdict.
fn account() -> Exec {
    let exec = Exec::default();
    exec.with(|state| {
        let both = json!({"logging": "OVERRIDE", "logConfiguration":
            {"cloudWatchLogGroupName": "/ecs/exec", "s3BucketName": "logs", "s3KeyPrefix": "exec/"}});
        state.clusters = [
            ("group", to_group("/ecs/exec")),
            ("short", to_group("/ecs/short")),
            ("both", both),
            ("default", json!({"logging": "DEFAULT"})),
            ("daemons", json!({"logging": "DEFAULT"})),
            ("gone", json!({})),
            ("none", json!({"logging": "NONE"})),
        ]
        .map(|(name, exec)| (name.to_owned(), exec))
        .into();
        state.groups =
            [("/ecs/exec", None), ("/ecs/short", Some(1)), ("/ecs/web", None)].map(|(n, d)| (n.to_owned(), d)).into();
        let lines = vec!["Script started\n".to_owned()];
        state.streams = [("/ecs/exec", "s-logged"), ("/ecs/web", "s-default"), ("/ecs/web", "s-daemon")]
            .map(|(group, stream)| ((group.to_owned(), stream.to_owned()), lines.clone()))
            .into();
        state.streams.insert(("/ecs/exec".into(), "s-empty".into()), Vec::new());
        state.objects = [(("logs".to_owned(), "exec/s-s3.log".to_owned()), "Script started".to_owned())].into();
        let task = |cluster: &str, group: &str| {
            json!({
                "taskArn": format!("arn:aws:ecs:eu-west-1:111122223333:task/{cluster}/{TASK}"), "group": group,
                "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7",
                "containers": [{"name": "app", "runtimeId": format!("{TASK}-0123456789")}]
            })
        };
        state.tasks = vec![task("default", "service:web"), task("daemons", "daemon:agent")];
        state.definitions = vec![json!({
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7", "family": "web",
            "revision": 7, "status": "ACTIVE",
            "containerDefinitions": [{"name": "app", "image": "web", "logConfiguration": {"logDriver": "awslogs",
                "options": {"awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1"}}}]
        })];
        // The expired session is two days old.
        for (name, cluster, minutes) in [
            ("logged", "group", 90),
            ("empty", "group", 88),
            ("unlogged", "group", 86),
            ("expired", "short", 3000),
            ("s3", "both", 84),
            ("default", "default", 82),
            ("daemon", "daemons", 81),
            ("none", "none", 80),
            ("gone", "gone", 78),
        ] {
            let id = format!("s-{name}");
            state.records.push(execute(&format!("e-{name}"), &id, cluster, minutes));
            state.sessions.push(session(&id, cluster, minutes, Some(5)));
        }
        state.records.push(execute("e-open", "s-open", "group", 70));
        state.sessions.push(session("s-open", "group", 70, None));
        for (name, change) in [("denied", "errorCode"), ("failed", "errorCode"), ("dry", "dryrun")] {
            let mut record = execute(&format!("e-{name}"), "", "group", 60);
            record["responseElements"] = Value::Null;
            match (name, change) {
                ("denied", _) => record["errorCode"] = "AccessDeniedException".into(),
                ("failed", _) => record["errorCode"] = "TargetNotConnectedException".into(),
                _ => record["requestParameters"]["dryrun"] = true.into(),
            }
            state.records.push(record);
        }
        // A call with a wrong name of a cluster fails, and CloudTrail records it.
        let mut wrong = execute("e-wrong", "", "not a name", 55);
        wrong["responseElements"] = Value::Null;
        wrong["errorCode"] = "InvalidParameterException".into();
        state.records.push(wrong);
        state.records.push(json!({
            "eventID": "e-bypass", "eventTime": format!("{:.0}", ago(50)), "awsRegion": "eu-west-1",
            "eventSource": "ssm.amazonaws.com", "eventName": "StartSession", "recipientAccountId": "111122223333",
            "userIdentity": {"type": "IAMUser", "userName": "bob", "arn": "arn:aws:iam::111122223333:user/bob"},
            "requestParameters": {"target": format!("ecs:group_{TASK}_{TASK}-0123456789")},
            "responseElements": {"sessionId": "bob-0a1b"}
        }));
        // More sessions than a page of DescribeSessions, none of ECS.
        for index in 0..230 {
            state.sessions.push(json!({
                "SessionId": format!("carol-{index}"), "Target": "i-0123456789abcdef0", "Status": "Terminated",
                "StartDate": ago(300).as_second() as f64, "EndDate": ago(290).as_second() as f64
            }));
        }
        state.sessions.reverse();
    });
    exec
}

fn sessions(exec: &Exec, options: &[&str]) -> (Ran, Operator) {
    let operator = Operator::at(Loopback::serve(exec.service()));
    let ran = operator.run(&[&["exec", "sessions"], options].concat());
    (ran, operator)
}

/// The session and the verdict of each row.
fn verdicts(ran: &Ran) -> Vec<(String, String)> {
    let json = ran.json();
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row = |row: &Value| (word(&row["session_id"]), word(&row["verdict"]));
    json["sessions"].as_array().unwrap().iter().map(row).collect()
}

#[test]
fn each_session_of_the_account_gets_its_verdict_and_only_reads_are_made() {
    let exec = account();
    let (ran, operator) = sessions(&exec, &["--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let expected = [
        ("s-expired", "expired"),
        ("s-logged", "logged"),
        ("s-empty", "unlogged"),
        ("s-unlogged", "unlogged"),
        ("s-s3", "logged"),
        ("s-default", "logged"),
        ("s-daemon", "logged"),
        ("s-none", "unlogged"),
        ("s-gone", "unknown"),
        ("s-open", "pending"),
        ("-", "denied"),
        ("-", "failed"),
        ("-", "dry-run"),
        ("-", "failed"),
        ("bob-0a1b", "bypass"),
    ]
    .map(|(id, verdict)| (id.to_owned(), verdict.to_owned()));
    assert_eq!(verdicts(&ran), expected);
    let json = ran.json();
    assert_eq!(
        (&json["schema"], &json["coverage"]["sessions_listed"]),
        (&"logweir.exec-sessions/1".into(), &10.into())
    );
    let logged = &json["sessions"][1];
    let members: Vec<&str> = logged.as_object().unwrap().keys().map(String::as_str).collect();
    for member in
        ["session_id", "start", "end", "person", "source_ip", "cluster", "service", "task", "container", "program"]
    {
        assert!(members.contains(&member), "{members:?}");
    }
    assert_eq!(logged["person"], json!({"name": "alice", "how": "iam-user", "strength": "proven"}));
    assert_eq!(logged["transcript"], json!({"kind": "cloudwatch", "place": "/ecs/exec:s-logged", "bytes": null}));
    assert_eq!(
        json["sessions"][4]["transcript"],
        json!({"kind": "s3", "place": "s3://logs/exec/s-s3.log", "bytes": 14})
    );
    assert_eq!((&json["sessions"][5]["service"], &json["sessions"][6]["service"]), (&"web".into(), &Value::Null));
    let gone = json["sessions"][8]["why"].as_str().unwrap();
    assert!(gone.contains("the task is gone"), "{gone}");
    assert!(!ran.out.contains("CANARY") && !ran.err.contains("CANARY"), "{ran:?}");
    assert!(ran.err.contains("at least 4 calls of LookupEvents"), "{}", ran.err);
    let writing = operator.writing_calls();
    assert!(writing.iter().all(|call| call == "LookupEvents" || call.starts_with("/logs/?list-type=2")), "{writing:?}");
}

#[test]
fn the_files_of_the_results_have_a_row_for_each_session() {
    let exec = account();
    let operator = Operator::at(Loopback::serve(exec.service()));
    let (page, rows) = (operator.folder.path().join("page.html"), operator.folder.path().join("rows.csv"));
    let ran = operator.run(&[
        "exec",
        "sessions",
        "--cluster",
        "gr*p",
        "--commands",
        "--output",
        &format!("html={}", page.display()),
        "--output",
        &format!("csv={}", rows.display()),
    ]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let (page, rows) = (std::fs::read_to_string(page).unwrap(), std::fs::read_to_string(rows).unwrap());
    assert_eq!((page.matches("<tr>").count(), rows.lines().count()), (9, 9), "{rows}");
    assert!(page.contains("default-src 'none'") && !page.contains("<script"), "{page}");
    for text in [&ran.out, &page, &rows] {
        assert!(text.contains("s-unlogged") && text.contains("bob") && !text.contains("s-none"), "{text}");
        assert!(text.contains("password=CANARY"), "the caller asked for the commands: {text}");
    }
    assert!(ran.out.contains("unlogged: s-unlogged"), "{}", ran.out);
}

#[test]
fn every_format_is_also_for_standard_output_and_an_arn_names_a_cluster() {
    let exec = account();
    let arn = "arn:aws:ecs:eu-west-1:111122223333:cluster/none";
    for (format, start) in [("csv", "\"session_id\""), ("html", "<!doctype html>")] {
        let (ran, _) = sessions(&exec, &["--cluster", arn, "--format", format]);
        assert!(ran.code == 1 && ran.out.to_lowercase().starts_with(start), "{format}: {ran:?}");
        assert!(ran.out.contains("s-none") && !ran.out.contains("s-logged"), "{format}: {ran:?}");
    }
    assert_eq!(sessions(&exec, &["--format", "sarif"]).0.code, 64);
}

#[test]
fn without_the_right_to_read_events_there_is_an_error_and_no_empty_list() {
    let exec = account();
    exec.with(|state| state.denied = vec!["LookupEvents"]);
    let (ran, _) = sessions(&exec, &["--since", "2h", "--format", "json"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("LookupEvents: AccessDeniedException"), "{}", ran.err);
    assert!(ran.err.contains("allow cloudtrail:LookupEvents"), "{}", ran.err);
}

#[test]
fn a_source_that_cannot_be_read_makes_verdicts_unknown_and_the_exit_code_2() {
    let exec = account();
    exec.with(|state| state.denied = vec!["DescribeSessions", "DescribeLogStreams", "s3"]);
    let (ran, _) = sessions(&exec, &["--since", "2h", "--format", "json"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let found = verdicts(&ran);
    let of = |id: &str| found.iter().find(|(found, _)| found == id).unwrap().1.clone();
    assert_eq!(
        (of("s-logged").as_str(), of("s-s3").as_str(), of("bob-0a1b").as_str()),
        ("unknown", "unknown", "bypass")
    );
    let unread = ran.json()["coverage"]["unread"].to_string();
    for call in ["DescribeSessions", "DescribeLogStreams", "ListObjectsV2"] {
        assert!(unread.contains(call), "{unread}");
    }
}

#[test]
fn an_unread_retention_leaves_the_sessions_with_a_log_stream_logged() {
    let exec = account();
    exec.with(|state| {
        state.denied = vec!["DescribeLogGroups"];
        state.records.push(execute("e-later", "s-later", "group", 40));
        state.sessions.push(session("s-later", "group", 40, Some(5)));
        state.streams.insert(("/ecs/exec".into(), "s-later".into()), vec!["Script started\n".into()]);
    });
    let (ran, _) = sessions(&exec, &["--since", "2h", "--format", "json"]);
    let found = verdicts(&ran);
    let of = |id: &str| found.iter().find(|(found, _)| found == id).unwrap().1.as_str();
    assert_eq!((of("s-unlogged"), of("s-later"), ran.code), ("unknown", "logged", 2), "{ran:?}");
}

#[test]
fn an_interrupted_search_continues_from_its_file() {
    let exec = account();
    exec.with(|state| {
        state.records.extend((0..120).map(|index| execute(&format!("m-{index}"), &format!("m-{index}"), "none", 100)));
        state.lookups = Some(2);
    });
    let operator = Operator::at(Loopback::serve(exec.service()));
    let file = operator.folder.path().join("search.jsonl").display().to_string();
    let run = || operator.run(&["exec", "sessions", "--since", "3h", "--resume", &file, "--format", "json"]);
    let first = run();
    assert_eq!((first.code, first.out.as_str()), (2, ""), "{first:?}");
    assert!(first.err.contains("run the command again to continue the search"), "{}", first.err);
    exec.with(|state| state.lookups = None);
    let second = run();
    let found = verdicts(&second);
    assert_eq!(found.iter().filter(|(id, _)| id.starts_with("m-")).count(), 120, "{second:?}");
    assert_eq!(found.len(), 120 + 14, "{found:?}");
    // The file has all events now.
    let before = operator.aws.calls().iter().filter(|(name, _)| name == "LookupEvents").count();
    assert_eq!(verdicts(&run()), found);
    assert_eq!(operator.aws.calls().iter().filter(|(name, _)| name == "LookupEvents").count(), before);
}

#[test]
fn the_files_of_a_trail_tell_the_role_chain_and_the_revision_of_a_task_that_is_gone() {
    let exec = account();
    let records = exec.with(|state| {
        state.denied = vec!["LookupEvents"];
        state.tasks.clear();
        std::mem::take(&mut state.records)
    });
    let mut by_default = records.into_iter().find(|record| record["eventID"] == "e-default").unwrap();
    by_default["userIdentity"] = json!({
        "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Ops/anybody", "accessKeyId": "ASIA1"
    });
    let assumed = json!({
        "eventID": "a-1", "eventTime": format!("{:.0}", ago(100)), "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "dora", "arn": "arn:aws:iam::111122223333:user/dora"},
        "responseElements": {"credentials": {"accessKeyId": "ASIA1"}}
    });
    let started = json!({
        "eventID": "r-1", "eventTime": format!("{:.0}", ago(200)), "eventSource": "ecs.amazonaws.com",
        "eventName": "RunTask", "recipientAccountId": "111122223333", "userIdentity": {},
        "responseElements": {"tasks": [{
            "taskArn": format!("arn:aws:ecs:eu-west-1:111122223333:task/default/{TASK}"),
            "taskDefinitionArn": "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7"
        }]}
    });
    let operator = Operator::at(Loopback::serve(exec.service()));
    let folder = operator.folder.path().join("AWSLogs");
    std::fs::create_dir(&folder).unwrap();
    for (name, records) in [("a.json", vec![&by_default, &assumed]), ("b.json", vec![&by_default, &started])] {
        std::fs::write(folder.join(name), json!({"Records": records}).to_string()).unwrap();
    }
    let path = folder.display().to_string();
    let run = || operator.run(&["exec", "sessions", "--since", "2h", "--trail", &path, "--format", "json"]);
    let json = run().json();
    let sessions = json["sessions"].as_array().unwrap();
    let found = sessions.iter().find(|session| session["session_id"] == "s-default").unwrap();
    assert_eq!((&found["verdict"], &found["person"]["name"]), (&"logged".into(), &"dora".into()), "{found}");
    let events = &json["coverage"]["events"];
    assert_eq!((&events["source"], &events["read"], &events["duplicates"]), (&"trail".into(), &1.into(), &1.into()));
    // The sessions without an event are listed all the same.
    assert!(sessions.iter().any(|session| session["session_id"] == "s-logged" && session["verdict"] == "logged"));
    std::fs::write(folder.join("c.json"), "{\"Records\": [{\"eventName\": ").unwrap();
    let partial = run();
    assert_eq!(partial.code, 2, "{partial:?}");
    assert!(partial.err.contains("c.json"), "{}", partial.err);
}
