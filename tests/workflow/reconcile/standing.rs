//! Older faulty revisions, and those of the mode `observe`, are only counted.

use jiff::SignedDuration;
use logweir::domain::outcome::{Mode, Outcome};
use logweir::ports::ErrorKind;

use super::scene::{HOUR, Scene, blocking, sound};
use crate::world::story::{event, register};
use crate::world::{Moment, Then};

const OTHER_BASELINE: &str = "version = 1\n[logging]\nmax-buffer-size = \"50m\"\nmin-buffer-size = \"30m\"\n";

#[tokio::test]
async fn a_revision_older_than_the_mode_is_only_counted() {
    let mut scene = Scene::default();
    scene.registers(&blocking("web"));
    scene.world.advance(SignedDuration::from_secs(1));
    scene.reconciles().await;
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 1, 0]; 2]));
    assert_eq!(scene.active("web"), [1]);
}

#[tokio::test]
async fn a_change_of_the_mode_or_the_baseline_makes_revisions_older_than_it() {
    for (mode, baseline) in [(Mode::Rollout, None), (Mode::Register, Some(OTHER_BASELINE))] {
        let mut scene = Scene::lost().await;
        scene.mode = mode;
        scene.baseline = baseline.unwrap_or(scene.baseline);
        scene.reconciles().await;
        assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 1, 0]]), "{mode:?} {baseline:?}");
    }
}

#[tokio::test]
async fn a_mode_that_applied_between_two_reconciliations_is_noted_by_the_schedule() {
    let mut scene = Scene::noted(Mode::Register).await;
    scene.mode = Mode::Observe;
    scene.resumes().await;
    scene.world.advance(HOUR);
    scene.registers(&blocking("web"));
    scene.world.advance(HOUR);
    scene.mode = Mode::Register;
    scene.resumes().await;
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 1, 0]]));
}

#[tokio::test]
async fn the_time_of_the_mode_is_the_first_time_at_which_a_worker_had_it() {
    let mut scene = Scene::noted(Mode::Register).await;
    let since = scene.state().since;
    for _ in 0..3 {
        scene.world.advance(HOUR);
        scene.resumes().await;
        scene.reconciles().await;
    }
    assert_eq!((scene.state().since, scene.now() > since), (since, true));
}

#[tokio::test]
async fn in_mode_observe_families_are_only_counted() {
    let mut scene = Scene::noted(Mode::Observe).await;
    scene.registers(&blocking("web"));
    scene.registers(&sound("api"));
    scene.world.advance(HOUR * 2);
    let before = scene.world.account(|account| (account.families.clone(), account.groups.clone()));
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[2, 1, 0, 1, 0]]));
    assert_eq!(scene.decided(), [""; 0]);
    assert!(scene.world.account(|account| (account.families.clone(), account.groups.clone()) == before));
}

#[tokio::test]
async fn a_corrected_revision_that_a_new_baseline_finds_faulty_is_standing() {
    let mut scene = Scene::lost().await;
    scene.reconciles().await;
    scene.baseline = OTHER_BASELINE;
    scene.world.advance(HOUR * 24);
    scene.reconciles().await;
    assert_eq!(scene.finished()[1], [1, 1, 0, 1, 0]);
    assert_eq!(scene.active("web"), [1, 2]);
}

#[tokio::test]
async fn a_revision_whose_correction_failed_is_standing() {
    let mut scene = Scene::noted(Mode::Register).await;
    let source = scene.registers(&blocking("web"));
    let refused = Then::fail(ErrorKind::Refused, "RegisterTaskDefinition", "ClientException: no");
    scene.world.at_next("RegisterTaskDefinition", Moment::Before, refused);
    assert_eq!(register(&scene.world, &event(&source)).await.outcome, Outcome::Failed);
    scene.world.advance(HOUR * 2);
    scene.reconciles().await;
    assert_eq!((scene.overdue().len(), scene.finished()), (0, vec![[1, 1, 0, 1, 0]]));
}
