//! Each kind of identity, with each state of a session, with each place of transcripts.

use logweir::domain::exec::{ContainerLogs, Place, Seen, SsmSessions};
use serde_json::{Value, json};

use super::scene::{
    ACCOUNT, Found, ID, absent, absent_with_short_retention, active, ago, alice, awslogs, ended, events, execute,
    found_everywhere, judged, setting,
};

/// Each kind of identity, with the name, the evidence and the strength that are expected.
fn identities() -> [(Value, &'static str, &'static str, &'static str); 8] {
    let role = |role: &str, session: &str| {
        json!({
            "type": "AssumedRole", "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"),
            "accountId": ACCOUNT, "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role,
                "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}")}}
        })
    };
    let mut with_source = role("Admin", "botocore-session-1");
    with_source["sessionContext"]["sourceIdentity"] = "carol".into();
    let mut on_behalf = role("AWSReservedSSO_Ops_0123456789abcdef", "dave@example.org");
    on_behalf["onBehalfOf"] =
        json!({"userId": "guid-1", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d"});
    [
        (
            json!({"type": "Root", "arn": format!("arn:aws:iam::{ACCOUNT}:root"), "accountId": ACCOUNT}),
            "root of 111122223333",
            "root",
            "proven",
        ),
        (alice(), "alice", "iam-user", "proven"),
        (with_source, "carol", "source-identity", "proven"),
        (on_behalf, "dave@example.org (guid-1)", "on-behalf-of", "proven"),
        (
            role("AWSReservedSSO_Ops_0123456789abcdef", "erin@example.org"),
            "erin@example.org",
            "permission-set",
            "proven",
        ),
        (role("Admin", "frank"), "Admin/frank", "session-name", "claimed"),
        (
            json!({"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}),
            "cloudformation.amazonaws.com",
            "service",
            "proven",
        ),
        (json!({"type": "AWSAccount", "accountId": "444455556666"}), "account 444455556666", "account", "unknown"),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Denied,
    DryRun,
    Failed,
    Active,
    Ended,
}

/// The places of transcripts: the setting of the cluster, how the container logs, what is found there, the kind of the
/// transcript, and the verdict on a session that has ended.
fn places() -> Vec<(&'static str, Found, &'static str, &'static str)> {
    let group = json!({"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": "/ecs/exec"}});
    let bucket = json!({"logging": "OVERRIDE", "logConfiguration": {"s3BucketName": "logs", "s3KeyPrefix": "exec"}});
    let both = json!({"logging": "OVERRIDE", "logConfiguration":
        {"cloudWatchLogGroupName": "/ecs/exec", "s3BucketName": "logs", "s3KeyPrefix": "exec"}});
    let default = json!({"logging": "DEFAULT"});
    let none = json!({"logging": "NONE"});
    let firelens = || Ok(ContainerLogs::Otherwise("the driver awsfirelens".into()));
    let gone = || Err("the task is gone".to_owned());
    let only_in_s3: fn(&Place) -> Seen = |place| match place {
        Place::Object { .. } => found_everywhere(place),
        Place::Stream { .. } => absent(place),
    };
    let found = |exec: &Value, logs, seen: fn(&Place) -> Seen| Found { today: Ok(setting(exec)), logs, seen };
    vec![
        ("CloudWatch", found(&group, gone(), found_everywhere), "cloudwatch", "logged"),
        ("CloudWatch without the stream", found(&group, gone(), absent), "none", "unlogged"),
        ("S3", found(&bucket, gone(), found_everywhere), "s3", "logged"),
        ("S3 without the object", found(&bucket, gone(), absent), "none", "unlogged"),
        ("both", found(&both, gone(), found_everywhere), "cloudwatch", "logged"),
        ("both, found in S3 alone", found(&both, gone(), only_in_s3), "s3", "logged"),
        ("both, expired in CloudWatch", found(&both, gone(), absent_with_short_retention), "none", "expired"),
        ("default with awslogs", found(&default, awslogs(), found_everywhere), "cloudwatch", "logged"),
        ("default with awslogs, without the stream", found(&default, awslogs(), absent), "none", "unlogged"),
        ("default without awslogs", found(&default, firelens(), found_everywhere), "none", "unlogged"),
        ("default of a task that is gone", found(&default, gone(), found_everywhere), "none", "unknown"),
        ("none", found(&none, awslogs(), found_everywhere), "none", "unlogged"),
        ("expired", found(&group, gone(), absent_with_short_retention), "none", "expired"),
        ("unset", found(&json!({}), awslogs(), found_everywhere), "cloudwatch", "logged"),
    ]
}

#[test]
fn each_identity_state_and_place_gives_the_expected_verdict() {
    for (identity, name, how, strength) in identities() {
        for state in [State::Denied, State::DryRun, State::Failed, State::Active, State::Ended] {
            for (place, found, kind, of_ended) in places() {
                let mut record = execute("e-1", ID, ago(48));
                record["userIdentity"] = identity.clone();
                let expected = match state {
                    State::Denied => "denied",
                    State::DryRun => "dry-run",
                    State::Failed => "failed",
                    State::Active => "pending",
                    State::Ended => of_ended,
                };
                match state {
                    State::Denied => record["errorCode"] = "AccessDeniedException".into(),
                    State::DryRun => record["requestParameters"]["dryrun"] = true.into(),
                    State::Failed => record["errorCode"] = "TargetNotConnectedException".into(),
                    State::Active | State::Ended => {}
                }
                let sessions = match state {
                    State::Active => vec![active(ID, ago(48))],
                    State::Ended => vec![ended(ID, ago(48))],
                    _ => {
                        record["responseElements"] = Value::Null;
                        Vec::new()
                    }
                };
                let about = format!("{name}, {state:?}, {place}");
                let sessions = judged(&events(&[record]), &SsmSessions::Read(sessions), &found);
                let [session] = sessions.as_slice() else { panic!("{about}: {sessions:?}") };
                assert_eq!(session.verdict.name(), expected, "{about}: {:?}", session.why);
                let person = &session.person;
                assert_eq!(
                    (person.name.as_str(), person.how.as_str(), person.strength),
                    (name, how, strength),
                    "{about}"
                );
                if state == State::Ended {
                    assert_eq!(session.transcript.kind, kind, "{about}");
                }
                let says_why = session.verdict.name() == "logged" || session.why.is_some();
                assert!(says_why, "{about}: a verdict other than logged has a reason");
                assert!(!format!("{session:?}").contains("CANARY"), "{about}: the arguments of the command are hidden");
            }
        }
    }
}
