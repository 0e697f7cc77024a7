//! Tests of the plans and states that Logweir reads.

use super::*;

const SECRET: &str = "hunter2";

fn shown(value: &Value) -> Shown {
    let Value::Object(members) = value else { panic!() };
    assert!(is_shown(members));
    read(members).unwrap()
}

fn change(actions: &[&str], after: Value, unknown: Value, sensitive: Value) -> Value {
    json!({
        "address": "module.a[\"x\"].aws_ecs_task_definition.web", "mode": "managed",
        "type": "aws_ecs_task_definition", "name": "web",
        "change": {"actions": actions, "before": {"container_definitions": "[]"}, "after": after,
                   "after_unknown": unknown, "after_sensitive": sensitive},
    })
}

fn plan(changes: &[Value]) -> Value {
    json!({"format_version": "1.2", "terraform_version": "1.13.0", "resource_changes": changes, "applyable": true})
}

fn containers() -> Value {
    json!([{"name": "app", "environment": [{"name": "P", "value": SECRET}], "logConfiguration": {
        "logDriver": "awslogs", "options": {
        "awslogs-group": SECRET, "mode": "blocking", "max-buffer-size": "25m"}}}])
}

fn web() -> Value {
    json!({"family": "web", "cpu": "256", "network_mode": "awsvpc", "execution_role_arn": null,
           "requires_compatibilities": ["FARGATE"], "container_definitions": containers().to_string()})
}

#[test]
fn a_task_definition_is_what_it_will_be_after_the_plan() {
    for actions in [&["no-op"][..], &["create"], &["update"], &["delete", "create"], &["create", "delete"]] {
        let shown = shown(&plan(&[change(actions, web(), json!({}), json!({}))]));
        let found = &shown.definitions[0];
        assert_eq!(found.address, "module.a[\"x\"].aws_ecs_task_definition.web");
        assert_eq!(found.pointer, "/resource_changes/0/change/after");
        assert_eq!(found.definition["family"], "web");
        assert_eq!(found.definition["requiresCompatibilities"], json!(["FARGATE"]));
        assert_eq!(found.definition["containerDefinitions"], containers());
        assert!(found.definition.get("executionRoleArn").is_none() && found.unknown.is_none());
    }
    for (actions, after) in [(&["delete"][..], Value::Null), (&["forget"], Value::Null), (&["delete"], web())] {
        assert!(shown(&plan(&[change(actions, after, json!({}), json!({}))])).definitions.is_empty());
    }
}

#[test]
fn containers_that_the_plan_does_not_show_are_unknown() {
    let without = |value: Option<&str>| {
        let mut web = web();
        match value {
            Some(text) => web["container_definitions"] = text.into(),
            None => drop(web.as_object_mut().unwrap().shift_remove("container_definitions")),
        }
        web
    };
    for (after, unknown) in [
        (without(None), json!({"container_definitions": true})),
        (web(), json!({"container_definitions": true})),
        (without(None), json!({})),
        (without(Some("")), json!({})),
        (without(Some("[]")), json!({})),
        (without(Some("{}")), json!({})),
        (without(Some("no JSON")), json!({})),
    ] {
        let shown = shown(&plan(&[change(&["create"], after, unknown, json!(false))]));
        let found = &shown.definitions[0];
        assert!(found.unknown.is_some());
        assert_eq!(found.definition["containerDefinitions"], json!([later()]));
    }
    let role = change(&["create"], web(), json!({"execution_role_arn": true}), json!({}));
    assert_eq!(shown(&plan(&[role])).definitions[0].definition["executionRoleArn"], later());
}

#[test]
fn no_sensitive_value_leaves_the_plan() {
    for sensitive in
        [json!(true), json!({"container_definitions": true}), json!({"container_definitions": [{"x": true}]})]
    {
        let shown = shown(&plan(&[change(&["create"], web(), json!({}), sensitive)]));
        let text = shown.definitions[0].definition.to_string();
        assert!(!text.contains(SECRET) && !text.contains("\"app\""), "{text}");
        assert!(shown.definitions[0].unknown.is_some());
    }
    let family = change(&["create"], web(), json!({}), json!({"family": true}));
    assert_eq!(shown(&plan(&[family])).definitions[0].definition["family"], hidden());
}

#[test]
fn a_state_has_modules_in_modules() {
    let resource = |address: &str| {
        json!({
            "address": address, "mode": "managed", "type": "aws_ecs_task_definition", "name": "web",
            "values": web(),
            "sensitive_values": {"container_definitions": address.starts_with("module")},
        })
    };
    let group = json!({"address": "aws_cloudwatch_log_group.web", "mode": "managed",
                       "type": "aws_cloudwatch_log_group",
                       "name": "web", "values": {"name": "/ecs/web", "retention_in_days": 0}});
    let data = json!({"address": "data.aws_ecs_task_definition.x", "mode": "data", "type": "aws_ecs_task_definition"});
    let state = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {
        "resources": [resource("aws_ecs_task_definition.web"), group, data],
        "child_modules": [{"address": "module.a", "child_modules": [
            {"address": "module.a.module.b",
             "resources": [resource("module.a.module.b.aws_ecs_task_definition.web")]}]}],
    }}});
    let shown = shown(&state);
    assert_eq!(shown.definitions.len(), 2);
    assert_eq!(shown.definitions[1].pointer, "/values/root_module/child_modules/0/child_modules/0/resources/0/values");
    assert!(shown.definitions[0].definition.to_string().contains(SECRET));
    assert!(!shown.definitions[1].definition.to_string().contains(SECRET));
    let expected = ShownGroup {
        address: "aws_cloudwatch_log_group.web".into(),
        name: "/ecs/web".into(),
        retention: DefinedRetention::Unbounded,
    };
    assert_eq!(shown.groups, [expected]);
}

#[test]
fn members_are_known_in_any_case() {
    let text = json!([{"Name": "app", "LOGCONFIGURATION": {"LogDriver": "awslogs", "Options": {"Mode": "x"}}}]);
    let web = json!({"container_definitions": text.to_string()});
    let shown = shown(&plan(&[change(&["create"], web, json!({}), json!({}))]));
    let expected = json!([{"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": {"Mode": "x"}}}]);
    assert_eq!(shown.definitions[0].definition["containerDefinitions"], expected);
    let twice = r#"[{"name": "app", "logConfiguration": {"options": {}}, "logConfiguration": {"logDriver": "x"}}]"#;
    let web = json!({"container_definitions": twice});
    let shown = super::tests::shown(&plan(&[change(&["create"], web, json!({}), json!({}))]));
    assert_eq!(shown.definitions[0].definition["containerDefinitions"], json!([{"Ref": "repeated member"}]));
}

#[test]
fn a_plan_that_lacks_changes_says_so() {
    let web = change(&["create"], web(), json!({}), json!({}));
    for (member, value, word) in [
        ("errored", json!(true), Some("errored")),
        ("complete", json!(false), Some("complete")),
        ("deferred_changes", json!([{"reason": "absent_prereq"}]), Some("deferred_changes")),
        ("errored", json!(false), None),
        ("complete", json!(true), None),
        ("deferred_changes", json!([]), None),
    ] {
        let mut plan = plan(std::slice::from_ref(&web));
        plan[member] = value;
        let shown = shown(&plan);
        assert_eq!(shown.gap.is_some(), word.is_some(), "{member}");
        assert!(shown.gap.unwrap_or_default().contains(word.unwrap_or_default()), "{member}");
    }
}

#[test]
fn a_deferred_change_is_unknown() {
    let mut plan = plan(&[]);
    let web = change(&["create"], Value::Null, json!({}), json!({}));
    plan["deferred_changes"] = json!([{"reason": "provider_config_unknown", "resource_change": web}]);
    let found = &shown(&plan).definitions[0];
    assert_eq!(found.pointer, "/deferred_changes/0/resource_change/change/after");
    assert_eq!(found.unknown.as_deref(), Some(DEFERRED));
}

#[test]
fn a_resource_that_only_the_planned_values_list_is_judged_too() {
    let mut plan = plan(&[change(&["create"], web(), json!({}), json!({}))]);
    let resource = |address: &str| {
        json!({"address": address, "mode": "managed", "type": "aws_ecs_task_definition", "name": "web",
               "values": web()})
    };
    plan["planned_values"] = json!({"root_module": {"resources": [
        resource("module.a[\"x\"].aws_ecs_task_definition.web"), resource("aws_ecs_task_definition.api")]}});
    let shown = shown(&plan);
    let pointers: Vec<&str> = shown.definitions.iter().map(|found| found.pointer.as_str()).collect();
    let planned = "/planned_values/root_module/resources/1/values";
    assert_eq!(pointers, ["/resource_changes/0/change/after", planned]);
}

#[test]
fn a_task_definition_of_another_provider_is_unknown() {
    let mut other = change(&["create"], json!({"container_definitions": []}), json!({}), json!({}));
    other["type"] = "awscc_ecs_task_definition".into();
    let shown = shown(&plan(&[other]));
    assert_eq!(shown.definitions[0].unknown.as_deref(), Some(UNREAD_TYPE));
}

#[test]
fn a_template_of_cloudformation_in_a_text_is_unknown() {
    let after = json!({"template_body": "Resources: {T: {Type: 'AWS::ECS::TaskDefinition'}}"});
    let mut stack = change(&["create"], after, json!({}), json!({}));
    stack["type"] = "aws_cloudformation_stack".into();
    assert_eq!(shown(&plan(&[stack])).definitions[0].unknown.as_deref(), Some(EMBEDDED));
}

#[test]
fn another_major_version_is_refused() {
    let Value::Object(members) = json!({"format_version": "2.0", "resource_changes": []}) else { panic!() };
    assert!(read(&members).unwrap_err().message.contains("version 2.0"));
}
