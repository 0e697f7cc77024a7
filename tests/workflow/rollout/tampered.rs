//! Journals that another principal has changed. On the word of such a journal, Logweir neither deploys nor deregisters a
//! revision that ECS does not confirm.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::record::{Entry, EntryKind, Illegal};
use logweir::settings::LEASE;

use super::scene::{COMPLETED, Scene, UPDATE, WEB, notes, said};
use crate::world::story::{BLOCKING, resumes_backouts};
use crate::world::{LiveService, Moment, Then};

const WITHDRAW: &str = "DeregisterTaskDefinition";

fn steady(_: &mut LiveService) {}

/// Another principal registers the first revision of another family.
fn evil(scene: &Scene) -> RevisionArn {
    scene.account(|account| account.registers(&BLOCKING.replace("\"family\":\"web\"", "\"family\":\"evil\"")))
}

/// Replaces a text in the entries of the record. Returns the number of changed entries.
fn tampers(scene: &Scene, old: &str, new: &str) -> usize {
    scene.account(|account| {
        let record = account.records.get_mut(&scene.source).unwrap();
        let mut changed = 0;
        for entry in &mut record.entries {
            let text = serde_json::to_string(entry).unwrap();
            *entry = serde_json::from_str::<Entry>(&text.replace(old, new)).unwrap();
            changed += usize::from(text.contains(old));
        }
        changed
    })
}

/// The number of calls that deploy or deregister a revision.
fn acts(scene: &Scene) -> usize {
    scene.pointed() + scene.world.count("StopServiceDeployment") + scene.world.count(WITHDRAW)
}

#[tokio::test]
async fn a_record_that_names_a_revision_of_another_family_is_inconsistent() {
    for (old, new) in [
        ("web:3\"", "evil:1\""),
        (
            "\"from\":\"arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2\"",
            "\"from\":\"arn:aws:ecs:eu-west-1:111122223333:task-definition/evil:1\"",
        ),
    ] {
        let scene = Scene::followed(steady).await;
        evil(&scene);
        let before = acts(&scene);
        assert!(tampers(&scene, old, new) > 0);
        let illegal = scene.record().attempt().unwrap_err();
        assert!(matches!(&illegal, Illegal::OtherFamily(_, name) if name == "evil:1"), "{illegal}");
        let report = scene.backs_out().await;
        assert_eq!(said(&report).split(';').next(), Some("needs-operator unreadable (2)"), "{report:?}");
        assert!(report.error.as_ref().unwrap().contains("names evil:1"), "{report:?}");
        assert_eq!((acts(&scene), scene.runs(WEB).as_str()), (before, "web:3"));
    }
}

#[tokio::test]
async fn no_service_is_updated_to_a_corrected_revision_of_another_family() {
    let scene = Scene::deployed(steady).await;
    evil(&scene);
    assert!(tampers(&scene, "web:3\"", "evil:1\"") > 0);
    scene.told(COMPLETED).await;
    scene.after(300);
    scene.resumes().await;
    assert_eq!((acts(&scene), scene.runs(WEB).as_str()), (0, "web:2"));
}

#[tokio::test]
async fn a_backout_does_not_roll_a_service_back_to_a_revision_of_another_family() {
    let scene = Scene::followed(steady).await;
    evil(&scene);
    scene.world.at_next(UPDATE, Moment::Before, Then::Crash);
    scene.backs_out().await;
    scene.world.restart();
    scene.world.advance(LEASE);
    let source = "\"from\":\"arn:aws:ecs:eu-west-1:111122223333:task-definition/web:2\",\"to\"";
    scene.account(|account| {
        let record = account.records.get_mut(&scene.source).unwrap();
        let asked =
            record.entries.iter_mut().find(|entry| matches!(entry.what, EntryKind::BackoutRequested(_))).unwrap();
        let text = serde_json::to_string(asked).unwrap();
        assert!(text.contains(source), "{text}");
        *asked = serde_json::from_str(&text.replace(source, &source.replace("web:2", "evil:1"))).unwrap();
    });
    let before = scene.pointed();
    let [report] = resumes_backouts(&scene.world).await.try_into().unwrap();
    let kept = report.services.iter().filter_map(|line| line.note.clone()).collect::<String>();
    assert!(kept.contains("the record says that evil:1 was deployed to service prod/web"), "{report:?}");
    assert_eq!((scene.pointed(), scene.runs(WEB).as_str()), (before, "web:3"));
}

/// A deployment of another family's revision that Logweir's update replaces at the same moment.
async fn overtaken(crashes: bool) -> Scene {
    let scene = Scene::deployed(steady).await;
    let other = evil(&scene);
    scene.world.at_next(UPDATE, Moment::Before, Then::act(move |account| account.updates_service(WEB, &other)));
    if crashes {
        scene.world.at_nth(UPDATE, 2, Moment::Before, Then::Crash);
    }
    scene.told(COMPLETED).await;
    scene
}

#[tokio::test]
async fn a_service_returns_to_a_revision_of_another_family_if_ecs_lists_its_deployment() {
    let scene = overtaken(false).await;
    assert_eq!(scene.runs(WEB), "evil:1");
    let scene = overtaken(true).await;
    assert_eq!(scene.runs(WEB), "web:3");
    scene.world.restart();
    scene.world.advance(LEASE);
    scene.resumes().await;
    assert_eq!(scene.runs(WEB), "evil:1", "after the death of the worker");
}

#[tokio::test]
async fn a_service_does_not_return_to_a_revision_of_another_family_that_only_the_record_names() {
    let scene = Scene::following(steady).await;
    let (other, service) = (evil(&scene), scene.account(|account| account.service_arn(WEB)));
    scene.account(|account| {
        let (now, record) = (account.now, account.records.get_mut(&scene.source).unwrap());
        let entry = record.head.write(now, EntryKind::Yielding { service, to: other }, &record.entries.clone());
        record.entries.push(entry);
        record.head.lease_until = now;
    });
    scene.after(300);
    assert_eq!(
        scene.resumes().await,
        ["needs-operator deployment-failed (2); prod/web needs-operator deployment-failed"]
    );
    assert_eq!((scene.pointed(), scene.runs(WEB).as_str()), (1, "web:3"));
    assert!(scene.stopped().unwrap().contains("the record says that evil:1 was deployed"), "{:?}", scene.stopped());
}

#[tokio::test]
async fn a_revision_that_another_principal_registered_is_neither_deregistered_nor_deployed_by_hand() {
    for is_deployed in [false, true] {
        let scene = Scene::deployed(steady).await;
        let fourth = scene.account(|account| account.registers(BLOCKING));
        assert!(tampers(&scene, "web:3\"", "web:4\"") > 0);
        scene.account(|account| account.records.get_mut(&scene.source).unwrap().head.corrected = Some(fourth));
        if is_deployed {
            let [_, rollout] = scene.applies(false).await;
            assert!(notes(&rollout).contains("ECS does not confirm this (registered by: "), "{rollout:?}");
        }
        let report = scene.backs_out().await;
        assert_eq!(said(&report), "needs-operator (2)", "{report:?}");
        assert!(
            report.notes.iter().any(|note| note.contains("the record says that Logweir registered web:4")),
            "{report:?}"
        );
        assert_eq!((acts(&scene), scene.account(|account| account.active("web"))), (0, vec![1, 2, 3, 4]));
    }
}

#[tokio::test]
async fn a_revision_that_only_the_head_of_the_record_names_is_not_deregistered() {
    for is_sibling in [true, false] {
        let scene = Scene::deployed(steady).await;
        let other = if is_sibling { scene.account(|account| account.registers(BLOCKING)) } else { evil(&scene) };
        scene.account(|account| account.records.get_mut(&scene.source).unwrap().head.unclaimed.push(other.clone()));
        scene.after(300);
        assert_eq!(scene.resumes().await, ["failed (2)"]);
        assert_eq!(scene.world.count(WITHDRAW), 0);
        assert!(scene.account(|account| account.active(&other.family).contains(&(other.revision as usize))));
    }
}
