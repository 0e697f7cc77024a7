//! The lag of the account in memory: each kind of read omits its own number of writes, and no write longer than the lag
//! lasts.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::tags::Tag;
use logweir::ports::{ErrorKind, RevisionStatus, Services, TaskDefinitions};

use crate::world::story::BLOCKING;
use crate::world::{Lag, Passing, World};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// A world with web:1 and web:2, in which the last write is not visible to one kind of read.
fn lagging(lag: Lag) -> World {
    let world = World::new();
    world.account(|account| account.registers(BLOCKING));
    world.advance(MINUTE);
    world.lags(Lag { lasts: MINUTE, ..lag });
    world.account(|account| account.registers_with_tags(BLOCKING, &[Tag::new("team", "a")]));
    world
}

fn web(world: &World, number: usize) -> RevisionArn {
    world.account(|account| account.arn("web", number))
}

async fn status(world: &World, name: &str) -> Option<RevisionStatus> {
    match world.describe(name).await {
        Ok(described) => Some(described.status),
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Missing);
            assert_eq!(error.message, "ClientException: Unable to describe task definition.");
            None
        }
    }
}

async fn listed(world: &World) -> Vec<u32> {
    world.newest("web", 100).await.unwrap().iter().map(|arn| arn.revision).collect()
}

#[tokio::test]
async fn a_revision_cannot_be_described_until_the_lag_is_over() {
    let world = lagging(Lag { describe: 1, ..Lag::default() });
    assert_eq!((status(&world, "web:1").await, status(&world, "web:2").await), (Some(RevisionStatus::Active), None));
    assert_eq!(listed(&world).await, [2, 1], "the list has its own lag");
    world.advance(MINUTE);
    assert_eq!(status(&world, "web:2").await, Some(RevisionStatus::Active));
}

#[tokio::test]
async fn a_later_write_makes_an_earlier_one_visible() {
    let world = lagging(Lag { describe: 1, list: 1, ..Lag::default() });
    world.account(|account| account.registers(BLOCKING));
    assert_eq!((status(&world, "web:2").await, status(&world, "web:3").await), (Some(RevisionStatus::Active), None));
    assert_eq!(listed(&world).await, [2, 1]);
}

#[tokio::test]
async fn a_list_omits_a_new_revision_and_shows_a_deregistered_one() {
    let world = lagging(Lag { list: 2, ..Lag::default() });
    world.account(|account| account.deregisters(&account.arn("web", 1)));
    assert_eq!(listed(&world).await, [1]);
    assert_eq!(world.describe("web").await.unwrap().arn.revision, 1, "the newest of a family is that of the list");
    assert_eq!(status(&world, "web:1").await, Some(RevisionStatus::Inactive), "a description has its own lag");
    world.advance(MINUTE);
    assert_eq!(listed(&world).await, [2]);
}

#[tokio::test]
async fn tags_may_be_missing_from_a_revision_that_can_be_described() {
    let world = lagging(Lag { tags: 1, ..Lag::default() });
    assert_eq!(world.describe("web:2").await.unwrap().tags, []);
    world.advance(MINUTE);
    assert_eq!(world.describe("web:2").await.unwrap().tags, [Tag::new("team", "a")]);
}

#[tokio::test]
async fn a_service_cannot_be_updated_to_a_revision_that_is_not_visible_yet() {
    let world = lagging(Lag { starts: 1, ..Lag::default() });
    let service = world.account(|account| account.service_arn("prod/web"));
    world.account(|account| account.runs_service("prod/web", &account.arn("web", 1)));
    let error = world.update(&service, &web(&world, 2)).await.unwrap_err();
    assert_eq!(error.message, "ClientException: TaskDefinition not found.");
    world.advance(MINUTE);
    assert_eq!(world.update(&service, &web(&world, 2)).await.unwrap().revision, web(&world, 2));
}

#[tokio::test]
async fn a_service_is_described_as_it_was_some_writes_ago() {
    let world = lagging(Lag { services: 1, ..Lag::default() });
    let service = world.account(|account| account.service_arn("prod/web"));
    world.account(|account| account.runs_service("prod/web", &account.arn("web", 1)));
    world.advance(MINUTE);
    world.account(|account| account.scales("prod/web", 2));
    let updated = world.update(&service, &web(&world, 2)).await.unwrap();
    assert_eq!(updated.revision.revision, 2, "the response to a write shows the write");
    assert_eq!(world.service(&service).await.unwrap().revision.revision, 1);
    world.advance(MINUTE);
    assert_eq!(world.service(&service).await.unwrap().revision.revision, 2);
}

#[tokio::test]
async fn a_deleted_revision_is_shown_until_its_deletion_is_complete() {
    let world = lagging(Lag::default());
    world.account(|account| account.deregisters(&account.arn("web", 1)));
    world.account(|account| account.deletes(&account.arn("web", 1)));
    assert_eq!(status(&world, "web:1").await, Some(RevisionStatus::DeleteInProgress));
    world.account(crate::world::Account::finishes_deletions);
    assert_eq!(status(&world, "web:1").await, None);
    assert_eq!(world.account(|account| account.registers(BLOCKING)).revision, 3, "its number is never used again");
}

#[tokio::test]
async fn a_refusal_that_passes_refuses_one_call_without_effect() {
    for passing in Passing::ALL {
        let world = lagging(Lag::default());
        let service = world.account(|account| account.service_arn("prod/web"));
        world.account(|account| account.runs_service("prod/web", &account.arn("web", 1)));
        world.refuses_next(passing);
        for refused in [true, false] {
            let message = match passing.call {
                "RegisterTaskDefinition" => {
                    let definition = world.describe("web:1").await.unwrap().definition;
                    world.account(|account| account.wrongs.clear());
                    world.register(&definition, &[]).await.err().map(|error| error.message)
                }
                _ => world.update(&service, &web(&world, 2)).await.err().map(|error| error.message),
            };
            assert_eq!(message.as_deref(), refused.then_some(passing.message));
        }
        assert!(
            world.account(
                |account| account.active("web").len() == 3 || account.service("prod/web").revision.revision == 2
            )
        );
    }
}

#[tokio::test]
async fn another_network_is_a_new_deployment_of_the_same_revision() {
    let world = lagging(Lag::default());
    world.account(|account| account.runs_service("prod/web", &account.arn("web", 1)));
    world.account(|account| account.changes_network("prod/web", "subnet-new"));
    let service = world.account(|account| account.service("prod/web").clone());
    assert_eq!((service.deployments.len(), service.deployments[0].subnet.as_str()), (2, "subnet-new"));
    assert_eq!((service.revision.revision, service.deployments[0].revision.revision), (1, 1));
    // A rollback by ECS brings the earlier network back.
    let deployment = service.deployments[0].service_deployment.clone();
    let _ = world.stop(&deployment).await;
    assert_eq!(world.account(|account| account.service("prod/web").subnet.clone()), "subnet-old");
}

#[tokio::test]
async fn a_paused_deployment_goes_on_when_it_is_continued() {
    let world = lagging(Lag::default());
    let service = world.account(|account| account.service_arn("prod/web"));
    world.account(|account| {
        account.runs_service("prod/web", &account.arn("web", 1));
        account.updates_service("prod/web", &account.arn("web", 2));
        account.pauses("prod/web");
    });
    let deployment = world.service(&service).await.unwrap().service_deployment.unwrap();
    assert!(world.progress(&deployment).await.unwrap().paused);
    world.account(|account| account.continues("prod/web"));
    assert!(!world.progress(&deployment).await.unwrap().paused);
}
