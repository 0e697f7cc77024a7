//! Workers that die, messages that are lost, and calls that fail: the reconciliation continues at the page where it
//! stopped.

use jiff::SignedDuration;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::outcome::Mode;
use logweir::ports::{ErrorKind, PortError};

use super::scene::{HIDDEN, HOUR, Scene, blocking, start};
use crate::world::{Moment, Then};

/// Faulty families of several pages.
const FAMILIES: usize = 60;

async fn families() -> Scene {
    let scene = Scene::noted(Mode::Register).await;
    for number in 0..FAMILIES {
        scene.registers(&blocking(&format!("web-{number:02}")));
    }
    scene.world.advance(HOUR * 2);
    scene
}

/// Delivers a page until SQS need not deliver it again, and then the pages that follow.
async fn pages(scene: &mut Scene) {
    let mut next = Some(start());
    for _ in 0..100 {
        let Some(body) = next.take() else { return };
        let mut receives = 1;
        while scene.delivers_with(&body, receives, &[]).await || scene.world.is_dead() {
            scene.world.restart();
            scene.world.advance(HIDDEN);
            receives += 1;
        }
        while let Some(sent) = scene.takes() {
            if sent.body["logweir"] == "reconcile" {
                next = Some(sent.body);
            }
        }
    }
    panic!("the reconciliation never ends");
}

/// Asserts that the reconciliation has sent every faulty family to the queue.
fn complete(scene: &Scene) {
    let mut sent = scene.overdue();
    sent.sort();
    sent.dedup();
    assert_eq!(sent.len(), FAMILIES, "{sent:?}");
}

#[tokio::test]
async fn wherever_a_worker_dies_every_family_is_examined() {
    let mut scene = families().await;
    let before = scene.world.calls().len();
    pages(&mut scene).await;
    complete(&scene);
    let calls = scene.world.calls().len() - before;
    // Most calls describe a revision or read a record. Every seventh call stands for all of them.
    let mut tried = 0;
    for number in (1..=calls).filter(|number| number % 7 == 0 || *number < 6 || *number > calls - 6) {
        for moment in [Moment::Before, Moment::After] {
            let mut scene = families().await;
            scene.world.at(scene.world.calls().len() + number, moment, Then::Crash);
            pages(&mut scene).await;
            complete(&scene);
            let ended = scene.state();
            assert_eq!(ended.run, None, "call {number}, {moment:?}");
            assert_eq!(ended.last.unwrap().counts.families, FAMILIES as u64, "call {number}, {moment:?}");
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[tokio::test]
async fn a_throttled_page_goes_on_later_with_the_families_that_are_left() {
    let mut scene = families().await;
    let before = scene.world.count("DescribeTaskDefinition");
    scene.world.at_nth(
        "DescribeTaskDefinition",
        31,
        Moment::Before,
        Then::fail(ErrorKind::Retry, "DescribeTaskDefinition", "ThrottlingException: Rate exceeded"),
    );
    pages(&mut scene).await;
    complete(&scene);
    assert_eq!(scene.finished(), [[60, 60, 60, 0, 0]]);
    assert_eq!(scene.world.count("DescribeTaskDefinition") - before, FAMILIES + 1);
    assert_eq!(scene.pages()[0].delay, 60);
    assert!(scene.heard.failed[0].message.contains("Rate exceeded"), "{:?}", scene.heard.failed);
}

#[tokio::test]
async fn a_slow_page_ends_in_time_and_the_next_page_has_the_families_that_are_left() {
    let mut scene = families().await;
    let before = scene.world.count("DescribeTaskDefinition");
    let is_slow = Then::act(|account| account.now += SignedDuration::from_secs(36));
    scene.world.at_nth("DescribeTaskDefinition", 10, Moment::After, is_slow);
    scene.delivers(&start()).await;
    assert_eq!(scene.world.count("DescribeTaskDefinition") - before, 10);
    assert_eq!(scene.state().run.unwrap().rest.len(), 50);
    while let Some(sent) = scene.takes() {
        if sent.body["logweir"] == "reconcile" {
            scene.delivers(&sent.body).await;
        }
    }
    complete(&scene);
    assert_eq!((scene.finished(), scene.world.count("ListTaskDefinitionFamilies")), (vec![[60, 60, 60, 0, 0]], 1));
}

#[tokio::test]
async fn a_reconciliation_that_is_throttled_again_and_again_stops_and_the_next_request_continues_it() {
    let mut scene = families().await;
    let throttled = PortError {
        kind: ErrorKind::Retry,
        call: "DescribeTaskDefinition",
        message: "ThrottlingException: Rate exceeded".into(),
        reason: None,
    };
    scene.world.always("DescribeTaskDefinition", throttled);
    scene.reconciles().await;
    let delays: Vec<u16> = scene.pages().iter().map(|sent| sent.delay).collect();
    assert_eq!(delays, [60, 120, 240, 480, 900, 900, 900]);
    scene.world.restart();
    scene.world.advance(HOUR * 22);
    let lists = scene.world.count("ListTaskDefinitionFamilies");
    pages(&mut scene).await;
    complete(&scene);
    assert_eq!((scene.finished().len(), scene.world.count("ListTaskDefinitionFamilies")), (1, lists));
}

#[tokio::test]
async fn a_denied_list_stops_the_reconciliation_with_a_warning() {
    let mut scene = families().await;
    scene.world.at_next(
        "ListTaskDefinitionFamilies",
        Moment::Before,
        Then::fail(ErrorKind::Refused, "ListTaskDefinitionFamilies", "AccessDeniedException: no"),
    );
    scene.reconciles().await;
    assert_eq!((scene.pages().len(), scene.heard.failed.len(), scene.finished().len()), (0, 1, 0));
    assert!(scene.heard.failed[0].message.contains("AccessDenied"));
}

#[tokio::test]
async fn a_family_that_cannot_be_read_is_counted_and_does_not_stop_the_others() {
    let mut scene = families().await;
    scene.world.at_next(
        "DescribeTaskDefinition",
        Moment::Before,
        Then::fail(ErrorKind::Refused, "DescribeTaskDefinition", "the response has no taskDefinition"),
    );
    pages(&mut scene).await;
    assert_eq!((scene.finished(), scene.heard.failed.len()), (vec![[59, 59, 59, 0, 1]], 1));
}

#[tokio::test]
async fn a_record_that_a_newer_version_has_written_does_not_stop_the_others() {
    let mut scene = families().await;
    scene.world.account(|account| account.newer.insert(account.arn("web-10", 1)));
    pages(&mut scene).await;
    assert_eq!((scene.finished(), scene.heard.failed.len()), (vec![[59, 59, 59, 0, 1]], 1));
    assert_eq!(scene.state().run, None);
}

#[tokio::test]
async fn a_source_that_the_journal_does_not_name_does_not_stop_the_others() {
    let mut scene = families().await;
    let tags = [Tag::new("logweir:source", "1")];
    scene.world.account(|account| account.registers_with_tags(&blocking("web-10"), &tags));
    scene.world.advance(HOUR * 2);
    scene.world.at_next("source_of", Moment::Before, Then::fail(ErrorKind::Refused, "GetItem", "a newer version"));
    pages(&mut scene).await;
    assert_eq!((scene.finished(), scene.heard.failed.len()), (vec![[59, 59, 59, 0, 1]], 1));
}

#[tokio::test]
async fn a_family_whose_read_fails_again_and_again_costs_one_page() {
    let mut scene = Scene::noted(Mode::Register).await;
    for family in ["web-0", "web-1", "web-2"] {
        scene.registers(&blocking(family));
    }
    scene.world.advance(HOUR * 2);
    // The record of web-0 is read first, and then after those of the other families.
    for nth in [1, 4] {
        let fails = Then::fail(ErrorKind::Retry, "Query", "the journal returned only a part of the entries");
        scene.world.at_nth("read", nth, Moment::Before, fails);
    }
    pages(&mut scene).await;
    assert_eq!((scene.finished(), scene.pages().len()), (vec![[2, 2, 2, 0, 1]], 1));
    assert_eq!((scene.overdue(), scene.state().run), (vec!["web-1:1".to_owned(), "web-2:1".to_owned()], None));
}

#[tokio::test]
async fn a_queue_that_takes_no_message_makes_sqs_deliver_the_page_again() {
    let mut scene = families().await;
    scene.world.account(|account| account.families.values_mut().for_each(|all| all[0].at -= HOUR * 100));
    *scene.work.is_broken.lock().unwrap() = true;
    assert!(scene.delivers(&start()).await, "the message fails");
    *scene.work.is_broken.lock().unwrap() = false;
    scene.world.advance(HIDDEN);
    scene.reconciles().await;
    assert_eq!(scene.finished(), [[60, 60, 0, 60, 0]]);
}

#[tokio::test]
async fn the_last_delivery_of_a_page_never_makes_it_a_dead_letter() {
    let mut scene = families().await;
    *scene.work.is_broken.lock().unwrap() = true;
    for receives in 1..=5 {
        assert_eq!(scene.delivers_with(&start(), receives, &[]).await, receives < 5, "{receives}");
        scene.world.advance(HIDDEN);
    }
}

#[tokio::test]
async fn a_lost_page_is_requested_again_by_the_next_start() {
    let mut scene = families().await;
    scene.delivers(&start()).await;
    while scene.takes().is_some() {} // the message of the second page is lost
    scene.world.advance(HOUR * 24);
    pages(&mut scene).await;
    complete(&scene);
    assert_eq!(scene.finished(), [[60, 60, 60, 0, 0]]);
}

#[tokio::test]
async fn a_list_whose_token_has_expired_begins_again() {
    let mut scene = Scene::noted(Mode::Register).await;
    for number in 0..120 {
        scene.registers(&blocking(&format!("web-{number:03}")));
    }
    scene.world.advance(HOUR * 2);
    scene.delivers(&start()).await;
    scene.delivers(&scene.pages()[0].body.clone()).await;
    while scene.takes().is_some() {} // the message of the second list is lost
    // The family whose name is the token no longer exists, so the world does not accept the token.
    scene.world.account(|account| account.families.remove("web-099"));
    scene.world.advance(HOUR * 24);
    pages(&mut scene).await;
    assert_eq!(scene.finished(), [[119, 119, 119, 0, 0]]);
}
