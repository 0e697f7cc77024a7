//! The checks of service updates in the world: what a record must have announced, and what is forbidden.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::event::Cause;
use logweir::domain::outcome::{Mode, Reason, TriggerKind};
use logweir::domain::record::{BackoutRequest, Done, EntryKind, Head, Opening, Record, ServiceUpdate, Step, Undo};
use logweir::ports::{Services, TaskDefinitions};

use super::{WEB, look, points, web};
use crate::world::story::corrected_text;
use crate::world::{DEPLOYER, LOGWEIR, World};

/// A world whose prod/web runs web:1. web:2 corrects web:1, and web:3 is a third-party revision. The record contains
/// the correction and nothing else.
fn world() -> World {
    let world = super::world();
    world.account(|account| {
        let revision = &mut account.families.get_mut("web").unwrap()[1];
        (revision.text, revision.by) = (corrected_text(), LOGWEIR.into());
    });
    let source = web(&world, 1);
    let opening = Opening {
        source: source.clone(),
        mode: Mode::Rollout,
        trigger: TriggerKind::Event,
        baseline_digest: String::new(),
        rules: Vec::new(),
        cause: Cause::default(),
        steps: vec![Step::Register { edits: Vec::new() }],
        function: None,
        registrars: Vec::new(),
    };
    let head = Head::new(&opening, world.account(|account| account.now));
    world.account(|account| account.records.insert(source, Record { head, entries: Vec::new() }));
    writes(&world, EntryKind::Opened(Box::new(opening)));
    writes(&world, EntryKind::Started { step: 0, tags: None });
    writes(&world, EntryKind::Done { step: 0, done: Done::Registered { corrected: web(&world, 2) } });
    world
}

/// Appends an entry to the record of web:1.
fn writes(world: &World, what: EntryKind) {
    let source = web(world, 1);
    world.account(|account| {
        let now = account.now;
        let record = account.records.get_mut(&source).unwrap();
        let entry = record.head.write(now, what, &[]);
        record.entries.push(entry);
    });
}

fn service(world: &World) -> ServiceArn {
    world.account(|account| account.service_arn(WEB))
}

fn pointing(world: &World, number: usize) -> EntryKind {
    let (service, from, to) = (service(world), web(world, 1), web(world, number));
    EntryKind::UpdatingService(Box::new(ServiceUpdate {
        service,
        from,
        to,
        seen: vec!["ecs-svc/1".into()],
        settled: true,
    }))
}

/// Requests a rollback of the service, and announces it.
fn undoes(world: &World) {
    let (service, from, to) = (service(world), web(world, 1), web(world, 2));
    let steps = vec![Undo::RollBackService { service, from, to, settled: true }];
    let asked = BackoutRequest {
        reason: None,
        requested_by: None,
        restore_over_newer: false,
        restore_source: false,
        continues: false,
        ignore_pins: false,
        registrars: Vec::new(),
        steps,
    };
    writes(world, EntryKind::BackoutRequested(Box::new(asked)));
    writes(world, EntryKind::Undoing { step: 0, rollback: None });
}

fn wrongs(world: &World) -> Vec<String> {
    world.account(|account| std::mem::take(&mut account.wrongs))
}

#[tokio::test]
async fn an_update_must_be_announced_before() {
    let world = world();
    points(&world, 2).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was updated to web:2, and no record says so before"]);
    writes(&world, pointing(&world, 2));
    points(&world, 2).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
    points(&world, 1).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was updated to web:1, and no record says so before"]);
    writes(&world, EntryKind::RollingBack { service: service(&world), why: "failed".into() });
    points(&world, 1).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}

#[tokio::test]
async fn yielding_to_an_overtaken_deployment_must_be_announced_before() {
    let world = world();
    writes(&world, pointing(&world, 2));
    world.account(|account| account.updates_service(WEB, &account.arn("web", 3)));
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world).len(), 1);
    writes(&world, EntryKind::Yielding { service: service(&world), to: web(&world, 3) });
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}

#[tokio::test]
async fn a_service_may_be_rolled_back_to_the_source_or_to_the_restored_revision() {
    let world = world();
    writes(&world, pointing(&world, 2));
    points(&world, 2).await.unwrap();
    undoes(&world);
    points(&world, 1).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world).len(), 2, "neither announced nor deployed by another principal");
    writes(&world, EntryKind::Restored { step: 0, restored: web(&world, 3) });
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}

#[tokio::test]
async fn a_service_may_not_be_updated_to_a_revision_that_was_never_deployed_to_it() {
    let world = world();
    writes(&world, pointing(&world, 3));
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was updated to web:3, which no principal deployed to it"]);
}

/// Another principal deploys web:3, then Logweir updates the service to the correction of web:1. Returns violations.
async fn overtaken(world: &World) -> Vec<String> {
    writes(world, pointing(world, 2));
    world.account(|account| account.updates_service(WEB, &account.arn("web", 3)));
    points(world, 2).await.unwrap();
    wrongs(world)
}

#[tokio::test]
async fn a_correction_may_replace_its_source_and_no_later_deployment() {
    let wrong = "service prod/web was updated to web:2, which no principal deployed to it";
    assert_eq!(overtaken(&world()).await, [wrong]);
    // A process that has just read the service cannot know of the deployment.
    let looked = world();
    look(&looked).await;
    assert_eq!(overtaken(&looked).await, [""; 0]);
    // Another process has not read the service.
    let restarted = world();
    look(&restarted).await;
    restarted.restart();
    assert_eq!(overtaken(&restarted).await, [wrong]);
}

#[tokio::test]
async fn a_read_is_not_part_of_the_picture() {
    let world = world();
    let before = world.picture();
    look(&world).await;
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn an_express_service_may_not_be_updated() {
    let world = world();
    world.account(|account| account.service_mut(WEB).managed = true);
    writes(&world, pointing(&world, 2));
    points(&world, 2).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was updated to web:2, and it is an Express service"]);
}

#[tokio::test]
async fn only_a_deployment_that_is_being_backed_out_may_be_stopped() {
    let wrong = |number| format!("prod/web's deployment of web:{number} was stopped, and no record says so before");
    let world = world();
    writes(&world, pointing(&world, 2));
    let own = points(&world, 2).await.unwrap().service_deployment.unwrap();
    world.stop(&own).await.unwrap();
    assert_eq!(wrongs(&world), [wrong(2)]);
    undoes(&world);
    world.stop(&own).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
    let others = |number| format!("prod/web's deployment of web:{number}, which {DEPLOYER} started, was stopped");
    for (number, wrongs_of_it) in [(3, vec![wrong(3), others(3)]), (2, vec![others(2)])] {
        world.account(|account| account.updates_service(WEB, &account.arn("web", number)));
        let other = look(&world).await.service_deployment.unwrap();
        world.stop(&other).await.unwrap();
        assert_eq!(wrongs(&world), wrongs_of_it);
    }
}

/// Backs out web:2 while the service runs it, or while its last tasks end. Returns the violations.
async fn deregisters(world: &World) -> Vec<String> {
    let corrected: RevisionArn = web(world, 2);
    let steps = vec![Undo::Deregister { corrected: corrected.clone(), edits: Vec::new() }];
    let asked = BackoutRequest {
        reason: None,
        requested_by: None,
        restore_over_newer: false,
        restore_source: false,
        continues: false,
        ignore_pins: false,
        registrars: Vec::new(),
        steps,
    };
    writes(world, EntryKind::BackoutRequested(Box::new(asked)));
    writes(world, EntryKind::Undoing { step: 0, rollback: None });
    world.deregister(&corrected).await.unwrap();
    wrongs(world)
}

#[tokio::test]
async fn a_correction_may_be_deregistered_while_it_drains_and_not_while_a_service_runs_it() {
    for (back, expected) in [(true, vec![]), (false, vec!["web:2 was backed out, and something runs it".to_owned()])] {
        let world = world();
        writes(&world, pointing(&world, 2));
        points(&world, 2).await.unwrap();
        world.account(|account| {
            account.completes(WEB);
            if back {
                account.updates_service(WEB, &account.arn("web", 1));
            }
        });
        assert_eq!(deregisters(&world).await, expected);
    }
}

#[tokio::test]
async fn a_withdrawn_correction_may_be_in_use() {
    let world = world();
    world.account(|account| account.updates_service(WEB, &account.arn("web", 2)));
    let corrected = web(&world, 2);
    writes(&world, EntryKind::Withdrawing { corrected: corrected.clone(), why: Reason::NewerRevision });
    world.deregister(&corrected).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}
