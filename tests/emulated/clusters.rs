//! `logweir exec apply` in an emulated account, from the change of the cluster to the backout.

use std::process::Command;

use logweir::aws::Aws;
use logweir::domain::ecs::cluster::{ClusterArn, ClusterConfiguration};
use logweir::ports::Clusters;

use crate::doctor::Deployer;
use crate::emulated::others::Others;
use crate::emulated::{Place, REGION};

const ACCOUNT: &str = "565656565691";
const NAME: &str = "exec-apply";

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_gets_a_log_group_for_its_sessions_and_its_former_configuration_back() {
    let place = Place::ministack(ACCOUNT);
    let others = Others::at(place.clone(), NAME).await;
    others.make_table(NAME).await;
    let (url, ecs) = (Deployer::of(ACCOUNT).url, Aws::with(&place.config()).unwrap().ecs);
    let cluster: ClusterArn = format!("arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{NAME}").parse().unwrap();
    let before = r#"{"executeCommandConfiguration":{"kmsKeyId":"key","logging":"NONE"}}"#;
    let before = ClusterConfiguration::parse(before).unwrap();
    ecs.configure(&cluster, &before).await.unwrap();
    let runs = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_logweir"));
        command.args(arguments).args(["--yes", "--region", REGION, "--endpoint-url", &url]);
        command.arg("--journal").arg(format!("dynamodb:{NAME}"));
        command.env("LOGWEIR_BASELINE", concat!(env!("CARGO_MANIFEST_DIR"), "/infra/baseline.toml"));
        let ran = command.env("AWS_ACCESS_KEY_ID", ACCOUNT).env("AWS_SECRET_ACCESS_KEY", "test").output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
    };
    runs(&["exec", "apply", NAME]);
    let found = ecs.clusters(&[NAME.to_owned()]).await.unwrap().remove(0).configuration;
    assert!(found.is_same(&before.logging_to(&format!("/ecs/exec/{NAME}")).unwrap()), "{found:?}");
    runs(&["backout", &cluster.short()]);
    let found = ecs.clusters(&[NAME.to_owned()]).await.unwrap().remove(0).configuration;
    assert!(found.is_same(&before), "{found:?}");
}
