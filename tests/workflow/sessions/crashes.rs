//! A worker that stops, a lost connection and a broken queue: no session is reported twice, and each is judged.

use jiff::SignedDuration;

use super::scene::{Scene, executed};
use crate::world::{Moment, Then};

/// Handles the event of a session that ends unlogged, and lets the worker stop or lose its connection at the nth call.
async fn with_a_fault_at(number: usize, moment: Moment, then: Then) -> Scene {
    let scene = Scene::logging_to_a_group();
    scene.ends(SignedDuration::ZERO);
    scene.world.at(number, moment, then);
    let mut failed = scene.delivers(&executed()).await;
    for _ in 0..4 {
        if !failed {
            break;
        }
        failed = scene.delivers(&executed()).await;
    }
    scene.drains().await;
    // SQS delivers the message of a worker that stopped again.
    scene.delivers(&executed()).await;
    scene.drains().await;
    scene
}

#[tokio::test]
async fn a_worker_that_stops_at_any_call_leads_to_no_second_notification_and_to_a_verdict() {
    for number in 1..=8 {
        for moment in [Moment::Before, Moment::After] {
            let scene = with_a_fault_at(number, moment, Then::Crash).await;
            let kinds = scene.kinds();
            for kind in ["Session Opened", "Session Unlogged"] {
                let count = kinds.iter().filter(|it| **it == kind).count();
                assert!(count <= 1, "{number} {moment:?}: {kinds:?}");
            }
            let states = scene.world.account(|account| account.watches.values().cloned().collect::<Vec<_>>());
            assert_eq!(states.len(), 1, "{number} {moment:?}");
            assert_eq!(states[0].verdict.name(), "unlogged", "{number} {moment:?}");
        }
    }
}

#[tokio::test]
async fn a_lost_connection_before_a_call_loses_no_notification() {
    for number in 1..=8 {
        let scene = with_a_fault_at(number, Moment::Before, Then::Cut).await;
        assert_eq!(scene.kinds(), ["Session Opened", "Session Unlogged"], "{number}");
    }
}

#[tokio::test]
async fn a_queue_that_accepts_no_message_delays_the_look_and_sends_no_second_notification() {
    let scene = Scene::logging_to_a_group();
    scene.breaks_queue(true);
    assert!(scene.delivers(&executed()).await, "SQS delivers the message again");
    assert_eq!(scene.kinds(), ["Session Opened"]);
    assert!(scene.delivers(&executed()).await);
    scene.breaks_queue(false);
    scene.opens(&executed()).await;
    scene.ends(SignedDuration::ZERO);
    scene.drains().await;
    assert_eq!(scene.kinds(), ["Session Opened", "Session Unlogged"]);
}
