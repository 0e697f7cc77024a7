//! The watch over sessions of ECS Exec: one notification about the opening, at most one about the end.

mod crashes;
pub mod scene;
mod verdicts;

use jiff::SignedDuration;
use logweir::ports::ErrorKind;
use serde_json::json;

use self::scene::{CLUSTER, SESSION, Scene, TASK, bypass, executed, with};
use crate::world::{Moment, Then};

#[tokio::test]
async fn an_opened_session_is_reported_with_the_person_and_the_place_of_its_transcript() {
    let scene = Scene::logging_to_a_group();
    scene.delivers(&executed()).await;
    assert_eq!(scene.kinds(), ["Session Opened"]);
    let session = &scene.last().detail["session"];
    let expected = json!({
        "session_id": SESSION, "cluster": CLUSTER, "task": TASK, "container": "app", "program": "/bin/sh",
        "person": {"name": "ana@example.org", "how": "permission-set", "strength": "proven"},
        "transcript": {"kind": "cloudwatch", "place": "/ecs/exec"}, "verdict": "pending", "why": null
    });
    assert_eq!(*session, expected);
    let mail = scene.last().text;
    for line in ["Person: \"ana@example.org\" (proven, by permission-set)", "Transcript: \"/ecs/exec\""] {
        assert!(mail.lines().any(|it| it == line), "{line}: {mail}");
    }
    assert_eq!(scene.last().subject, "Logweir: Session on a container opened: prod");
    let everything = format!("{:?} {} {:?}", scene.last(), scene.log.text(), scene.world.picture());
    assert!(!everything.contains("CANARY"), "the arguments of the command are secret");
    assert_eq!(scene.delays(), [900], "the event comes back");
}

#[tokio::test]
async fn a_logged_session_sends_no_further_notification_and_counts_as_a_metric() {
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.ends(SignedDuration::from_mins(40));
    scene.writes_transcript();
    scene.drains().await;
    assert_eq!(scene.kinds(), ["Session Opened"]);
    assert_eq!(scene.verdicts(), ["pending", "logged"]);
    // The session ends after 40 minutes, its transcript has 15 minutes to arrive, and a look comes every 15 minutes.
    assert_eq!(scene.world.count("DescribeSessions"), 4);
    assert_eq!(scene.world.count("DescribeLogStreams"), 1, "the transcript is looked for once");
}

#[tokio::test]
async fn an_unlogged_session_is_reported_once_even_if_its_event_comes_several_times() {
    let scene = Scene::logging_to_a_group();
    for _ in 0..3 {
        scene.delivers(&executed()).await;
    }
    scene.ends(SignedDuration::from_mins(1));
    scene.drains().await;
    scene.delivers(&executed()).await;
    scene.drains().await;
    assert_eq!(scene.kinds(), ["Session Opened", "Session Unlogged"]);
    assert_eq!(scene.verdicts(), ["pending", "unlogged"], "the metrics count each session once");
    let notice = scene.last();
    assert_eq!(notice.detail["session"]["why"], "the log group has no log stream of the session");
    assert_eq!((&notice.detail["outcome"], &notice.detail["reason"]), (&json!("reported"), &json!("session-unlogged")));
}

#[tokio::test]
async fn two_workers_with_the_same_event_send_one_notification() {
    let scene = Scene::logging_to_a_group();
    let (event, other) = (executed(), scene.clone());
    tokio::join!(scene.delivers(&event), other.delivers(&event));
    assert_eq!(scene.kinds(), ["Session Opened"]);
    scene.ends(SignedDuration::ZERO);
    scene.drains().await;
    assert_eq!(scene.kinds(), ["Session Opened", "Session Unlogged"]);
}

#[tokio::test]
async fn a_denied_call_a_dry_run_another_cluster_and_a_stack_without_the_parameter_send_no_notification() {
    let denied = with(&executed(), "/detail/errorCode", json!("AccessDeniedException"));
    let dry_run = with(&executed(), "/detail/requestParameters/dryrun", json!(true));
    let elsewhere = "arn:aws:ecs:eu-west-1:111122223333:cluster/other";
    let foreign = with(&executed(), "/detail/responseElements/clusterArn", json!(elsewhere));
    let denied_bypass = with(&bypass(), "/detail/errorCode", json!("TargetNotConnected"));
    for event in [denied, dry_run, foreign, denied_bypass] {
        let scene = Scene::logging_to_a_group();
        scene.opens(&event).await;
        assert_eq!((scene.kinds(), scene.delays(), scene.world.calls()), (vec![], vec![], vec![]), "{event}");
    }
    let scene = Scene { watches: "false", ..Scene::logging_to_a_group() };
    scene.opens(&executed()).await;
    scene.opens(&bypass()).await;
    assert_eq!((scene.kinds(), scene.world.calls()), (vec![], vec![]));
}

#[tokio::test]
async fn a_bypass_is_reported_once_and_nothing_is_read_of_it() {
    let scene = Scene::logging_to_a_group();
    for _ in 0..2 {
        scene.opens(&bypass()).await;
    }
    assert_eq!(scene.kinds(), ["Session Bypass"]);
    let session = &scene.last().detail["session"];
    assert_eq!((&session["person"]["name"], &session["verdict"]), (&json!("bob"), &json!("bypass")));
    assert_eq!((&session["transcript"], &session["cluster"]), (&json!(null), &json!(CLUSTER)));
    assert!(scene.world.calls().iter().all(|call| !call.starts_with("Describe")), "{:?}", scene.world.calls());
}

#[tokio::test]
async fn the_session_that_an_execute_command_opened_is_no_bypass_for_any_caller() {
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.opens(&with(&bypass(), "/detail/responseElements/sessionId", json!(SESSION))).await;
    assert_eq!(scene.kinds(), ["Session Opened"]);
}

#[tokio::test]
async fn a_session_without_an_id_is_named_and_not_looked_for() {
    let scene = Scene::logging_to_a_group();
    let event = with(&executed(), "/detail/responseElements", json!(null));
    for _ in 0..2 {
        scene.opens(&event).await;
    }
    assert_eq!((scene.kinds(), scene.delays()), (vec!["Session Opened"], vec![]));
    let session = &scene.last().detail["session"];
    assert_eq!((&session["session_id"], &session["verdict"]), (&json!(null), &json!("unknown")));
    let other = with(&event, "/detail/eventID", json!("7c9e6679-7425-40de-944b-000000000099"));
    scene.opens(&other).await;
    assert_eq!(scene.kinds().len(), 2, "another event is another session");
}

#[tokio::test]
async fn the_person_is_named_even_if_nothing_can_be_read_about_the_cluster() {
    let scene = Scene::logging_to_a_group();
    scene.world.at_next("DescribeClusters", Moment::Before, Then::fail(ErrorKind::Refused, "DescribeClusters", "no"));
    scene.opens(&executed()).await;
    assert_eq!(scene.kinds(), ["Session Opened"]);
    let session = &scene.last().detail["session"];
    assert_eq!((&session["transcript"]["kind"], &session["why"]), (&json!("unknown"), &json!("DescribeClusters: no")));
}

#[tokio::test]
async fn the_modes_make_no_difference_and_an_unread_session_becomes_a_dead_letter() {
    for mode in ["observe", "register", "rollout"] {
        let scene = Scene { mode, ..Scene::logging_to_a_group() };
        scene.opens(&executed()).await;
        scene.ends(SignedDuration::ZERO);
        scene.drains().await;
        assert_eq!(scene.kinds(), ["Session Opened", "Session Unlogged"], "{mode}");
    }
    let scene = Scene::logging_to_a_group();
    scene.opens(&executed()).await;
    scene.world.at_next("DescribeSessions", Moment::Before, Then::fail(ErrorKind::Refused, "DescribeSessions", "no"));
    scene.drains().await;
    assert_eq!((scene.kinds(), scene.dead_letters()), (vec!["Session Opened", "Remediation Failed"], 1));
}
