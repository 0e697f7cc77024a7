//! The services of the account in memory: they behave like ECS, so that tests with them hold for ECS.

mod delivered;
mod watched;

use jiff::SignedDuration;
use logweir::domain::ecs::image::EcrImage;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::{Controller, Deployment, RolloutState, Service, Stage, Status};
use logweir::ports::{Answer, ErrorKind, Services, TaskDefinitions};

use crate::world::story::BLOCKING;
use crate::world::{Account, Moment, TASKS_FAILED, Then, World};

const WEB: &str = "prod/web";
const IMAGE: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/web:1";

/// A world whose prod/web runs web:1, and which has web:2 and web:3.
fn world() -> World {
    let world = World::new();
    world.account(|account| {
        let one = account.registers(BLOCKING);
        account.registers(BLOCKING);
        account.registers(BLOCKING);
        account.runs_service(WEB, &one);
    });
    world
}

fn web(world: &World, number: usize) -> RevisionArn {
    world.account(|account| account.arn("web", number))
}

async fn look(world: &World) -> Service {
    let arn = world.account(|account| account.service_arn(WEB));
    world.service(&arn).await.unwrap()
}

async fn points(world: &World, number: usize) -> Answer<Service> {
    let arn = world.account(|account| account.service_arn(WEB));
    world.update(&arn, &web(world, number)).await
}

/// The deployments that are listed, newest first: the number of the revision, and the state.
fn listed(service: &Service) -> Vec<(u32, Option<RolloutState>)> {
    let mut deployments: Vec<&Deployment> = service.deployments.iter().collect();
    deployments.sort_by_key(|deployment| (deployment.primary, deployment.id.clone()));
    deployments.reverse();
    deployments.iter().map(|deployment| (deployment.revision.revision, deployment.state)).collect()
}

async fn stage(world: &World, deployment: &str) -> Stage {
    world.progress(deployment).await.unwrap().stage
}

/// The users of web:NUMBER, each with whether it is draining.
async fn users(world: &World, number: usize) -> Vec<(String, bool)> {
    let users = world.users(&web(world, number)).await.unwrap();
    users.into_iter().map(|user| (user.place.to_string(), user.draining)).collect()
}

const UNDER_WAY: Option<RolloutState> = Some(RolloutState::InProgress);
const COMPLETED: Option<RolloutState> = Some(RolloutState::Completed);
const FAILED: Option<RolloutState> = Some(RolloutState::Failed);

#[tokio::test]
async fn a_deployment_overtakes_the_others_and_ends_them_when_it_completes() {
    let world = world();
    let first = look(&world).await;
    assert_eq!((listed(&first), first.primary().unwrap().id.as_str()), (vec![(1, COMPLETED)], "ecs-svc/1"));
    world.advance(SignedDuration::from_mins(1));
    let pointed = points(&world, 2).await.unwrap();
    assert_eq!((pointed.revision, pointed.deployments.len()), (web(&world, 2), 2));
    let newest = look(&world).await;
    assert_eq!(listed(&newest), [(2, UNDER_WAY), (1, COMPLETED)]);
    assert_eq!(newest.primary().unwrap().created, Some(world.account(|account| account.now)));
    assert!(!newest.primary().unwrap().is_completed() && newest.deployments[0].id == "ecs-svc/1", "in no order");
    let deployment = newest.service_deployment.unwrap();
    assert_eq!(stage(&world, &deployment).await, Stage::UnderWay);
    world.account(|account| account.completes(WEB));
    assert_eq!(
        (listed(&look(&world).await), stage(&world, &deployment).await),
        (vec![(2, COMPLETED)], Stage::Succeeded)
    );
    world.account(|account| account.completes(WEB));
    assert_eq!(listed(&look(&world).await), [(2, COMPLETED)], "it has ended");
}

#[tokio::test]
async fn a_deployment_that_is_overtaken_before_its_first_task_may_vanish_at_once() {
    for (forgets, starts, expected) in [(false, false, 3), (true, false, 2), (true, true, 3)] {
        let world = world();
        world.account(|account| {
            account.forgets_overtaken = forgets;
            account.updates_service(WEB, &account.arn("web", 2));
            if starts {
                account.starts(WEB);
            }
        });
        let overtaken = look(&world).await.service_deployment.unwrap();
        points(&world, 3).await.unwrap();
        assert_eq!((look(&world).await.deployments.len(), stage(&world, &overtaken).await), (expected, Stage::Stopped));
    }
}

#[tokio::test]
async fn an_update_to_the_same_revision_is_no_deployment_unless_forced() {
    let world = world();
    points(&world, 1).await.unwrap();
    world.account(|account| account.updates_service(WEB, &account.arn("web", 1)));
    assert_eq!(listed(&look(&world).await), [(1, COMPLETED)]);
    world.account(|account| account.forces_deployment(WEB));
    assert_eq!(listed(&look(&world).await), [(1, UNDER_WAY), (1, COMPLETED)]);
}

#[tokio::test]
async fn calls_that_ecs_refuses_are_refused() {
    type Change = fn(&mut Account);
    let cases: [(Change, ErrorKind, &str); 7] = [
        (
            |account| account.deregisters(&account.arn("web", 2)),
            ErrorKind::Refused,
            "ClientException: TaskDefinition is inactive",
        ),
        (
            |account| account.service_mut(WEB).controller = Controller::CodeDeploy,
            ErrorKind::Refused,
            "InvalidParameterException: Unable to update task definition on services with a CODE_DEPLOY",
        ),
        (
            |account| account.service_mut(WEB).controller = Controller::External,
            ErrorKind::Refused,
            "InvalidParameterException",
        ),
        (|account| account.drains(WEB), ErrorKind::Refused, "ServiceNotActiveException"),
        (|account| account.deletes_service(WEB), ErrorKind::Refused, "ServiceNotActiveException"),
        (|account| account.forgets_service(WEB), ErrorKind::Missing, "ServiceNotFoundException"),
        (
            |account| drop(account.families.get_mut("web").unwrap().drain(1..)),
            ErrorKind::Missing,
            "ClientException: TaskDefinition not found.",
        ),
    ];
    for (change, kind, message) in cases {
        let world = world();
        world.account(change);
        let before = world.account(|account| account.events.len());
        let error = points(&world, 2).await.unwrap_err();
        assert_eq!((error.kind, error.call), (kind, "UpdateService"), "{error}");
        assert!(error.message.starts_with(message), "{error}");
        assert_eq!(world.account(|account| account.events.len()), before);
    }
}

#[tokio::test]
async fn a_read_of_a_service_shows_its_settings() {
    let world = World::new();
    world.account(|account| {
        let one = account.registers(BLOCKING);
        account.creates_service_as(WEB, &one, |service| {
            (service.managed, service.rolls_back, service.service_connect_logs) = (true, true, true);
        });
        account.tags_service(WEB, "team", "a");
        account.tags_service(WEB, "team", "b");
    });
    let service = look(&world).await;
    assert!(service.managed && service.rolls_back && service.service_connect_logs);
    assert_eq!((service.status, service.tags), (Status::Active, vec![("team".into(), "b".into())]));
    world.account(|account| account.deletes_service(WEB));
    assert_eq!(look(&world).await.status, Status::Inactive);
    let deployment = service.service_deployment.unwrap();
    assert_eq!(
        world.progress(&deployment).await.unwrap_err().kind,
        ErrorKind::Missing,
        "it was deleted with the service"
    );
    world.account(|account| account.forgets_service(WEB));
    let arn = world.account(|account| account.service_arn(WEB));
    assert_eq!(world.service(&arn).await.unwrap_err().kind, ErrorKind::Missing);
}

#[tokio::test]
async fn a_deployment_that_fails_is_rolled_back_to_the_last_that_completed() {
    let world = world();
    world.account(|account| account.service_mut(WEB).rolls_back = true);
    let pointed = points(&world, 2).await.unwrap();
    let deployment = pointed.service_deployment.unwrap();
    world.account(|account| account.fails(WEB, TASKS_FAILED));
    let back = look(&world).await;
    assert_eq!(listed(&back), [(1, UNDER_WAY), (2, FAILED), (1, COMPLETED)]);
    let words = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.";
    assert_eq!((&back.revision, back.primary().unwrap().reason.as_deref()), (&web(&world, 1), Some(words)));
    assert_eq!(
        (back.service_deployment.as_ref(), stage(&world, &deployment).await),
        (Some(&deployment), Stage::RollingBack)
    );
    world.account(|account| account.completes(WEB));
    let after = look(&world).await;
    assert_eq!((listed(&after), after.primary().unwrap().id.as_str()), (vec![(1, COMPLETED)], "ecs-svc/3"));
    assert_eq!(stage(&world, &deployment).await, Stage::Over);
}

#[tokio::test]
async fn a_rollback_that_fails_is_not_rolled_back() {
    let world = world();
    world.account(|account| {
        account.service_mut(WEB).rolls_back = true;
        account.updates_service(WEB, &account.arn("web", 2));
        account.fails(WEB, TASKS_FAILED);
        account.fails(WEB, TASKS_FAILED);
    });
    let service = look(&world).await;
    assert_eq!(listed(&service), [(1, FAILED), (2, FAILED), (1, COMPLETED)]);
    assert_eq!(stage(&world, &service.service_deployment.unwrap()).await, Stage::Over);
}

#[tokio::test]
async fn without_a_rollback_a_failed_deployment_stays_and_without_a_circuit_breaker_none_fails() {
    let world = world();
    points(&world, 2).await.unwrap();
    world.account(|account| account.service_mut(WEB).breaker = false);
    world.account(|account| account.fails(WEB, TASKS_FAILED));
    assert_eq!(listed(&look(&world).await), [(2, UNDER_WAY), (1, COMPLETED)]);
    world.account(|account| account.service_mut(WEB).breaker = true);
    world.account(|account| account.fails(WEB, TASKS_FAILED));
    let service = look(&world).await;
    assert_eq!(listed(&service), [(2, FAILED), (1, COMPLETED)]);
    assert_eq!(stage(&world, &service.service_deployment.unwrap()).await, Stage::Over);
    world.account(|account| account.completes(WEB));
    assert_eq!(listed(&look(&world).await)[0], (2, FAILED), "it no longer starts tasks");
}

#[tokio::test]
async fn nothing_is_rolled_back_to_an_inactive_revision() {
    let world = world();
    world.account(|account| {
        account.service_mut(WEB).rolls_back = true;
        account.updates_service(WEB, &account.arn("web", 2));
        account.deregisters(&account.arn("web", 1));
        account.fails(WEB, TASKS_FAILED);
    });
    assert_eq!(listed(&look(&world).await), [(2, FAILED), (1, COMPLETED)]);
}

#[tokio::test]
async fn a_failure_may_show_only_after_the_rollback_has_begun() {
    let world = world();
    world.account(|account| {
        (account.fails_late, account.service_mut(WEB).rolls_back) = (true, true);
        account.updates_service(WEB, &account.arn("web", 2));
        account.fails(WEB, TASKS_FAILED);
    });
    assert_eq!(listed(&look(&world).await)[1], (2, UNDER_WAY));
    world.account(|account| account.starts(WEB));
    assert_eq!(listed(&look(&world).await)[1], (2, FAILED));
}

#[tokio::test]
async fn a_deployment_that_is_stopped_is_rolled_back() {
    let world = world();
    let deployment = points(&world, 2).await.unwrap().service_deployment.unwrap();
    for _ in 0..2 {
        world.stop(&deployment).await.unwrap();
        assert_eq!(listed(&look(&world).await), [(1, UNDER_WAY), (2, FAILED), (1, COMPLETED)]);
        assert_eq!(stage(&world, &deployment).await, Stage::RollingBack);
    }
    world.account(|account| account.completes(WEB));
    assert_eq!((listed(&look(&world).await), stage(&world, &deployment).await), (vec![(1, COMPLETED)], Stage::Over));
    let over = world.stop(&deployment).await.unwrap_err();
    assert!(over.kind == ErrorKind::Refused && over.message.starts_with("ConflictException"), "{over}");
    let unknown = world.stop("arn:aws:ecs:eu-west-1:111122223333:service-deployment/prod/web/99").await.unwrap_err();
    assert_eq!((unknown.kind, unknown.call), (ErrorKind::Missing, "StopServiceDeployment"));
}

#[tokio::test]
async fn a_strategy_that_shifts_traffic_has_no_rollout_state_and_its_hooks_may_wait() {
    let world = world();
    world.account(|account| account.service_mut(WEB).shifts_traffic = true);
    let deployment = points(&world, 2).await.unwrap().service_deployment.unwrap();
    world.account(|account| {
        account.service_mut(WEB).paused = true;
        account.starts(WEB);
    });
    let service = look(&world).await;
    assert_eq!(listed(&service), [(2, None), (1, None)]);
    assert!(!service.primary().unwrap().is_completed() && world.progress(&deployment).await.unwrap().paused);
    world.account(|account| account.completes(WEB));
    assert!(look(&world).await.primary().unwrap().is_completed() && !world.progress(&deployment).await.unwrap().paused);
}

async fn digests(world: &World) -> Vec<Option<String>> {
    let service = look(world).await;
    world.running_images(&service).await.unwrap().into_iter().map(|image| image.digest).collect()
}

#[tokio::test]
async fn tags_are_resolved_at_each_deployment_and_a_rollback_keeps_the_earlier_digests() {
    let world = World::new();
    let image = EcrImage::parse(IMAGE).unwrap();
    assert_eq!(world.digest(&image).await, Ok(None), "the image was not pushed");
    world.account(|account| {
        account.pushes(IMAGE, "sha256:old");
        let document = BLOCKING.replace("\"nginx\"", &format!("\"{IMAGE}\""));
        let one = account.registers(&document);
        account.registers(&document);
        account.runs_service(WEB, &one);
        account.pushes(IMAGE, "sha256:new");
    });
    assert_eq!(world.digest(&image).await, Ok(Some("sha256:new".into())));
    assert_eq!(digests(&world).await, [Some("sha256:old".to_owned())]);
    world.account(|account| {
        account.service_mut(WEB).rolls_back = true;
        account.updates_service(WEB, &account.arn("web", 2));
    });
    assert_eq!(digests(&world).await, [Some("sha256:new".to_owned())]);
    world.account(|account| account.fails(WEB, TASKS_FAILED));
    assert_eq!(digests(&world).await, [Some("sha256:old".to_owned())]);
    world.account(|account| account.unpushes(IMAGE));
    assert_eq!(world.digest(&image).await, Ok(None));
    world.account(|account| account.forces_deployment(WEB));
    assert_eq!(digests(&world).await, [None], "the running digest is unknown");
}

#[tokio::test]
async fn a_pinned_image_is_its_own_digest_and_no_tag_means_latest() {
    let world = World::new();
    let digest = format!("sha256:{}", "a".repeat(64));
    let repository = IMAGE.trim_end_matches(":1");
    world.account(|account| {
        account.pushes(repository, "sha256:new");
        let pinned = BLOCKING.replace("\"nginx\"", &format!("\"{repository}@{digest}\""));
        let one = account.registers(&pinned);
        account.runs_service(WEB, &one);
    });
    assert_eq!(digests(&world).await, [Some(digest)]);
    let latest = EcrImage::parse(&format!("{repository}:latest")).unwrap();
    assert_eq!(world.digest(&latest).await, Ok(Some("sha256:new".into())));
}

#[tokio::test]
async fn a_revision_has_users_until_its_last_task_has_ended() {
    let world = world();
    let of_service = |draining| (format!("service {WEB}"), draining);
    world.account(|account| {
        account.running.insert(format!("service {WEB}"), account.arn("web", 2));
        account.running.insert("task prod/1".into(), account.arn("web", 1));
    });
    assert_eq!(users(&world, 1).await, [of_service(false), ("task prod/1".into(), false)]);
    assert_eq!(users(&world, 2).await, [of_service(false)], "only as a member of `running`");
    world.account(|account| account.running.clear());
    world.account(|account| account.updates_service(WEB, &account.arn("web", 2)));
    assert_eq!((users(&world, 1).await, users(&world, 2).await), (vec![of_service(true)], vec![of_service(false)]));
    world.account(|account| account.completes(WEB));
    assert_eq!(users(&world, 1).await, []);
    world.account(|account| account.drains(WEB));
    assert_eq!(users(&world, 2).await, [of_service(true)], "its last tasks end");
    world.account(|account| account.deletes_service(WEB));
    assert_eq!(users(&world, 2).await, []);
}

#[tokio::test]
async fn an_inactive_revision_can_be_described_while_a_service_refers_to_it() {
    let world = world();
    world.account(|account| {
        account.shows_inactive = false;
        account.deregisters(&account.arn("web", 1));
    });
    assert!(world.describe("web:1").await.is_ok_and(|described| !described.is_active()));
    world.account(|account| account.deletes_service(WEB));
    assert_eq!(world.describe("web:1").await.unwrap_err().kind, ErrorKind::Missing);
}

#[tokio::test]
async fn every_call_can_be_made_to_fail() {
    let world = world();
    let service = look(&world).await;
    let (arn, deployment) = (service.arn.clone(), service.service_deployment.clone().unwrap());
    let image = EcrImage::parse(IMAGE).unwrap();
    for name in [
        "DescribeServices",
        "UpdateService",
        "DescribeServiceDeployments",
        "StopServiceDeployment",
        "DescribeServiceRevisions",
        "DescribeImages",
    ] {
        world.at_next(name, Moment::Before, Then::Cut);
    }
    let kinds = [
        world.service(&arn).await.map(drop),
        world.update(&arn, &web(&world, 2)).await.map(drop),
        world.progress(&deployment).await.map(drop),
        world.stop(&deployment).await,
        world.running_images(&service).await.map(drop),
        world.digest(&image).await.map(drop),
    ];
    assert!(kinds.into_iter().all(|answer| answer.is_err_and(|error| error.kind == ErrorKind::Retry)));
    assert_eq!(world.account(|account| account.service(WEB).deployments.len()), 1);
}
