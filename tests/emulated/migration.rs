//! `logweir firelens apply` in an emulated account, from the registration to the backout.

use std::process::{Command, Output};

use logweir::aws::Aws;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::outcome::Outcome;
use logweir::ports::TaskDefinitions;
use serde_json::json;

use crate::doctor::Deployer;
use crate::emulated::events::registered;
use crate::emulated::logweir::Logweir;
use crate::emulated::others::{GOOD_GROUP, Others};
use crate::emulated::{Place, REGION};

const ACCOUNT: &str = "565656565688";

/// An account with the roles of a task, a cluster and a journal.
struct Scene {
    /// The name of the cluster and of the journal's table.
    name: &'static str,
    others: Others,
    logweir: Logweir,
    url: String,
    execution_role: String,
}

impl Scene {
    async fn new(name: &'static str) -> Self {
        let place = Place::ministack(ACCOUNT);
        let deployer = Deployer::of(ACCOUNT);
        let execution_role = deployer.role(&format!("{name}-execution"), &["logs:*"]);
        deployer.role(&format!("{name}-MayLog"), &["logs:*"]);
        deployer.role(&format!("{name}-MayNotLog"), &["s3:GetObject"]);
        let others = Others::at(place.clone(), name).await;
        others.make_table(name).await;
        let logweir = Logweir::at(&place, name).await;
        Self { name, others, logweir, url: deployer.url, execution_role }
    }

    /// Registers a document whose container logs through awslogs, with this task role.
    async fn registers(&self, family: &str, role: &str) -> RevisionArn {
        let options = json!({"awslogs-group": GOOD_GROUP, "awslogs-region": REGION, "awslogs-stream-prefix": "app",
            "mode": "non-blocking", "max-buffer-size": "25m"});
        let container = json!({"name": "app", "image": "nginx", "memory": 512, "essential": true,
            "logConfiguration": {"logDriver": "awslogs", "options": options}});
        let document = json!({"family": family, "containerDefinitions": [container],
            "taskRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{}-{role}", self.name), "executionRoleArn": self.execution_role});
        let document = TaskDefinition::parse(document.to_string()).unwrap();
        Aws::with(&self.others.place.config()).unwrap().ecs.register(&document, &[]).await.unwrap()
    }

    fn runs(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logweir"));
        command.args(arguments).args(["--yes", "--region", REGION, "--endpoint-url", &self.url]);
        command.arg("--journal").arg(format!("dynamodb:{}", self.name));
        command.env("LOGWEIR_BASELINE", concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml"));
        command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test").output().unwrap()
    }
}

fn shown(output: &Output) -> (Option<i32>, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test]
async fn a_migration_is_applied_deployed_by_hand_and_backed_out_once_nothing_runs_it() {
    let scene = Scene::new("migration").await;
    let source = scene.registers("moved", "MayLog").await;
    let service = scene.others.creates("moved", &source, 1).await;

    let (code, text) = shown(&scene.runs(&["firelens", "apply", "ecs:moved:1"]));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("moved:1: migrated"), "{text}");
    assert_eq!(scene.others.active("moved").await, [2, 1]);
    assert_eq!(scene.others.runs(&service).await, source, "no service is updated");
    let migrated = RevisionArn { revision: 2, ..source.clone() };

    let report = scene.logweir.gets(&registered(&migrated)).await;
    assert_eq!((report.outcome, report.rules.as_slice()), (Outcome::Remediated, &["missing-log-group".to_owned()][..]));
    assert_eq!(report.corrected, None, "the function creates the log group of the router, and registers nothing");
    scene.others.deploys(&service, &migrated).await;
    assert_eq!(scene.others.active("moved").await, [2, 1], "the function leaves the migrated revision as it is");

    let (code, text) = shown(&scene.runs(&["backout", "moved:2"]));
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("moved:2 is kept, because it still runs in service migration/moved"), "{text}");
    assert_eq!(scene.others.active("moved").await, [2, 1]);

    scene.others.deploys(&service, &source).await;
    let (code, text) = shown(&scene.runs(&["backout", "moved:2"]));
    assert_eq!((code, scene.others.active("moved").await), (Some(0), vec![1]), "{text}");
    let (code, text) = shown(&scene.runs(&["firelens", "apply", "ecs:moved:1", "--style", "same-names"]));
    assert_eq!((code, scene.others.active("moved").await), (Some(0), vec![3, 1]), "{text}");
}

#[tokio::test]
async fn a_task_role_that_may_not_log_stops_the_migration() {
    let scene = Scene::new("denied-migration").await;
    scene.registers("denied", "MayNotLog").await;
    let (code, text) = shown(&scene.runs(&["firelens", "apply", "ecs:denied:1"]));
    assert_eq!((code, scene.others.active("denied").await), (Some(1), vec![1]), "{text}");
    assert!(text.contains("does not allow logs:PutLogEvents"), "{text}");
}
