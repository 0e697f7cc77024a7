//! A run while processes die, answers are lost, AWS throttles calls, and another principal changes the account.

use std::collections::BTreeSet;

use logweir::domain::outcome::{Mode, Reason};
use logweir::domain::run::{Fate, RunPlan, RunResult, RunState};
use logweir::ports::{ErrorKind, PortError};
use logweir::settings::LEASE;

use super::{Person, applies, applies_as, backs_out_as, blocking, corrected, fate, name, picture, plan, world, wrongs};
use crate::crash::FAULTS;
use crate::world::{Account, Moment, Then, World};

/// Repeats the run until it has handled every item, as a person does with `--resume`.
async fn settles(world: &World, plan: &RunPlan) -> RunResult {
    let mut last = String::new();
    for attempt in 0..9 {
        world.restart();
        world.advance(LEASE);
        let worker = format!("worker-{attempt}");
        match applies_as(world, plan, &Person::default(), &worker).await {
            Ok(result) if result.state == RunState::Ended && result.count(Fate::Failed) == 0 => return result,
            other => last = format!("{other:?}"),
        }
    }
    panic!("the run does not end: {last}");
}

async fn backed_out(world: &World, plan: &RunPlan) -> RunResult {
    for attempt in 0..9 {
        world.restart();
        world.advance(LEASE);
        match backs_out_as(world, plan, &format!("back-{attempt}")).await {
            Ok(result) if result.state == RunState::BackedOut => return result,
            _ => {}
        }
    }
    panic!("the backout does not end");
}

#[tokio::test]
async fn a_run_ends_as_planned_wherever_the_process_dies() {
    let begins = || world(3, 2);
    let sound = begins();
    let plan = plan(&sound, Mode::Rollout, 1).await;
    let first = sound.log().len() + 1;
    applies(&sound, &plan).await;
    let (wanted, last) = (picture(&sound), sound.log().len());
    backs_out_as(&sound, &plan, "operator").await.unwrap();
    let restored = picture(&sound);
    for fault in FAULTS {
        for number in first..=last {
            let world = begins();
            let at = format!("{fault:?} at call {}", number - first + 1);
            fault.at(&world, number - first + 1);
            let _ = applies_as(&world, &plan, &Person::default(), "worker").await;
            let result = settles(&world, &plan).await;
            assert_eq!(picture(&world), wanted, "{at}: {result:?}");
            assert_eq!(wrongs(&world), Vec::<String>::new(), "{at}");
            backed_out(&world, &plan).await;
            let after = picture(&world);
            assert_eq!((&after.active, &after.services), (&restored.active, &restored.services), "{at}");
            // If the worker dies before it records that it created a log group, the group counts as a foreign one:
            // the backout restores the retention that the next worker found, which is none.
            let is_expected = |(group, retention): (&String, &Option<u32>)| {
                restored.groups.get(group).is_some_and(|wanted| retention.is_none() || retention == wanted)
            };
            assert!(after.groups.iter().all(is_expected), "{at}: {:?}", after.groups);
        }
    }
}

#[tokio::test]
async fn a_backout_of_a_run_restores_all_wherever_the_process_dies() {
    let sound = world(3, 2);
    let plan = plan(&sound, Mode::Rollout, 0).await;
    applies(&sound, &plan).await;
    let first = sound.log().len() + 1;
    backs_out_as(&sound, &plan, "operator").await.unwrap();
    let (wanted, calls) = (picture(&sound), sound.log().len() - first + 1);
    for fault in FAULTS {
        for number in 1..=calls {
            let world = world(3, 2);
            applies(&world, &plan).await;
            let before = world.log().len();
            fault.at(&world, before + number);
            let _ = backs_out_as(&world, &plan, "operator").await;
            backed_out(&world, &plan).await;
            assert_eq!(picture(&world), wanted, "{fault:?} at call {number}");
            assert_eq!(wrongs(&world), Vec::<String>::new());
        }
    }
}

/// Two services. The update of the first one is in its record alone, because the worker died before it stored the
/// history of the service.
async fn forgotten() -> (World, RunPlan) {
    let world = world(2, 1);
    let plan = plan(&world, Mode::Rollout, 1).await;
    world.at_nth("put_pointings", 1, Moment::Before, Then::Crash);
    let _ = applies_as(&world, &plan, &Person::default(), "worker").await;
    world.restart();
    world.advance(LEASE);
    assert_eq!(world.calls().iter().filter(|call| **call == "UpdateService").count(), 0);
    (world, plan)
}

#[tokio::test]
async fn an_update_that_only_the_record_lists_is_made_by_the_next_run() {
    let (world, plan) = forgotten().await;
    let result = applies(&world, &plan).await;
    assert_eq!((result.state, result.count(Fate::Done)), (RunState::Ended, 4), "{result:?}");
    assert_eq!(world.calls().iter().filter(|call| **call == "UpdateService").count(), 2);
    assert_eq!(wrongs(&world), Vec::<String>::new());
}

#[tokio::test]
async fn an_update_that_only_the_record_lists_does_not_replace_another_principals_deployment() {
    let (world, plan) = forgotten().await;
    let newer = world.account(|account| {
        let newer = account.registers(&blocking("f000").replace("aaaa", "bbbb"));
        account.updates_service("prod/f000", &newer);
        account.revision(&newer).unwrap().text.clone()
    });
    let result = applies(&world, &plan).await;
    assert_eq!(fate(&result, "prod/f000"), Fate::Refused, "{result:?}");
    assert_eq!(picture(&world).services["prod/f000"], newer);
    assert_eq!(wrongs(&world), Vec::<String>::new());
}

/// A sequence of numbers that looks random and is the same in each run.
struct Sequence(u64);

impl Sequence {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// Another principal registers, deploys, deregisters or edits something of this family.
fn meddles(what: usize, family: String) -> impl FnOnce(&mut Account) + Send + 'static {
    move |account| {
        let service = format!("prod/{family}");
        let has_service = account.services.contains_key(&account.service_arn(&service));
        match what {
            0 => drop(account.registers(&blocking(&family))),
            1 if has_service => {
                let newer = account.registers(&blocking(&family).replace("aaaa", "bbbb"));
                account.updates_service(&service, &newer);
            }
            2 if has_service => account.forces_deployment(&service),
            3 => account.has_group(&format!("/ecs/{family}"), Some(7), 1),
            4 if !has_service => {
                let source = account.arn(&family, 1);
                if account.active(&family).contains(&1) {
                    account.deregisters(&source);
                }
            }
            _ => {}
        }
    }
}

fn throttled() -> PortError {
    PortError {
        kind: ErrorKind::Retry,
        call: "RegisterTaskDefinition",
        message: "ThrottlingException: Rate exceeded".into(),
        reason: Some(Reason::Throttled),
    }
}

#[tokio::test]
async fn two_hundred_families_are_corrected_or_named_while_everything_happens() {
    const FAMILIES: usize = 200;
    for seed in [1, 7] {
        let (world, mut random) = (world(FAMILIES, 10), Sequence(seed));
        let plan = plan(&world, Mode::Rollout, 1).await;
        assert_eq!(plan.items.len(), FAMILIES);
        let mut meddled = BTreeSet::new();
        let mut result = None;
        for attempt in 0..20 {
            world.restart();
            world.advance(LEASE);
            let now = world.log().len();
            if attempt < 6 {
                for _ in 0..8 {
                    let (call, family, what) = (1 + random.next(900), name(random.next(FAMILIES)), random.next(5));
                    meddled.insert(family.clone());
                    world.at(now + call, Moment::Before, Then::act(meddles(what, family)));
                    world.at_nth(
                        "RegisterTaskDefinition",
                        1 + random.next(20),
                        Moment::Before,
                        Then::Fail(throttled()),
                    );
                }
                world.at(now + 600 + random.next(600), Moment::After, Then::Crash);
            }
            let worker = format!("worker-{seed}-{attempt}");
            if let Ok(ended) = applies_as(&world, &plan, &Person::default(), &worker).await {
                let is_over = ended.state == RunState::Ended && ended.count(Fate::Failed) == 0;
                result = Some(ended);
                if is_over {
                    break;
                }
            }
        }
        let result = result.unwrap();
        // The plan is done or said: each item has exactly one line, and only families that changed are not done.
        for item in &plan.items {
            let lines: Vec<_> = result.lines.iter().filter(|line| line.about == item.source.short()).collect();
            assert_eq!(lines.len(), 1, "{}: {lines:?}", item.source.short());
            let is_done = lines[0].fate == Fate::Done;
            assert!(is_done || meddled.contains(&item.source.family), "{lines:?}");
            let active = corrected(&world)[&item.source.family];
            assert!(active <= 1, "{} was corrected {active} times", item.source.family);
        }
        assert_eq!(wrongs(&world), Vec::<String>::new());
        let own = corrected(&world).values().sum::<usize>();
        assert!(own > FAMILIES * 3 / 4, "{own} families are corrected");
        let back = backed_out(&world, &plan).await;
        assert_eq!(corrected(&world).values().sum::<usize>(), 0, "{back:?}");
        assert_eq!(wrongs(&world), Vec::<String>::new());
    }
}
