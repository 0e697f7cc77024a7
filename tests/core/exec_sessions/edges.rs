//! Cases that a simple join gets wrong.

use jiff::SignedDuration;
use logweir::domain::exec::{
    Basis, Destination, ExecuteCall, Home, Outcome, Place, SsmSession, SsmSessions, Target, TaskFacts, Tasks, Verdict,
    destination, join, setting_at,
};
use serde_json::{Value, json};

use super::scene::{
    Found, ID, TASK, absent, absent_with_short_retention, active, ago, awslogs, ended, events, execute,
    found_everywhere, home, judged, now, setting,
};

fn to_group() -> Value {
    json!({"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "/ecs/exec"}})
}

fn logged() -> Found {
    Found { today: Ok(setting(&to_group())), logs: awslogs(), seen: found_everywhere }
}

fn unlogged() -> Found {
    Found { seen: absent, ..logged() }
}

fn verdicts(records: &[Value], ssm: &[SsmSession], found: &Found) -> Vec<&'static str> {
    let sessions = judged(&events(records), &SsmSessions::Read(ssm.to_vec()), found);
    sessions.iter().map(|session| session.verdict.name()).collect()
}

/// An event of StartSession by a principal that is not ECS.
fn start_session(id: &str, identity: &Value) -> Value {
    json!({
        "eventID": format!("start-{id}"), "eventTime": format!("{:.0}", ago(48)), "awsRegion": "eu-west-1",
        "eventSource": "ssm.amazonaws.com", "eventName": "StartSession", "recipientAccountId": "111122223333",
        "requestParameters": {
            "target": format!("ecs:prod_{TASK}_{TASK}-0123456789"), "documentName": "AWS-StartInteractiveCommand"
        },
        "responseElements": {"sessionId": id, "tokenValue": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        "userIdentity": identity
    })
}

fn user(name: &str) -> Value {
    json!({"type": "IAMUser", "userName": name, "arn": format!("arn:aws:iam::111122223333:user/{name}")})
}

fn ecs() -> Value {
    json!({
        "type": "AssumedRole", "invokedBy": "ecs.amazonaws.com",
        "arn": "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForECS/ecs-execute-command",
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "AWSServiceRoleForECS",
            "arn": "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"}}
    })
}

#[test]
fn a_direct_session_is_a_bypass_with_any_document_and_with_any_imitation_of_ecs() {
    let mut forwarding = start_session("bob-1", &user("bob"));
    forwarding["requestParameters"]["documentName"] = "AWS-StartPortForwardingSessionToRemoteHost".into();
    let mut default_document = start_session("bob-2", &user("bob"));
    default_document["requestParameters"].as_object_mut().unwrap().remove("documentName");
    let mut like_ecs = start_session("ecs-execute-command-1", &user("AWSServiceRoleForECS"));
    like_ecs["requestParameters"]["documentName"] = "AmazonECS-ExecuteInteractiveCommand".into();
    let mut odd_target = start_session("bob-3", &user("bob"));
    odd_target["requestParameters"]["target"] = "ecs:odd".into();
    for record in [forwarding, default_document, like_ecs, odd_target] {
        assert_eq!(verdicts(std::slice::from_ref(&record), &[], &logged()), ["bypass"], "{record}");
    }
    let mut denied = start_session("", &user("bob"));
    denied["errorCode"] = "AccessDeniedException".into();
    denied["responseElements"] = Value::Null;
    assert_eq!(verdicts(&[denied], &[], &logged()), ["denied"]);
    let mut to_instance = start_session("bob-4", &user("bob"));
    to_instance["requestParameters"]["target"] = "i-0123456789abcdef0".into();
    assert!(verdicts(&[to_instance], &[], &logged()).is_empty());
}

#[test]
fn the_start_of_a_session_by_ecs_is_no_bypass_and_makes_no_second_session() {
    let session = [ended(ID, ago(48))];
    let records = [execute("e-1", ID, ago(48)), start_session(ID, &ecs())];
    assert_eq!(verdicts(&records, &session, &logged()), ["logged"]);
    // The identity of the call is not known, and the event of ExecuteCommand has the same session.
    let records = [execute("e-1", ID, ago(48)), start_session(ID, &json!({"type": "Unknown"}))];
    assert_eq!(verdicts(&records, &session, &logged()), ["logged"]);
}

#[test]
fn a_session_without_an_event_is_judged_by_its_owner() {
    let other = |owner: Option<&str>| SsmSession { owner: owner.map(String::from), ..ended(ID, ago(48)) };
    let bob = Some("arn:aws:sts::111122223333:assumed-role/Admin/bob");
    let sessions = judged(&events(&[]), &SsmSessions::Read(vec![other(bob)]), &logged());
    assert_eq!((sessions[0].verdict, sessions[0].person.name.as_str()), (Verdict::Bypass, "Admin/bob"));
    let sessions = judged(&events(&[]), &SsmSessions::Read(vec![ended(ID, ago(48))]), &logged());
    assert_eq!((sessions[0].verdict, sessions[0].person.strength), (Verdict::Logged, "unknown"));
    assert_eq!(verdicts(&[], &[other(None)], &unlogged()), ["unlogged"]);
}

#[test]
fn a_session_is_pending_within_its_grace_period_and_a_parameter_sets_the_period() {
    let at = |minutes: i64| {
        let start = now() - SignedDuration::from_mins(minutes + 10);
        verdicts(&[execute("e-1", ID, start)], &[ended(ID, start)], &unlogged())
    };
    assert_eq!((at(14), at(15), at(16)), (vec!["pending"], vec!["unlogged"], vec!["unlogged"]));
    // Systems Manager may not list a new session yet.
    let new = now() - SignedDuration::from_mins(2);
    assert_eq!(verdicts(&[execute("e-1", ID, new)], &[], &unlogged()), ["pending"]);
    // A session that is open for days.
    let open = active(ID, ago(72));
    assert_eq!(verdicts(&[execute("e-1", ID, ago(72))], &[open], &logged()), ["pending"]);
}

#[test]
fn a_session_that_crosses_midnight_and_a_clock_that_is_a_second_ahead_change_nothing() {
    let start = "2026-11-29T23:55:00Z".parse().unwrap();
    let ahead = start + SignedDuration::from_secs(1);
    let session = SsmSession { start: ahead, ..ended(ID, start) };
    let sessions = judged(&events(&[execute("e-1", ID, start)]), &SsmSessions::Read(vec![session]), &logged());
    assert_eq!((sessions[0].verdict, sessions[0].start), (Verdict::Logged, ahead));
    assert_eq!(sessions[0].end, Some("2026-11-30T00:05:00Z".parse().unwrap()));
}

#[test]
fn a_session_that_systems_manager_does_not_list_is_unknown_unless_it_is_old() {
    let of = |hours: i64, found: &Found| verdicts(&[execute("e-1", ID, ago(hours))], &[], found);
    assert_eq!(of(48, &unlogged()), ["unknown"]);
    assert_eq!(of(48, &logged()), ["logged"]);
    let none = Found { today: Ok(setting(&json!({"logging": "NONE"}))), ..logged() };
    assert_eq!(of(48, &none), ["unlogged"], "a session that is not open has no transcript if the cluster logs none");
    assert_eq!(of(24 * 40, &unlogged()), ["unlogged"]);
    assert_eq!(of(24 * 40, &Found { seen: absent_with_short_retention, ..logged() }), ["expired"]);
    let unread = SsmSessions::Unread("DescribeSessions: AccessDeniedException".into());
    let sessions = judged(&events(&[execute("e-1", ID, ago(48))]), &unread, &unlogged());
    assert_eq!(sessions[0].verdict, Verdict::Unknown);
    assert!(sessions[0].why.as_ref().unwrap().contains("AccessDenied"), "{:?}", sessions[0].why);
}

#[test]
fn a_record_without_an_account_and_a_region_is_of_the_account_and_region_of_its_source() {
    let mut record = execute("e-1", ID, ago(48));
    for member in ["recipientAccountId", "awsRegion"] {
        record.as_object_mut().unwrap().remove(member);
    }
    let mut events = events(&[record]);
    events.fill_in(&home().account, &home().region);
    let sessions = judged(&events, &SsmSessions::Read(vec![ended(ID, ago(48))]), &logged());
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    assert_eq!((sessions[0].verdict, sessions[0].person.name.as_str()), (Verdict::Logged, "alice"));
}

#[test]
fn a_failed_session_of_systems_manager_was_never_open() {
    let failed = SsmSession { has_failed: true, ..ended(ID, ago(48)) };
    assert_eq!(verdicts(&[execute("e-1", ID, ago(48))], &[failed], &unlogged()), ["failed"]);
}

#[test]
fn duplicates_count_once_and_a_denied_call_has_no_session() {
    let (record, session) = (execute("e-1", ID, ago(48)), [ended(ID, ago(48))]);
    assert_eq!(verdicts(&[record.clone(), record.clone()], &session, &logged()), ["logged"]);
    let mut again = record;
    again["eventID"] = "e-2".into();
    assert_eq!(verdicts(&[again.clone(), execute("e-1", ID, ago(48))], &session, &logged()), ["logged"]);
    again["errorCode"] = "AccessDeniedException".into();
    again["responseElements"] = Value::Null;
    let sessions = judged(&events(&[again]), &SsmSessions::Read(vec![]), &logged());
    assert_eq!((&sessions[0].session_id, sessions[0].verdict), (&None, Verdict::Denied));
}

/// An event that succeeded, but whose response CloudTrail left out.
fn without_response(event: &str, container: &str, second: i64) -> Value {
    let mut record = execute(event, ID, ago(48) + SignedDuration::from_secs(second));
    record["responseElements"] = Value::Null;
    record["requestParameters"]["container"] = container.into();
    record
}

#[test]
fn an_event_without_a_session_belongs_to_the_only_session_that_started_within_60_seconds() {
    let joined = |records: &[Value], ssm: &[SsmSession], tasks: &Tasks| {
        let cases = join(&events(records), &SsmSessions::Read(ssm.to_vec()), tasks, &home());
        let id = |case: &logweir::domain::exec::Case| case.id().map(String::from);
        cases.iter().filter(|case| case.person.name == "alice").map(id).collect::<Vec<_>>()
    };
    let session = |id: &str, runtime: &str, second: i64| {
        let of = ended(id, ago(48) + SignedDuration::from_secs(second));
        SsmSession { target: Target { runtime: runtime.into(), ..of.target.clone() }, ..of }
    };
    let none = Tasks::new();
    let some = |id: &str| vec![Some(id.to_owned())];
    assert_eq!(joined(&[without_response("e", "app", 0)], &[session("a", "r-1", 1)], &none), some("a"));
    assert_eq!(joined(&[without_response("e", "app", 0)], &[session("a", "r-1", -60)], &none), some("a"));
    assert_eq!(joined(&[without_response("e", "app", 0)], &[session("a", "r-1", 61)], &none), [None]);
    // Two sessions of the task fit, and nothing tells which one.
    let two = [session("a", "r-1", 1), session("b", "r-2", 2)];
    assert_eq!(joined(&[without_response("e", "app", 0)], &two, &none), [None]);
    // The runtime IDs tell the containers apart.
    let containers = [("r-1", "app"), ("r-2", "sidecar")].map(|(id, name)| (id.to_owned(), name.to_owned()));
    let facts = TaskFacts { containers: containers.into(), ..TaskFacts::default() };
    let tasks = Tasks::from([(("prod".to_owned(), TASK.to_owned()), facts)]);
    assert_eq!(joined(&[without_response("e", "sidecar", 0)], &two, &tasks), some("b"));
    // Two events fit one session.
    let events = [without_response("e", "app", 0), without_response("f", "app", 5)];
    assert_eq!(joined(&events, &[session("a", "r-1", 1)], &none), [None, None]);
    // A container of the same name in another task.
    let mut other = ended("a", ago(48));
    other.target.task = "0".repeat(32);
    assert_eq!(joined(&[without_response("e", "app", 0)], &[other], &none), [None]);
}

#[test]
fn a_cluster_is_named_by_its_arn_in_every_partition_or_not_at_all() {
    let read = |change: fn(&mut Value)| -> ExecuteCall {
        let mut record = execute("e-1", ID, ago(48));
        change(&mut record);
        events(&[record]).executes.remove(0)
    };
    let call = read(|record| {
        record["responseElements"] = Value::Null;
        record["requestParameters"]["cluster"] = "arn:aws-cn:ecs:cn-north-1:111122223333:cluster/prod".into();
        record["requestParameters"]["task"] = "arn:aws-us-gov:ecs:us-gov-west-1:111122223333:task/prod/abc".into();
        record["requestParameters"].as_object_mut().unwrap().remove("container");
    });
    assert_eq!((call.cluster.as_str(), call.task.as_deref(), call.container), ("prod", Some("abc"), None));
    let call = read(|record| {
        record["responseElements"] = Value::Null;
        record["requestParameters"] = json!({"task": "abc"});
    });
    assert_eq!((call.cluster.as_str(), call.outcome), ("default", Outcome::Succeeded));
    let call = read(|record| {
        record["requestParameters"] = Value::Null;
        record["responseElements"]["clusterArn"] = Value::Null;
    });
    assert_eq!(call.cluster, "prod", "the ARN of the task names the cluster");
    let call = read(|record| record["requestParameters"] = "a text".into());
    assert_eq!(call.session.as_deref(), Some(ID));
}

#[test]
fn a_session_in_another_account_or_region_is_unknown_and_is_not_joined_with_a_session_of_this_one() {
    let mut record = execute("e-1", ID, ago(48));
    record["awsRegion"] = "us-east-1".into();
    let cases = join(&events(&[record]), &SsmSessions::Read(vec![ended(ID, ago(48))]), &Tasks::new(), &home());
    let elsewhere: Vec<bool> = cases.iter().map(|case| case.is_in(&home())).collect();
    assert!(elsewhere.contains(&false), "{cases:?}");
    assert!(cases.iter().filter(|case| !case.is_in(&home())).all(|case| case.ssm.is_none()), "{cases:?}");
    let other = Home { account: "444455556666".into(), ..home() };
    assert!(!cases.iter().any(|case| case.is_in(&other)));
}

#[test]
fn an_event_of_a_cluster_tells_the_setting_at_the_time_of_the_session() {
    let update = |at, exec: Value| {
        json!({
            "eventID": format!("u-{at}"), "eventTime": format!("{at:.0}"), "awsRegion": "eu-west-1",
            "eventSource": "ecs.amazonaws.com", "eventName": "UpdateCluster", "recipientAccountId": "111122223333",
            "requestParameters": {"cluster": "prod", "configuration": {"executeCommandConfiguration": exec}}
        })
    };
    let off_then_on =
        [execute("e-1", ID, ago(48)), update(ago(72), json!({"logging": "NONE"})), update(ago(24), to_group())];
    let session = [ended(ID, ago(48))];
    let sessions = judged(&events(&off_then_on), &SsmSessions::Read(session.to_vec()), &logged());
    assert_eq!(sessions[0].verdict, Verdict::Unlogged);
    assert!(!sessions[0].why.as_ref().unwrap().contains("today"), "{:?}", sessions[0].why);
    // Only a change after the session is known, so the setting before it is not.
    assert_eq!(verdicts(&[off_then_on[0].clone(), off_then_on[2].clone()], &session, &unlogged()), ["unknown"]);
    // No change is known.
    let sessions = judged(&events(&off_then_on[..1]), &SsmSessions::Read(session.to_vec()), &unlogged());
    assert!(sessions[0].why.as_ref().unwrap().contains("judged with today's setting"), "{:?}", sessions[0].why);
    // A call that failed, and a call about another member, change nothing.
    let mut failed = update(ago(24), to_group());
    failed["errorCode"] = "AccessDeniedException".into();
    let mut elsewhere = update(ago(24), to_group());
    elsewhere["requestParameters"]["configuration"] = json!({"managedStorageConfiguration": {}});
    assert!(events(&[failed, elsewhere]).changes.is_empty());
    let mut new = update(ago(24), Value::Null);
    new["eventName"] = "CreateCluster".into();
    new["requestParameters"] = json!({"clusterName": "prod"});
    assert_eq!(events(&[new]).changes.len(), 1, "a new cluster without a configuration has the default one");
}

#[test]
fn one_log_group_of_several_clusters_and_a_prefix_with_a_slash_keep_sessions_apart() {
    let exec = setting(&json!({"logging": "OVERRIDE", "logConfiguration":
        {"cloudWatchLogGroupName": "/ecs/exec", "s3BucketName": "logs", "s3KeyPrefix": "exec/prod/"}}));
    let places = |id: &str| {
        let setting = setting_at(now(), [], Ok(&exec));
        match destination(id, &setting, awslogs, "eu-west-1") {
            Destination::Places(places, Basis::Today) => places,
            other => panic!("{other:?}"),
        }
    };
    let [Place::Stream { stream, .. }, Place::Object { keys, .. }] = &places("a")[..] else { panic!() };
    assert_eq!((stream.as_str(), keys.join(" ")), ("a", "exec/prod/a.log exec/prod//a.log".to_owned()));
    assert_ne!(places("a"), places("b"));
}

#[test]
fn a_log_group_in_another_region_and_an_unknown_word_decide_nothing() {
    let of = |exec: Value, region: &str| destination("a", &setting_at(now(), [], Ok(&setting(&exec))), awslogs, region);
    assert!(matches!(of(json!({"logging": "DEFAULT"}), "eu-central-1"), Destination::Unknown(_)));
    assert!(matches!(of(json!({"logging": "SOMETIMES"}), "eu-west-1"), Destination::Unknown(_)));
    assert!(matches!(of(json!({"logging": "OVERRIDE"}), "eu-west-1"), Destination::Nowhere(..)));
}

#[test]
fn a_role_chain_leads_to_the_person_who_assumed_the_first_role() {
    let assume = |event: &str, issued: &str, identity: Value| {
        json!({
            "eventID": event, "eventTime": "2026-11-29T09:00:00Z", "eventSource": "sts.amazonaws.com",
            "eventName": "AssumeRole", "recipientAccountId": "111122223333", "userIdentity": identity,
            "responseElements": {"credentials": {"accessKeyId": issued}}
        })
    };
    let role = |session: &str, key: &str| {
        json!({
            "type": "AssumedRole", "accessKeyId": key,
            "arn": format!("arn:aws:sts::111122223333:assumed-role/Admin/{session}")
        })
    };
    let mut record = execute("e-1", ID, ago(48));
    record["userIdentity"] = role("anybody", "ASIA2");
    let chain = [assume("a-1", "ASIA1", user("alice")), assume("a-2", "ASIA2", role("step", "ASIA1"))];
    let person = |records: &[Value]| {
        let person = judged(&events(records), &SsmSessions::Read(vec![]), &logged()).remove(0).person;
        (person.name, person.how, person.strength)
    };
    let named = |name: &str, how: &str, strength| (name.to_owned(), how.to_owned(), strength);
    let [first, second] = chain;
    assert_eq!(person(&[record.clone(), first, second.clone()]), named("alice", "iam-user by assume-role", "proven"));
    assert_eq!(person(&[record.clone(), second]), named("Admin/anybody", "session-name", "claimed"));
    let by_service = assume("a-4", "ASIA2", json!({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}));
    assert_eq!(person(&[record.clone(), by_service]), named("Admin/anybody", "session-name", "claimed"));
    let endless = assume("a-3", "ASIA2", role("step", "ASIA2"));
    assert_eq!(person(&[record, endless]), named("Admin/anybody", "session-name", "claimed"));
}

#[test]
fn a_record_that_is_no_json_is_counted_and_another_call_is_ignored() {
    let mut events = events(&[]);
    events.add("{\"eventName\": \"ExecuteCommand\"");
    events.add("{\"eventName\": \"ListClusters\"");
    events.add(&json!({"eventSource": "evil.example.org", "eventName": "ExecuteCommand"}).to_string());
    let timeless = json!({"eventSource": "ecs.amazonaws.com", "eventName": "ExecuteCommand", "eventTime": "soon"});
    events.add(&timeless.to_string());
    assert_eq!((events.unreadable, events.executes.len()), (2, 0));
}
