//! `logweir exec transcript`: the transcript of one session, from the place that is found or named.

use serde_json::json;

use super::exec_sessions::{session, to_group};
use crate::loopback::Loopback;
use crate::loopback::exec::Exec;
use crate::loopback::operator::{Operator, Ran};

const ID: &str = "ecs-execute-command-s9y89par6quf78pcbnoko32g28";
const SCRIPT: &str = "Script started\r\n\u{1b}]0;title\u{7}# \u{1b}[31mls\u{1b}[0m\r\nsecret\rhidden\u{202e}\r\n";

/// An account whose cluster logs sessions to a log group.
fn account() -> Exec {
    let exec = Exec::default();
    exec.with(|state| {
        state.clusters = [("prod".to_owned(), to_group("/ecs/exec"))].into();
        state.groups = [("/ecs/exec".to_owned(), None)].into();
        let messages = ["one", "two\n", SCRIPT].map(String::from).to_vec();
        state.streams = [(("/ecs/exec".to_owned(), ID.to_owned()), messages)].into();
        state.objects = [(("logs".to_owned(), "exec/one.log".to_owned()), SCRIPT.to_owned())].into();
        state.sessions = vec![session(ID, "prod", 60, Some(5))];
    });
    exec
}

fn transcript(exec: &Exec, options: &[&str]) -> Ran {
    let operator = Operator::at(Loopback::serve(exec.service()));
    operator.run(&[&["exec", "transcript"], options].concat())
}

#[test]
fn a_transcript_is_printed_without_control_sequences_and_says_where_it_comes_from() {
    let ran = transcript(&account(), &[ID]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out, "one\ntwo\nScript started\n# ls\nsecret\nhidden\n");
    assert!(ran.err.contains(&format!("from /ecs/exec:{ID}")), "{}", ran.err);
    let json = transcript(&account(), &[ID, "--format", "json"]).json();
    assert_eq!((&json["kind"], &json["complete"]), (&"cloudwatch".into(), &true.into()));
}

#[test]
fn a_place_that_the_caller_names_needs_no_session() {
    let exec = account();
    exec.with(|state| state.sessions.clear());
    let ran = transcript(&exec, &[ID]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("--log-group GROUP or --object"), "{}", ran.err);
    let ran = transcript(&exec, &[ID, "--log-group", "/ecs/exec"]);
    assert_eq!((ran.code, ran.out.lines().next()), (0, Some("one")), "{ran:?}");
    let ran = transcript(&exec, &[ID, "--object", "s3://logs/exec/one.log"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "Script started\n# ls\nsecret\nhidden\n"), "{ran:?}");
    assert_eq!(transcript(&exec, &[ID, "--object", "s3://logs/exec/two.log"]).code, 2);
}

#[test]
fn a_long_transcript_is_cut_and_says_so() {
    let ran = transcript(&account(), &[ID, "--max-bytes", "5"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "one\nt"), "{ran:?}");
    assert!(ran.err.contains("only the first 5 bytes"), "{}", ran.err);
}

#[test]
fn a_session_without_a_transcript_is_an_error() {
    let exec = account();
    exec.with(|state| {
        state.clusters.insert("prod".into(), json!({"logging": "NONE"}));
    });
    let ran = transcript(&exec, &[ID]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("logs no sessions (logging NONE)"), "{}", ran.err);
    let exec = account();
    exec.with(|state| state.streams.clear());
    let ran = transcript(&exec, &[ID]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("there is no transcript at /ecs/exec:"), "{}", ran.err);
}
