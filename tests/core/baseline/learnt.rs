//! The settings that Logweir learns from containers and log groups, and the text of the baseline with these settings.

use logweir::domain::baseline::{Baseline, Basis, ContainerLog, LearntSetting, Survey, Workload, fitted};
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::settings::SHIPPED_BASELINE;
use serde_json::json;

fn awslogs(family: &str, name: &str, group: &str) -> ContainerLog {
    let own = |text: &str| Some(text.to_owned());
    ContainerLog {
        family: own(family),
        name: own(name),
        driver: own("awslogs"),
        group: own(group),
        region: own("eu-west-1"),
    }
}

fn driven_by(driver: &str) -> ContainerLog {
    ContainerLog { driver: Some(driver.to_owned()), ..ContainerLog::default() }
}

fn survey(containers: impl IntoIterator<Item = ContainerLog>, groups: &[(&str, Option<u32>)]) -> Survey {
    let mut survey = Survey::default();
    containers.into_iter().for_each(|container| survey.add(container));
    groups.iter().for_each(|(name, retention)| survey.add_group((*name).to_owned(), *retention));
    survey
}

/// The value and the evidence of a setting.
fn said(survey: &Survey, key: &str) -> String {
    let settings = survey.learn();
    let setting: &LearntSetting = settings.iter().find(|setting| setting.key == key).unwrap();
    format!("{}: {}", setting.value, setting.evidence())
}

#[test]
fn the_most_common_pattern_of_log_group_names_is_learnt() {
    for (containers, expected) in [
        (
            vec![awslogs("web", "app", "/apps/web"), awslogs("api", "app", "/apps/api"), awslogs("x", "y", "/ecs/x")],
            r#""/apps/{family}": Learnt from 2 of 3 containers; also seen: /ecs/{family} (1)"#,
        ),
        (
            vec![awslogs("web", "web", "/apps/web"), awslogs("api", "main", "/apps/main")],
            r#""/apps/{container}": Learnt from 2 of 2 containers"#,
        ),
        (
            vec![awslogs("web", "app", "/l/web/app"), awslogs("api", "app", "/l/api/app")],
            r#""/l/{family}/{container}": Learnt from 2 of 2 containers"#,
        ),
        (
            vec![awslogs("web", "app", "/all"), awslogs("api", "app", "/all")],
            r#""/all": Learnt from 2 of 2 containers"#,
        ),
        (
            vec![awslogs("web", "app", "/apps/web")],
            r#""/ecs/{family}": The default, because only one shows a pattern: /apps/{family}"#,
        ),
        (
            vec![awslogs("web", "app", "/a/web"), awslogs("api", "app", "/b/api")],
            r#""/ecs/{family}": The default, because no pattern occurs twice"#,
        ),
        (
            ["a", "b"]
                .iter()
                .flat_map(|top| ["w", "x"].map(|name| awslogs(name, "app", &format!("/{top}/{name}"))))
                .collect(),
            "\"/ecs/{family}\": The default, because these are equally common (2 containers each): /a/{family}, \
             /b/{family}",
        ),
        (Vec::new(), r#""/ecs/{family}": The default, because nothing shows a pattern"#),
    ] {
        assert_eq!(said(&survey(containers, &[]), "logging.group"), expected);
    }
}

#[test]
fn logweir_may_create_the_log_groups_of_the_learnt_pattern() {
    for (group, expected) in [
        ("/apps/FAMILY", r#"["/apps/*"]: Follows from logging.group"#),
        ("/apps/prod-FAMILY/x", r#"["/apps/prod-*"]: Follows from logging.group"#),
        ("/all", r#"["/all"]: Follows from logging.group"#),
        ("/FAMILY", r#"["/ecs/*"]: The default, because the pattern of logging.group begins with a placeholder"#),
    ] {
        let containers = ["web", "api"].map(|family| awslogs(family, "app", &group.replace("FAMILY", family)));
        assert_eq!(said(&survey(containers, &[]), "log-group.create"), expected);
    }
    let expected = r#"["/ecs/*"]: The default, because logging.group has its default"#;
    assert_eq!(said(&Survey::default(), "log-group.create"), expected);
}

#[test]
fn the_most_common_retention_is_learnt() {
    for (groups, expected) in [
        (
            &[("/a", Some(14)), ("/b", Some(14)), ("/c", None), ("/d", Some(90))][..],
            "14: Learnt from 2 of 4 log groups; also seen: 90 (1), never (1)",
        ),
        (
            &[("/a", None), ("/b", None), ("/c", Some(14))],
            "30: The default, because the most common case is that events never expire",
        ),
        (
            &[("/a", Some(8)), ("/b", Some(8))],
            "30: The default, because CloudWatch Logs does not support the most common retention of 8 days",
        ),
        (&[("/a", Some(14))], "30: The default, because only one shows a retention: 14"),
        (&[], "30: The default, because nothing shows a retention"),
    ] {
        assert_eq!(said(&survey([], groups), "log-group.retention-days"), expected);
    }
}

#[test]
fn the_log_drivers_in_use_are_learnt() {
    let many = |driver: &str, number: usize| vec![driven_by(driver); number];
    for (containers, expected) in [
        (
            [many("splunk", 3), many("awslogs", 30), many("json-file", 1)].concat(),
            r#"["awslogs"]: Learnt from 30 of 34 containers: awslogs (30); also seen: splunk (3), json-file (1)"#,
        ),
        (
            [many("splunk", 4), many("awslogs", 5), many("json-file", 1)].concat(),
            "[\"awslogs\", \"splunk\"]: Learnt from 9 of 10 containers: awslogs (5), splunk (4); also seen: \
             json-file (1)",
        ),
        (many("gelf", 2), r#"["gelf", "awslogs"]: Learnt from 2 of 2 containers: gelf (2)"#),
        (many("CANARY", 9), r#"["awslogs", "awsfirelens", "splunk"]: The default, because nothing shows a log driver"#),
    ] {
        assert_eq!(said(&survey(containers, &[]), "logging.accept"), expected);
    }
}

#[test]
fn a_survey_holds_a_bounded_number_of_containers() {
    let survey = survey(vec![driven_by("awslogs"); 20_003], &[]);
    assert_eq!((survey.containers(), survey.left_out()), (20_000, 3));
}

#[test]
fn only_the_literal_values_of_a_document_are_learnt() {
    let text = json!({"family": "web", "containerDefinitions": [
        {"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/apps/web", "awslogs-region": "${REGION}"}}},
        {"name": "${NAME}", "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": {"Ref": "Group"}, "awslogs-region": "eu-west-1"}}},
        {"name": "side", "logConfiguration": {"logDriver": "splunk", "options": {"awslogs-group": "/x"}}},
        {"name": "none"},
    ]});
    let definition = TaskDefinition::parse(text.to_string()).unwrap();
    let own = |text: &str| Some(text.to_owned());
    let web = ContainerLog { family: own("web"), driver: own("awslogs"), ..ContainerLog::default() };
    let app = ContainerLog { name: own("app"), group: own("/apps/web"), ..web.clone() };
    let unnamed = ContainerLog { region: own("eu-west-1"), ..web.clone() };
    let side = ContainerLog { name: own("side"), driver: own("splunk"), ..web.clone() };
    let none = ContainerLog { name: own("none"), driver: None, ..web };
    assert_eq!(definition.container_logs(false).collect::<Vec<_>>(), [app, unnamed, side, none]);
    let registered: Vec<ContainerLog> = definition.container_logs(true).collect();
    assert_eq!((&registered[0].region, &registered[1].name), (&own("${REGION}"), &own("${NAME}")));
}

const HEADING: &str = "The heading.";

#[test]
fn the_text_of_the_baseline_has_the_learnt_values_and_their_evidence() {
    let containers = ["web", "api", "jobs"].map(|family| awslogs(family, "app", &format!("/apps/{family}")));
    let learnt = survey(containers, &[("/apps/web", Some(90)), ("/apps/api", Some(90))]).learn();
    let text = fitted(SHIPPED_BASELINE, HEADING, &learnt);
    let changed: Vec<&str> = text.lines().filter(|line| !SHIPPED_BASELINE.lines().any(|own| own == *line)).collect();
    let start = |line: &str| line.split("  ").next().unwrap().to_owned();
    let expected = [
        "# The heading.",
        "# Learnt from 3 of 3 containers: awslogs (3).",
        "accept = [\"awslogs\"]",
        "# Learnt from 3 of 3 containers.",
        "group = \"/apps/{family}\"",
        "# Follows from logging.group.",
        "create = [\"/apps/*\"]",
        "# Learnt from 2 of 2 log groups.",
        "retention-days = 90",
    ];
    assert_eq!(changed.iter().map(|line| start(line)).collect::<Vec<_>>(), expected);
    let columns = changed.iter().filter_map(|line| line.split_once(" # ")).map(|(before, _)| before.len());
    assert_eq!(columns.collect::<Vec<_>>(), [49; 4], "the comments keep their column");
    let baseline = Baseline::parse(&text).unwrap();
    let settings = baseline.settings(&Workload::default());
    assert_eq!((&*settings.logging.group, settings.log_group.retention_days), ("/apps/{family}", Some(90)));
    assert_eq!(settings.log_group.create, ["/apps/*"]);
}

#[test]
fn without_evidence_the_text_has_the_defaults_and_says_so() {
    let text = fitted(SHIPPED_BASELINE, HEADING, &Survey::default().learn());
    let (shipped, own) = (Baseline::parse(SHIPPED_BASELINE).unwrap(), Baseline::parse(&text).unwrap());
    assert_eq!(own.digest(), shipped.digest());
    assert_eq!(text.matches("\n# The default, because ").count(), 4);
}

#[test]
fn every_learnt_value_is_a_setting_of_the_baseline() {
    let hostile = ["\"", "\n[rules]\n", "'''", "/ecs/web\n", "/ecs/#1", "{family}", "aws/x", "/ecs/{x}"];
    for group in hostile {
        let learnt = survey(vec![awslogs("web", "app", group); 3], &[]).learn();
        assert_eq!(learnt.len(), 4);
        let text = fitted(SHIPPED_BASELINE, HEADING, &learnt);
        let baseline = Baseline::parse(&text).unwrap_or_else(|error| panic!("{group:?}: {error}"));
        let is_learnt = learnt.iter().any(|it| it.key == "logging.group" && it.basis == Basis::MostCommon);
        assert_eq!(baseline.settings(&Workload::default()).logging.group != "/ecs/{family}", is_learnt, "{group:?}");
        assert_eq!(is_learnt, group == "/ecs/#1", "{group:?}");
    }
}

/// The file that `logweir init` writes is the text of the shipped baseline.
#[test]
fn every_setting_is_in_the_shipped_text_with_a_comment() {
    let baseline = Baseline::parse(SHIPPED_BASELINE).unwrap();
    let mut table = "";
    let mut described = Vec::new();
    for line in SHIPPED_BASELINE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            table = name;
        }
        let Some((key, rest)) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ") else { continue };
        if rest.contains(" # ") {
            described.push(format!("{table}.{key}"));
        }
    }
    let keys = baseline.effective(&Workload::default()).into_iter().map(|setting| setting.key);
    let missing: Vec<String> = keys.filter(|key| !key.starts_with("rules.") && !described.contains(key)).collect();
    assert_eq!(missing, [""; 0]);
    for table in ["# [rules] ", "# [[profile]] ", "# [[exempt]]"] {
        assert!(SHIPPED_BASELINE.contains(table), "{table}");
    }
}
