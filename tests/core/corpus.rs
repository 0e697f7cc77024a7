//! Real third-party task definitions: each gets a verdict, a fix leaves only advice, and nothing else changes.
//!
//! The corpus lies beside the repository and is not part of it. Without the corpus, the tests read nothing and pass. On
//! CI, the corpus is required.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::Timestamp;
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::edit::{difference, patch};
use logweir::domain::plan::{Plan, plan};
use logweir::domain::rules::facts::Observation;
use logweir::domain::rules::finding::Safety;
use logweir::settings::SHIPPED_BASELINE;
use logweir::sources::{Document, WalkOptions, read_file, walk};
use serde_json::Value;

/// Files that get no verdict, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[(
    "0279-egration_resources_testartifacts_createServerGroup-artifact-EC2-targetGroup-WithNoContainers-artifactFile.json",
    "the deploy tool adds the containers, and ECS refuses a task definition without containers",
)];

fn corpus(folder: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus").join(folder);
    match beside.is_dir() {
        true => Some(beside),
        false if std::env::var_os("CI").is_some() => {
            panic!("the corpus is not beside the repository")
        }
        false => None,
    }
}

fn planned(definition: &TaskDefinition) -> Plan {
    let baseline = Baseline::parse(SHIPPED_BASELINE).unwrap();
    let seen = Observation::of_document(definition, Some("eu-west-1"), Timestamp::UNIX_EPOCH);
    plan(&seen, &baseline)
}

pub fn documents() -> Vec<Document> {
    let Some(folder) = corpus("taskdefs") else {
        return Vec::new();
    };
    let mut documents = Vec::new();
    for file in walk(&folder, &WalkOptions::default()).unwrap().files {
        let name = file.path.file_name().unwrap().to_string_lossy().into_owned();
        match (read_file(&file, None), EXCEPTIONS.iter().find(|(exception, _)| *exception == name)) {
            (Ok(read), None) => documents.extend(read),
            (Ok(_), Some(_)) => panic!("{name} is readable now: remove it from EXCEPTIONS"),
            (Err(_), Some(_)) => {}
            (Err(error), None) => panic!("{error}"),
        }
    }
    assert!(documents.len() >= 80, "only {} documents", documents.len());
    documents
}

#[test]
fn every_file_gets_a_verdict_and_a_fix_leaves_only_advice() {
    for document in documents() {
        let plan = planned(&document.definition);
        let fixed = patch::apply(&document.definition, &plan.edits)
            .unwrap_or_else(|error| panic!("{}: {error}", document.origin));
        let again = planned(&fixed);
        assert_eq!(again.edits, [], "{}", document.origin);
        for finding in again.findings {
            assert_eq!(finding.fix.safety(), Safety::Advice, "{}: {}", document.origin, finding.rule);
        }
    }
}

#[test]
fn outside_the_edited_log_configurations_every_member_and_every_line_is_unchanged() {
    for document in documents() {
        let plan = planned(&document.definition);
        let fixed = patch::apply(&document.definition, &plan.edits).unwrap();
        assert_eq!(
            difference::unplanned(&document.definition, &fixed, &plan.edits),
            Vec::<String>::new(),
            "{}",
            document.origin
        );

        // Every original line is kept, in its order, except lines of log configurations.
        let after = Document::with_all([(&document, &fixed)]).unwrap();
        let kept: Vec<&str> = document.text().split_inclusive('\n').collect();
        let mut lines = after.split_inclusive('\n').peekable();
        let options: BTreeSet<&str> =
            ["awslogs-", "mode", "max-buffer-size", "logDriver", "options", "logConfiguration", "}"].into();
        for line in kept {
            if lines.clone().any(|other| other == line) {
                while lines.next().is_some_and(|other| other != line) {}
                continue;
            }
            let of_a_log_configuration =
                options.iter().any(|option| line.trim_start().trim_start_matches('"').starts_with(option));
            assert!(
                of_a_log_configuration || document.text().lines().count() < 3,
                "{}: a line is gone: {line}",
                document.origin
            );
        }
    }
}

#[test]
fn a_file_that_does_not_parse_gets_an_error_with_a_position_and_a_reason() {
    let Some(folder) = corpus("broken") else {
        return;
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let error = Document::parse_all(&path.display().to_string(), &text, None)
            .err()
            .unwrap_or_else(|| panic!("{} is read", path.display()));
        assert!(error.line > 0 && error.column > 0 && !error.message.is_empty(), "{error}");
    }
}

#[test]
fn every_template_of_cloudformation_is_read() {
    let Some(folder) = corpus("templates") else {
        return;
    };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.split('-').nth(1) != Some("cfn") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        match Document::parse_all(&name, &text, None) {
            Ok(documents) => assert!(documents.iter().all(|document| document.resource.is_some()), "{name}"),
            // A list of the inputs of a test, each of which is a template.
            Err(error) => {
                assert!(name.contains("rules-registry"), "{error}");
                assert_eq!(error.message, "not a task definition: the file is a YAML document");
            }
        }
    }
}

#[test]
fn of_the_real_events_only_those_about_a_service_and_a_cluster_are_handled() {
    use logweir::domain::event::{Home, ServiceChange, Trigger, read};
    let Some(folder) = corpus("events") else {
        return;
    };
    let home =
        Home { partition: "aws".into(), account: "111122223333".into(), region: "eu-west-1".into(), ..Home::default() };
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let event: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        match read(&event, &home).unwrap() {
            Trigger::Service { service, change: ServiceChange::Asked { revision }, .. } => {
                // An event of 2018: its ARN has the old form, and its request names a family without a revision.
                assert!(path.ends_with("002-cloudtrail-CreateService.json"), "{}", path.display());
                assert_eq!(service.short(), "default/sample-app-service");
                assert_eq!(revision, home.revision("first-run-task-definition:2"));
            }
            Trigger::Cluster { cluster, is_new: true, .. } => {
                assert!(path.ends_with("001-cloudtrail-CreateCluster.json"), "{}", path.display());
                assert_eq!(cluster.account, home.account);
            }
            trigger => assert!(matches!(trigger, Trigger::Ignore { .. }), "{}", path.display()),
        }
    }
}
