//! Logweir's deployment fails, or its service is deleted.

use super::scene::{COMPLETED, FAILED, IN_PROGRESS, NOTHING, Scene, UPDATE, notes, rollout, said, sound};
use crate::world::{Account, LiveService, TASKS_FAILED};

const FAILED_HERE: &str = "failed deployment-failed (2); prod/web failed deployment-failed";
const RETURNED: &str = "skipped service-rolled-back (0); prod/web not-changed service-rolled-back";

fn rolls_back(service: &mut LiveService) {
    service.rolls_back = true;
}

/// Asserts that the service runs the source again, that the family's fuse is open, and that nothing more is tried.
async fn is_over(scene: &Scene, pointed: usize, why: &str) {
    assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:2".into(), pointed));
    assert_eq!(scene.on_their_way().len(), 0);
    let stopped = scene.stopped().unwrap();
    assert!(stopped.contains(&format!("Logweir's deployment of web:3 to service prod/web failed: {why}")), "{stopped}");
    assert_eq!(scene.account(|account| account.remembered.values().next().unwrap().turn.clone()), None);
    for event in [UPDATE, FAILED, COMPLETED] {
        scene.told(event).await;
    }
    scene.after(3600);
    assert_eq!(scene.resumes().await, NOTHING);
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), RETURNED);
    assert_eq!(scene.pointed(), pointed);
}

#[tokio::test]
async fn a_failure_that_ecs_rolls_back_is_reported_with_the_reason_of_ecs() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), FAILED_HERE);
    assert_eq!((notes(&report), report.error.as_deref()), (TASKS_FAILED.into(), Some(TASKS_FAILED)));
    assert_eq!(scene.told_in_the_record(), "web updating-service; web service-updated; web rollout-ended failed");
    is_over(&scene, 1, TASKS_FAILED).await;
}

#[tokio::test]
async fn a_failure_that_ecs_does_not_roll_back_is_rolled_back_by_logweir() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(FAILED).await;
    assert_eq!((said(&report), notes(&report)), (FAILED_HERE.into(), TASKS_FAILED.into()));
    assert_eq!(
        scene.told_in_the_record(),
        "web updating-service; web service-updated; web rolling-back; web service-rolled-back; web rollout-ended failed"
    );
    is_over(&scene, 2, TASKS_FAILED).await;
}

#[tokio::test]
async fn the_schedule_finds_a_failure_without_an_event() {
    for (like, pointed) in [(rolls_back as fn(&mut LiveService), 1), (|_: &mut LiveService| {}, 2)] {
        let scene = Scene::following(like).await;
        scene.account(|account| account.fails("prod/web", TASKS_FAILED));
        assert_eq!(scene.resumes().await, [FAILED_HERE]);
        assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:2".into(), pointed));
    }
}

#[tokio::test]
async fn the_start_event_of_the_rollback_reveals_the_failure() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    let report = scene.told(IN_PROGRESS).await;
    assert_eq!(said(&report), FAILED_HERE);
    assert_eq!(notes(&report), TASKS_FAILED);
    is_over(&scene, 1, TASKS_FAILED).await;
}

#[tokio::test]
async fn the_start_event_of_the_rollback_reveals_a_failure_that_ecs_shows_late() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| {
        account.fails_late = true;
        account.fails("prod/web", TASKS_FAILED);
    });
    let report = scene.told(IN_PROGRESS).await;
    assert_eq!(said(&report), FAILED_HERE);
    let why = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/2.";
    assert_eq!(notes(&report), why);
    is_over(&scene, 1, why).await;
}

#[tokio::test]
async fn a_failure_event_counts_although_ecs_shows_no_failure() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| {
        account.fails_late = true;
        account.fails("prod/web", TASKS_FAILED);
    });
    assert_eq!(said(&scene.told(FAILED).await), FAILED_HERE);
    is_over(&scene, 1, TASKS_FAILED).await;
}

/// The deployment fails, and the rollback completes. ECS no longer lists the failed deployment.
fn fails_and_is_back(account: &mut Account) {
    account.fails("prod/web", TASKS_FAILED);
    account.completes("prod/web");
}

#[tokio::test]
async fn a_failure_event_may_arrive_after_the_end_of_the_rollback() {
    let scene = Scene::following(rolls_back).await;
    scene.account(fails_and_is_back);
    assert_eq!(said(&scene.told(COMPLETED).await), FAILED_HERE);
    assert_eq!(said(&scene.told(FAILED).await), RETURNED);
    is_over(&scene, 1, "").await;
}

#[tokio::test]
async fn a_failure_event_may_arrive_before_the_end_of_the_rollback() {
    let scene = Scene::following(rolls_back).await;
    scene.account(fails_and_is_back);
    assert_eq!(said(&scene.told(FAILED).await), FAILED_HERE);
    assert_eq!(said(&scene.told(COMPLETED).await), RETURNED);
    is_over(&scene, 1, TASKS_FAILED).await;
}

#[tokio::test]
async fn the_end_of_a_rollback_reveals_the_failure_if_nothing_else_does() {
    let scene = Scene::following(|service| service.shifts_traffic = true).await;
    // ECS gives no states and no reasons here.
    scene.account(|account| {
        account.service_mut("prod/web").rolls_back = true;
        fails_and_is_back(account);
    });
    assert_eq!(scene.resumes().await, [FAILED_HERE]);
    is_over(&scene, 1, "ECS deployment circuit breaker: rolling back").await;
}

#[tokio::test]
async fn a_rollback_by_an_alarm_is_a_failure_whatever_its_reason_says() {
    for words in ["Alarm detection: web-5xx is in ALARM, rolling back to deploymentId ecs-svc/2.", "Something new."] {
        let scene = Scene::following(rolls_back).await;
        scene.account(|account| {
            account.fails_late = true;
            account.fails("prod/web", TASKS_FAILED);
            account.service_mut("prod/web").deployments[0].reason = words.into();
        });
        assert_eq!(said(&scene.told(IN_PROGRESS).await), FAILED_HERE, "{words}");
        assert_eq!((scene.runs("prod/web"), scene.pointed()), ("web:2".into(), 1));
        assert!(scene.stopped().is_some());
    }
}

#[tokio::test]
async fn a_failure_followed_by_another_principals_deployment_is_still_logweirs_failure() {
    for first in [FAILED, UPDATE] {
        let scene = Scene::following(rolls_back).await;
        scene.account(|account| {
            account.fails("prod/web", TASKS_FAILED);
            let other = account.registers(&sound().replace("\"web\"", "\"other\""));
            account.updates_service("prod/web", &other);
            account.completes("prod/web");
        });
        scene.told(first).await;
        scene.told(FAILED).await;
        assert_eq!(scene.record().head.rolled.unwrap().outcome.name(), "failed", "{first} first");
        assert!(scene.stopped().unwrap().contains(TASKS_FAILED));
        assert_eq!((scene.runs("prod/web"), scene.pointed()), ("other:1".into(), 1));
    }
}

/// Logweir's deployment overtook the source's own one and fails. ECS rolls back to the revision before both.
async fn at_once_and_fails() -> Scene {
    let scene = Scene::deploying(rolls_back).await.by(&rollout("when = \"at-once\""));
    scene.told(UPDATE).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    assert_eq!(scene.runs("prod/web"), "web:1");
    scene
}

#[tokio::test]
async fn after_a_failure_the_service_runs_the_source_although_ecs_rolled_back_further() {
    let scene = at_once_and_fails().await;
    let report = scene.told(FAILED).await;
    assert_eq!((said(&report), notes(&report)), (FAILED_HERE.into(), TASKS_FAILED.into()));
    is_over(&scene, 2, TASKS_FAILED).await;
}

#[tokio::test]
async fn after_a_failure_a_later_deployment_by_another_principal_stays() {
    for fails_too in [false, true] {
        let scene = at_once_and_fails().await;
        scene.after(5);
        scene.account(|account| {
            let other = account.registers(&sound().replace("\"web\"", "\"other\""));
            account.updates_service("prod/web", &other);
            if fails_too {
                account.fails("prod/web", TASKS_FAILED);
            }
        });
        let runs = if fails_too { "web:1" } else { "other:1" };
        assert_eq!(scene.resumes().await.len(), 1);
        assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), (runs, 1), "{fails_too}");
        scene.told(FAILED).await;
        assert_eq!((scene.runs("prod/web").as_str(), scene.pointed()), (runs, 1), "{fails_too}");
    }
}

#[tokio::test]
async fn a_failed_later_deployment_by_another_principal_is_not_logweirs_failure() {
    for event in [UPDATE, FAILED, IN_PROGRESS] {
        let scene = Scene::following(rolls_back).await;
        scene.after(5);
        scene.account(|account| {
            let other = account.registers(&sound().replace("\"web\"", "\"other\""));
            account.updates_service("prod/web", &other);
            account.fails("prod/web", TASKS_FAILED);
        });
        assert_eq!(scene.runs("prod/web"), "web:2", "the revision that completed last");
        scene.told(event).await;
        assert_eq!(
            scene.told_in_the_record(),
            "web updating-service; web service-updated; web rollout-ended service-changed",
            "{event}"
        );
        assert_eq!((scene.stopped(), scene.pointed(), scene.on_their_way().len()), (None, 1, 0));
        scene.account(|account| account.completes("prod/web"));
        assert_eq!(said(&scene.told(COMPLETED).await), RETURNED);
        assert_eq!((scene.pointed(), scene.runs("prod/web")), (1, "web:2".into()));
    }
}

#[tokio::test]
async fn a_forced_deployment_of_the_correction_continues_the_rollout() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| account.forces_deployment("prod/web"));
    assert_eq!(said(&scene.told(UPDATE).await), "skipped deployment-under-way (0); prod/web updated");
    scene.account(|account| account.completes("prod/web"));
    assert_eq!(said(&scene.told(COMPLETED).await), "rolled-out (0); prod/web rolled-out");
    assert_eq!(
        scene.told_in_the_record(),
        "web updating-service; web service-updated; web service-updated; web rollout-ended completed"
    );
    assert_eq!(scene.pointed(), 1);
}

#[tokio::test]
async fn a_failed_forced_deployment_of_the_correction_fails_the_rollout() {
    let scene = Scene::following(rolls_back).await;
    scene.account(|account| {
        account.forces_deployment("prod/web");
        account.fails("prod/web", TASKS_FAILED);
    });
    assert_eq!(said(&scene.told(FAILED).await), FAILED_HERE);
    is_over(&scene, 1, "ECS deployment circuit breaker: rolling back").await;
}

#[tokio::test]
async fn a_failed_deployment_of_another_principal_is_not_called_logweirs() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.changes_network("prod/web", "subnet-wrong"));
    scene.told(UPDATE).await;
    scene.account(|account| account.fails("prod/web", TASKS_FAILED));
    assert_eq!(said(&scene.told(FAILED).await), FAILED_HERE);
    let stopped = scene.stopped().unwrap();
    assert!(stopped.contains("another principal's deployment of web:3 to service prod/web failed"), "{stopped}");
    let (runs, subnet) = scene.account(|account| {
        let service = account.service("prod/web");
        (service.revision.short(), service.subnet.clone())
    });
    assert_eq!((runs.as_str(), subnet.as_str()), ("web:2", "subnet-wrong"), "only the revision is rolled back");
}

#[tokio::test]
async fn a_late_failure_of_another_principals_deployment_opens_no_fuse() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| account.forces_deployment("prod/web"));
    scene.told(UPDATE).await;
    scene.deploys("prod/web");
    scene.told(UPDATE).await;
    assert!(scene.told_in_the_record().ends_with("web rollout-ended rolled-back"), "{}", scene.told_in_the_record());
    // The event of the forced deployment's failure arrives at the end.
    let mut failed = scene.event(IN_PROGRESS);
    failed["detail"]["eventName"] = FAILED.into();
    failed["detail"]["deploymentId"] = "ecs-svc/4".into();
    scene.tell(&failed).await;
    assert_eq!(scene.stopped(), None);
}

#[tokio::test]
async fn a_service_that_is_deleted_meanwhile_is_no_failure() {
    let says = "skipped service-changed (0); prod/web not-changed service-changed";
    for gone in [Account::drains, Account::deletes_service, Account::forgets_service] {
        let scene = Scene::following(|_| {}).await;
        scene.account(|account| gone(account, "prod/web"));
        assert_eq!(scene.resumes().await, [says]);
        assert_eq!((scene.on_their_way().len(), scene.stopped(), scene.pointed()), (0, None, 1));
    }
}

#[tokio::test]
async fn a_failed_rollout_whose_source_was_deregistered_needs_an_operator() {
    let scene = Scene::following(|_| {}).await;
    scene.account(|account| {
        let source = account.arn("web", 2);
        account.deregisters(&source);
        account.fails("prod/web", TASKS_FAILED);
    });
    let report = scene.told(FAILED).await;
    assert_eq!(said(&report), "needs-operator deployment-failed (2); prod/web needs-operator deployment-failed");
    assert!(notes(&report).starts_with(TASKS_FAILED), "{}", notes(&report));
    assert!(notes(&report).contains("TaskDefinition is inactive"), "{}", notes(&report));
    assert_eq!((scene.runs("prod/web"), scene.stopped().is_some()), ("web:3".into(), true));
}
