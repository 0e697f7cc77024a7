//! The log groups of a template.

use super::{GOOD, container, expect, findings, fixed, template};

#[test]
fn a_group_without_retention_gets_one_only_with_consent() {
    let text = template(&container(GOOD))
        .replace("    Properties:\n      RetentionInDays: 30\n", "    Properties:\n      LogGroupName: /ecs/web\n");
    let found = findings(&text);
    assert!(found.len() == 1 && found[0].contains("`LogGroup` never expire"), "{found:?}");
    assert_eq!(fixed(&text, false).as_deref(), Ok(text.as_str()));
    expect(&text, "      LogGroupName: /ecs/web\n", "      LogGroupName: /ecs/web\n      RetentionInDays: 30\n", true);
    let bare = text.replace("    Properties:\n      LogGroupName: /ecs/web\n", "");
    let new = "    Type: AWS::Logs::LogGroup\n    Properties:\n      RetentionInDays: 30\n";
    expect(&bare, "    Type: AWS::Logs::LogGroup\n", new, true);
}

#[test]
fn a_shorter_retention_is_raised_and_a_longer_one_stays() {
    let text = template(&container(GOOD)).replace("RetentionInDays: 30", "RetentionInDays: 7 # a week");
    expect(&text, "RetentionInDays: 7 #", "RetentionInDays: 30 #", false);
    assert_eq!(findings(&text.replace("7 # a week", "365")), Vec::<String>::new());
}

#[test]
fn a_parameter_gives_a_retention_by_default() {
    let text = |default: &str| {
        let parameters = format!("Parameters:\n  Days:\n    Type: Number\n    Default: {default}\nResources:");
        template(&container(GOOD)).replace("Days: 30", "Days: !Ref Days").replace("Resources:", &parameters)
    };
    assert_eq!(findings(&text("30")), Vec::<String>::new());
    let found = findings(&text("7"));
    assert!(found.len() == 1 && found[0].starts_with("unbounded-retention by-default"), "{found:?}");
    assert_eq!(fixed(&text("7"), true).as_deref(), Ok(text("7").as_str()));
}

#[test]
fn a_parameter_with_its_default_is_named() {
    let parameters = "Parameters:\n  Days:\n    Type: Number\n    Default: 7\nResources:";
    let text = template(&container(GOOD)).replace("Days: 30", "Days: !Ref Days").replace("Resources:", parameters);
    assert!(
        findings(&text)[0].ends_with(", by default: parameter `Days` has the default `7`"),
        "{:?}",
        findings(&text)
    );
}

#[test]
fn each_branch_of_a_condition_has_a_retention() {
    let text = |retention: &str| template(&container(GOOD)).replace("InDays: 30", &format!("InDays: {retention}"));
    for (retention, branches) in [
        ("!If [P, 30, 365]", &[][..]),
        ("!If [P, 7, 365]", &["condition `P` is true"]),
        ("{'Fn::If': [P, 90, !Ref AWS::NoValue]}", &["condition `P` is false"]),
        ("!If [P, 1, 3]", &["condition `P` is true", "condition `P` is false"]),
        ("!If [P, !If [Q, 7, 90], !If [P, 1, 90]]", &["condition `P` is true and condition `Q` is true"]),
        ("!If [P, !If [P, 90, 1], 90]", &[]),
    ] {
        let text = text(retention);
        let found = findings(&text);
        let ends: Vec<&str> = found.iter().map(|it| it.rsplit(", if ").next().unwrap()).collect();
        assert_eq!(ends, branches, "{retention}: {found:?}");
        assert_eq!(fixed(&text, true).as_deref(), Ok(text.as_str()));
    }
    let unknown = findings(&text("!If [P, !ImportValue x, 90]"));
    assert!(unknown.len() == 1 && unknown[0].contains(" unknown "), "{unknown:?}");
    let endless = text("&r !If [P, *r, !If [Q, *r, 90]]");
    assert!(findings(&endless).iter().all(|finding| finding.contains(" unknown ")), "{:?}", findings(&endless));
}

#[test]
fn a_retention_that_an_include_or_a_merge_key_adds_is_unknown() {
    for added in ["Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://a/b}}", "<<: {RetentionInDays: 90}"]
    {
        let text = template(&container(GOOD)).replace("RetentionInDays: 30", added);
        let found = findings(&text);
        assert!(found.iter().all(|finding| finding.contains(" unknown ")), "{found:?}");
    }
}

#[test]
fn a_group_that_no_container_uses_and_a_group_of_another_stack_are_not_judged() {
    let text = template(&container(GOOD)).replace("      RetentionInDays: 30\n", "      LogGroupName: /other\n");
    let text = text.replace("awslogs-group: !Ref LogGroup", "awslogs-group: /ecs/web");
    assert_eq!(findings(&text), Vec::<String>::new());
    assert_eq!(findings(&text.replace("/other", "/ecs/web")).len(), 1);
}

#[test]
fn a_new_log_configuration_has_the_group_of_its_neighbours_also_if_another_stack_defines_it() {
    for group in ["/ecs/shared", "!Ref GroupName", "!Sub '/ecs/${Stage}'"] {
        let side = format!("{GOOD}        - Name: side\n          Image: x\n");
        let text = template(&container(&side)).replace("!Ref LogGroup", group);
        let found = fixed(&text, false).unwrap();
        assert_eq!(found.matches(&format!("awslogs-group: {group}\n")).count(), 2, "{found}");
        assert_eq!(fixed(&found, true).as_deref(), Ok(found.as_str()));
    }
    let side = format!("{GOOD}        - Name: side\n          Image: x\n");
    let text = template(&container(&side)).replace("!Ref LogGroup", "!ImportValue group");
    assert_eq!(fixed(&text, false).as_deref(), Ok(text.as_str()));
}

#[test]
fn a_named_group_is_referred_to_and_not_repeated() {
    let side = format!("{GOOD}        - Name: side\n          Image: x\n");
    let text = template(&container(&side))
        .replace("RetentionInDays: 30\n", "RetentionInDays: 30\n      LogGroupName: /ecs/web\n");
    let found = fixed(&text, false).unwrap();
    assert_eq!(found.matches("awslogs-group: !Ref LogGroup\n").count(), 2, "{found}");
}

#[test]
fn a_task_without_a_group_gets_one_only_with_consent() {
    let text = "Resources:\n  Task:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      Family: web\n      \
                ExecutionRoleArn: !GetAtt Role.Arn\n      ContainerDefinitions:\n        - Name: app\n          Image: x\n\n  Topic:\n    \
                Type: AWS::SNS::Topic\n# the end\n";
    assert_eq!(fixed(text, false).as_deref(), Ok(text));
    let found = fixed(text, true).unwrap();
    let wanted = text
        .replace(
            "Image: x\n",
            "Image: x\n          LogConfiguration:\n            LogDriver: awslogs\n            Options:\n              \
             awslogs-group: !Ref EcsWebLogGroup\n              awslogs-region: !Ref AWS::Region\n              \
             awslogs-stream-prefix: app\n              mode: non-blocking\n              max-buffer-size: 25m\n",
        )
        .replace(
            "    Type: AWS::SNS::Topic\n",
            "    Type: AWS::SNS::Topic\n\n  EcsWebLogGroup:\n    Type: AWS::Logs::LogGroup\n    DeletionPolicy: Retain\n    \
             UpdateReplacePolicy: Retain\n    Properties:\n      LogGroupName: /ecs/web\n      RetentionInDays: 30\n",
        );
    assert_eq!(found, wanted, "\n{found}");
    assert_eq!(fixed(&found, true).as_deref(), Ok(found.as_str()));
    let roleless = text.replace("      ExecutionRoleArn: !GetAtt Role.Arn\n", "");
    assert_eq!(fixed(&roleless, true).as_deref(), Ok(roleless.as_str()));
}
