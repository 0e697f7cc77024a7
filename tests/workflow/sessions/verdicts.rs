//! The verdict on a session, for each place of transcripts and each end of a session.

use jiff::SignedDuration;
use logweir::domain::exec::watch::ListedSession;
use serde_json::{Value, json};

use super::scene::{SESSION, Scene, TASK, executed, with};
use crate::world::story::BLOCKING;

/// Opens the session, ends it, and returns the kind and the place of its transcript, the verdict and the reason.
async fn ended(scene: &Scene, event: &Value) -> [String; 4] {
    scene.opens(event).await;
    let transcript = scene.last().detail["session"]["transcript"].clone();
    let word = |name: &str| transcript[name].as_str().unwrap_or_default().to_owned();
    let place = [word("kind"), word("place")];
    scene.ends(SignedDuration::ZERO);
    scene.drains().await;
    let (verdict, why) = scene.verdict();
    let [kind, place] = place;
    [kind, place, verdict, why]
}

#[tokio::test]
async fn the_setting_of_the_cluster_says_where_the_transcript_is_and_whether_it_can_be_missed() {
    let bucket = "the function cannot read the bucket of the transcripts: run logweir exec sessions to check it";
    let group = json!({"cloudWatchLogGroupName": "/ecs/exec"});
    let both = json!({"cloudWatchLogGroupName": "/ecs/exec", "s3BucketName": "audit", "s3KeyPrefix": "exec/"});
    for (log, expected) in [
        (group, ["cloudwatch", "/ecs/exec", "unlogged", "the log group has no log stream of the session"]),
        (json!({"s3BucketName": "audit"}), ["s3", &format!("s3://audit/{SESSION}.log"), "unknown", bucket]),
        (both, ["both", &format!("/ecs/exec and s3://audit/exec/{SESSION}.log"), "unknown", bucket]),
        (json!({}), ["none", "", "unlogged", "the cluster's log configuration names no log group and no bucket"]),
    ] {
        assert_eq!(ended(&Scene::overriding(log.clone()), &executed()).await, expected, "{log}");
    }
    let off = Scene::of(&json!({"executeCommandConfiguration": {"logging": "NONE"}}));
    let expected = ["none", "", "unlogged", "the cluster logs no sessions (logging NONE)"];
    assert_eq!(ended(&off, &executed()).await, expected);
    assert_eq!(off.kinds(), ["Session Opened", "Session Unlogged"]);
}

#[tokio::test]
async fn by_default_the_log_group_of_the_container_has_the_transcript_and_another_driver_has_none() {
    let default = json!({"executeCommandConfiguration": {"logging": "DEFAULT"}});
    for configuration in [default.clone(), json!({})] {
        let scene = Scene::of(&configuration);
        scene.world.account(|account| {
            account.has_group("/ecs/web", None, 1);
            account.transcripts.insert(("/ecs/web".into(), SESSION.into()));
        });
        let expected = ["cloudwatch", "/ecs/web", "logged", "the log group has a log stream of the session"];
        assert_eq!(ended(&scene, &executed()).await, expected);
        assert_eq!(scene.kinds(), ["Session Opened"]);
    }
    let scene = Scene::of(&default);
    scene.world.account(|account| {
        let text = BLOCKING.replace("eu-west-1", "eu-central-1");
        let revision = account.registers(&text);
        account.tasks.insert(format!("prod/{TASK}"), revision);
    });
    let why = "the container logs to the Region eu-central-1, which Logweir does not read";
    assert_eq!(ended(&scene, &executed()).await, ["unknown", "", "unknown", why]);
    let scene = Scene::of(&default);
    scene.world.account(|account| {
        let text = BLOCKING.replace("\"awslogs\",", "\"splunk\",");
        let revision = account.registers(&text);
        account.tasks.insert(format!("prod/{TASK}"), revision);
    });
    let why = "the cluster's logging is DEFAULT, and the container has the driver splunk instead of awslogs";
    assert_eq!(ended(&scene, &executed()).await, ["none", "", "unlogged", why]);
}

#[tokio::test]
async fn what_ecs_does_not_describe_leaves_the_verdict_unknown() {
    let default = json!({"executeCommandConfiguration": {"logging": "DEFAULT"}});
    let scene = Scene::of(&default);
    scene.world.account(|account| account.tasks.clear());
    assert_eq!(
        ended(&scene, &executed()).await,
        ["unknown", "", "unknown", "the cluster's logging is DEFAULT, and ECS does not describe the task"]
    );
    let scene = Scene::of(&default);
    scene.world.account(|account| account.clusters.clear());
    assert_eq!(ended(&scene, &executed()).await, ["unknown", "", "unknown", "ECS does not describe the cluster"]);
    let other = with(&executed(), "/detail/responseElements/containerName", json!("sidecar"));
    let expected = [
        "unknown",
        "",
        "unknown",
        "the cluster's logging is DEFAULT, and the revision of the task has no container of this name",
    ];
    assert_eq!(ended(&Scene::of(&default), &other).await, expected);
}

#[tokio::test]
async fn a_session_that_did_not_start_has_no_transcript_and_sends_no_notification() {
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.lists(Some(ListedSession::Failed));
    scene.drains().await;
    assert_eq!(scene.verdict(), ("failed".into(), "the session did not start".into()));
    assert_eq!(scene.kinds(), ["Session Opened"]);
}

#[tokio::test]
async fn the_transcript_has_time_to_arrive_after_a_late_end() {
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.ends(SignedDuration::from_hours(5));
    scene.drains().await;
    assert_eq!(scene.verdict().0, "unlogged");
    let took = scene.world.account(|account| account.now.duration_since("2026-11-21T12:00:00Z".parse().unwrap()));
    assert_eq!(took, SignedDuration::from_mins(5 * 60 + 15));
}

#[tokio::test]
async fn a_session_that_is_open_for_a_day_is_reported_once_and_no_longer_watched() {
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.drains().await;
    assert_eq!(scene.kinds(), ["Session Opened", "Session Unlogged"]);
    let why = "the session is still open after a day, and it has no transcript before its end";
    assert_eq!(scene.verdict(), ("unlogged".into(), why.into()));
    assert_eq!(scene.world.count("DescribeSessions"), 96);
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.lists(None);
    scene.drains().await;
    assert_eq!(scene.verdict(), ("unknown".into(), "Systems Manager does not list the session".into()));
    assert_eq!(scene.kinds(), ["Session Opened"]);
}

#[tokio::test]
async fn each_delivery_makes_a_constant_number_of_calls() {
    let scene = Scene::of(&json!({}));
    scene.world.account(|account| account.has_group("/ecs/web", None, 0));
    let made = |before: usize| scene.world.calls()[before..].to_vec();
    scene.opens(&executed()).await;
    assert_eq!(made(0), ["session", "DescribeClusters", "DescribeTasks", "DescribeTaskDefinition", "put_session"]);
    scene.ends(SignedDuration::ZERO);
    let before = scene.world.calls().len();
    scene.drains().await;
    assert_eq!(made(before), ["session", "DescribeSessions", "DescribeLogStreams", "put_session"]);
}
