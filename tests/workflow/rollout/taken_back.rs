//! Taking back what services followed to: they go back to the source, unless somebody has moved on.

use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::LEASE;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, notes, rollout, said, sound};
use crate::world::story::resumes_backouts;
use crate::world::{Account, LiveService, Moment, Then};

fn rolls_back(service: &mut LiveService) {
    service.rolls_back = true;
}

/// The service is pointed back, and the last tasks of ours are ending.
const ENDING: &str = "partial deployment-under-way (2); prod/web pointed-back";
/// What the schedule says once they have ended.
const BACK: &str = "backed-out (0); prod/web pointed-back";

async fn schedule(scene: &Scene) -> Vec<String> {
    resumes_backouts(&scene.world).await.iter().map(said).collect()
}

fn active(scene: &Scene) -> Vec<usize> {
    scene.account(|account| account.active("web"))
}

/// Everything has come to rest: the service runs this, and of the family these are left.
async fn rests(scene: &Scene, runs: &str, left: &[usize]) {
    scene.account(|account| account.completes("prod/web"));
    for event in [UPDATE, COMPLETED] {
        scene.told(event).await;
    }
    scene.after(3600);
    assert_eq!((scene.resumes().await.len(), schedule(scene).await.len()), (0, 0));
    assert_eq!((scene.runs("prod/web").as_str(), active(scene)), (runs, left.to_vec()));
    let record = scene.record();
    assert!(record.head.suppressed && !record.head.open && record.head.following.is_empty());
    assert!(scene.account(|account| account.remembered.values().all(|family| family.turn.is_none())));
}

#[tokio::test]
async fn a_deployment_of_ours_that_is_under_way_is_rolled_back_by_ecs() {
    let scene = Scene::following(rolls_back).await;
    let report = scene.backs_out().await;
    assert_eq!(said(&report), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), scene.pointed()), (1, 1));
    assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:2", vec![1, 2, 3]));
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn one_that_cannot_be_stopped_is_pointed_back() {
    for kind in [ErrorKind::Refused, ErrorKind::Missing] {
        let scene = Scene::following(rolls_back).await;
        let refuses = Then::fail(kind, "StopServiceDeployment", "ConflictException");
        scene.world.at_next("StopServiceDeployment", Moment::Before, refuses);
        assert_eq!(said(&scene.backs_out().await), ENDING);
        assert_eq!((scene.world.count("StopServiceDeployment"), scene.pointed()), (1, 2));
        scene.account(|account| account.completes("prod/web"));
        assert_eq!(schedule(&scene).await, [BACK]);
        rests(&scene, "web:2", &[1, 2]).await;
    }
}

#[tokio::test]
async fn one_that_has_overtaken_the_sources_own_is_not_rolled_back_to_what_was_before_both() {
    let scene = Scene::deploying(rolls_back).await.by(&rollout("when = \"at-once\""));
    scene.told(UPDATE).await;
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), scene.pointed()), (0, 2));
    assert_eq!(scene.runs("prod/web"), "web:2");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn one_that_has_completed_is_pointed_back() {
    let scene = Scene::followed(rolls_back).await;
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), scene.pointed()), (0, 2));
    assert_eq!(schedule(&scene).await, [ENDING], "its last tasks still end");
    scene.account(|account| account.completes("prod/web"));
    scene.after(600);
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn what_is_shown_before_names_the_service_and_writes_nothing() {
    let scene = Scene::followed(rolls_back).await;
    let before = scene.world.picture();
    let report = crate::world::story::previews(&scene.world, &scene.source).await;
    assert_eq!(report.exit_code(), 0);
    assert!(report.notes.concat().contains("service prod/web would be pointed back at web:2"), "{:?}", report.notes);
    assert_eq!(scene.world.picture(), before);
}

#[tokio::test]
async fn a_service_that_somebody_has_moved_on_is_left_with_that_and_said() {
    for like in [Scene::following(rolls_back).await, Scene::followed(rolls_back).await] {
        let scene = like;
        scene.account(|account| {
            let other = account.registers(&sound().replace("\"web\"", "\"other\""));
            account.updates_service("prod/web", &other);
            account.completes("prod/web");
        });
        let pointed = scene.pointed();
        let report = scene.backs_out().await;
        assert_eq!(said(&report), "backed-out (0); prod/web left-alone");
        assert_eq!(notes(&report), "service prod/web runs other:1 since");
        assert_eq!(scene.pointed(), pointed);
        rests(&scene, "other:1", &[1, 2]).await;
    }
}

#[tokio::test]
async fn one_that_somebody_has_returned_to_the_source_is_there_already() {
    let scene = Scene::followed(rolls_back).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "backed-out (0); prod/web left-alone");
    assert_eq!(notes(&report), "somebody has pointed service prod/web back already");
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn a_service_that_is_gone_or_going_needs_nothing() {
    for (gone, note) in [
        (Account::drains as fn(&mut Account, &str), "service prod/web is being deleted, or was"),
        (Account::deletes_service, "service prod/web is being deleted, or was"),
        (Account::forgets_service, "service prod/web is not there any more"),
    ] {
        let scene = Scene::followed(rolls_back).await;
        scene.account(|account| gone(account, "prod/web"));
        let report = scene.backs_out().await;
        assert_eq!(notes(&report), note);
        assert_eq!(scene.pointed(), 1);
        // Where it is going, its last tasks end first.
        scene.account(|account| {
            if account.services.contains_key(&account.service_arn("prod/web")) {
                account.deletes_service("prod/web");
            }
        });
        schedule(&scene).await;
        assert_eq!((active(&scene), scene.record().head.closing.unwrap().outcome.name()), (vec![1, 2], "backed-out"));
    }
}

#[tokio::test]
async fn a_source_that_was_deregistered_is_restored_and_the_service_runs_that() {
    for like in [Scene::following(rolls_back).await, Scene::followed(rolls_back).await] {
        let scene = like;
        let source = scene.source.clone();
        scene.account(|account| account.deregisters(&source));
        assert_eq!(said(&scene.backs_out().await), ENDING);
        let restored = scene.account(|account| account.revision(&account.arn("web", 4)).unwrap().text.clone());
        assert_eq!(restored, super::scene::blocking());
        assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:4", vec![1, 3, 4]));
        assert_eq!(scene.world.count("StopServiceDeployment"), 0, "ECS would go back to what is gone");
        scene.account(|account| account.completes("prod/web"));
        assert_eq!(schedule(&scene).await, [BACK]);
        rests(&scene, "web:4", &[1, 4]).await;
    }
}

#[tokio::test]
async fn one_whose_family_has_moved_on_is_not_restored_and_the_service_stays() {
    let scene = Scene::followed(rolls_back).await;
    let source = scene.source.clone();
    scene.account(|account| {
        account.deregisters(&source);
        account.registers(&sound());
    });
    let report = scene.backs_out().await;
    assert_eq!(
        (report.outcome.name(), report.reason, report.exit_code()),
        ("needs-operator", Some(Reason::NewerRevision), 2)
    );
    assert_eq!((scene.pointed(), scene.runs("prod/web").as_str(), active(&scene)), (1, "web:3", vec![1, 3, 4]));
}

/// Two services of the family run ours.
async fn two() -> Scene {
    let services = ["prod/api", "prod/web"];
    let scene = Scene::before(&services, rolls_back).await;
    for name in services {
        scene.deploys(name);
        scene.account(|account| account.completes(name));
        scene.told_of(COMPLETED, name).await;
    }
    for name in services {
        scene.account(|account| account.completes(name));
        scene.told_of(COMPLETED, name).await;
    }
    assert_eq!((scene.runs("prod/api"), scene.runs("prod/web"), scene.pointed()), ("web:3".into(), "web:3".into(), 2));
    scene
}

#[tokio::test]
async fn two_services_go_back_both_and_the_last_first() {
    let scene = two().await;
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "partial deployment-under-way (2); prod/web pointed-back; prod/api pointed-back");
    scene.account(|account| account.completes("prod/api"));
    assert_eq!(
        schedule(&scene).await,
        ["partial deployment-under-way (2); prod/web pointed-back; prod/api pointed-back"]
    );
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, ["backed-out (0); prod/web pointed-back; prod/api pointed-back"]);
    assert_eq!((scene.pointed(), scene.runs("prod/api")), (4, "web:2".into()));
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn one_of_two_that_was_moved_on_keeps_nothing_of_the_other() {
    let scene = two().await;
    scene.account(|account| {
        let first = account.arn("web", 1);
        account.updates_service("prod/api", &first);
        account.completes("prod/api");
    });
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "partial deployment-under-way (2); prod/web pointed-back; prod/api left-alone");
    assert_eq!(notes(&report), "service prod/api runs web:1 since");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, ["backed-out (0); prod/web pointed-back; prod/api left-alone"]);
    assert_eq!(scene.runs("prod/api"), "web:1");
}

#[tokio::test]
async fn a_service_that_may_not_be_pointed_back_keeps_ours_until_somebody_asks_once_more() {
    let scene = Scene::followed(rolls_back).await;
    let message = "AccessDeniedException: not authorized to perform: ecs:UpdateService".into();
    let reason = Some(Reason::AccessDenied);
    scene.world.always("UpdateService", PortError { kind: ErrorKind::Refused, call: "UpdateService", message, reason });
    let report = scene.backs_out().await;
    assert_eq!(
        said(&report),
        "partial access-denied (2); prod/web left-alone access-denied; service prod/web still-runs-ours"
    );
    assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:3", vec![1, 2, 3]));
    assert_eq!(schedule(&scene).await, NOTHING, "nobody tries it again by himself");
    scene.world.restart();
    assert_eq!(said(&scene.backs_out().await), ENDING);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
    assert_eq!(said(&scene.backs_out().await), "backed-out duplicate (0); prod/web pointed-back");
}

#[tokio::test]
async fn what_is_asked_too_often_while_it_is_taken_back_goes_on_later() {
    for call in ["DescribeServices", "UpdateService", "ListServices", "DeregisterTaskDefinition", "put_pointings"] {
        let scene = Scene::followed(rolls_back).await;
        scene.world.at_next(call, Moment::Before, Then::fail(ErrorKind::Retry, call, "Rate exceeded"));
        if call == "DeregisterTaskDefinition" {
            scene.backs_out().await;
            scene.account(|account| account.completes("prod/web"));
        }
        let report = scene.backs_out().await;
        assert!(report.comes_again() && report.report.error.unwrap().contains("Rate exceeded"), "{call}");
        scene.world.advance(LEASE);
        schedule(&scene).await;
        scene.account(|account| account.completes("prod/web"));
        scene.after(600);
        schedule(&scene).await;
        assert_eq!(scene.pointed(), if call == "UpdateService" { 3 } else { 2 }, "{call}");
        rests(&scene, "web:2", &[1, 2]).await;
    }
}

#[tokio::test]
async fn nothing_is_corrected_or_pointed_again_after_it() {
    let scene = Scene::followed(rolls_back).await;
    scene.backs_out().await;
    scene.account(|account| account.completes("prod/web"));
    schedule(&scene).await;
    scene.deploys("prod/web");
    assert_eq!(said(&scene.told(UPDATE).await), "skipped suppressed (0)");
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped suppressed (0)");
    assert_eq!(scene.pointed(), 2);
    // Asked for by name, it is corrected anew, and the service follows anew.
    let [first, second] = scene.applies(true).await;
    assert_eq!((said(&first).as_str(), said(&second).as_str()), ("remediated (0)", "remediated (0); prod/web updated"));
    assert_eq!(scene.runs("prod/web"), "web:4");
}
