//! `check` and `fix` of the shapes in which files contain task definitions.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{file, logweir, run};

fn containers(mode: &str) -> Value {
    json!([{"name": "app", "memory": 512, "logConfiguration": {"logDriver": "awslogs", "options": {
        "awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "app", "mode": mode
    }}}])
}

fn definition(family: &str) -> Value {
    json!({"family": family, "containerDefinitions": containers("blocking")})
}

fn checked(arguments: &[&str]) -> (i32, Value) {
    let ran = run(logweir(&["check", "--format", "json"]).args(arguments));
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

#[test]
fn a_list_of_task_definitions_is_judged_and_fixed_one_by_one() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "all.json", &format!("{:#}\n", json!([definition("web"), definition("api")])));
    let (code, output) = checked(&[&path]);
    assert_eq!((code, &output["summary"]["checked"], &output["summary"]["findings"]), (1, &json!(2), &json!(4)));
    let families: Vec<_> = output["targets"].as_array().unwrap().iter().map(|target| &target["family"]).collect();
    assert_eq!(families, ["web", "api"]);
    let pointer = "/1/containerDefinitions/0/logConfiguration/options/mode";
    assert_eq!(output["targets"][1]["findings"][0]["pointer"], pointer);
    assert!(output["targets"][1]["patch"].to_string().contains(pointer), "{output}");
    assert_eq!(run(&mut logweir(&["fix", "--in-place", &path])).code, 0);
    let fixed = fs::read_to_string(&path).unwrap();
    assert_eq!(fixed.matches("\"non-blocking\"").count(), 2, "{fixed}");
    assert_eq!(checked(&[&path]).0, 0);
}

#[test]
fn the_patch_of_each_shape_corrects_the_document() {
    let folder = TempDir::new().unwrap();
    let pascal = json!({"TaskDefinition": {"Family": "web", "ContainerDefinitions": [{"Name": "app", "LogConfiguration":
        {"LogDriver": "awslogs", "Options": {"awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "mode": "blocking"}}
    }]}});
    for (number, document) in [
        definition("web"),
        json!({"taskDefinition": definition("web")}),
        json!([definition("web")]),
        containers("blocking"),
        pascal,
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&folder, &format!("{number}.json"), &document.to_string());
        let (code, output) = checked(&[&path, "--family", "web"]);
        assert_eq!(code, 1, "{document}");
        let patch: json_patch::Patch = serde_json::from_value(output["targets"][0]["patch"].clone()).unwrap();
        let mut patched = document.clone();
        json_patch::patch(&mut patched, &patch).unwrap();
        let ran = run(&mut logweir(&["fix", &path, "--family", "web"]));
        assert_eq!(serde_json::from_str::<Value>(&ran.out).unwrap(), patched, "{document}");
        assert!(patched.to_string().contains("non-blocking"), "{patched}");
        for finding in output["targets"][0]["findings"].as_array().unwrap() {
            let pointer = finding["pointer"].as_str().unwrap();
            let parent = pointer.rsplit_once('/').unwrap().0;
            assert!(document.pointer(parent).is_some(), "{pointer} is not in {document}");
        }
    }
}

#[test]
fn a_list_of_containers_needs_the_name_of_its_family() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "containers.json", &containers("blocking").to_string());
    let ran = run(&mut logweir(&["check", &path]));
    assert!(ran.code == 2 && ran.err.contains("a list of containers") && ran.err.contains("--family"), "{ran:?}");
    let (code, output) = checked(&[&path, "--family", "web"]);
    assert_eq!((code, &output["targets"][0]["family"]), (1, &json!("web")));
    assert_eq!(output["targets"][0]["findings"][0]["pointer"], "/0/logConfiguration/options/mode");
    let text = run(&mut logweir(&["check", &path, "--family", "web"]));
    assert!(text.out.contains("containers.json:"), "{}", text.out);
    assert_eq!(run(&mut logweir(&["fix", "--in-place", &path, "--family", "web"])).code, 0);
    let fixed: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(fixed[0]["logConfiguration"]["options"]["mode"], "non-blocking");
}

#[test]
fn two_baselines_are_compared_on_each_task_definition_of_a_list() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, "all.json", &json!([definition("web"), definition("api")]).to_string());
    let other = file(&folder, "other.toml", "version = 1\n[logging]\ndelivery = \"blocking\"\n");
    let ran = run(&mut logweir(&["check", &path, "--against", &other, "--format", "json"]));
    let output: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(output["summary"]["checked"], 2, "{output}");
    let pointer = "/1/containerDefinitions/0/logConfiguration/options/mode";
    assert_eq!(output["targets"][1]["come"][0]["pointer"], pointer);
}
