//! Runs of `logweir apply --all`: the plan, its application, its interruption and its backout.

mod backed_out;
mod faults;
mod guards;

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::run::{Fate, PlanHead, Run, RunName, RunPlan, RunResult, RunState};
use logweir::ports::{Answer, TaskDefinitions};
use logweir::settings::SHIPPED_BASELINE;
use logweir::workflow::{
    BackoutOptions, Order, Origin, PlannedFamily, RunBackout, RunDriver, RunEvent, RunPatience, RunWatch, back_out_run,
    begin_run, followers, place_services, plan_family, read_run,
};

use crate::order::{backout, order};
use crate::world::story::{BLOCKING, PROMPT, by, home, parsed};
use crate::world::{LOGWEIR, World};

const PATIENCE: RunPatience = RunPatience {
    lock: SignedDuration::from_secs(150),
    deployment: SignedDuration::from_secs(60),
    canary: SignedDuration::from_mins(60),
};

/// A person who presses Ctrl-C after a number of results.
#[derive(Default)]
struct Person {
    leaves_after: Option<usize>,
    seen: Cell<usize>,
    waits: Cell<usize>,
}

impl RunWatch for Person {
    fn is_stopped(&self) -> bool {
        self.leaves_after.is_some_and(|most| self.seen.get() >= most)
    }

    fn sees(&self, event: RunEvent<'_>) {
        match event {
            RunEvent::Ends(_) => self.seen.set(self.seen.get() + 1),
            RunEvent::WaitsForSlot { .. } => self.waits.set(self.waits.get() + 1),
            RunEvent::Begins { .. } | RunEvent::Waits { .. } => {}
        }
    }
}

/// A document of this family with its own log group and a pinned image, whose container blocks on its logs.
fn blocking(family: &str) -> String {
    let image = format!("\"nginx@sha256:{}\"", "a".repeat(64));
    let document = BLOCKING.replace("\"family\":\"web\"", &format!("\"family\":\"{family}\""));
    document.replace("/ecs/web", &format!("/ecs/{family}")).replace("\"nginx\"", &image)
}

fn name(number: usize) -> String {
    format!("f{number:03}")
}

/// A world with this number of faulty families. Every `each`th family has a service.
fn world(families: usize, each: usize) -> World {
    let world = World::new();
    world.account(|account| {
        (account.is_silent, account.completes_while_waiting) = (true, true);
        for number in 0..families {
            let family = name(number);
            let source = account.registers(&blocking(&family));
            if each > 0 && number % each == 0 {
                account.runs_service(&format!("prod/{family}"), &source);
            }
        }
    });
    world
}

async fn plan(world: &World, mode: Mode, canary: usize) -> RunPlan {
    let (home, by, baseline) = (home(), by(), parsed(&PROMPT));
    let order = Order { origin: Origin::Apply { again: false }, ..order(&home, &by, baseline, mode, "planner") };
    let (mut families, mut token) = (Vec::new(), None);
    loop {
        let page = world.families(token.as_deref()).await.unwrap();
        families.extend(page.families);
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    let head = PlanHead {
        schema: "logweir.plan/1".into(),
        made: "2026-12-01T14:00:00Z".parse().unwrap(),
        logweir: "0".into(),
        account: home.account.clone(),
        region: home.region.clone(),
        mode,
        baseline_digest: baseline.digest().into(),
        canary,
    };
    let (mut items, mut left) = (Vec::new(), Vec::new());
    for family in &families {
        match plan_family(world, &order, family).await.unwrap().map(|found| found.planned) {
            Some(PlannedFamily::Item { item, edits }) => items.push((item, edits)),
            Some(PlannedFamily::Left(family)) => left.push(family),
            Some(PlannedFamily::Compliant) | None => {}
        }
    }
    let users = followers(world, &order, items.iter().map(|(item, _)| &**item)).await;
    let mut placed = Vec::new();
    for (item, edits) in items {
        let with_services = match &users {
            Ok(users) => place_services(world, &order, users, &item, &edits).await,
            Err(error) => Err(error.clone()),
        };
        placed.push(with_services.unwrap_or_else(|error| item.without_services(&error.to_string())));
    }
    let items = placed;
    let mut plan = RunPlan { head, items, left, older: Vec::new(), unread: Vec::new(), families: families.len() };
    plan.sort();
    plan
}

async fn applies_as(world: &World, plan: &RunPlan, person: &Person, worker: &str) -> Answer<RunResult> {
    let (home, by, baseline) = (home(), by(), parsed(&PROMPT));
    let order = Order { origin: Origin::Apply { again: false }, ..order(&home, &by, baseline, plan.head.mode, worker) };
    let run = begin_run(world, plan, worker, "operator").await?;
    let id = run.name.id.clone();
    let driver = RunDriver { ports: world, order: &order, plan, id, watch: person, patience: PATIENCE };
    Ok(driver.apply(run).await.0)
}

async fn applies(world: &World, plan: &RunPlan) -> RunResult {
    applies_as(world, plan, &Person::default(), "worker").await.unwrap()
}

fn run_name(plan: &RunPlan) -> RunName {
    RunName { account: plan.head.account.clone(), region: plan.head.region.clone(), id: plan.id() }
}

async fn stored(world: &World, plan: &RunPlan) -> (Run, RunPlan) {
    read_run(world, &run_name(plan)).await.unwrap().unwrap()
}

async fn backs_out_as(world: &World, plan: &RunPlan, worker: &str) -> Answer<RunResult> {
    backs_out_within(world, plan, worker, SignedDuration::from_mins(10)).await
}

async fn backs_out_within(world: &World, plan: &RunPlan, worker: &str, patience: SignedDuration) -> Answer<RunResult> {
    backs_out_with(world, plan, worker, patience, BackoutOptions::default()).await
}

async fn backs_out_with(
    world: &World,
    plan: &RunPlan,
    worker: &str,
    patience: SignedDuration,
    ask: BackoutOptions,
) -> Answer<RunResult> {
    let (home, by) = (home(), by());
    let Some((run, plan)) = read_run(world, &run_name(plan)).await? else {
        panic!("the journal has no such run");
    };
    let order = backout(&home, &by, worker, ask);
    let person = Person::default();
    let backout = RunBackout { order: &order, run, plan: &plan, watch: &person, patience, is_preview: false };
    back_out_run(world, &backout).await
}

/// The state of the account that a run changes: the texts of the ACTIVE revisions, the retentions of the log groups,
/// and the revisions that the services run.
#[derive(Debug, PartialEq)]
struct Picture {
    active: BTreeMap<String, Vec<String>>,
    groups: BTreeMap<String, Option<u32>>,
    services: BTreeMap<String, String>,
}

fn picture(world: &World) -> Picture {
    world.account(|account| Picture {
        active: account
            .families
            .iter()
            .map(|(family, revisions)| {
                let active = revisions.iter().filter(|revision| revision.is_active());
                (family.clone(), active.map(|revision| revision.text.clone()).collect())
            })
            .collect(),
        groups: account.groups.iter().map(|(name, group)| (name.clone(), group.retention)).collect(),
        services: account
            .services
            .iter()
            .map(|(service, live)| (service.short(), account.revision(&live.revision).unwrap().text.clone()))
            .collect(),
    })
}

/// The number of ACTIVE revisions that Logweir registered, by family.
fn corrected(world: &World) -> BTreeMap<String, usize> {
    world.account(|account| {
        let own = |revision: &&crate::world::Revision| revision.is_active() && revision.by == LOGWEIR;
        let families = account.families.iter();
        families.map(|(family, revisions)| (family.clone(), revisions.iter().filter(own).count())).collect()
    })
}

fn wrongs(world: &World) -> Vec<String> {
    world.account(|account| account.wrongs.clone())
}

fn fate(result: &RunResult, about: &str) -> Fate {
    let line = result.lines.iter().find(|line| line.about == about);
    line.unwrap_or_else(|| panic!("{about} has no line: {result:?}")).fate
}

#[tokio::test]
async fn a_plan_applied_to_an_unchanged_account_does_exactly_its_items() {
    for (families, each, mode) in
        [(1, 0, Mode::Register), (7, 2, Mode::Register), (9, 3, Mode::Rollout), (6, 1, Mode::Rollout)]
    {
        let world = world(families, each);
        // One family is compliant, and one has a fault that Logweir only advises about.
        world.account(|account| {
            let compliant = blocking("zzz")
                .replace("\"mode\":\"blocking\"", "\"mode\":\"non-blocking\",\"max-buffer-size\":\"25m\"");
            account.registers(&compliant);
            account.has_group("/ecs/zzz", Some(30), 1);
        });
        let (before, plan) = (picture(&world), plan(&world, mode, 0).await);
        let result = applies(&world, &plan).await;
        let after = picture(&world);
        assert_eq!((result.state, result.exit_code(), wrongs(&world)), (RunState::Ended, 0, vec![]), "{result:?}");
        let services = if mode == Mode::Rollout { families.div_ceil(each) } else { 0 };
        assert_eq!((plan.items.len(), plan.summary().services), (families, services));
        assert_eq!(result.lines.len(), plan.summary().changes, "{result:?}");
        for item in &plan.items {
            let family = &item.source.family;
            assert_eq!(after.active[family].len(), before.active[family].len() + 1, "{family}");
            assert_eq!(after.groups[&format!("/ecs/{family}")], Some(30));
        }
        assert_eq!(after.active["zzz"], before.active["zzz"]);
        for (service, text) in &after.services {
            assert_eq!(*text != before.services[service], mode == Mode::Rollout, "{service}");
        }
        assert_eq!(plan_again(&world, mode).await, 0, "nothing is left to do");
    }
}

/// The number of changes in a new plan.
async fn plan_again(world: &World, mode: Mode) -> usize {
    plan(world, mode, 0).await.summary().changes
}

#[tokio::test]
async fn a_run_is_in_the_journal_before_its_first_change_and_each_record_names_it() {
    let world = world(3, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    applies(&world, &plan).await;
    let calls = world.calls();
    let position = |name: &str| calls.iter().position(|call| *call == name).unwrap();
    assert!(position("put_run") < position("commit") && position("put_run-page") < position("put_run"));
    let (run, found) = stored(&world, &plan).await;
    assert_eq!((run.state, run.actor.as_str(), run.plan_digest), (RunState::Ended, "operator", plan.digest()));
    assert_eq!(found.items, plan.items);
    world.account(|account| {
        for record in account.records.values() {
            let attempt = record.attempt().unwrap().unwrap();
            assert_eq!(attempt.opening.cause.run.as_deref(), Some(plan.id().as_str()));
        }
        assert_eq!(account.records.len(), 3);
    });
}

#[tokio::test]
async fn the_same_plan_again_and_a_resumed_run_double_nothing() {
    let world = world(5, 2);
    let plan = plan(&world, Mode::Rollout, 0).await;
    let first = applies(&world, &plan).await;
    let (before, second) = (picture(&world), applies(&world, &plan).await);
    assert_eq!(picture(&world), before);
    assert_eq!((second.state, second.exit_code()), (RunState::Ended, 0), "{second:?}");
    assert_eq!(second.lines.len(), first.lines.len());
    let (_, resumed) = stored(&world, &plan).await;
    assert_eq!((resumed.id(), applies(&world, &resumed).await.exit_code()), (plan.id(), 0));
    assert_eq!(picture(&world), before);
}

#[tokio::test]
async fn an_interrupted_run_says_what_is_left_and_goes_on_later() {
    let world = world(6, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    let person = Person { leaves_after: Some(2), ..Person::default() };
    let result = applies_as(&world, &plan, &person, "worker").await.unwrap();
    assert_eq!((result.state, result.count(Fate::Done), result.count(Fate::Left)), (RunState::Interrupted, 2, 4));
    assert_eq!(corrected(&world).values().sum::<usize>(), 2);
    let result = applies(&world, &plan).await;
    assert_eq!((result.state, result.count(Fate::Done)), (RunState::Ended, 6));
    assert_eq!(corrected(&world).values().copied().max(), Some(1));
}

#[tokio::test]
async fn the_run_shares_the_registration_rate_limit_and_says_when_it_waits() {
    let world = world(12, 0);
    let (plan, person) = (plan(&world, Mode::Register, 0).await, Person::default());
    let before: Timestamp = world.account(|account| account.now);
    let result = applies_as(&world, &plan, &person, "worker").await.unwrap();
    assert_eq!(result.count(Fate::Done), 12, "{result:?}");
    assert!(person.waits.get() > 0);
    let took = world.account(|account| account.now).duration_since(before);
    let rate = parsed(SHIPPED_BASELINE).rollout(&logweir::domain::baseline::Workload::default()).registers_per_second;
    // The bucket admits a burst of 15 seconds at once.
    let least = SignedDuration::from_secs_f64(12.0 / rate) - SignedDuration::from_secs(15 + 6);
    assert!(took >= least, "{took:?} is less than {least:?}");
}

#[tokio::test]
async fn the_backout_of_a_run_restores_all_and_a_second_one_changes_nothing() {
    for mode in [Mode::Register, Mode::Rollout] {
        let world = world(7, 2);
        let (before, plan) = (picture(&world), plan(&world, mode, 0).await);
        applies(&world, &plan).await;
        let result = backs_out_as(&world, &plan, "operator").await.unwrap();
        assert_eq!((result.state, result.count(Fate::Done)), (RunState::BackedOut, 7), "{result:?}");
        let after = picture(&world);
        assert_eq!((&after.active, &after.services), (&before.active, &before.services));
        assert_eq!(wrongs(&world), Vec::<String>::new());
        let again = backs_out_as(&world, &plan, "operator").await.unwrap();
        assert_eq!((again.state, again.exit_code(), picture(&world)), (RunState::BackedOut, 0, after));
        // The run corrects nothing again that was backed out.
        let applied = applies(&world, &plan).await;
        assert_eq!((applied.count(Fate::Done), corrected(&world).values().sum::<usize>()), (0, 0), "{applied:?}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_keeps_no_other_record_from_its_backout() {
    let world = world(3, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    applies(&world, &plan).await;
    let unreadable = crate::world::Then::fail(logweir::ports::ErrorKind::Refused, "read the journal", "damaged");
    world.at_next("read", crate::world::Moment::Before, unreadable);
    let result = backs_out_as(&world, &plan, "operator").await.unwrap();
    assert_eq!((result.count(Fate::Done), result.count(Fate::Failed), result.exit_code()), (2, 1, 2), "{result:?}");
    let again = backs_out_as(&world, &plan, "operator").await.unwrap();
    assert_eq!((again.state, corrected(&world).values().sum::<usize>()), (RunState::BackedOut, 0), "{again:?}");
}

#[tokio::test]
async fn an_interrupted_run_that_was_backed_out_corrects_nothing_more() {
    let world = world(4, 0);
    let plan = plan(&world, Mode::Register, 0).await;
    let person = Person { leaves_after: Some(2), ..Person::default() };
    applies_as(&world, &plan, &person, "worker").await.unwrap();
    let result = backs_out_as(&world, &plan, "operator").await.unwrap();
    assert_eq!((result.state, result.count(Fate::Done)), (RunState::BackedOut, 2), "{result:?}");
    let again = applies(&world, &plan).await;
    assert_eq!((again.state, again.count(Fate::Left)), (RunState::BackedOut, 4), "{again:?}");
    assert_eq!(corrected(&world).values().sum::<usize>(), 0);
}

#[tokio::test]
async fn canary_services_come_first_and_a_failed_one_stops_the_run() {
    let world = world(6, 1);
    let plan = plan(&world, Mode::Rollout, 2).await;
    world.account(|account| account.completes_while_waiting = false);
    let canaries: Vec<String> = plan.canaries().into_iter().map(|service| service.short()).collect();
    assert_eq!(canaries, ["prod/f000", "prod/f001"]);
    // The first deployment is in progress when Logweir reads it for the second time. It then fails.
    world.at_nth(
        "UpdateService",
        1,
        crate::world::Moment::After,
        crate::world::Then::act(|account| {
            account.fails("prod/f000", crate::world::TASKS_FAILED);
        }),
    );
    let result = applies(&world, &plan).await;
    assert_eq!((result.state, result.exit_code()), (RunState::CanaryFailed, 2), "{result:?}");
    assert_eq!(fate(&result, "prod/f000"), Fate::Failed, "{result:?}");
    assert_eq!(corrected(&world).values().sum::<usize>(), 1, "only the item of the failed canary is corrected");
    assert_eq!(result.count(Fate::Left), 6 + 6 - 2);
    world.account(|account| account.completes_while_waiting = true);
    let back = backs_out_as(&world, &plan, "operator").await.unwrap();
    assert_eq!(corrected(&world).values().sum::<usize>(), 0, "{back:?}");
}

#[tokio::test]
async fn after_good_canaries_the_rest_follows() {
    let world = world(6, 1);
    let plan = plan(&world, Mode::Rollout, 2).await;
    let result = applies(&world, &plan).await;
    assert_eq!((result.state, result.count(Fate::Done)), (RunState::Ended, 12), "{result:?}");
    let order: Vec<&str> = result.lines.iter().map(|line| line.about.as_str()).take(5).collect();
    assert_eq!(order, ["f000:1", "prod/f000", "f001:1", "prod/f001", "f002:1"]);
}

/// The revision with this number of a family.
fn arn(world: &World, family: &str, number: usize) -> RevisionArn {
    world.account(|account| account.arn(family, number))
}
