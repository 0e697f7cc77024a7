//! No duel: a service is pointed at the correction of a source once, and services and families have fuses.

use logweir::domain::ecs::revision::RevisionArn;

use super::scene::{COMPLETED, NOTHING, REGISTER, Scene, UPDATE, blocking, notes, said};

const RETURNED: &str = "skipped returned (0); prod/web left-alone returned";

#[tokio::test]
async fn whoever_returns_the_service_while_ours_is_under_way_has_decided() {
    let scene = Scene::following(|_| {}).await;
    scene.deploys("prod/web");
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "skipped returned (0); prod/web returned returned");
    assert_eq!(scene.told_in_the_record(), "web pointing; web pointed; web followed returned");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), RETURNED);
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.stopped()), (1, "web:2".into(), None));
}

#[tokio::test]
async fn so_has_whoever_returns_it_after_ours_has_completed() {
    let scene = Scene::followed(|_| {}).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    for event in [UPDATE, COMPLETED] {
        let report = scene.told(event).await;
        assert_eq!(said(&report), RETURNED);
        assert_eq!(notes(&report), "it was pointed at our revision once, and somebody or ECS decided otherwise");
    }
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.on_their_way().len()), (1, "web:2".into(), 0));
}

#[tokio::test]
async fn somebody_who_deploys_something_else_is_left_with_that() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| {
        let first = account.arn("web", 1);
        account.updates_service("prod/web", &first);
    });
    // What was deployed is looked at in the same breath, and nothing is wrong with it.
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "compliant (0); prod/web left-alone service-moved-on");
    assert_eq!(scene.told_in_the_record(), "web pointing; web pointed; web followed moved-on");
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.on_their_way().len()), (1, "web:1".into(), 0));
}

#[tokio::test]
async fn and_follows_to_the_correction_of_that_where_it_blocks_too() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| {
        let newer = account.registers(&blocking());
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
    });
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web left-alone service-moved-on; prod/web updated");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (2, "web:5".into()));
}

#[tokio::test]
async fn a_pipeline_that_applies_the_source_every_hour_is_answered_once() {
    let scene = Scene::deployed(|_| {}).await;
    for hour in 0..24 {
        scene.deploys("prod/web");
        scene.told(UPDATE).await;
        scene.account(|account| account.completes("prod/web"));
        scene.told(COMPLETED).await;
        scene.after(1200);
        scene.account(|account| account.completes("prod/web"));
        scene.told(COMPLETED).await;
        scene.resumes().await;
        scene.after(2400);
        let runs = if hour == 0 { "web:3" } else { "web:2" };
        assert_eq!((scene.pointed(), scene.runs("prod/web").as_str()), (1, runs), "hour {hour}");
    }
    assert_eq!(said(&scene.told(UPDATE).await), RETURNED);
}

#[tokio::test]
async fn to_ask_again_leads_it_there_once_more() {
    let scene = Scene::followed(|_| {}).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    scene.told(COMPLETED).await;
    let [first, second] = scene.applies(false).await;
    assert_eq!((said(&first), said(&second)), ("skipped duplicate (0)".into(), RETURNED.into()));
    let [_, second] = scene.applies(true).await;
    assert_eq!(said(&second), "remediated (0); prod/web updated");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (2, "web:3".into()));
}

/// Somebody registers what blocks, has prod/web run it, and all of that is told.
async fn puts_it_back(scene: &mut Scene) -> String {
    scene.source = scene.account(|account| -> RevisionArn { account.registers(&blocking()) });
    scene.told(REGISTER).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    let report = scene.told(COMPLETED).await;
    scene.account(|account| account.completes("prod/web"));
    if scene.pointed() > 0 && scene.runs("prod/web") != scene.source.short() {
        scene.told(COMPLETED).await;
    }
    said(&report)
}

/// Corrections open the family's fuse as well.
fn only_services_count(scene: &Scene) {
    scene.account(|account| account.remembered.values_mut().for_each(|family| family.corrections.clear()));
}

const UPDATED: &str = "remediated (0); prod/web updated";
const OPEN: &str = "refused fuse-open (1); prod/web left-alone fuse-open";

/// Corrections do not open the family's fuse, so that the service's can be seen.
const FUSE: &str = "version = 1\n[fuse]\ncorrections = 200\nminutes = 1\ncorrections-per-week = 5\n";

#[tokio::test]
async fn a_service_that_was_pointed_three_times_within_ten_minutes_is_left_alone() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    for _ in 0..3 {
        assert_eq!(puts_it_back(&mut scene).await, UPDATED);
        scene.after(60);
        only_services_count(&scene);
    }
    assert_eq!(puts_it_back(&mut scene).await, OPEN);
    let why = "service prod/web was pointed 3 times of late, and somebody keeps pointing it back";
    assert!(scene.stopped().unwrap().contains(why), "{:?}", scene.stopped());
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.on_their_way().len()), (3, scene.source.short(), 0));
    scene.after(600);
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), OPEN, "it stays open until somebody closes it");
    assert!(notes(&report).contains(why), "{}", notes(&report));
}

#[tokio::test]
async fn one_that_is_pointed_less_often_follows() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    for _ in 0..6 {
        assert_eq!(puts_it_back(&mut scene).await, UPDATED);
        scene.after(301);
        only_services_count(&scene);
    }
    assert_eq!((scene.pointed(), scene.stopped()), (6, None));
}

#[tokio::test]
async fn one_that_was_pointed_too_often_within_a_week_is_left_alone() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await.by(FUSE);
    for _ in 0..5 {
        assert_eq!(puts_it_back(&mut scene).await, UPDATED);
        scene.after(24 * 3600);
        only_services_count(&scene);
    }
    assert_eq!(puts_it_back(&mut scene).await, OPEN);
    assert_eq!((scene.pointed(), scene.stopped().is_some()), (5, true));
}

#[tokio::test]
async fn to_ask_again_lets_it_follow_all_the_same() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await.by(FUSE);
    for _ in 0..5 {
        puts_it_back(&mut scene).await;
        scene.after(3600);
        only_services_count(&scene);
    }
    assert_eq!(puts_it_back(&mut scene).await, OPEN);
    assert_eq!(said(&scene.applies(false).await[1]), OPEN);
    assert_eq!(said(&scene.applies(true).await[1]), UPDATED);
    let times = scene.account(|account| account.pointings.values().next().unwrap().times.len());
    assert_eq!((scene.pointed(), times), (6, 1), "it is counted anew");
}

#[tokio::test]
async fn a_family_whose_fuse_is_open_is_neither_corrected_nor_rolled_out() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    for _ in 0..2 {
        scene.source = scene.account(|account| account.registers(&blocking()));
        scene.told(REGISTER).await;
    }
    let corrected = scene.source.clone();
    let refused = scene.account(|account| account.registers(&blocking()));
    assert_eq!(said(&scene.told(REGISTER).await), "refused fuse-open (1)");
    // A service runs what was corrected before.
    scene.account(|account| {
        account.updates_service("prod/web", &corrected);
        account.completes("prod/web");
    });
    let report = scene.told(COMPLETED).await;
    assert_eq!(scene.pointed(), 0, "{refused}");
    assert_eq!(said(&report), OPEN);
    assert!(notes(&report).contains("put the fault back 3 times"), "{}", notes(&report));
    assert_eq!(scene.resumes().await, NOTHING);
}
