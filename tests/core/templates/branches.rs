//! Conditions: a verdict for each branch, and a fix in the branch that has the fault.

use super::{container, expect, findings, fixed, template};

fn with_mode(value: &str) -> String {
    template(&container(&format!("              mode: {value}\n              max-buffer-size: 25m\n")))
}

#[test]
fn a_bad_branch_is_named_and_edited() {
    for (mode, old, new, branch) in [
        ("!If [IsProd, non-blocking, blocking]", ", blocking]", ", non-blocking]", "if condition `IsProd` is false"),
        (
            "{Fn::If: [IsProd, blocking, non-blocking]}",
            ", blocking,",
            ", non-blocking,",
            "if condition `IsProd` is true",
        ),
    ] {
        let text = with_mode(mode);
        let found = findings(&text);
        assert!(found.len() == 1 && found[0].ends_with(branch), "{found:?}");
        expect(&text, old, new, false);
    }
}

#[test]
fn two_good_branches_are_no_fault_and_a_hidden_one_is_unknown() {
    assert_eq!(
        findings(&with_mode("!If [A, non-blocking, !If [B, non-blocking, non-blocking]]")),
        Vec::<String>::new()
    );
    let found = findings(&with_mode("!If [A, non-blocking, !Ref Mode]"));
    assert!(found.len() == 1 && found[0].starts_with("blocking-delivery unknown"), "{found:?}");
}

#[test]
fn a_removed_value_is_absent_in_its_branch() {
    let found = findings(&with_mode("!If [A, non-blocking, !Ref AWS::NoValue]"));
    assert!(found.len() == 1 && found[0].contains("a default that may change, if condition `A` is false"), "{found:?}");
}

#[test]
fn a_condition_that_follows_from_another_one_is_no_further_branch() {
    let text = with_mode("!If [A, !If [NotA, blocking, non-blocking], non-blocking]")
        .replace("Resources:", "Conditions:\n  NotA: !Not [!Condition A]\nResources:");
    assert_eq!(findings(&text), Vec::<String>::new());
}

#[test]
fn a_container_of_one_branch_is_judged_there() {
    let side = "              mode: non-blocking\n              max-buffer-size: 25m\n        - !If\n          - WithSide\n          - Name: side\n            \
                Image: x\n          - !Ref AWS::NoValue\n";
    let text = template(&container(side));
    let found = findings(&text);
    assert!(
        found.len() == 1 && found[0].ends_with("no log configuration, if condition `WithSide` is true"),
        "{found:?}"
    );
    let fixed = fixed(&text, false).unwrap();
    assert!(
        fixed.contains("            Image: x\n            LogConfiguration:\n              LogDriver: awslogs\n"),
        "{fixed}"
    );
}

#[test]
fn the_condition_of_the_resource_is_true_in_it() {
    let text = with_mode("!If [IsProd, non-blocking, blocking]");
    let text = text.replace("TaskDefinition\n", "TaskDefinition\n    Condition: IsProd\n");
    assert_eq!(findings(&text), Vec::<String>::new());
}

#[test]
fn very_many_conditions_are_bounded() {
    let mode = (0..20).fold("non-blocking".to_owned(), |inner, at| format!("!If [C{at}, non-blocking, {inner}]"));
    assert!(findings(&with_mode(&mode)).len() <= 1);
}
