//! Backouts of rollouts: services return to the source, unless another principal has updated them.

use jiff::SignedDuration;
use logweir::domain::outcome::Reason;
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use super::scene::{COMPLETED, NOTHING, Scene, UPDATE, notes, rollout, said, sound};
use crate::world::story::{applies_by, backs_out_with, resumes_backouts};
use crate::world::{Account, LiveService, Moment, Then};

fn rolls_back(service: &mut LiveService) {
    service.rolls_back = true;
}

/// The service is rolled back, and the last tasks of the correction are ending.
const ENDING: &str = "partial deployment-under-way (2); prod/web backed-out";
/// The schedule's report once they have ended.
const BACK: &str = "backed-out (0); prod/web backed-out";

async fn schedule(scene: &Scene) -> Vec<String> {
    resumes_backouts(&scene.world).await.iter().map(said).collect()
}

fn active(scene: &Scene) -> Vec<usize> {
    scene.account(|account| account.active("web"))
}

/// Asserts that all work has ended, that the service runs this revision, and that these revisions are ACTIVE.
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
async fn a_rollout_in_progress_is_stopped_and_rolled_back_by_ecs() {
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
async fn a_rollout_that_cannot_be_stopped_is_rolled_back_by_an_update() {
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
async fn a_rollout_that_overtook_the_sources_deployment_is_rolled_back_to_the_source() {
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
async fn a_completed_rollout_is_rolled_back_by_an_update() {
    let scene = Scene::followed(rolls_back).await;
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), scene.pointed()), (0, 2));
    assert_eq!(schedule(&scene).await, [ENDING], "its last tasks are still ending");
    scene.account(|account| account.completes("prod/web"));
    scene.after(600);
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn a_preview_names_the_service_and_writes_nothing() {
    let scene = Scene::followed(rolls_back).await;
    let before = scene.world.picture();
    let report = crate::world::story::previews(&scene.world, &scene.source).await;
    assert_eq!(report.exit_code(), 0);
    assert!(report.notes.concat().contains("service prod/web would be rolled back to web:2"), "{:?}", report.notes);
    assert_eq!(scene.world.picture(), before);
}

#[tokio::test]
async fn a_service_that_another_principal_updated_is_not_changed_and_is_reported() {
    for like in [Scene::following(rolls_back).await, Scene::followed(rolls_back).await] {
        let scene = like;
        scene.account(|account| {
            let other = account.registers(&sound().replace("\"web\"", "\"other\""));
            account.updates_service("prod/web", &other);
            account.completes("prod/web");
        });
        let pointed = scene.pointed();
        let report = scene.backs_out().await;
        assert_eq!(said(&report), "backed-out (0); prod/web not-changed");
        assert_eq!(notes(&report), "service prod/web runs other:1 by now");
        assert_eq!(scene.pointed(), pointed);
        rests(&scene, "other:1", &[1, 2]).await;
    }
}

#[tokio::test]
async fn a_service_that_another_principal_returned_to_the_source_is_not_changed() {
    let scene = Scene::followed(rolls_back).await;
    scene.deploys("prod/web");
    scene.account(|account| account.completes("prod/web"));
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "backed-out (0); prod/web not-changed");
    assert_eq!(notes(&report), "ECS or another principal has already rolled service prod/web back");
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn a_deleted_service_needs_no_rollback() {
    for (gone, note) in [
        (Account::drains as fn(&mut Account, &str), "service prod/web is being deleted, or was deleted"),
        (Account::deletes_service, "service prod/web is being deleted, or was deleted"),
        (Account::forgets_service, "service prod/web no longer exists"),
    ] {
        let scene = Scene::followed(rolls_back).await;
        scene.account(|account| gone(account, "prod/web"));
        let report = scene.backs_out().await;
        assert_eq!(notes(&report), note);
        assert_eq!(scene.pointed(), 1);
        // The last tasks of a draining service end first.
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
async fn a_deregistered_source_is_restored_and_the_service_runs_the_restored_revision() {
    for like in [Scene::following(rolls_back).await, Scene::followed(rolls_back).await] {
        let scene = like;
        let source = scene.source.clone();
        scene.account(|account| account.deregisters(&source));
        assert_eq!(said(&scene.backs_out().await), ENDING);
        let restored = scene.account(|account| account.revision(&account.arn("web", 4)).unwrap().text.clone());
        assert_eq!(restored, super::scene::blocking());
        assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:4", vec![1, 3, 4]));
        assert_eq!(scene.world.count("StopServiceDeployment"), 0, "ECS would roll back to the deregistered source");
        scene.account(|account| account.completes("prod/web"));
        assert_eq!(schedule(&scene).await, [BACK]);
        rests(&scene, "web:4", &[1, 4]).await;
    }
}

#[tokio::test]
async fn a_deregistered_source_is_not_restored_over_a_newer_revision_and_the_service_stays() {
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

/// Two services of the family run the correction.
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
async fn two_services_are_both_rolled_back_and_the_last_updated_first() {
    let scene = two().await;
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "partial deployment-under-way (2); prod/web backed-out; prod/api backed-out");
    scene.account(|account| account.completes("prod/api"));
    assert_eq!(schedule(&scene).await, ["partial deployment-under-way (2); prod/web backed-out; prod/api backed-out"]);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, ["backed-out (0); prod/web backed-out; prod/api backed-out"]);
    assert_eq!((scene.pointed(), scene.runs("prod/api")), (4, "web:2".into()));
    rests(&scene, "web:2", &[1, 2]).await;
}

#[tokio::test]
async fn a_service_that_another_principal_updated_does_not_stop_the_rollback_of_the_other() {
    let scene = two().await;
    scene.account(|account| {
        let first = account.arn("web", 1);
        account.updates_service("prod/api", &first);
        account.completes("prod/api");
    });
    let report = scene.backs_out().await;
    assert_eq!(said(&report), "partial deployment-under-way (2); prod/web backed-out; prod/api not-changed");
    assert_eq!(notes(&report), "service prod/api runs web:1 by now");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, ["backed-out (0); prod/web backed-out; prod/api not-changed"]);
    assert_eq!(scene.runs("prod/api"), "web:1");
}

#[tokio::test]
async fn a_service_that_may_not_be_rolled_back_keeps_the_correction_until_the_next_request() {
    let scene = Scene::followed(rolls_back).await;
    let message = "AccessDeniedException: not authorized to perform: ecs:UpdateService".into();
    let reason = Some(Reason::AccessDenied);
    scene.world.always("UpdateService", PortError { kind: ErrorKind::Refused, call: "UpdateService", message, reason });
    let report = scene.backs_out().await;
    assert_eq!(
        said(&report),
        "partial access-denied (2); prod/web not-changed access-denied; service prod/web still-runs-corrected"
    );
    assert_eq!((scene.runs("prod/web").as_str(), active(&scene)), ("web:3", vec![1, 2, 3]));
    assert_eq!(schedule(&scene).await, NOTHING, "the schedule does not retry it");
    scene.world.restart();
    assert_eq!(said(&scene.backs_out().await), ENDING);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
    assert_eq!(said(&scene.backs_out().await), "backed-out duplicate (0); prod/web backed-out");
}

#[tokio::test]
async fn a_throttled_backout_is_completed_later() {
    for call in ["DescribeServices", "UpdateService", "ListServices", "DeregisterTaskDefinition", "put_pointings"] {
        let scene = Scene::followed(rolls_back).await;
        scene.world.at_next(call, Moment::Before, Then::fail(ErrorKind::Retry, call, "Rate exceeded"));
        if call == "DeregisterTaskDefinition" {
            scene.backs_out().await;
            scene.account(|account| account.completes("prod/web"));
        }
        let report = scene.backs_out().await;
        assert!(report.is_retried() && report.report.error.unwrap().contains("Rate exceeded"), "{call}");
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
async fn a_stop_whose_answer_is_lost_is_not_followed_by_an_update() {
    let scene = Scene::following(rolls_back).await;
    scene.world.at_next("StopServiceDeployment", Moment::After, Then::Cut);
    assert!(scene.backs_out().await.is_retried());
    scene.world.advance(LEASE);
    assert_eq!(schedule(&scene).await, [ENDING]);
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("web:2", 1));
}

/// The backout's worker died before it stopped the deployment of web:3, which is still in progress. The next worker
/// cannot read the deployment.
async fn unread(kind: ErrorKind) -> Scene {
    let scene = Scene::following(rolls_back).await;
    scene.world.at_next("StopServiceDeployment", Moment::Before, Then::Crash);
    scene.backs_out().await;
    scene.world.restart();
    scene.world.advance(LEASE);
    let unread = Then::fail(kind, "DescribeServiceDeployments", "no answer");
    scene.world.at_next("DescribeServiceDeployments", Moment::Before, unread);
    scene
}

#[tokio::test]
async fn a_service_is_not_updated_before_a_throttled_read_of_its_deployment_has_succeeded() {
    let scene = unread(ErrorKind::Retry).await;
    let report = resumes_backouts(&scene.world).await.remove(0);
    assert_eq!((report.is_retried(), scene.pointed(), scene.runs("prod/web").as_str()), (true, 1, "web:3"));
    scene.world.advance(LEASE);
    assert_eq!(schedule(&scene).await, [ENDING]);
    assert_eq!((scene.pointed(), scene.runs("prod/web").as_str()), (2, "web:2"));
}

#[tokio::test]
async fn a_service_is_rolled_back_although_its_deployment_may_not_be_read() {
    for kind in [ErrorKind::Refused, ErrorKind::Missing] {
        let scene = unread(kind).await;
        assert_eq!(schedule(&scene).await, [ENDING]);
        assert_eq!((scene.pointed(), scene.runs("prod/web").as_str()), (2, "web:2"));
    }
}

/// Another principal deploys other:1 right before the backout updates the service, and the backout's worker dies at
/// its second update, to other:1.
async fn overtakes(moment: Moment) -> Scene {
    let scene = Scene::followed(rolls_back).await;
    let deploys = Then::act(|account| {
        account.now += SignedDuration::from_secs(1);
        let other = account.registers(&sound().replace("\"web\"", "\"other\""));
        account.updates_service("prod/web", &other);
        account.now += SignedDuration::from_secs(1);
    });
    scene.world.at_next("UpdateService", Moment::Before, deploys);
    scene.world.at_nth("UpdateService", 2, moment, Then::Crash);
    scene.backs_out().await;
    assert!(scene.world.is_dead());
    scene.world.restart();
    scene.world.advance(LEASE);
    scene
}

#[tokio::test]
async fn after_a_crash_a_service_gets_the_revision_whose_deployment_the_rollback_replaced() {
    let scene = overtakes(Moment::Before).await;
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("web:2", 3));
    schedule(&scene).await;
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("other:1", 4));
}

#[tokio::test]
async fn after_a_crash_a_service_that_has_the_replaced_revision_again_is_only_reported() {
    let scene = overtakes(Moment::After).await;
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("other:1", 3));
    let report = resumes_backouts(&scene.world).await.remove(0);
    assert_eq!(
        notes(&report),
        "another principal deployed other:1 to service prod/web during the rollback; the service keeps this revision"
    );
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("other:1", 3));
}

#[tokio::test]
async fn a_source_is_restored_with_the_edits_of_the_correction_that_its_service_runs() {
    let scene = Scene::followed(rolls_back).await;
    // Another principal deregisters web:3, and a correction with another baseline registers web:4.
    let first = scene.account(|account| account.arn("web", 3));
    scene.account(|account| account.deregisters(&first));
    let other = "version = 1\n[logging]\nmax-buffer-size = \"50m\"\nmin-buffer-size = \"50m\"\n";
    let report = applies_by(&scene.world, other, &scene.source, true).await;
    assert_eq!((said(&report).as_str(), active(&scene)), ("remediated (0)", vec![1, 2, 4]));
    let source = scene.source.clone();
    scene.account(|account| account.deregisters(&source));
    let ask = BackoutOptions { restore_over_newer: true, ..BackoutOptions::default() };
    backs_out_with(&scene.world, "operator", &scene.source, ask).await;
    let restored = scene.account(|account| account.revision(&account.arn("web", 5)).map(|found| found.text.clone()));
    assert_eq!((restored, scene.runs("prod/web").as_str()), (Some(super::scene::blocking()), "web:5"));
}

#[tokio::test]
async fn after_a_backout_nothing_is_corrected_or_rolled_out_again() {
    let scene = Scene::followed(rolls_back).await;
    scene.backs_out().await;
    scene.account(|account| account.completes("prod/web"));
    schedule(&scene).await;
    scene.deploys("prod/web");
    assert_eq!(said(&scene.told(UPDATE).await), "skipped backed-out-before (0)");
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped backed-out-before (0)");
    assert_eq!(scene.pointed(), 2);
    // A forced correction registers a new revision, and updates the service again.
    let [first, second] = scene.applies(true).await;
    assert_eq!((said(&first).as_str(), said(&second).as_str()), ("remediated (0)", "remediated (0); prod/web updated"));
    assert_eq!(scene.runs("prod/web"), "web:4");
}

/// The backout of a rollout that is in progress, after another principal has acted on the service.
async fn backed_out_after(acts: impl FnOnce(&mut Account)) -> Scene {
    let scene = Scene::following(rolls_back).await;
    scene.account(acts);
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("web:2", 2));
    scene
}

fn subnet(scene: &Scene) -> String {
    scene.account(|account| account.service("prod/web").subnet.clone())
}

#[tokio::test]
async fn another_principals_deployment_of_the_corrected_revision_is_not_stopped() {
    let scene = backed_out_after(|account| account.changes_network("prod/web", "subnet-2")).await;
    assert_eq!(scene.world.count("StopServiceDeployment"), 0);
    assert_eq!(subnet(&scene), "subnet-2", "the service keeps the network of the other principal");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(schedule(&scene).await, [BACK]);
    rests(&scene, "web:2", &[1, 2]).await;
    assert_eq!(subnet(&scene), "subnet-2");
}

#[tokio::test]
async fn an_adopted_deployment_of_another_principal_is_not_stopped() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| account.changes_network("prod/web", "subnet-2"));
    // The rollout continues with the deployment of the other principal.
    scene.told(UPDATE).await;
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), subnet(&scene)), (0, "subnet-2".into()));
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn a_change_between_the_read_and_the_update_is_not_rolled_back_with_the_update() {
    let scene = Scene::deployed(rolls_back).await;
    let changes = Then::act(|account| account.changes_network("prod/web", "subnet-2"));
    scene.world.at_next("UpdateService", Moment::Before, changes);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), subnet(&scene)), (0, "subnet-2".into()));
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn a_change_between_the_update_and_the_read_is_not_stopped() {
    let scene = Scene::deployed(rolls_back).await;
    let changes = Then::act(|account| account.changes_network("prod/web", "subnet-2"));
    scene.world.at_next("UpdateService", Moment::After, changes);
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web updated");
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), subnet(&scene)), (0, "subnet-2".into()));
    assert_eq!(scene.runs("prod/web"), "web:2");
}

#[tokio::test]
async fn a_change_right_before_the_stop_is_kept() {
    let scene = Scene::following(rolls_back).await;
    let changes = Then::act(|account| account.changes_network("prod/web", "subnet-2"));
    scene.world.at_next("StopServiceDeployment", Moment::Before, changes);
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), ("web:2", 2));
    assert_eq!(subnet(&scene), "subnet-2");
}

#[tokio::test]
async fn a_deployment_that_a_crashed_worker_may_not_have_started_is_not_stopped() {
    let scene = Scene::deployed(rolls_back).await;
    scene.world.at_next("UpdateService", Moment::After, Then::Crash);
    scene.told(COMPLETED).await;
    scene.world.restart();
    scene.account(|account| account.changes_network("prod/web", "subnet-2"));
    scene.world.advance(LEASE);
    scene.resumes().await;
    assert_eq!(said(&scene.backs_out().await), ENDING);
    assert_eq!((scene.world.count("StopServiceDeployment"), subnet(&scene)), (0, "subnet-2".into()));
}
