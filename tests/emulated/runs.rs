//! A whole emulated account: its audit, one plan for its families, the run of the plan, and the backout of the run.

use std::process::{Command, Output};

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::settings::SHIPPED_BASELINE;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::emulated::others::{Logs, Others};
use crate::emulated::{Place, REGION};

const ACCOUNT: &str = "565656565699";

/// A cluster with two services, four families, and a journal.
struct Scene {
    others: Others,
    folder: TempDir,
    web: (ServiceArn, RevisionArn),
    api: (ServiceArn, RevisionArn),
}

impl Scene {
    async fn new() -> Self {
        let others = Others::at(Place::ministack(ACCOUNT), "fleet").await;
        others.make_table("fleet").await;
        let web = others.registers("web", Logs::BlockingToNoGroup).await;
        let api = others.registers("api", Logs::Blocking).await;
        others.registers("jobs", Logs::Blocking).await;
        others.registers("good", Logs::Compliant).await;
        let web = (others.creates("web", &web, 1).await, web);
        // The service of `api` runs an older revision, because its newest one complies.
        let api = (others.creates("api", &api, 1).await, api);
        others.registers("api", Logs::Compliant).await;
        let folder = TempDir::new().unwrap();
        // Services do not wait until they have settled.
        let baseline = SHIPPED_BASELINE.replace("settle-minutes = 15", "settle-minutes = 0");
        std::fs::write(folder.path().join("baseline.toml"), baseline).unwrap();
        Self { others, folder, web, api }
    }

    fn runs(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logweir"));
        command.args(arguments).args(["--region", REGION, "--endpoint-url", &self.others.place.url]);
        command.args(["--format", "json"]);
        command.env("LOGWEIR_JOURNAL", "dynamodb:fleet");
        command.env("LOGWEIR_BASELINE", self.folder.path().join("baseline.toml"));
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("HOME", self.folder.path()).output().unwrap()
    }

    /// Runs a command, and returns its result.
    fn result(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.runs(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// The revisions with faults, each with its scopes.
    fn faulty(&self) -> Vec<(String, Value)> {
        let audit = self.result(&["audit", "--no-cache"], 1);
        assert_eq!(audit["accounts"][0]["is_complete"], true, "{}", audit["accounts"]);
        let revisions = audit["revisions"].as_array().unwrap().iter().filter(|one| one["compliant"] == false);
        let name = |one: &Value| format!("{}:{}", one["family"].as_str().unwrap(), one["revision"]);
        revisions.map(|one| (name(one), one["scopes"].clone())).collect()
    }

    async fn active(&self, families: &[&str]) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        for family in families {
            all.push(self.others.active(family).await);
        }
        all
    }
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_account_is_audited_corrected_in_one_run_and_backed_out() {
    let scene = Scene::new().await;
    let before = scene.faulty();
    let both = json!(["running", "next"]);
    let faults = [("api:1", json!(["running"])), ("jobs:1", json!(["next"])), ("web:1", both)];
    assert_eq!(before, faults.map(|(name, scopes)| (name.to_owned(), scopes)));

    let file = scene.folder.path().join("plan.json").display().to_string();
    scene.result(&["apply", "--all", "--mode", "rollout", "--plan-out", &file], 0);
    let plan: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let items: Vec<&str> = plan["items"].as_array().unwrap().iter().map(|it| it["source"].as_str().unwrap()).collect();
    let jobs = RevisionArn { family: "jobs".into(), ..scene.web.1.clone() };
    assert_eq!(items, [jobs.to_string(), scene.web.1.to_string()]);
    assert_eq!(strings(&plan["items"][1]["services"]), [scene.web.0.to_string()], "{plan:#}");
    assert_eq!(plan["items"][1]["log_groups"][0]["name"], "/ecs/web");
    assert_eq!(plan["older"][0]["service"], scene.api.0.to_string(), "{plan:#}");
    assert_eq!(scene.active(&["web", "jobs"]).await, [vec![1], vec![1]], "the plan changes nothing");

    let applied = scene.result(&["apply", "--mode", "rollout", "--plan", &file, "--yes"], 0);
    assert_eq!((&applied["state"], &applied["run"]), (&json!("ended"), &plan["run"]), "{applied:#}");
    let fates = |result: &Value| -> Vec<String> {
        let lines = result["lines"].as_array().unwrap().iter();
        lines.map(|line| format!("{} {}", line["about"].as_str().unwrap(), line["fate"].as_str().unwrap())).collect()
    };
    assert_eq!(fates(&applied), ["jobs:1 done", "web:1 done", "fleet/web done"]);
    assert_eq!(scene.active(&["web", "jobs", "api", "good"]).await, [vec![2, 1], vec![2, 1], vec![2, 1], vec![1]]);
    let corrected = RevisionArn { revision: 2, ..scene.web.1.clone() };
    assert_eq!(
        (scene.others.runs(&scene.web.0).await, scene.others.runs(&scene.api.0).await),
        (corrected, scene.api.1.clone())
    );
    assert_eq!(scene.faulty(), [("api:1".to_owned(), json!(["running"]))]);

    let run = plan["run"].as_str().unwrap();
    let back = scene.result(&["backout", "--run", run, "--yes"], 0);
    assert_eq!((&back["state"], fates(&back)), (&json!("backed-out"), vec!["web:1 done".into(), "jobs:1 done".into()]));
    assert_eq!(scene.active(&["web", "jobs"]).await, [vec![1], vec![1]]);
    assert_eq!(scene.others.runs(&scene.web.0).await, scene.web.1);
    assert_eq!(scene.faulty(), before);
    // The run corrects nothing again.
    let again = scene.result(&["apply", "--mode", "rollout", "--plan", &file, "--yes"], 1);
    assert_eq!((&again["state"], scene.active(&["web", "jobs"]).await), (&json!("backed-out"), vec![vec![1], vec![1]]));
}
