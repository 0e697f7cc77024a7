//! The watch over services: what must have been written down before, and what is never done.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::event::Cause;
use logweir::domain::outcome::{Mode, Reason, TriggerKind};
use logweir::domain::record::{BackoutRequest, Done, EntryKind, Head, Opening, Pointing, Record, Step, Undo};
use logweir::ports::{Services, TaskDefinitions};

use super::{WEB, look, points, web};
use crate::world::story::corrected_text;
use crate::world::{LOGWEIR, World};

/// A world whose prod/web runs web:1, which web:2 corrects, and where web:3 is another's. Its record says that, and no
/// more.
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
    writes(&world, EntryKind::Started { step: 0 });
    writes(&world, EntryKind::Done { step: 0, done: Done::Registered { corrected: web(&world, 2) } });
    world
}

/// The record of web:1 has one entry more.
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
    EntryKind::Pointing(Box::new(Pointing { service, from, to, seen: vec!["ecs-svc/1".into()], settled: true }))
}

/// Somebody asks for the service to be pointed back, and that is about to be done.
fn undoes(world: &World) {
    let (service, from, to) = (service(world), web(world, 1), web(world, 2));
    let steps = vec![Undo::PointBack { service, from, to, settled: true }];
    let asked =
        BackoutRequest { reason: None, requested_by: None, restore_stale: false, registrars: Vec::new(), steps };
    writes(world, EntryKind::BackoutAsked(Box::new(asked)));
    writes(world, EntryKind::Undoing { step: 0 });
}

fn wrongs(world: &World) -> Vec<String> {
    world.account(|account| std::mem::take(&mut account.wrongs))
}

#[tokio::test]
async fn pointing_is_written_down_before() {
    let world = world();
    points(&world, 2).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was pointed at web:2, and no record says so before"]);
    writes(&world, pointing(&world, 2));
    points(&world, 2).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
    points(&world, 1).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was pointed at web:1, and no record says so before"]);
    writes(&world, EntryKind::Returning { service: service(&world), why: "failed".into() });
    points(&world, 1).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}

#[tokio::test]
async fn a_deployment_that_was_overtaken_is_yielded_to_only_when_that_is_written_down() {
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
async fn a_service_goes_back_to_the_source_or_to_what_stands_for_it() {
    let world = world();
    writes(&world, pointing(&world, 2));
    points(&world, 2).await.unwrap();
    undoes(&world);
    points(&world, 1).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world).len(), 2, "neither written down nor anybody's decision");
    writes(&world, EntryKind::Restored { step: 0, restored: web(&world, 3) });
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}

#[tokio::test]
async fn no_service_is_pointed_at_what_nobody_ever_had_it_run() {
    let world = world();
    writes(&world, pointing(&world, 3));
    points(&world, 3).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was pointed at web:3, which nobody ever had it run"]);
}

/// Somebody deploys web:3 to the service; what became of pointing it at the correction of web:1 then.
async fn overtaken(world: &World) -> Vec<String> {
    writes(world, pointing(world, 2));
    world.account(|account| account.updates_service(WEB, &account.arn("web", 3)));
    points(world, 2).await.unwrap();
    wrongs(world)
}

#[tokio::test]
async fn a_correction_follows_its_source_and_nothing_that_was_decided_since() {
    let wrong = "service prod/web was pointed at web:2, which nobody ever had it run";
    assert_eq!(overtaken(&world()).await, [wrong]);
    // Who has looked just before cannot know.
    let looked = world();
    look(&looked).await;
    assert_eq!(overtaken(&looked).await, [""; 0]);
    // Another process has not looked.
    let restarted = world();
    look(&restarted).await;
    restarted.restart();
    assert_eq!(overtaken(&restarted).await, [wrong]);
}

#[tokio::test]
async fn a_look_is_no_part_of_the_picture() {
    let world = world();
    let before = world.picture();
    look(&world).await;
    assert_eq!(world.picture(), before);
}

#[tokio::test]
async fn an_express_service_is_never_pointed() {
    let world = world();
    world.account(|account| account.service_mut(WEB).managed = true);
    writes(&world, pointing(&world, 2));
    points(&world, 2).await.unwrap();
    assert_eq!(wrongs(&world), ["service prod/web was pointed at web:2, and it is an Express service"]);
}

#[tokio::test]
async fn only_what_is_to_be_taken_back_is_stopped() {
    let wrong = |number| format!("prod/web's deployment of web:{number} was stopped, and no record says so before");
    let world = world();
    writes(&world, pointing(&world, 2));
    let ours = points(&world, 2).await.unwrap().service_deployment.unwrap();
    world.stop(&ours).await.unwrap();
    assert_eq!(wrongs(&world), [wrong(2)]);
    undoes(&world);
    world.stop(&ours).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
    world.account(|account| account.updates_service(WEB, &account.arn("web", 3)));
    let theirs = look(&world).await.service_deployment.unwrap();
    world.stop(&theirs).await.unwrap();
    assert_eq!(wrongs(&world), [wrong(3)]);
}

/// Takes web:2 back while the service runs it, or what is left of it; what is wrong with that.
async fn deregisters(world: &World) -> Vec<String> {
    let corrected: RevisionArn = web(world, 2);
    let steps = vec![Undo::Deregister { corrected: corrected.clone(), edits: Vec::new() }];
    let asked =
        BackoutRequest { reason: None, requested_by: None, restore_stale: false, registrars: Vec::new(), steps };
    writes(world, EntryKind::BackoutAsked(Box::new(asked)));
    writes(world, EntryKind::Undoing { step: 0 });
    world.deregister(&corrected).await.unwrap();
    wrongs(world)
}

#[tokio::test]
async fn ours_is_taken_back_while_it_drains_and_not_while_a_service_runs_it() {
    for (back, expected) in [(true, vec![]), (false, vec!["web:2 was taken back, and something runs it".to_owned()])] {
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
async fn what_is_withdrawn_may_be_run() {
    let world = world();
    world.account(|account| account.updates_service(WEB, &account.arn("web", 2)));
    let corrected = web(&world, 2);
    writes(&world, EntryKind::Withdrawing { corrected: corrected.clone(), why: Reason::NewerRevision });
    world.deregister(&corrected).await.unwrap();
    assert_eq!(wrongs(&world), [""; 0]);
}
