//! `hold` with the operator's own permissions, and what `records` says about holds.

use serde_json::json;

use super::rollout::pinned;
use crate::loopback::operator::Operator;

#[test]
fn a_hold_stops_a_correction_and_is_listed_until_it_is_released() {
    let operator = Operator::of(&[pinned("web")]);
    std::fs::create_dir(operator.journal()).unwrap();
    let ran = operator.run(&["hold", "ecs:web", "--until", "2h", "--reason", "INC-42"]);
    assert_eq!((ran.code, ran.out.lines().next()), (0, Some("web: held")), "{ran:?}");
    assert_eq!(operator.writing_calls(), [""; 0], "a hold changes nothing in ECS");
    let refused = operator.run(&["apply", "ecs:web", "--yes"]);
    assert!(refused.code == 1 && refused.out.contains("refused (on-hold)"), "{refused:?}");
    let listed = operator.run(&["records", "--family", "web"]);
    assert!(
        listed.out.contains("! web: the family is on hold until") && listed.out.contains("INC-42"),
        "{}",
        listed.out
    );
    let release = listed.out.lines().find_map(|line| line.trim().strip_prefix("to end the hold, run: ")).unwrap();
    assert_eq!(operator.types(release).out.lines().next(), Some("web: released"), "{release}");
    assert!(!operator.run(&["records"]).out.contains("on hold"));
    let applied = operator.run(&["apply", "ecs:web", "--yes"]);
    assert!(applied.code == 0 && applied.out.contains("remediated"), "{applied:?}");
}

#[test]
fn a_hold_without_an_end_or_of_a_revision_is_refused_before_any_call() {
    let operator = Operator::of(&[pinned("web")]);
    for (arguments, why) in [
        (&["hold", "web"][..], "--until"),
        (&["hold", "web:1", "--until", "2h"], "use web"),
        (&["hold", "w b", "--until", "2h"], "not the name of a family"),
        (&["hold", "web", "--until", "2001-01-01"], "in the past"),
        (&["hold", "web", "--until", "2099-01-01T08:00"], "expected a time"),
        (&["hold", "web", "--release", "--until", "2h"], "cannot be used with"),
    ] {
        let ran = operator.run(arguments);
        assert!(ran.code == 64 && ran.err.contains(why), "{arguments:?}: {ran:?}");
    }
    assert_eq!(operator.aws.calls(), []);
}

#[test]
fn the_report_of_a_hold_is_json_with_the_schema_of_reports() {
    let operator = Operator::of(&[pinned("web")]);
    std::fs::create_dir(operator.journal()).unwrap();
    let report = operator.run(&["hold", "web", "--until", "7d", "--format", "json"]).json();
    assert_eq!(
        (&report["outcome"], &report["mode"], &report["family"]),
        (&json!("held"), &json!("hold"), &json!("web"))
    );
    assert_eq!(report["schema"], "logweir.report/1");
}
