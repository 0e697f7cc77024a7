//! A revision whose event was lost is corrected like the revision of an event.

use jiff::SignedDuration;
use logweir::domain::ecs::tags::Tag;
use logweir::domain::event::overdue;
use logweir::domain::event::scope::Scope;
use logweir::domain::limits::family::{Family, FamilyName, Hold};
use logweir::domain::outcome::{Mode, Outcome};
use serde_json::json;

use super::scene::{HOUR, Scene, blocking, sound};
use crate::world::story::{backs_out, event, register};
use crate::world::{Moment, Then};

#[tokio::test]
async fn a_revision_whose_event_was_lost_is_corrected() {
    let mut scene = Scene::lost().await;
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.decided()), (vec!["web:1".to_owned()], vec!["remediated".to_owned()]));
    assert_eq!((scene.active("web"), scene.finished()), (vec![1, 2], vec![[1, 1, 1, 0, 0]]));
    let note = "the daily reconciliation found this revision: its event did not arrive, or its log group was missing";
    assert_eq!(scene.heard.decisions[0].notes, [note]);
}

#[tokio::test]
async fn a_revision_is_left_to_its_event_for_an_hour() {
    for (age, corrected) in [(HOUR, false), (HOUR + SignedDuration::from_secs(1), true)] {
        let mut scene = Scene::noted(Mode::Register).await;
        scene.registers(&blocking("web"));
        scene.world.advance(age);
        scene.reconciles().await;
        assert_eq!(scene.overdue().len(), usize::from(corrected), "{age:?}");
        assert_eq!(scene.finished(), [[1, 1, u64::from(corrected), 0, 0]], "{age:?}");
    }
}

#[tokio::test]
async fn a_compliant_revision_is_not_sent() {
    let mut scene = Scene::noted(Mode::Register).await;
    scene.registers(&sound("web"));
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 0, 0, 0, 0]]));
}

#[tokio::test]
async fn a_revision_with_a_missing_log_group_is_sent() {
    let mut scene = Scene::noted(Mode::Register).await;
    scene.world.account(|account| account.registers(&sound("web")));
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.decided()), (vec!["web:1".to_owned()], vec!["remediated".to_owned()]));
}

#[tokio::test]
async fn a_revision_that_logweir_handled_before_is_not_sent() {
    // The correction of web:1 was backed out. The correction of api:1 was deregistered by another principal.
    let mut scene = Scene::noted(Mode::Register).await;
    let web = scene.registers(&blocking("web"));
    register(&scene.world, &event(&web)).await;
    backs_out(&scene.world, &web).await;
    let api = scene.registers(&blocking("api"));
    register(&scene.world, &event(&api)).await;
    scene.world.account(|account| account.deregisters(&account.arn("api", 2).clone()));
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.active("web"), scene.active("api")), (vec![1], vec![1]));
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[2, 2, 0, 0, 0]]));
}

#[tokio::test]
async fn a_revision_that_is_the_newest_again_is_corrected() {
    let mut scene = Scene::noted(Mode::Register).await;
    let source = scene.registers(&blocking("web"));
    let newer = Then::act(|account| _ = account.registers(&sound("web")));
    scene.world.at_next("RegisterTaskDefinition", Moment::Before, newer);
    assert_eq!(register(&scene.world, &event(&source)).await.outcome, Outcome::Superseded);
    scene.world.account(|account| account.deregisters(&account.arn("web", 2).clone()));
    assert_eq!(scene.active("web"), [1]);
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.decided()), (vec!["web:1".to_owned()], vec!["remediated".to_owned()]));
    assert_eq!((scene.active("web"), scene.finished()), (vec![1, 4], vec![[1, 1, 1, 0, 0]]));
}

#[tokio::test]
async fn a_revision_that_is_deleted_while_its_message_waits_is_superseded() {
    let mut scene = Scene::lost().await;
    scene.delivers(&super::scene::start()).await;
    deletes(&scene);
    scene.drains().await;
    assert_eq!((scene.overdue().len(), scene.decided()), (1, vec!["superseded not-latest".to_owned()]));
}

#[tokio::test]
async fn an_overdue_revision_that_is_deleted_during_a_hold_is_superseded_after_the_hold() {
    let mut scene = Scene::lost().await;
    holds(&scene, HOUR);
    scene.reconciles().await;
    deletes(&scene);
    scene.world.advance(HOUR * 2);
    scene.resumes().await;
    scene.drains().await;
    assert_eq!(scene.decided(), ["refused on-hold", "superseded not-latest"]);
}

/// Deletes web:1, so that ECS no longer describes it.
fn deletes(scene: &Scene) {
    scene.world.account(|account| {
        account.shows_inactive = false;
        account.deregisters(&account.arn("web", 1).clone());
    });
}

/// Puts the family on hold for this long.
fn holds(scene: &Scene, long: SignedDuration) {
    let (source, until) = (scene.world.account(|account| account.arn("web", 1)), scene.now() + long);
    scene.world.account(|account| {
        let name = FamilyName::of(&source);
        let mut family = Family::new(name.clone(), account.now);
        family.version = 1;
        family.hold = Some(Hold { until, reason: None, by: None });
        account.remembered.insert(name, family);
    });
}

#[tokio::test]
async fn a_revision_that_logweir_must_not_correct_is_only_counted_as_faulty() {
    let mut scene = Scene::noted(Mode::Register).await;
    scene.registers(&blocking("web").replace("\"memory\":512", "\"memory\":512,\"privileged\":true"));
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 0, 0]]));
}

#[tokio::test]
async fn a_revision_that_an_aws_service_manages_is_no_concern_of_logweir() {
    let mut scene = Scene::lost().await;
    let batch = "arn:aws:iam::111122223333:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch";
    scene.world.account(|account| account.families.get_mut("web").unwrap()[0].by = batch.into());
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 0, 0, 0, 0]]));
}

#[tokio::test]
async fn a_copied_tag_does_not_hide_a_revision() {
    let mut scene = Scene::noted(Mode::Register).await;
    scene.registers(&sound("web"));
    scene.world.account(|account| {
        account.registers_with_tags(&blocking("web"), &[Tag::new("logweir:source", "1")]);
    });
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.active("web")), (vec!["web:2".to_owned()], vec![1, 2, 3]));
}

#[tokio::test]
async fn corrected_revisions_are_compliant() {
    let mut scene = Scene::lost().await;
    scene.reconciles().await;
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!(scene.finished()[1], [1, 0, 0, 0, 0]);
    assert_eq!(scene.active("web"), [1, 2]);
}

#[tokio::test]
async fn families_outside_the_scope_are_not_read() {
    let mut scene = Scene::lost().await;
    scene.registers(&blocking("shop-api"));
    scene.world.advance(HOUR * 2);
    scene.home.scope = Scope::of(&["shop-*"], &["*"]);
    scene.reconciles().await;
    assert_eq!((scene.overdue(), scene.finished()), (vec!["shop-api:1".to_owned()], vec![[1, 1, 1, 0, 0]]));
    let read: Vec<_> = scene.world.log().into_iter().filter(|call| call.name == "DescribeTaskDefinition").collect();
    assert!(read.iter().all(|call| call.about.contains("shop-api")), "{read:?}");
}

#[tokio::test]
async fn no_rollout_is_started() {
    let mut scene = Scene::noted(Mode::Rollout).await;
    let source = scene.registers(&blocking("web"));
    scene.world.account(|account| account.creates_service("prod/web", &source));
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.active("web"), scene.decided()), (vec![1, 2], vec!["remediated".to_owned()]));
    assert_eq!(scene.world.count("UpdateService"), 0);
}

#[tokio::test]
async fn the_rate_limit_applies() {
    let mut scene = Scene::noted(Mode::Register).await;
    for number in 0..12 {
        scene.registers(&blocking(&format!("web-{number:02}")));
    }
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    let count = |word: &str| scene.decided().iter().filter(|decided| *decided == word).count();
    assert_eq!((count("remediated"), scene.finished()), (12, vec![[12, 12, 12, 0, 0]]));
    assert!(count("skipped rate-limited") > 0, "{:?}", scene.decided());
}

#[tokio::test]
async fn a_hold_and_an_open_fuse_apply() {
    let mut scene = Scene::lost().await;
    holds(&scene, HOUR * 100);
    scene.reconciles().await;
    assert_eq!((scene.active("web"), scene.decided().len()), (vec![1], 1));
    assert!(scene.decided()[0].starts_with("refused"), "{:?}", scene.decided());
}

#[tokio::test]
async fn the_message_about_a_revision_is_only_a_hint() {
    let mut scene = Scene::noted(Mode::Register).await;
    let compliant = scene.registers(&sound("web"));
    let old = scene.registers(&blocking("api"));
    scene.registers(&sound("api"));
    for (revision, expected) in [(&compliant, "compliant"), (&old, "superseded not-latest")] {
        scene.heard.decisions.clear();
        scene.delivers(&overdue::event(revision)).await;
        assert_eq!(scene.decided(), [expected]);
    }
    for (member, value, expected) in
        [("account", "444455556666", "skipped foreign-account"), ("region", "us-east-1", "skipped foreign-region")]
    {
        scene.heard.decisions.clear();
        let mut forged = overdue::event(&old);
        forged[member] = value.into();
        scene.delivers(&forged).await;
        assert_eq!(scene.decided(), [expected]);
    }
    scene.heard.decisions.clear();
    let mut forged = overdue::event(&old);
    forged["detail"] = json!({"taskDefinitionArn": "arn:aws:ecs:us-east-1:444455556666:task-definition/web:1"});
    scene.delivers(&forged).await;
    assert_eq!(scene.decided(), ["skipped foreign-account"]);
    scene.home.scope = Scope::of(&["shop-*"], &["*"]);
    scene.heard.decisions.clear();
    scene.delivers(&overdue::event(&old)).await;
    assert_eq!(scene.decided(), ["skipped out-of-scope"]);
    assert_eq!((scene.active("web"), scene.active("api")), (vec![1], vec![1, 2]));
}
