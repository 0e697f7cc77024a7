//! No drift loop: Logweir updates a service to the correction of a source once. Services and families have fuses.

use logweir::domain::ecs::revision::RevisionArn;

use super::scene::{COMPLETED, NOTHING, REGISTER, Scene, UPDATE, blocking, notes, said};

const RETURNED: &str = "skipped service-rolled-back (0); prod/web not-changed service-rolled-back";

#[tokio::test]
async fn a_return_to_the_source_during_the_rollout_is_final() {
    let scene = Scene::following(|_| {}).await;
    scene.deploys("prod/web");
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "skipped service-rolled-back (0); prod/web rolled-back service-rolled-back");
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated; web rollout-ended rolled-back");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), RETURNED);
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.stopped()), (1, "web:2".into(), None));
}

#[tokio::test]
async fn a_return_to_the_source_after_the_rollout_is_final() {
    let scene = Scene::followed(|_| {}).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    for event in [UPDATE, COMPLETED] {
        let report = scene.told(event).await;
        assert_eq!(said(&report), RETURNED);
        assert_eq!(
            notes(&report),
            "Logweir updated service prod/web to the corrected revision once, and ECS or another principal rolled \
             it back"
        );
    }
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.on_their_way().len()), (1, "web:2".into(), 0));
}

#[tokio::test]
async fn a_deployment_of_another_revision_by_another_principal_stays() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| {
        let first = account.arn("web", 1);
        account.updates_service("prod/web", &first);
    });
    // The same event also checks the deployed revision, which is compliant.
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), "compliant (0); prod/web not-changed service-changed");
    assert_eq!(
        scene.told_in_the_record(),
        "web updating-service; web service-updated; web rollout-ended service-changed"
    );
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.on_their_way().len()), (1, "web:1".into(), 0));
}

#[tokio::test]
async fn a_blocking_revision_deployed_by_another_principal_is_corrected_and_rolled_out() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| {
        let newer = account.registers(&blocking());
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
    });
    let report = scene.told(COMPLETED).await;
    assert_eq!(said(&report), "remediated (0); prod/web not-changed service-changed; prod/web updated");
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (2, "web:5".into()));
}

#[tokio::test]
async fn a_service_whose_pipeline_deploys_the_source_every_hour_is_updated_once() {
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
async fn forcing_updates_a_returned_service_once_more() {
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

/// Registers a blocking revision, deploys it to prod/web, and delivers the events.
async fn redeploys_the_fault(scene: &mut Scene) -> String {
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

/// Removes the counted corrections, which would open the family's fuse.
fn only_services_count(scene: &Scene) {
    scene.account(|account| account.remembered.values_mut().for_each(|family| family.corrections.clear()));
}

const UPDATED: &str = "remediated (0); prod/web updated";
const OPEN: &str = "refused fuse-open (1); prod/web not-changed fuse-open";

/// A baseline in which corrections do not open the family's fuse, so that the service's fuse shows.
const FUSE: &str =
    "version = 1\n[rollout]\nsettle-minutes = 0\n[fuse]\ncorrections = 200\nminutes = 1\ncorrections-per-week = 5\n";

#[tokio::test]
async fn a_service_that_was_updated_three_times_within_ten_minutes_is_not_updated_again() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    for _ in 0..3 {
        assert_eq!(redeploys_the_fault(&mut scene).await, UPDATED);
        scene.after(60);
        only_services_count(&scene);
    }
    assert_eq!(redeploys_the_fault(&mut scene).await, OPEN);
    let why = "service prod/web was recently updated 3 times, and another principal keeps rolling it back";
    assert!(scene.stopped().unwrap().contains(why), "{:?}", scene.stopped());
    assert_eq!((scene.pointed(), scene.runs("prod/web"), scene.on_their_way().len()), (3, scene.source.short(), 0));
    scene.after(600);
    let report = scene.told(UPDATE).await;
    assert_eq!(said(&report), OPEN, "the fuse stays open until an operator closes it");
    assert!(notes(&report).contains(why), "{}", notes(&report));
}

#[tokio::test]
async fn a_service_that_is_updated_less_often_is_updated_again() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await;
    for _ in 0..6 {
        assert_eq!(redeploys_the_fault(&mut scene).await, UPDATED);
        scene.after(301);
        only_services_count(&scene);
    }
    assert_eq!((scene.pointed(), scene.stopped()), (6, None));
}

#[tokio::test]
async fn a_service_that_was_updated_too_often_within_a_week_is_not_updated_again() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await.by(FUSE);
    for _ in 0..5 {
        assert_eq!(redeploys_the_fault(&mut scene).await, UPDATED);
        scene.after(24 * 3600);
        only_services_count(&scene);
    }
    assert_eq!(redeploys_the_fault(&mut scene).await, OPEN);
    assert_eq!((scene.pointed(), scene.stopped().is_some()), (5, true));
}

#[tokio::test]
async fn forcing_updates_a_service_with_an_open_fuse() {
    let mut scene = Scene::before(&["prod/web"], |_| {}).await.by(FUSE);
    for _ in 0..5 {
        redeploys_the_fault(&mut scene).await;
        scene.after(3600);
        only_services_count(&scene);
    }
    assert_eq!(redeploys_the_fault(&mut scene).await, OPEN);
    assert_eq!(said(&scene.applies(false).await[1]), OPEN);
    assert_eq!(said(&scene.applies(true).await[1]), UPDATED);
    let times = scene.account(|account| account.pointings.values().next().unwrap().times.len());
    assert_eq!((scene.pointed(), times), (6, 1), "the count starts again");
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
    // A service runs a revision that was corrected before.
    scene.account(|account| {
        account.updates_service("prod/web", &corrected);
        account.completes("prod/web");
    });
    let report = scene.told(COMPLETED).await;
    assert_eq!(scene.pointed(), 0, "{refused}");
    assert_eq!(said(&report), OPEN);
    assert!(notes(&report).contains("re-registered the fault 3 times"), "{}", notes(&report));
    assert_eq!(scene.resumes().await, NOTHING);
}
