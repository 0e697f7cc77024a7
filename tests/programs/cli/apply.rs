//! `apply`: correcting registered revisions by hand, and the undo command that it prints.

use logweir::aws::{Aws, ConnectOptions};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::NewLogGroup;
use logweir::ports::{LogGroups, TaskDefinitions};
use serde_json::{Value, json};

use super::BLOCKING;
use crate::loopback::account::{WEB_1, WEB_2};
use crate::loopback::operator::{Operator, undo};

pub(super) fn blocking(family: &str) -> Value {
    let mut document: Value = serde_json::from_str(BLOCKING).unwrap();
    document["family"] = family.into();
    document
}

fn with_options(family: &str, options: &[(&str, &str)]) -> Value {
    let mut document = blocking(family);
    for (option, value) in options {
        document["containerDefinitions"][0]["logConfiguration"]["options"][option] = (*value).into();
    }
    document
}

#[test]
fn without_a_terminal_and_without_yes_it_is_wrong_usage_and_nothing_is_called() {
    let operator = Operator::of(&[blocking("web")]);
    let ran = operator.run(&["apply", "ecs:web"]);
    assert_eq!((ran.code, ran.out.as_str()), (64, ""));
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(operator.aws.calls(), []);
}

#[test]
fn a_file_is_no_target_and_one_file_among_revisions_stops_everything() {
    let operator = Operator::of(&[blocking("web")]);
    let path = operator.file("web.json", BLOCKING);
    let folder = operator.folder.path().display().to_string();
    for target in [path.as_str(), folder.as_str(), "-", "nowhere.json"] {
        let ran = operator.run(&["apply", "ecs:web", target, "--yes"]);
        assert_eq!(ran.code, 64, "{target}: {}", ran.err);
    }
    assert_eq!(operator.aws.calls(), []);
}

#[test]
fn mode_observe_is_wrong_usage_for_apply() {
    let operator = Operator::of(&[blocking("web")]);
    let ran = operator.run(&["apply", "ecs:web", "--yes", "--mode", "observe"]);
    assert_eq!((ran.code, operator.aws.calls().len()), (64, 0));
    assert!(ran.err.contains("--dry-run"), "{}", ran.err);
    assert_eq!(operator.run(&["apply", "ecs:web", "--dry-run", "--mode", "observe"]).code, 1);
}

#[test]
fn a_dry_run_shows_the_findings_the_diff_and_the_log_groups_and_changes_nothing() {
    let operator = Operator::of(&[blocking("web")]);
    let ran = operator.run(&["apply", "ecs:web", "--dry-run"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for shown in [
        "warning[blocking-delivery]",
        "error[missing-log-group]",
        "+    \"mode\": \"non-blocking\"",
        "will create log group /ecs/web with a retention of 30 days",
        "will register a corrected revision based on web:1",
        "web:1: observed",
    ] {
        assert!(ran.out.contains(shown), "{shown} is not in {}", ran.out);
    }
    assert_eq!(operator.writing_calls(), Vec::<String>::new());
    assert!(!operator.journal().exists());
}

#[tokio::test]
async fn the_client_of_a_dry_run_refuses_writing_calls() {
    let operator = Operator::of(&[blocking("web")]);
    let place = ConnectOptions {
        region: Some("eu-west-1".into()),
        endpoint_url: Some(operator.aws.url.clone()),
        read_only: true,
        ..ConnectOptions::default()
    };
    let aws = Aws::connect(&place).await.unwrap();
    let web: RevisionArn = WEB_1.parse().unwrap();
    let group = NewLogGroup { name: "/a".into(), class: "STANDARD".into(), kms_key: None, retention_days: Some(30) };
    let refusals = [
        aws.ecs.deregister(&web).await.unwrap_err(),
        aws.ecs.register(&TaskDefinition::parse(BLOCKING).unwrap(), &[]).await.unwrap_err(),
        aws.log_groups.create(&group).await.unwrap_err(),
        aws.log_groups.set_retention("/a", 30).await.unwrap_err(),
        aws.log_groups.delete_retention("/a").await.unwrap_err(),
    ];
    for error in refusals {
        assert!(error.to_string().contains("but this run is read-only"), "{error}");
    }
    assert_eq!(operator.aws.calls(), []);
}

#[test]
fn yes_corrects_and_the_printed_undo_command_backs_it_out() {
    let operator = Operator::of(&[blocking("web")]);
    let ran = operator.run(&["apply", "ecs:web", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("web:1: remediated") && ran.out.contains(WEB_2), "{}", ran.out);
    assert_eq!(operator.account.active("web"), [1, 2]);
    let options = &operator.account.document("web", 2)["containerDefinitions"][0]["logConfiguration"]["options"];
    assert_eq!((&options["mode"], &options["max-buffer-size"]), (&json!("non-blocking"), &json!("25m")));

    let back = operator.types(undo(&ran.out));
    assert_eq!(back.code, 0, "{}: {back:?}", undo(&ran.out));
    assert!(back.out.contains("web:1: backed-out"), "{}", back.out);
    assert_eq!(operator.account.active("web"), [1]);
}

#[test]
fn all_corrects_every_faulty_family_and_does_not_mention_the_others() {
    let sound = with_options("sound", &[("mode", "non-blocking"), ("max-buffer-size", "25m")]);
    let operator = Operator::of(&[blocking("web"), sound, blocking("api")]);
    operator.run(&["apply", "ecs:sound", "--yes"]); // creates the log group
    let ran = operator.run(&["apply", "--all", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for (family, active) in [("web", vec![1, 2]), ("api", vec![1, 2]), ("sound", vec![1])] {
        assert_eq!(operator.account.active(family), active, "{family}");
        assert_eq!(ran.out.contains(&format!("{family}:1: remediated")), active.len() == 2, "{}", ran.out);
    }
    assert!(!ran.out.contains("sound"), "{}", ran.out);
    let both = operator.run(&["apply", "--all", "ecs:web"]);
    let neither = operator.run(&["apply", "--yes"]);
    let silent = operator.run(&["apply", "--all"]);
    assert_eq!((both.code, neither.code, silent.code), (64, 64, 64), "{}", silent.err);
}

#[test]
fn a_backed_out_revision_is_corrected_again_only_if_forced() {
    let operator = Operator::of(&[blocking("web")]);
    let ran = operator.run(&["apply", "ecs:web:1", "--yes"]);
    operator.types(undo(&ran.out));

    let looked = operator.run(&["apply", "ecs:web:1", "--dry-run"]);
    assert!(
        looked.out.contains("the correction of web:1 was backed out earlier; --force corrects web:1"),
        "{}",
        looked.out
    );
    let second = operator.run(&["apply", "ecs:web:1", "--yes"]);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(second.out.contains("web:1: skipped (backed-out-before)"), "{}", second.out);
    assert_eq!(operator.account.active("web"), [1]);

    let again = operator.run(&["apply", "ecs:web:1", "--yes", "--force"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(operator.account.active("web"), [1, 3]);
    assert_eq!(operator.types(undo(&again.out)).code, 0);
    assert_eq!(operator.account.active("web"), [1]);
}

#[test]
fn an_existing_correction_is_reported_without_a_plan() {
    let operator = Operator::of(&[blocking("web")]);
    operator.run(&["apply", "ecs:web:1", "--yes"]);
    let ran = operator.run(&["apply", "ecs:web:1", "--yes"]);
    assert_eq!((ran.code, operator.account.active("web")), (0, vec![1, 2]), "{ran:?}");
    assert!(ran.out.starts_with("web:1 is already corrected by web:2\nweb:1: skipped (duplicate)\n"), "{}", ran.out);
    let again = operator.run(&["apply", "ecs:web:1", "--yes", "--force"]);
    assert!(again.out.contains("warning[blocking-delivery]"), "a forced plan is shown: {}", again.out);
}

#[test]
fn a_family_on_hold_is_refused_unless_forced() {
    let operator = Operator::of(&[blocking("web")]);
    operator.run(&["apply", "ecs:web:1", "--yes"]);
    operator.run(&["backout", "web:1", "--hold-family", "2h", "--reason", "incident 7"]);
    operator.account.registers(&blocking("web"));
    let looked = operator.run(&["apply", "ecs:web:3", "--dry-run"]);
    assert!(looked.out.contains("incident 7; --force corrects web:3"), "{}", looked.out);
    let held = operator.run(&["apply", "ecs:web:3", "--yes"]);
    assert_eq!(held.code, 1, "{held:?}");
    assert!(held.out.contains("web:3: refused (on-hold)"), "{}", held.out);
    assert_eq!(operator.run(&["apply", "ecs:web:3", "--yes", "--force"]).code, 0);
    assert_eq!(operator.account.active("web"), [1, 3, 4]);
}

#[test]
fn json_is_one_object_with_a_report_for_each_target() {
    let operator = Operator::of(&[blocking("web"), blocking("api")]);
    let ran = operator.run(&["apply", "ecs:web", "ecs:api:1", WEB_1, "--yes", "--format", "json"]);
    let answer = ran.json();
    assert_eq!((ran.code, &answer["schema"]), (0, &json!("logweir.apply/1")));
    let reports: Vec<_> = answer["reports"].as_array().unwrap().iter().collect();
    let seen: Vec<_> =
        reports.iter().map(|report| (&report["record"], &report["outcome"], &report["reason"])).collect();
    assert_eq!(
        seen,
        [
            (&json!("web:1"), &json!("remediated"), &Value::Null),
            (&json!("api:1"), &json!("remediated"), &Value::Null),
            (&json!("web:1"), &json!("skipped"), &json!("duplicate")),
        ]
    );
    let backout = reports[0]["backout"].as_str().unwrap();
    assert_eq!(operator.types(backout).code, 0, "{backout}");
    assert_eq!(operator.account.active("web"), [1]);
}

#[test]
fn of_several_targets_the_highest_exit_code_wins() {
    let good = [("mode", "non-blocking"), ("max-buffer-size", "25m")];
    let operator = Operator::of(&[
        blocking("web"),
        with_options("good", &good),
        with_options("far", &[good[0], good[1], ("awslogs-region", "us-east-1")]),
    ]);
    assert_eq!(operator.run(&["apply", "ecs:web", "--yes"]).code, 0, "it creates the group that all log to");
    for (targets, code) in [
        (&["ecs:good"][..], 0),
        (&["ecs:good", "ecs:far"], 1),
        (&["ecs:far", "ecs:good"], 1),
        (&["ecs:missing", "ecs:far", "ecs:good"], 2),
    ] {
        let ran = operator.run(&[&["apply", "--yes"], targets].concat());
        assert_eq!(ran.code, code, "{targets:?}: {ran:?}");
    }
    let ran = operator.run(&["apply", "--yes", "ecs:missing", "ecs:good"]);
    assert!(ran.err.contains("ecs:missing") && ran.out.contains("good:1: compliant"), "{ran:?}");
}
