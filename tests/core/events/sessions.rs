//! What is read from calls that open a session on a container.
//!
//! The shape of ExecuteCommand is that of a published record (github.com/kosli-dev/terraform-aws-kosli-instance-access-reporter),
//! and the target of StartSession that of the AWS CLI (awscli/customizations/ecs/executecommand.py). The names are made
//! up.

use logweir::domain::event::scope::Scope;
use logweir::domain::event::{Home, Trigger, Unreadable, read};
use logweir::domain::trail::{How, Strength};
use serde_json::{Value, json};

use super::sample::{ARN, answer, changed, home, said, sample};

const TASK: &str = "4b2c0f6e8d5a4c1b9e7f3a2d1c0b9a8f";
const SESSION: &str = "ecs-execute-command-s9y89par6quf78pcbnoko32g28";

/// The calls that open a session. Logweir reads them from every caller, also from Logweir or an AWS service.
pub const SESSIONS: [&str; 2] = ["execute-command", "start-session"];

#[test]
fn a_session_names_the_person_the_container_and_the_program_without_its_arguments() {
    let event = sample("execute-command");
    assert_eq!(answer(&event), format!("session {SESSION}: ana@example.org runs /bin/sh on app of {TASK} in prod"));
    let Ok(Trigger::Session { session, .. }) = read(&event, &home()) else { panic!("no session") };
    assert_eq!((session.person.how, session.person.strength), (How::PermissionSet, Strength::Proven));
    assert!(!format!("{session:?}").contains("CANARY"));
}

#[test]
fn without_a_response_the_request_names_the_container_and_no_session_is_known() {
    let request =
        json!({"cluster": format!("{ARN}:cluster/prod"), "task": format!("{ARN}:task/prod/{TASK}"), "command": "sh"});
    for (member, cluster) in [(Some("cluster"), "default"), (None, "prod")] {
        let mut request = request.clone();
        member.map(|member| request.as_object_mut().unwrap().remove(member));
        let event = changed(
            "execute-command",
            &[("/detail/responseElements", Value::Null), ("/detail/requestParameters", request)],
        );
        let expected = format!("session none: ana@example.org runs sh on none of {TASK} in {cluster}");
        assert_eq!(answer(&event), expected);
    }
}

#[test]
fn a_dry_run_and_a_denied_call_open_no_session() {
    for dry_run in [json!(true), json!("true")] {
        let event = changed("execute-command", &[("/detail/requestParameters/dryrun", dry_run)]);
        assert_eq!(answer(&event), "ignored: OtherEvent");
    }
    let denied = [("/detail/errorCode", json!("AccessDenied")), ("/detail/responseElements", Value::Null)];
    for name in SESSIONS {
        assert_eq!(answer(&changed(name, &denied)), "ignored: FailedCall");
    }
}

#[test]
fn a_session_that_ecs_did_not_open_bypasses_ecs_exec_whatever_its_document() {
    let expected = format!("bypass bob-0a1b2c3d4e5f60718: bob runs none on none of {TASK} in prod");
    for document in [json!("AWS-StartPortForwardingSession"), json!("AmazonECS-ExecuteInteractiveCommand"), Value::Null]
    {
        let event = changed("start-session", &[("/detail/requestParameters/documentName", document)]);
        assert_eq!(answer(&event), expected);
    }
    let cluster = "/detail/requestParameters/target";
    let of = |target: &str| answer(&changed("start-session", &[(cluster, target.into())]));
    assert!(of("ecs:a_b_c_t1_t1-0123456789").ends_with(" of t1 in a_b_c"), "a name with underscores");
    assert!(of("ecs:x").ends_with(" of none in none"));
    for other in ["i-0123456789abcdef0", "", "ECS:prod_a_b"] {
        assert_eq!(of(other), "ignored: OtherEvent", "{other}");
    }
}

#[test]
fn the_session_that_ecs_itself_starts_is_no_bypass_and_no_other_role_passes_for_ecs() {
    let role = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    let by = |identity: Value| answer(&changed("start-session", &[("/detail/userIdentity", identity)]));
    let issued = |arn: &str| json!({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": arn}}});
    assert_eq!(by(issued(role)), "ignored: ServiceOwned");
    assert_eq!(by(json!({"type": "AWSService", "invokedBy": "ecs.amazonaws.com"})), "ignored: ServiceOwned");
    for other in [
        issued("arn:aws:iam::111122223333:role/AWSServiceRoleForECS"),
        issued("arn:aws:iam::111122223333:role/x:role/aws-service-role/ecs.amazonaws.com/Evil"),
        issued("arn:aws:iam::111122223333:role/aws-service-role/ssm.amazonaws.com/AWSServiceRoleForAmazonSSM"),
        issued("arn:aws:iam::111122223333:role/logweir/Remediator"),
        json!({"type": "AWSService", "invokedBy": "ssm.amazonaws.com"}),
        Value::Null,
    ] {
        assert!(by(other.clone()).starts_with("bypass "), "{other}");
    }
}

#[test]
fn sessions_in_other_clusters_are_out_of_scope_and_a_stack_without_the_parameter_reads_none() {
    let read_in = |scope: Scope, name: &str| said(&read(&sample(name), &Home { scope, ..home() }));
    for name in SESSIONS {
        let elsewhere = Scope::of(&["*"], &["stage", "prod-*"]).watching_sessions(true);
        assert_eq!(read_in(elsewhere, name), "ignored: OutOfScope");
        assert_eq!(read_in(Scope::default(), name), "ignored: OtherEvent");
        let here = Scope::of(&["none"], &["pro?"]).watching_sessions(true);
        assert!(!read_in(here, name).starts_with("ignored"), "{name}");
    }
}

#[test]
fn an_event_without_a_cluster_or_an_id_of_its_own_is_unreadable() {
    let cluster =
        [("/detail/responseElements/clusterArn", json!("a b")), ("/detail/requestParameters/cluster", "a b".into())];
    assert_eq!(read(&changed("execute-command", &cluster), &home()), Err(Unreadable::NoSession));
    for name in SESSIONS {
        let without = changed(name, &[("/detail/eventID", Value::Null)]);
        assert_eq!(read(&without, &home()), Err(Unreadable::NoSession), "{name}");
    }
    for id in ["", "a b", "ä", &"x".repeat(97)] {
        let event = changed("execute-command", &[("/detail/responseElements/session/sessionId", id.into())]);
        assert!(answer(&event).starts_with("session none: "), "{id}");
    }
}
