//! `apply --all`: one plan for the account, its file, its run, and the backout of the run.

use serde_json::{Value, json};

use super::apply::blocking;
use super::golden;
use super::rollout::pinned;
use crate::loopback::operator::Operator;
use crate::loopback::{Loopback, Reply};

fn two() -> Operator {
    Operator::of(&[blocking("web"), blocking("api")])
}

/// Returns the output without the values that differ from run to run.
fn stable(mut output: Value) -> Value {
    let digest = json!(format!("sha256:{}", "0".repeat(64)));
    for (member, value) in [
        ("made", json!("2026-12-01T12:00:00Z")),
        ("logweir", json!("0.1.0")),
        ("baseline_digest", digest.clone()),
        ("run", json!("run-20261201T120000Z-000000000000")),
        ("backout", json!("logweir backout --run ID")),
        ("resume", json!("logweir apply --resume ID")),
    ] {
        if output.get(member).is_some_and(|found| !found.is_null()) {
            output[member] = value;
        }
    }
    for item in output.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        for member in ["source_digest", "edits_digest"] {
            if item.get(member).is_some() {
                item[member] = digest.clone();
            }
        }
    }
    output
}

/// The ID of the run that the output names.
fn run_of(text: &str) -> String {
    let found = text.split_whitespace().find(|word| word.starts_with("run-"));
    found.unwrap_or_else(|| panic!("no run in {text}")).trim_end_matches([';', ':']).to_owned()
}

#[test]
fn wrong_options_are_wrong_usage_and_nothing_is_called() {
    let operator = two();
    for arguments in [
        &["--all", "--force", "--yes"][..],
        &["--all", "--canary", "1", "--yes"],
        &["ecs:web", "--canary", "1", "--yes"],
        &["ecs:web", "--plan-out", "plan.json"],
        &["--all", "--plan", "plan.json", "--yes"],
        &["--plan", "plan.json", "--plan-out", "other.json"],
        &["--resume", "web:1", "--yes"],
        &["--all", "--mode", "observe", "--dry-run"],
    ] {
        let ran = operator.run(&[&["apply"][..], arguments].concat());
        assert_eq!(ran.code, 64, "{arguments:?}: {ran:?}");
    }
    assert_eq!(operator.aws.calls(), []);
}

#[test]
fn a_plan_file_is_private_and_applies_exactly_what_it_shows() {
    let operator = two();
    let path = operator.folder.path().join("plan.json");
    let file = path.display().to_string();
    let ran = operator.run(&["apply", "--all", "--plan-out", &file]);
    assert_eq!((ran.code, operator.writing_calls()), (0, vec![]), "{ran:?}");
    assert!(ran.out.contains("web:1: register a corrected revision (blocking-delivery"), "{}", ran.out);
    assert!(ran.out.contains("app: mode blocking → non-blocking"), "{}", ran.out);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777,
        0o600
    );
    let text = std::fs::read_to_string(&path).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&plan["schema"], plan["items"].as_array().unwrap().len()), (&json!("logweir.plan/1"), 2));
    assert!(!text.contains("environment") && !text.contains("containerDefinitions"), "{text}");

    // One family has moved since, so its item is refused.
    operator.account.registers(&blocking("web"));
    let ran = operator.run(&["apply", "--plan", &file, "--yes"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("web:1: superseded (not-latest)") && ran.out.contains("api:1: remediated"), "{}", ran.out);
    assert_eq!((operator.account.active("web"), operator.account.active("api")), (vec![1, 2], vec![1, 2]));

    let id = plan["run"].as_str().unwrap();
    let back = operator.run(&["backout", "--run", id, "--yes"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!((operator.account.active("web"), operator.account.active("api")), (vec![1, 2], vec![1]));
}

#[test]
fn a_changed_or_foreign_plan_changes_nothing() {
    let operator = two();
    let file = operator.folder.path().join("plan.json").display().to_string();
    operator.run(&["apply", "--all", "--plan-out", &file]);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut other = plan.clone();
    other["schema"] = "logweir.plan/2".into();
    let mut elsewhere = plan.clone();
    elsewhere["account"] = "999999999999".into();
    let mut digest = plan.clone();
    digest["baseline_digest"] = "sha256:0".into();
    let mut mode = plan.clone();
    mode["mode"] = "rollout".into();
    for (plan, code, says) in [
        (other, 2, "knows no plan with the schema `logweir.plan/2`"),
        (elsewhere, 2, "names another account or Region"),
        (digest, 2, "the baseline has changed since the plan was made"),
        (mode, 64, "add --mode rollout"),
        (json!([]), 2, "it has no schema logweir.plan/1"),
    ] {
        let file = operator.file("changed.json", &format!("{plan:#}"));
        let ran = operator.run(&["apply", "--plan", &file, "--yes"]);
        assert_eq!(ran.code, code, "{says}: {ran:?}");
        assert!(ran.err.contains(says), "{says}: {}", ran.err);
    }
    assert_eq!(operator.writing_calls(), Vec::<String>::new());
}

#[test]
fn the_hint_of_a_plan_file_is_the_command_that_applies_the_plan() {
    let operator = Operator::of(&[pinned("web")]);
    operator.account.creates_service("prod/web", "web", 1);
    let baseline = operator.file("base line.toml", logweir::settings::SHIPPED_BASELINE);
    let file = operator.folder.path().join("plan.json").display().to_string();
    let ran = operator.run(&["apply", "--all", "--mode", "rollout", "--plan-out", &file, "--baseline", &baseline]);
    let command = ran.err.split("to apply it: ").nth(1).unwrap_or_else(|| panic!("{ran:?}")).lines().next().unwrap();
    let applied = operator.types(&format!("{command} --yes --wait 0"));
    assert_eq!(operator.account.active("web"), [1, 2], "{command}: {applied:?}");
    assert_eq!(operator.account.runs("prod/web")[0], "web:2", "{command}: {applied:?}");
    let resume = applied.err.split("after an interruption: ").nth(1).unwrap().lines().next().unwrap();
    assert!(resume.contains("--journal") && resume.contains("--baseline"), "{resume}");
    operator.account.services(|services| services.ends("prod/web"));
    assert_eq!(operator.types(&format!("{resume} --yes --wait 0")).code, 0, "{resume}");
}

#[test]
fn a_member_that_a_plan_does_not_have_is_refused_and_a_shortened_plan_is_said() {
    let operator = two();
    let file = operator.folder.path().join("plan.json").display().to_string();
    operator.run(&["apply", "--all", "--plan-out", &file]);
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let mut misspelt = plan.clone();
    misspelt["canray"] = 1.into();
    let mut forced = plan.clone();
    forced["items"][0]["force"] = true.into();
    for (plan, says) in [(misspelt, "knows no member `canray` of a plan"), (forced, "unknown field `force`")] {
        let ran = operator.run(&["apply", "--plan", &operator.file("changed.json", &plan.to_string()), "--yes"]);
        assert!(ran.code == 2 && ran.err.contains(says), "{ran:?}");
    }
    assert_eq!(operator.writing_calls(), Vec::<String>::new());
    let mut shorter = plan;
    shorter["items"].as_array_mut().unwrap().remove(0);
    let ran = operator.run(&["apply", "--plan", &operator.file("shorter.json", &shorter.to_string()), "--yes"]);
    assert_eq!((ran.code, operator.account.active("api"), operator.account.active("web")), (0, vec![1], vec![1, 2]));
    assert!(ran.err.contains("the plan was changed after Logweir wrote it"), "{}", ran.err);
}

#[test]
fn more_changes_than_allowed_change_nothing_and_say_how_to_go_on() {
    let operator = two();
    let ran = operator.run(&["apply", "--all", "--max-changes", "1", "--yes"]);
    assert_eq!((ran.code, operator.writing_calls()), (1, vec![]), "{ran:?}");
    assert!(ran.err.contains("the plan has 2 changes, and --max-changes allows 1"), "{}", ran.err);
    assert!(ran.err.contains("--plan-out FILE") && ran.err.contains("--max-changes 2"), "{}", ran.err);
}

#[test]
fn a_run_names_its_backout_and_can_be_continued() {
    let operator = two();
    let ran = operator.run(&["apply", "--all", "--yes"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let id = run_of(&ran.err);
    assert!(ran.out.contains(&format!("run {id}: 2 done")), "{}", ran.out);
    let again = operator.run(&["apply", "--resume", &id, "--yes", "--format", "json"]);
    let answer = again.json();
    assert_eq!((again.code, &answer["schema"], &answer["state"]), (0, &json!("logweir.run/1"), &json!("ended")));
    assert_eq!((operator.account.active("web"), operator.account.active("api")), (vec![1, 2], vec![1, 2]));

    let preview = operator.run(&["backout", "--run", &id, "--dry-run"]);
    assert!(preview.code == 0 && preview.out.contains(&format!("run {id}: 2 would be undone\n")), "{preview:?}");
    let record = operator.run(&["records", "web:1"]);
    assert!(record.out.contains(&format!("run        {id}\n")), "{}", record.out);
    let no_record = operator.run(&["records", &id]);
    assert!(no_record.err.contains(&format!("`logweir backout --run {id}`")), "{}", no_record.err);
    assert_eq!(operator.account.active("web"), [1, 2]);
    let undo = ran.out.lines().find_map(|line| line.trim().strip_prefix("undo all: ")).unwrap();
    assert_eq!(operator.types(undo).code, 0, "{undo}");
    assert_eq!((operator.account.active("web"), operator.account.active("api")), (vec![1], vec![1]));
    assert_eq!(operator.types(undo).code, 0, "a second backout of the run changes nothing");

    let unknown = operator.run(&["apply", "--resume", "run-20261201T143833Z-0f3a9c41d2e7", "--yes"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    let function = operator.run(&["backout", "--run", &id, "--function", "logweir-backout"]);
    assert_eq!(function.code, 64, "{function:?}");
}

#[test]
fn in_mode_rollout_the_plan_names_the_services_and_a_canary_that_is_in_progress_stops_the_run() {
    let operator = Operator::of(&[pinned("web"), pinned("api")]);
    for family in ["api", "web"] {
        let service = format!("prod/{family}");
        operator.account.creates_service(&service, family, 1);
        operator.account.services(|services| services.of(&service).looks = None);
    }
    let rollout = ["apply", "--all", "--mode", "rollout", "--canary", "1"];
    let plan = operator.run(&[&rollout[..], &["--dry-run"]].concat());
    assert_eq!(plan.code, 1, "{plan:?}");
    assert!(plan.out.contains("update service prod/api first (canary)"), "{}", plan.out);
    let ran = operator.run(&[&rollout[..], &["--yes", "--wait", "0"]].concat());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("prod/api: in progress") && ran.out.contains("web:1: not done"), "{}", ran.out);
    let id = run_of(&ran.err);
    operator.account.services(|services| services.ends("prod/api"));
    let ran = operator.run(&["apply", "--resume", &id, "--yes", "--wait", "0"]);
    assert!(ran.out.contains("prod/api: rolled-out") && ran.out.contains("web:1: remediated"), "{ran:?}");
    assert!(ran.out.contains("prod/web: in progress"), "{}", ran.out);
}

#[test]
fn a_plan_names_each_item_whose_services_cannot_be_read_and_the_run_updates_no_service() {
    let Operator { account, folder, .. } = Operator::of(&[pinned("web"), pinned("api")]);
    account.creates_service("prod/web", "web", 1);
    let mut service = account.service();
    let aws = Loopback::serve(move |operation, body| match operation {
        "ListServices" => Reply::error("AccessDeniedException", "not for you"),
        _ => service(operation, body),
    });
    let operator = Operator { folder, account, aws };
    let ran = operator.run(&["apply", "--all", "--mode", "rollout", "--yes", "--wait", "0"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(ran.out.matches("updates no service, because its services could not be read: ").count(), 2, "{ran:?}");
    assert!(ran.err.contains("AccessDeniedException: not for you"), "{}", ran.err);
    for family in ["api", "web"] {
        assert!(ran.out.contains(&format!("{family}:1: remediated")), "{}", ran.out);
        assert!(ran.out.contains(&format!("services of {family}:1: failed (unreadable): ")), "{}", ran.out);
    }
    assert!(!operator.writing_calls().contains(&"UpdateService".to_owned()), "{:?}", operator.writing_calls());
}

#[test]
fn the_plan_and_the_results_of_a_run_have_the_recorded_form() {
    let mut api = pinned("api");
    api["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"] = json!("/ecs/api");
    let operator = Operator::of(&[pinned("web"), api, pinned("held"), pinned("jobs")]);
    for (service, family) in [("prod/web", "web"), ("prod/jobs", "jobs")] {
        operator.account.creates_service(service, family, 1);
    }
    operator.account.registers(&pinned("jobs"));
    assert_eq!(operator.run(&["apply", "ecs:held", "--yes"]).code, 0);
    assert_eq!(operator.run(&["backout", "held:1", "--yes"]).code, 0);
    let rollout = ["--mode", "rollout", "--format", "json"];
    let file = operator.folder.path().join("plan.json").display().to_string();
    let ran = operator.run(&[&["apply", "--all", "--plan-out", &file], &rollout[..]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    golden("plan.json", &format!("{:#}\n", stable(plan.clone())));

    // One family has moved since.
    operator.account.registers(&pinned("api"));
    let run = plan["run"].as_str().unwrap();
    let apply = ["apply", "--plan", &file, "--yes", "--wait", "0"];
    let back = ["backout", "--run", run, "--yes", "--wait", "0", "--format", "json"];
    let arguments = [[&apply, &rollout[..]].concat(), back.into(), back.into(), [&apply, &rollout[..]].concat()];
    let mut results: Vec<Value> = arguments.iter().map(|it| stable(operator.run(it).json())).collect();
    let fine = Operator::of(&[]);
    results.push(stable(fine.run(&["apply", "--all", "--yes", "--format", "json"]).json()));
    golden("runs.json", &format!("{:#}\n", Value::from(results)));
}
