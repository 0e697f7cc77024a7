//! Messages that SQS delivers twice, at the same time or late, and messages that another principal sends.

use jiff::SignedDuration;
use logweir::domain::outcome::Mode;
use serde_json::{Value, json};

use super::scene::{HIDDEN, HOUR, Scene, blocking, sound, start};
use crate::world::Moment;

/// Families of several pages. The first and the last are faulty.
async fn pages() -> Scene {
    let scene = Scene::noted(Mode::Register).await;
    for number in 0..120 {
        let family = format!("web-{number:03}");
        scene.registers(&if number % 119 == 0 { blocking(&family) } else { sound(&family) });
    }
    scene.world.advance(HOUR * 2);
    scene
}

const ALL: [u64; 5] = [120, 2, 2, 0, 0];

#[tokio::test]
async fn a_page_that_is_delivered_twice_is_read_once() {
    let mut scene = pages().await;
    let before = scene.world.count("DescribeTaskDefinition");
    for _ in 0..2 {
        scene.delivers(&start()).await;
    }
    while let Some(sent) = scene.takes() {
        for _ in 0..2 {
            if sent.body["logweir"] == "reconcile" {
                assert!(!scene.delivers(&sent.body).await);
            }
        }
    }
    assert_eq!((scene.finished(), scene.overdue().len()), (vec![ALL], 2));
    assert_eq!(scene.world.count("DescribeTaskDefinition") - before, 120);
}

#[tokio::test]
async fn of_two_workers_with_the_same_page_one_reads_it() {
    let world = pages().await.world;
    let mut scenes = ["one", "other"].map(|name| Scene { world: world.clone(), name, ..Scene::default() });
    let before = world.count("DescribeTaskDefinition");
    let [one, other] = &mut scenes;
    let start = start();
    tokio::join!(one.delivers(&start), other.delivers(&start));
    assert_eq!(world.count("DescribeTaskDefinition") - before, 50);
    assert_eq!(one.pages().len() + other.pages().len(), 1);
}

#[tokio::test]
async fn a_worker_that_is_slower_than_its_time_does_not_request_the_next_page() {
    let world = pages().await.world;
    let mut scenes = ["slow", "other"].map(|name| Scene { world: world.clone(), name, ..Scene::default() });
    let [slow, other] = &mut scenes;
    let start = start();
    world.pause_at(world.calls().len() + 20, Moment::Before);
    let meanwhile = async {
        while !world.is_paused() {
            tokio::task::yield_now().await;
        }
        world.advance(HIDDEN);
        other.delivers(&start).await;
        world.go_on();
    };
    tokio::join!(slow.delivers(&start), meanwhile);
    assert_eq!((slow.pages().len(), other.pages().len()), (0, 1));
    let run = other.state().run.unwrap();
    assert_eq!((run.page, run.counts.families, run.rest.len()), (2, 50, 50), "only the other worker counts");
}

#[tokio::test]
async fn a_second_start_is_ignored_until_an_hour_after_the_end() {
    let mut scene = Scene::lost().await;
    scene.reconciles().await;
    scene.world.advance(HOUR - SignedDuration::from_secs(10));
    scene.reconciles().await;
    assert_eq!(scene.finished().len(), 1);
    scene.world.advance(SignedDuration::from_secs(10));
    scene.reconciles().await;
    assert_eq!(scene.finished().len(), 2);
}

#[tokio::test]
async fn a_request_to_start_that_waited_for_half_a_day_is_ignored() {
    for (hours, finished) in [(12, 1), (13, 0)] {
        let mut scene = Scene::lost().await;
        let sent = scene.now() - HOUR * hours;
        let message = json!({
            "messageId": "m", "eventSource": "aws:sqs", "body": start().to_string(),
            "attributes": {"SentTimestamp": sent.as_millisecond().to_string()},
        });
        scene.invokes(&json!({"Records": [message]})).await;
        assert_eq!(scene.finished().len(), finished, "{hours} hours");
    }
}

#[tokio::test]
async fn a_page_that_waited_during_a_pause_is_read() {
    let mut scene = pages().await;
    scene.delivers(&start()).await;
    let pages: Vec<Value> = scene.pages().into_iter().map(|sent| sent.body).collect();
    scene.world.advance(HOUR * 24 * 10);
    scene.delivers(&pages[0]).await;
    assert_eq!(scene.state().run.unwrap().page, 2);
}

#[tokio::test]
async fn a_message_that_no_reconciliation_sent_changes_nothing() {
    let mut scene = pages().await;
    let run = |scene: &Scene| scene.state().run.unwrap();
    scene.delivers(&start()).await;
    let (before, calls) = (scene.state(), scene.world.calls().len());
    let started = run(&scene).started;
    for (run, page) in [(started, 0), (started, 2), (started, u32::MAX), (started + HOUR, 1), (started - HOUR, 1)] {
        assert!(!scene.delivers(&json!({"logweir": "reconcile", "run": run, "page": page})).await);
    }
    assert_eq!(scene.state(), before);
    assert!(scene.world.calls()[calls..].iter().all(|call| *call == "reconciliation"), "only the state is read");
    for body in [
        json!({"logweir": "reconcile", "run": started}),
        json!({"logweir": "reconcile", "page": 1}),
        json!({"logweir": "reconcile", "run": started, "page": 1, "token": "x"}),
        json!({"logweir": "reconcile", "run": "yesterday", "page": 1}),
        json!({"logweir": "reconcile", "run": started, "page": -1}),
    ] {
        scene.heard.decisions.clear();
        scene.delivers(&body).await;
        assert_eq!(scene.decided(), ["failed unreadable"], "{body}");
    }
    assert_eq!(scene.state(), before);
}

#[tokio::test]
async fn a_message_that_arrives_when_no_reconciliation_runs_starts_none() {
    let mut scene = Scene::lost().await;
    let now = scene.now();
    scene.delivers(&json!({"logweir": "reconcile", "run": now, "page": 1})).await;
    assert_eq!((scene.state().run, scene.world.count("DescribeTaskDefinition")), (None, 0));
}
