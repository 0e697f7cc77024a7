//! `runbook patch` prints patches that `git apply` and `patch` apply, and advice for everything else.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::patches::{PROGRAMS, apply};
use super::{file, logweir, run};
use crate::loopback::operator::Ran;

const JSON: &str = r#"{
  "family": "web",
  "pidMode": "host",
  "containerDefinitions": [
    {
      "name": "app",
      "image": "nginx:1",
      "environment": [{"name": "DB_PASSWORD", "value": "CANARY-ENV"}],



      "linuxParameters": {
        "capabilities": {"add": ["SYS_ADMIN", "SYS_PTRACE"]}
      },
      "memory": 512
    }
  ],
  "volumes": [
    {
      "name": "files",
      "efsVolumeConfiguration": {
        "fileSystemId": "fs-1"
      }
    }
  ]
}
"#;

const TEMPLATE: &str = "Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: web
      ContainerDefinitions:
        - Name: app # the only one
          Image: !Ref Image
          User: root
      Volumes:
        - Name: files
          EFSVolumeConfiguration:
            FilesystemId: !Ref Files
            TransitEncryption: DISABLED
";

const TERRAFORM: &str = "resource \"aws_ecs_task_definition\" \"web\" {
  family = \"web\"
  container_definitions = jsonencode([
    {
      name  = \"app\"
      image = \"nginx\"
    }
  ])
}
";

fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    run(logweir(arguments).current_dir(folder).args(["--region", "eu-west-1"]))
}

/// Returns the text of the file after its patch, and the output of the run.
fn patched(name: &str, text: &str, arguments: &[&str]) -> (String, Ran) {
    let mut after = Vec::new();
    let mut ran = None;
    for program in PROGRAMS {
        let folder = TempDir::new().unwrap();
        file(&folder, name, text);
        let one = run_in(folder.path(), &[&["runbook", "patch", name], arguments].concat());
        assert_eq!(one.code, 1, "{one:?}");
        if !one.out.is_empty() {
            apply(folder.path(), program, &one.out);
        }
        after.push(fs::read_to_string(folder.path().join(name)).unwrap());
        ran = Some(one);
    }
    assert_eq!(after[0], after[1]);
    (after.remove(0), ran.unwrap())
}

#[test]
fn without_options_the_patch_contains_only_changes_that_no_process_notices() {
    let (after, ran) = patched("web.json", JSON, &[]);
    let expected = JSON.replace(
        "\"fileSystemId\": \"fs-1\"",
        "\"transitEncryption\": \"ENABLED\",\n        \"fileSystemId\": \"fs-1\"",
    );
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(value(&after), value(&expected), "{after}");
    for advice in [
        "writable-root (app): not in the patch: `--rule writable-root`",
        "root-user (app): not in the patch: `--user UID:GID`",
        "host-pid: not in the patch",
        "plaintext-efs: in the patch: mounts the file system through TLS",
    ] {
        assert!(ran.err.contains(advice), "{advice}\n{}", ran.err);
    }
}

#[test]
fn a_capability_that_is_known_only_after_the_deployment_stays() {
    let text = JSON.replace("\"SYS_PTRACE\"", "\"${CAPABILITY}\"");
    let (after, _) = patched("web.json", &text, &["--rule", "added-capability"]);
    let value: serde_json::Value = serde_json::from_str(&after).unwrap();
    let added = &value["containerDefinitions"][0]["linuxParameters"]["capabilities"]["add"];
    assert_eq!(*added, serde_json::json!(["${CAPABILITY}"]));
}

#[test]
fn named_rules_a_user_and_tags_are_in_the_patch_and_a_secret_is_not() {
    let arguments = [
        "--rule",
        "host-pid",
        "--rule",
        "added-capability",
        "--rule",
        "kept-capabilities",
        "--rule",
        "writable-root",
        "--rule",
        "missing-init",
        "--user",
        "1000:1000",
        "--tag",
        "team=pay",
    ];
    let (after, ran) = patched("web.json", JSON, &arguments);
    let value: serde_json::Value = serde_json::from_str(&after).unwrap();
    let container = &value["containerDefinitions"][0];
    assert_eq!(value["pidMode"], serde_json::Value::Null);
    assert_eq!(value["tags"], serde_json::json!([{"key": "team", "value": "pay"}]));
    let capabilities = serde_json::json!({"add": ["SYS_PTRACE"], "drop": ["ALL"]});
    assert_eq!(container["linuxParameters"]["capabilities"], capabilities);
    assert_eq!(container["linuxParameters"]["initProcessEnabled"], true);
    assert_eq!((&container["user"], &container["readonlyRootFilesystem"]), (&"1000:1000".into(), &true.into()));
    assert_eq!(container["environment"][0]["value"], "CANARY-ENV", "the secret stays where it is");
    assert!(ran.err.contains("literal-secret (app): not in the patch") && ran.err.contains("valueFrom"), "{}", ran.err);
    assert!(!ran.err.contains("CANARY"), "{}", ran.err);
    let again = patched("web.json", &after, &arguments);
    assert_eq!(again.0, after, "a second patch changes nothing");
}

#[test]
fn a_template_keeps_its_comments_and_functions() {
    let (after, _) = patched("web.yaml", TEMPLATE, &["--user", "1000", "--tag", "team=pay", "--rule", "writable-root"]);
    let changed = TEMPLATE.replace("User: root", "User: '1000'\n          ReadonlyRootFilesystem: true");
    let changed = changed.replace("TransitEncryption: DISABLED", "TransitEncryption: ENABLED");
    let changed = format!("{changed}      Tags:\n        - Key: team\n          Value: pay\n");
    assert_eq!(after, changed);
}

#[test]
fn a_file_of_terraform_gets_members_of_containers_and_advice_for_tags() {
    let (after, ran) = patched("web.tf", TERRAFORM, &["--user", "1000", "--tag", "team=pay"]);
    assert!(after.contains("image = \"nginx\"\n      user  = \"1000\"") || after.contains("user"), "{after}");
    assert!(ran.err.contains("missing-tag: not in the patch: write the tags at the resource"), "{}", ran.err);
}

#[test]
fn a_patch_has_no_tag_that_only_aws_or_logweir_sets() {
    for tag in ["aws:x=1", "logweir:source=a", "=1"] {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("web.json"), JSON).unwrap();
        let refused = run_in(folder.path(), &["runbook", "patch", "web.json", "--tag", tag]);
        assert!(refused.code == 64 && refused.err.contains("Logweir proposes no tag"), "{tag}: {refused:?}");
    }
}

#[test]
fn a_registered_revision_has_no_file() {
    let refused = run_in(Path::new("/"), &["runbook", "patch", "ecs:web"]);
    assert!(refused.code == 64 && refused.err.contains("one target is a registered revision"), "{refused:?}");
    let refused = run_in(Path::new("/"), &["runbook", "patch", "web.json", "--rule", "root-user"]);
    assert!(refused.code == 64 && refused.err.contains("use one of"), "{refused:?}");
}

#[test]
fn a_patch_has_no_format_of_results() {
    let refused = run_in(Path::new("/"), &["runbook", "patch", "web.json", "--format", "csv"]);
    assert!(refused.code == 64 && refused.err.contains("use one of these formats: text, json\n"), "{refused:?}");
}

#[test]
fn the_patch_proposes_no_user_that_is_root() {
    for root in ["root", "0:0", ""] {
        let refused = run_in(Path::new("/"), &["runbook", "patch", "web.json", "--user", root]);
        assert!(refused.code == 64 && refused.out.is_empty(), "{root}: {refused:?}");
        assert!(refused.err.contains("--user <USER>"), "{root}: {}", refused.err);
    }
}
