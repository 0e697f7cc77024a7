//! The baseline of a run: of the deployed stack for registered revisions, of the repository for files.

use std::fs;

use serde_json::{Value, json};

use super::apply::blocking;
use crate::loopback::account::{WEB_1, event};
use crate::loopback::operator::{Operator, Ran};
use crate::loopback::{Loopback, Reply};

/// A baseline that differs from the shipped one in the size of the buffer.
const OTHER: &str = "version = 1\n[logging]\nmax-buffer-size = \"7m\"\n";

fn digest(text: &str) -> String {
    logweir::domain::baseline::Baseline::parse(text).unwrap().digest().to_owned()
}

fn deployment(baseline: &str) -> String {
    json!({
        "schema": "logweir.deployment/1", "stack": "logweir", "remediator": "r", "backout": "b",
        "remediator_role": "arn:aws:iam::111122223333:role/r", "backout_role": "arn:aws:iam::111122223333:role/b",
        "queue": "q", "dead_letters": "d", "rules": "", "mapping": "m", "journal": "dynamodb:journal",
        "baseline": baseline, "mode": "register", "families": "*", "clusters": "*", "log_groups": "*", "task_roles": "*"
    })
    .to_string()
}

/// An operator in an account whose stack has its baseline in a parameter.
fn in_parameter(text: &str) -> Operator {
    let operator = Operator::of(&[blocking("web")]);
    operator.account.publishes("/logweir/deployment", &deployment("ssm:/platform/baseline"));
    operator.account.publishes("/platform/baseline", text);
    operator
}

/// An operator in an account whose stack has its baseline in the package of the function.
fn in_package(published: Option<&str>) -> Operator {
    let operator = Operator::of(&[blocking("web")]);
    operator.account.publishes("/logweir/deployment", &deployment("baseline.toml"));
    if let Some(text) = published {
        operator.account.publishes_baseline(text);
    }
    operator
}

#[test]
fn registered_revisions_get_the_baseline_of_the_deployed_stack_and_the_run_says_so() {
    for operator in [in_parameter(OTHER), in_package(Some(OTHER))] {
        let checked = operator.run(&["check", "ecs:web", "--format", "json"]).json();
        assert_eq!(checked["baseline"]["digest"], digest(OTHER).as_str());
        assert!(checked["baseline"]["origin"].as_str().unwrap().starts_with("of the deployed stack"), "{checked}");
        assert!(checked["targets"][0]["patch"].to_string().contains("7m"), "{checked}");
        let text = operator.run(&["check", "ecs:web"]);
        assert!(text.out.contains("baseline: ") && text.out.contains(", of the deployed stack"), "{}", text.out);

        let begun = operator.file("event.json", &event(WEB_1).to_string());
        for verb in [&["replay", &begun][..], &["apply", "ecs:web", "--dry-run"], &["apply", "ecs:web", "--yes"]] {
            let ran = operator.run(verb);
            assert!(ran.out.contains("max-buffer-size (unset) → 7m"), "{verb:?}: {}", ran.out);
            assert!(ran.err.contains(&digest(OTHER)) && ran.err.contains(", of the deployed stack"), "{}", ran.err);
        }
    }
}

#[test]
fn without_a_stack_the_shipped_baseline_applies_and_the_run_says_so() {
    let operator = Operator::of(&[blocking("web")]);
    let ran = operator.run(&["check", "ecs:web"]);
    assert!(ran.out.contains("baseline: (shipped) (sha256:"), "{}", ran.out);
    assert!(ran.out.ends_with(", shipped, because no stack is deployed here\n"), "{}", ran.out);
    let ran = operator.run(&["apply", "ecs:web", "--dry-run"]);
    assert!(ran.err.contains(", shipped, because no stack is deployed here\n"), "{}", ran.err);
}

#[test]
fn a_named_baseline_that_differs_from_that_of_the_stack_is_reported() {
    let operator = in_parameter(OTHER);
    let (same, other) = (operator.file("same.toml", OTHER), operator.file("other.toml", "version = 1\n"));
    let ran = operator.run(&["apply", "ecs:web", "--dry-run", "--baseline", &same]);
    assert!(ran.err.contains("from --baseline, as in the deployed stack\n"), "{}", ran.err);
    let ran = operator.run(&["apply", "ecs:web", "--dry-run", "--baseline", &other]);
    let said = format!(
        "from --baseline; the deployed stack has another baseline, ssm:/platform/baseline ({})\n",
        digest(OTHER)
    );
    assert!(ran.err.contains(&said), "{}", ran.err);
    assert!(ran.err.contains(&digest("version = 1\n")), "{}", ran.err);
}

/// An account in which one operation is denied.
fn denied(operator: &Operator, operation: &'static str) -> Operator {
    let mut service = operator.account.service();
    let denied = "User: me is not authorized to perform this operation";
    Operator::at(Loopback::serve(move |called, body| {
        if called == operation { Reply::error("AccessDeniedException", denied) } else { service(called, body) }
    }))
}

#[test]
fn an_unreadable_baseline_of_the_stack_is_an_error_that_names_the_option_and_never_a_fall_back() {
    let unreadable = [
        (denied(&in_parameter(OTHER), "GetParameter"), "AccessDeniedException"),
        (denied(&in_package(Some(OTHER)), "GetItem"), "AccessDeniedException"),
        (in_package(None), "has not started yet"),
        (in_parameter("version = 9"), "version"),
        (in_package(Some("[")), "baseline.toml:"),
    ];
    for (operator, why) in unreadable {
        let begun = operator.file("event.json", &event(WEB_1).to_string());
        let good = operator.file("good.toml", OTHER);
        for verb in [
            &["check", "ecs:web"][..],
            &["apply", "ecs:web", "--yes"],
            &["replay", &begun],
            &["replay", &begun, "--mode", "register"],
            &["fix", "ecs:web"],
        ] {
            let ran = operator.run(verb);
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{verb:?}: {ran:?}");
            assert!(ran.err.contains("the baseline of the deployed stack cannot be read: "), "{}", ran.err);
            assert!(ran.err.contains(why) && ran.err.contains("--baseline FILE"), "{}", ran.err);
        }
        assert!(operator.account.active("web").len() < 2);
        let named = operator.run(&["check", "ecs:web", "--baseline", &good]);
        assert_ne!(named.code, 2, "{named:?}");
    }
}

/// Runs `logweir` in a folder below the operator's home.
fn in_folder(operator: &Operator, folder: &str, arguments: &[&str]) -> Ran {
    let folder = operator.folder.path().join(folder);
    let place = ["--endpoint-url", &operator.aws.url, "--region", "eu-west-1", "--journal", "file:journal"];
    let key = [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "CANARY-KEY")];
    operator.bare_in(&folder, &key, &[arguments, &place[..]].concat())
}

fn repository() -> Operator {
    let operator = Operator::of(&[blocking("web")]);
    let root = operator.folder.path().join("repository");
    fs::create_dir_all(root.join("services/web")).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    fs::write(root.join("logweir.toml"), OTHER).unwrap();
    fs::write(root.join("services/web/web.json"), blocking("web").to_string()).unwrap();
    operator
}

#[test]
fn files_get_the_baseline_of_their_repository() {
    let operator = repository();
    for (folder, found) in [("repository", "logweir.toml"), ("repository/services/web", "../../logweir.toml")] {
        let path = operator.folder.path().join("repository/services/web/web.json").display().to_string();
        let ran = in_folder(&operator, folder, &["check", &path, "--format", "json"]);
        let json = ran.json();
        assert_eq!((&json["baseline"]["path"], &json["baseline"]["digest"]), (&json!(found), &json!(digest(OTHER))));
        let text = in_folder(&operator, folder, &["check", &path]);
        assert!(text.out.contains(&format!("baseline: {found} ({})", digest(OTHER))), "{}", text.out);
        let fixed = in_folder(&operator, folder, &["fix", &path]);
        assert!(fixed.out.contains("\"7m\"") && fixed.err.contains(found), "{fixed:?}");
        let named = in_folder(&operator, folder, &["fix", &path, "--baseline", "ssm:/absent"]);
        assert_eq!(named.code, 2, "a named baseline wins: {named:?}");
    }
    assert!(operator.aws.calls().iter().all(|(operation, _)| operation == "GetParameter"));
}

#[test]
fn the_file_of_a_repository_holds_for_files_alone() {
    let operator = repository();
    let begun = operator.file("event.json", &event(WEB_1).to_string());
    for verb in [
        &["check", "ecs:web"][..],
        &["check", "--all"],
        &["fix", "ecs:web"],
        &["replay", &begun],
        &["apply", "ecs:web", "--dry-run"],
        &["apply", "ecs:web", "--yes"],
    ] {
        let ran = in_folder(&operator, "repository", verb);
        assert!(ran.code < 2, "{verb:?}: {ran:?}");
        assert!(!ran.out.contains("7m") && !(ran.out.clone() + &ran.err).contains("logweir.toml"), "{verb:?}: {ran:?}");
    }
    let both = in_folder(&operator, "repository", &["check", "services/web/web.json", "ecs:web:1", "--format", "json"]);
    let json = both.json();
    assert_eq!(json["baseline"]["digest"], digest(OTHER).as_str());
    assert_eq!(json["live_baseline"]["path"], "(shipped)");
    let size = |target: &Value| target["patch"].to_string().contains("7m");
    assert!(size(&json["targets"][0]) && !size(&json["targets"][1]), "{json}");
}

#[test]
fn a_faulty_file_of_a_repository_is_an_error_for_files_and_does_not_matter_for_revisions() {
    let operator = repository();
    fs::write(operator.folder.path().join("repository/logweir.toml"), "version = 9").unwrap();
    let ran = in_folder(&operator, "repository", &["check", "services/web/web.json"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("error: logweir.toml:1:"), "{}", ran.err);
    assert_eq!(in_folder(&operator, "repository", &["apply", "ecs:web", "--yes"]).code, 0);
}

#[test]
fn a_baseline_without_an_end_is_refused_at_the_size_limit() {
    let operator = repository();
    let ran = in_folder(&operator, "repository", &["check", "services/web/web.json", "--baseline", "/dev/zero"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("/dev/zero: larger than the limit of 1 MiB"), "{}", ran.err);
}
