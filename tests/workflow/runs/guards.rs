//! What a run leaves alone: the account has moved since the plan, a guard forbids the change, or the plan was changed.

use jiff::SignedDuration;
use logweir::domain::ecs::service::Controller;
use logweir::domain::ecs::task_definition::TaskDefinition;
use logweir::domain::outcome::{Mode, Outcome};
use logweir::domain::run::{Fate, RunItem, RunPlan, RunState};
use logweir::ports::ErrorKind;
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use super::{applies, arn, backs_out_as, backs_out_with, blocking, corrected, fate, picture, plan, world, wrongs};
use crate::migration::{OPERATOR, migrates_to, planned};
use crate::world::story::{backs_out, ended, with};
use crate::world::{LOGWEIR, Moment, Then, World};

#[tokio::test]
async fn each_item_whose_family_has_moved_is_refused_and_named() {
    let world = world(5, 1);
    let plan = plan(&world, Mode::Rollout, 0).await;
    world.account(|account| {
        account.registers(&blocking("f000"));
        let source = account.arn("f001", 1);
        account.deregisters(&source);
        account.has_group("/ecs/f002", None, 0);
        let newer = account.registers(&blocking("f004"));
        account.updates_service("prod/f004", &newer);
    });
    let result = applies(&world, &plan).await;
    for (about, expected) in [
        ("f000:1", Fate::Refused),
        ("prod/f000", Fate::Refused),
        ("f001:1", Fate::Refused),
        // The plan creates the log group with the same retention that the empty group now needs.
        ("f002:1", Fate::Done),
        ("prod/f002", Fate::Done),
        ("f003:1", Fate::Done),
        ("f004:1", Fate::Refused),
        ("prod/f004", Fate::Refused),
    ] {
        assert_eq!(fate(&result, about), expected, "{about}: {result:?}");
    }
    let done: Vec<usize> = corrected(&world).into_values().collect();
    assert_eq!((done, wrongs(&world)), (vec![0, 0, 1, 1, 0], vec![]));
    assert_eq!((result.state, result.exit_code()), (RunState::Ended, 1));
}

#[tokio::test]
async fn a_changed_plan_does_nothing_that_the_computed_plan_would_not_do() {
    let good = world(3, 1);
    let plan = plan(&good, Mode::Rollout, 0).await;
    let with = |change: &dyn Fn(&mut RunItem)| {
        let mut changed = plan.clone();
        change(&mut changed.items[1]);
        changed
    };
    let foreign =
        "arn:aws:ecs:eu-west-1:111122223333:service/prod/f002".parse::<logweir::domain::ecs::service::ServiceArn>();
    let foreign = foreign.unwrap();
    let changed: [(&str, RunPlan, usize); 5] = [
        ("the digest of the source", with(&|item| item.source_digest = "sha256:0".into()), 0),
        ("the edits", with(&|item| item.edits_digest = "sha256:0".into()), 0),
        ("no log group", with(&|item| item.log_groups.clear()), 0),
        (
            "a corrected revision that Logweir never registered",
            with(&|item| {
                let mut other = RunItem { corrected: Some(item.source.clone()), ..item.clone() };
                (other.edits_digest, other.log_groups) = (String::new(), Vec::new());
                *item = other;
            }),
            0,
        ),
        ("a service of another family", with(&|item| item.services = vec![foreign.clone()]), 1),
    ];
    for (what, changed, registered) in changed {
        let world = world(3, 1);
        let before = picture(&world);
        let result = applies(&world, &changed).await;
        assert_eq!(corrected(&world)["f001"], registered, "{what}: {result:?}");
        let after = picture(&world);
        assert_eq!(after.services["prod/f001"], before.services["prod/f001"], "{what}");
        assert!(after.services["prod/f002"].contains("f002"), "{what}");
        assert_eq!(wrongs(&world), Vec::<String>::new(), "{what}");
    }
}

#[tokio::test]
async fn a_plan_whose_services_cannot_be_read_corrects_the_families_and_updates_no_service() {
    let world = world(2, 1);
    world.at_nth("ListServices", 1, Moment::Before, Then::fail(ErrorKind::Refused, "ListServices", "AccessDenied"));
    let first = plan(&world, Mode::Rollout, 0).await;
    assert!(first.items.iter().all(|item| item.services.is_empty() && item.unplaced.is_some()), "{first:?}");
    let before = picture(&world).services;
    let result = applies(&world, &first).await;
    for (about, expected) in [("f000:1", Fate::Done), ("services of f000:1", Fate::Failed), ("f001:1", Fate::Done)] {
        assert_eq!(fate(&result, about), expected, "{about}: {result:?}");
    }
    assert_eq!((picture(&world).services, result.exit_code(), wrongs(&world)), (before, 2, vec![]));
    let next = plan(&world, Mode::Rollout, 0).await;
    assert_eq!(next.items.iter().map(|item| item.services.len()).collect::<Vec<_>>(), [1, 1], "{next:?}");
    assert_eq!(applies(&world, &next).await.exit_code(), 0);
}

#[tokio::test]
async fn the_plan_says_why_a_service_or_a_family_is_left_alone() {
    let world = world(4, 0);
    world.account(|account| {
        let first = account.arn("f000", 1);
        account.creates_service_as("prod/deploy", &first, |live| live.controller = Controller::CodeDeploy);
        account.runs_service("prod/good", &first);
    });
    let held = arn(&world, "f001", 1);
    with(&world, &crate::world::story::PROMPT, Mode::Register, "worker", &crate::world::story::event(&held)).await;
    backs_out(&world, &held).await;
    let plan = plan(&world, Mode::Rollout, 0).await;
    let item = &plan.items[0];
    assert_eq!(item.services.iter().map(|it| it.short()).collect::<Vec<_>>(), ["prod/good"]);
    assert_eq!(item.left.iter().map(|it| it.reason.as_str()).collect::<Vec<_>>(), ["unsupported-controller"]);
    let left: Vec<_> = plan.left.iter().map(|it| (it.source.short(), it.reason.clone())).collect();
    assert_eq!(left, [("f001:1".to_owned(), "backed-out-before".to_owned())]);
    assert_eq!(plan.summary().changes, 4, "three families and one service");
}

#[tokio::test]
async fn a_corrected_family_is_in_the_plan_only_for_its_services() {
    let world = world(2, 1);
    let registered = plan(&world, Mode::Register, 0).await;
    applies(&world, &registered).await;
    assert_eq!(plan(&world, Mode::Register, 0).await.items, []);
    let mut rollout = plan(&world, Mode::Rollout, 0).await;
    rollout.head.made += LEASE;
    assert_eq!((rollout.summary().registrations, rollout.summary().services), (0, 2));
    let result = applies(&world, &rollout).await;
    assert_eq!((result.state, result.count(Fate::Done)), (RunState::Ended, 2), "{result:?}");
    // The second run opened no record: its backout names the records, and the first run undoes both.
    let second = backs_out_as(&world, &rollout, "operator").await.unwrap();
    assert_eq!((second.count(Fate::Refused), second.exit_code()), (2, 1), "{second:?}");
    let first = backs_out_as(&world, &registered, "operator").await.unwrap();
    assert_eq!((first.state, corrected(&world).values().sum::<usize>()), (RunState::BackedOut, 0), "{first:?}");
}

#[tokio::test]
async fn a_backout_of_a_run_restores_the_deregistered_sources_and_waits_for_no_active_one() {
    let world = world(2, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    applies(&world, &plan).await;
    world.account(|account| {
        let source = account.arn("f001", 1);
        account.deregisters(&source);
    });
    let ask = BackoutOptions { restore_source: true, ..BackoutOptions::default() };
    for _ in 0..2 {
        let result = backs_out_with(&world, &plan, "operator", SignedDuration::ZERO, ask.clone()).await.unwrap();
        assert_eq!((result.state, result.exit_code()), (RunState::BackedOut, 0), "{result:?}");
        let why = result.lines.iter().find(|line| line.about == "f000:1").and_then(|line| line.why.clone());
        assert!(why.unwrap().contains("f000:1 is ACTIVE, so --restore-source restores nothing"), "{result:?}");
        let active = world.account(|account| ["f000", "f001"].map(|family| account.active(family)));
        assert_eq!((active, wrongs(&world)), ([vec![1], vec![3]], vec![]));
    }
}

#[tokio::test]
async fn a_backout_of_a_run_leaves_a_migration_of_the_same_source_alone() {
    let world = world(1, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    applies(&world, &plan).await;
    backs_out_as(&world, &plan, "operator").await.unwrap();
    let source = arn(&world, "f000", 1);
    let document =
        TaskDefinition::parse(planned().text().replace("\"family\":\"web\"", "\"family\":\"f000\"")).unwrap();
    world.account(|account| account.principal = OPERATOR.into());
    let migrated = migrates_to(&world, "cli", &source, &document).await;
    assert_eq!(ended(&migrated), (Outcome::Migrated, None), "{migrated:?}");
    world.account(|account| account.principal = LOGWEIR.into());
    let active = |world: &World| world.account(|account| account.active("f000"));
    let before = active(&world);
    let again = backs_out_as(&world, &plan, "operator").await.unwrap();
    assert_eq!((again.state, active(&world)), (RunState::BackedOut, before), "{again:?}");
}

#[tokio::test]
async fn a_backout_of_a_run_names_an_item_that_another_request_opened_again() {
    let world = world(1, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    applies(&world, &plan).await;
    let (source, corrected) = (arn(&world, "f000", 1), arn(&world, "f000", 2));
    // An operator undoes the correction by hand, and corrects the source again by name.
    world.account(|account| account.deregisters(&corrected));
    crate::world::story::applies(&world, &source, true).await;
    assert_eq!(world.account(|account| account.active("f000")), [1, 3]);
    let result = backs_out_as(&world, &plan, "operator").await.unwrap();
    assert_eq!((fate(&result, "f000:1"), result.state), (Fate::Refused, RunState::BackingOut), "{result:?}");
    let why = result.lines[0].why.clone().unwrap();
    assert!(why.ends_with("`logweir backout f000:1` undoes both"), "{why}");
    assert_eq!(world.account(|account| account.active("f000")), [1, 3]);
}
