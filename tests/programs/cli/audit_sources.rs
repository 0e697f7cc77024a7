//! `audit --sources`: the owner of each family with faults, and the patch for the files that describe it.

use std::path::Path;

use serde_json::{Value, json};

use super::BLOCKING;
use super::accounts::{OTHER, OWN, Organization, runs};
use super::apply::blocking;
use super::patches::{PROGRAMS, apply};
use crate::loopback::operator::Operator;
use crate::loopback::{Loopback, Reply};

const TEMPLATE: &str = "Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
        - Name: app
          Image: nginx
          LogConfiguration:
            LogDriver: awslogs
            Options:
              awslogs-group: /ecs/web
              awslogs-region: eu-west-1
              awslogs-stream-prefix: app
              mode: blocking
";

/// An account with the blocking families `web`, of a stack, and `jobs`, which no tag and no file describes.
fn operator() -> Operator {
    let document = |family: &str| -> Value {
        serde_json::from_str(&BLOCKING.replacen("\"web\"", &format!("\"{family}\""), 1)).unwrap()
    };
    let Operator { account, folder, .. } = Operator::of(&[document("web"), document("jobs")]);
    let mut service = account.service();
    let aws = Loopback::serve(move |operation, body| {
        let asked: Value = serde_json::from_str(body).unwrap_or_default();
        let is_web = asked["taskDefinition"].as_str().is_some_and(|name| name.contains("web"));
        match operation {
            "DescribeTaskDefinition" if is_web => match service(operation, body) {
                Reply::Json(200, text) => {
                    let mut reply: Value = serde_json::from_str(&text).unwrap();
                    reply["tags"] = json!([{"key": "aws:cloudformation:stack-name", "value": "shop"}]);
                    Reply::ok(&reply)
                }
                other => other,
            },
            "ListTaskDefinitions" if asked.get("familyPrefix").is_none() => {
                Reply::error("ClientException", "this account lists the revisions of one family only")
            }
            "GetResources" => Reply::ok(&json!({"PaginationToken": "", "ResourceTagMappingList": []})),
            "DescribeLogGroups" => {
                let group = json!({"logGroupName": "/ecs/web", "retentionInDays": 30, "storedBytes": 1});
                Reply::ok(&json!({"logGroups": [group]}))
            }
            _ => service(operation, body),
        }
    });
    Operator { folder, account, aws }
}

#[test]
fn a_family_with_faults_has_its_owner_and_the_patch_for_its_file() {
    let operator = operator();
    let infra = operator.folder.path().join("infra");
    std::fs::create_dir(&infra).unwrap();
    std::fs::write(infra.join("web.yaml"), TEMPLATE).unwrap();
    let folder = infra.display().to_string();
    let ran = operator.run(&["audit", "--no-cache", "--sources", &folder, "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let result = ran.json();
    let sources = result["sources"].as_array().unwrap();
    assert_eq!(sources.len(), 1, "{sources:?}");
    let web = &sources[0];
    assert_eq!((&web["family"], &web["owner"]["kind"]), (&json!("web"), &json!("cloudformation")));
    assert_eq!((&web["owner"]["name"], &web["owner"]["certainty"]), (&json!("shop"), &json!("proven")));
    assert!(web["warning"].as_str().unwrap().contains("its next deployment brings the fault back"));
    let source = &web["sources"][0];
    assert_eq!((&source["resource"], &source["deployed_by"]), (&json!("Task"), &json!("cloudformation")));
    // The patch is the one that `fix --diff` prints.
    let root = Path::new("/");
    apply(&root.join(&folder), &[PROGRAMS[1][0], "-p0", "--quiet", "web.yaml"], source["diff"].as_str().unwrap());
    let fixed = std::fs::read_to_string(infra.join("web.yaml")).unwrap();
    assert_eq!(fixed.lines().filter(|line| line.contains("mode: non-blocking")).count(), 1, "{fixed}");
    let revision = result["revisions"].as_array().unwrap().iter().find(|one| one["family"] == "web").unwrap();
    assert_eq!(revision["owner"]["kind"], "cloudformation");
    let again = operator.run(&["audit", "--no-cache", "--sources", &folder]);
    assert!(again.out.contains("Where the faults come from\nweb: CloudFormation (shop) registers"), "{again:?}");
    assert!(again.out.contains("the file has no such fault; deploy it"), "{again:?}");
}

#[test]
fn a_folder_that_does_not_exist_is_named_before_the_audit() {
    let operator = operator();
    let ran = operator.run(&["audit", "--no-cache", "--sources", "nowhere"]);
    assert_eq!((ran.code, ran.out.as_str(), operator.aws.calls().len()), (2, "", 0), "{ran:?}");
    assert!(ran.err.contains("nowhere: no such folder"), "{}", ran.err);
}

#[test]
fn families_of_the_same_name_in_two_accounts_have_their_own_owners() {
    let (operator, all) = Organization::begin();
    {
        let mut all = all.lock().unwrap();
        all.accounts[OTHER].registers(&blocking("web"));
        all.tags.insert(OWN, ("aws:cloudformation:stack-name", "shop"));
        all.tags.insert(OTHER, ("ManagedBy", "terraform"));
    }
    let infra = operator.folder.path().join("infra");
    std::fs::create_dir(&infra).unwrap();
    std::fs::write(infra.join("web.yaml"), TEMPLATE).unwrap();
    let accounts = operator.file("accounts.txt", &format!("{OWN}\n{OTHER}\n"));
    let folder = infra.display().to_string();
    let arguments = ["audit", "--no-cache", "--accounts", &accounts, "--role", "LogweirAudit", "--sources", &folder];
    let ran = runs(&operator, &[&arguments[..], &["--format", "json"]].concat());
    let result = ran.json();
    let owners: Vec<(&str, &str, &str)> = result["sources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["account"], &one["family"], &one["owner"]["kind"]))
        .map(|(account, family, kind)| (account.as_str().unwrap(), family.as_str().unwrap(), kind.as_str().unwrap()))
        .collect();
    assert_eq!(owners, [(OWN, "web", "cloudformation"), (OTHER, "api", "terraform"), (OTHER, "web", "terraform")]);
    let text = runs(&operator, &arguments).out;
    let own = format!("web in account {OWN} and Region eu-west-1: CloudFormation (shop) registers");
    let other = format!("web in account {OTHER} and Region eu-west-1: Terraform seems to register");
    assert!(text.contains(&own) && text.contains(&other), "{text}");
}
