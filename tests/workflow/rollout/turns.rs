//! Services of one family are updated one after the other.

use jiff::SignedDuration;
use logweir::settings::LEASE;

use super::scene::{COMPLETED, FAILED, NOTHING, Scene, UPDATE, notes, rollout, said};
use crate::world::{Moment, TASKS_FAILED, Then};

const SERVICES: [&str; 3] = ["prod/api", "prod/batch", "prod/web"];

/// Three services of the family run the source. No event was delivered.
async fn three() -> Scene {
    let scene = Scene::before(&SERVICES, |service| service.rolls_back = true).await;
    for name in SERVICES {
        scene.deploys(name);
        scene.account(|account| account.completes(name));
    }
    scene
}

/// Delivers the events of the services: the first is updated, and the others wait.
async fn told_of(scene: &Scene) {
    assert_eq!(said(&scene.told_of(COMPLETED, "prod/api").await), "remediated (0); prod/api updated");
    for name in ["prod/batch", "prod/web"] {
        let report = scene.told_of(COMPLETED, name).await;
        assert_eq!(said(&report), format!("skipped in-flight (0); {name} waits in-flight"));
        assert_eq!(notes(&report), "service prod/api of the same family is being updated");
    }
    assert_eq!((scene.pointed(), scene.on_their_way()), (1, SERVICES.map(String::from).to_vec()));
}

fn whose_turn(scene: &Scene) -> Option<String> {
    scene.account(|account| account.remembered.values().next().unwrap().turn.as_ref().map(|turn| turn.service.short()))
}

#[tokio::test]
async fn the_next_service_is_updated_when_the_first_has_completed() {
    let scene = three().await;
    told_of(&scene).await;
    for (name, next) in [("prod/api", "; prod/batch updated"), ("prod/batch", "; prod/web updated"), ("prod/web", "")] {
        assert_eq!(whose_turn(&scene).as_deref(), Some(name));
        scene.account(|account| account.completes(name));
        let report = scene.told_of(COMPLETED, name).await;
        assert_eq!(said(&report), format!("rolled-out (0); {name} rolled-out{next}"));
    }
    assert_eq!((scene.pointed(), scene.on_their_way().len(), whose_turn(&scene)), (3, 0, None));
    assert_eq!(SERVICES.map(|name| scene.runs(name)), ["web:3"; 3]);
    assert_eq!(scene.account(|account| account.active("web")), [1, 2, 3]);
}

#[tokio::test]
async fn the_schedule_updates_the_next_service_if_the_completion_event_is_missing() {
    let scene = three().await;
    told_of(&scene).await;
    scene.account(|account| account.completes("prod/api"));
    assert_eq!(
        scene.resumes().await,
        ["rolled-out (0); prod/api rolled-out; prod/batch updated; prod/web waits in-flight"]
    );
    assert_eq!(scene.resumes().await, NOTHING);
    assert_eq!((scene.pointed(), whose_turn(&scene).as_deref()), (2, Some("prod/batch")));
}

#[tokio::test]
async fn a_failure_of_the_first_service_stops_the_others() {
    let scene = three().await;
    told_of(&scene).await;
    scene.account(|account| account.fails("prod/api", TASKS_FAILED));
    assert_eq!(
        said(&scene.told_of(FAILED, "prod/api").await),
        "failed deployment-failed (2); prod/api failed deployment-failed"
    );
    scene.after(3600);
    assert_eq!(scene.resumes().await, NOTHING);
    let report = scene.told_of(UPDATE, "prod/web").await;
    assert_eq!(said(&report), "refused fuse-open (1); prod/web not-changed fuse-open");
    assert!(notes(&report).contains(TASKS_FAILED), "{}", notes(&report));
    assert_eq!((scene.pointed(), scene.on_their_way()), (1, vec!["prod/batch".into(), "prod/web".into()]));
    assert_eq!(SERVICES.map(|name| scene.runs(name)), ["web:2"; 3]);
}

#[tokio::test]
async fn the_others_continue_once_an_operator_has_closed_the_fuse() {
    let scene = three().await;
    told_of(&scene).await;
    scene.account(|account| account.fails("prod/api", TASKS_FAILED));
    scene.told_of(FAILED, "prod/api").await;
    scene.account(|account| account.completes("prod/api"));
    let [first, _] = scene.applies(true).await;
    assert_eq!(said(&first), "skipped duplicate (0)");
    // `apply` updates prod/web.
    assert_eq!((scene.pointed(), scene.runs("prod/web")), (2, "web:3".into()));
    scene.account(|account| account.completes("prod/web"));
    let report = scene.told_of(COMPLETED, "prod/web").await;
    assert_eq!(said(&report), "rolled-out (0); prod/web rolled-out; prod/batch updated");
}

#[tokio::test]
async fn a_failed_read_of_the_next_service_does_not_hide_the_result_of_the_first() {
    let scene = three().await;
    told_of(&scene).await;
    scene.account(|account| account.completes("prod/api"));
    // The first read is of the event's service.
    let throttled = Then::fail(logweir::ports::ErrorKind::Retry, "DescribeServices", "Rate exceeded");
    scene.world.at_nth("DescribeServices", 2, Moment::Before, throttled);
    let report = scene.told_of(COMPLETED, "prod/api").await;
    assert_eq!(said(&report), "rolled-out (0); prod/api rolled-out");
    assert!(report.notes.concat().contains("could not start yet"), "{report:?}");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/batch updated; prod/web waits in-flight"]);
}

#[tokio::test]
async fn services_of_two_revisions_take_turns() {
    let scene = Scene::before(&["prod/api", "prod/web"], |_| {}).await;
    scene.deploys("prod/api");
    scene.account(|account| account.completes("prod/api"));
    scene.told_of(COMPLETED, "prod/api").await;
    scene.account(|account| {
        let newer = account.registers(&super::scene::blocking());
        account.updates_service("prod/web", &newer);
        account.completes("prod/web");
    });
    assert_eq!(said(&scene.told(COMPLETED).await), "remediated (0); prod/web waits in-flight");
    scene.account(|account| account.completes("prod/api"));
    assert_eq!(said(&scene.told_of(COMPLETED, "prod/api").await), "rolled-out (0); prod/api rolled-out");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.runs("prod/api"), scene.runs("prod/web")), ("web:3".into(), "web:5".into()));
}

#[tokio::test]
async fn services_of_two_families_do_not_take_turns() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| {
        account.has_group("/ecs/other", Some(30), 0);
        let other = account.registers(&super::scene::blocking().replace("\"web\"", "\"other\""));
        account.creates_service("prod/other", &other);
        account.completes("prod/other");
    });
    let report = scene.told_of(COMPLETED, "prod/other").await;
    assert_eq!(said(&report), "remediated (0); prod/other updated");
    assert_eq!(scene.pointed(), 2);
}

#[tokio::test]
async fn the_turn_of_a_worker_that_died_before_its_intent_ends_with_its_lease_and_not_before() {
    let scene = three().await;
    // The next entry of the record is the intent for which the turn was claimed.
    scene.world.at_next("commit", Moment::Before, Then::Crash);
    scene.told_of(COMPLETED, "prod/api").await;
    scene.world.restart();
    assert_eq!((whose_turn(&scene).as_deref(), scene.told_in_the_record().as_str()), (Some("prod/api"), ""));
    scene.world.advance(LEASE - SignedDuration::from_secs(1));
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped in-flight (0); prod/web waits in-flight");
    assert_eq!(scene.resumes().await, NOTHING);
    scene.after(1);
    assert_eq!(scene.resumes().await, ["remediated (0); prod/web updated"]);
    assert_eq!((scene.pointed(), whose_turn(&scene).as_deref()), (1, Some("prod/web")));
}

#[tokio::test]
async fn the_turn_of_a_worker_that_died_after_its_intent_lasts_until_the_intent_is_resumed() {
    let scene = three().await;
    scene.world.at_next("UpdateService", Moment::Before, Then::Crash);
    scene.told_of(COMPLETED, "prod/api").await;
    scene.world.restart();
    scene.world.advance(LEASE);
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped in-flight (0); prod/web waits in-flight");
    assert_eq!(scene.resumes().await, ["remediated (0); prod/api updated; prod/web waits in-flight"]);
    assert_eq!((scene.runs("prod/api"), scene.runs("prod/web")), ("web:3".into(), "web:2".into()));
}

#[tokio::test]
async fn of_two_concurrent_workers_only_one_updates_a_service() {
    let scene = three().await;
    // The first worker pauses before its update, while the second one handles its event.
    let calls = scene.world.log().len();
    let quiet = three().await;
    quiet.told_of(COMPLETED, "prod/api").await;
    let act = quiet.world.log().iter().position(|call| call.name == "UpdateService").unwrap() + 1;
    assert!(act > calls);
    scene.world.pause_at(act, Moment::Before);
    let (first, second) = tokio::join!(scene.told_of(COMPLETED, "prod/api"), async {
        while !scene.world.is_paused() {
            tokio::task::yield_now().await;
        }
        let report = scene.told(COMPLETED).await;
        scene.world.go_on();
        report
    });
    assert_eq!(said(&first), "remediated (0); prod/api updated");
    assert_eq!(said(&second), "skipped locked (1) again", "the first worker holds the lease of the record");
    assert_eq!(said(&scene.told(COMPLETED).await), "skipped in-flight (0); prod/web waits in-flight");
    assert_eq!(scene.pointed(), 1);
}

#[tokio::test]
async fn the_required_tag_may_change_while_a_service_waits() {
    let scene = three().await.by(&rollout("require-service-tag = \"logweir=follow\""));
    for name in SERVICES {
        scene.account(|account| account.tags_service(name, "logweir", "follow"));
    }
    told_of(&scene).await;
    scene.account(|account| {
        account.completes("prod/api");
        account.tags_service("prod/batch", "logweir", "no");
    });
    let report = scene.told_of(COMPLETED, "prod/api").await;
    assert_eq!(
        said(&report),
        "rolled-out (0); prod/api rolled-out; prod/batch not-changed not-opted-in; prod/web updated"
    );
    assert!(scene.told_in_the_record().contains("batch rollout-ended not-done not-opted-in"));
    assert_eq!(scene.on_their_way(), ["prod/web"]);
}
