//! The account setting `defaultLogDriverMode`: an operator sets it, and backs it out. The process dies at every call,
//! or the call's answer is lost; the final state is always exactly the intended one.

use jiff::SignedDuration;
use logweir::domain::baseline::Delivery::{self, Blocking, NonBlocking};
use logweir::domain::ecs::default_log_mode::SettingName;
use logweir::domain::event::Cause;
use logweir::domain::outcome::{Mode, Outcome, Reason};
use logweir::domain::record::{SettingRecord, WholeRecord};
use logweir::domain::report::Decision;
use logweir::settings::{LEASE, SHIPPED_BASELINE};
use logweir::workflow::{
    BackoutOptions, Order, Origin, back_out_account_default, preview_account_default, set_account_default,
};
use serde_json::json;

use crate::clusters::{ended, nothing_wrong};
use crate::crash::{FAULTS, Fault};
use crate::order::{backout, order};
use crate::world::story::{by, home, parsed};
use crate::world::{Account, Moment, Then, World};

const FORMER: [Option<Delivery>; 2] = [Some(Blocking), None];

fn begin(value: Option<Delivery>) -> World {
    let world = World::new();
    world.account(|account| account.default_mode = value);
    world
}

fn name() -> SettingName {
    SettingName { account: home().account, region: home().region }
}

async fn runs(world: &World, mode: Mode, worker: &str, again: bool) -> Decision {
    let (home, by, baseline) = (home(), by(), parsed(SHIPPED_BASELINE));
    let order = Order { origin: Origin::Apply { again }, ..order(&home, &by, baseline, mode, worker) };
    set_account_default(world, world, &order, Cause::default()).await
}

async fn sets(world: &World, worker: &str) -> Decision {
    runs(world, Mode::Register, worker, false).await
}

async fn backs_out(world: &World, worker: &str) -> Decision {
    let (home, by) = (home(), by());
    back_out_account_default(world, world, &backout(&home, &by, worker, BackoutOptions::default()), &name()).await
}

fn value(world: &World) -> Option<Delivery> {
    world.account(|account| account.default_mode)
}

fn record(world: &World) -> Option<SettingRecord> {
    world.account(|account| account.setting_records.get(&name()).cloned())
}

/// The value after a backout. Nothing removes an explicit value, so the default of ECS is explicit afterwards.
fn restored(former: Option<Delivery>) -> Option<Delivery> {
    former.or(Some(NonBlocking))
}

#[tokio::test]
async fn an_operator_sets_the_default_and_backs_it_out() {
    for former in FORMER {
        let world = begin(former);
        let planned = runs(&world, Mode::Observe, "operator", false).await;
        assert_eq!((ended(&planned), value(&world)), ((Outcome::Observed, None), former));
        assert_eq!(record(&world), None, "a plan writes nothing");
        let decision = sets(&world, "operator").await;
        assert_eq!(ended(&decision), (Outcome::Remediated, None), "{decision:?}");
        let report = json!(decision.report);
        let from = if former.is_some() { "blocking" } else { "not set" };
        assert_eq!(report["setting"], json!({"action": "changed", "from": from, "to": "non-blocking"}));
        assert_eq!(report["record"], "account-default/111122223333/eu-west-1");
        let undo = report["backout"].as_str().unwrap();
        assert!(undo.starts_with("logweir backout account-default/111122223333/eu-west-1"), "{undo}");
        assert_eq!(ended(&sets(&world, "again").await), (Outcome::Compliant, None));
        let undone = backs_out(&world, "operator").await;
        assert_eq!(ended(&undone), (Outcome::BackedOut, None), "{undone:?}");
        assert_eq!(value(&world), restored(former));
        let says_so = undone.report.notes.iter().any(|note| note.contains("sets the default of ECS explicitly"));
        assert_eq!(says_so, former.is_none(), "{:?}", undone.report.notes);
        assert_eq!(ended(&backs_out(&world, "operator").await).1, Some(Reason::Duplicate));
        nothing_wrong(&world);
    }
}

#[tokio::test]
async fn a_backed_out_setting_returns_only_by_force() {
    let world = begin(Some(Blocking));
    sets(&world, "operator").await;
    backs_out(&world, "operator").await;
    let skipped = sets(&world, "operator").await;
    assert_eq!((ended(&skipped), value(&world)), ((Outcome::Skipped, Some(Reason::BackedOutBefore)), Some(Blocking)));
    let forced = runs(&world, Mode::Register, "operator", true).await;
    assert_eq!((ended(&forced), value(&world)), ((Outcome::Remediated, None), Some(NonBlocking)));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_value_of_the_caller_hides_the_default_so_nothing_is_set() {
    let world = begin(Some(Blocking));
    world.account(|account| account.own_default = Some(Blocking));
    let refused = sets(&world, "operator").await;
    assert_eq!(ended(&refused), (Outcome::Failed, Some(Reason::SettingHidden)));
    assert_eq!((value(&world), record(&world)), (Some(Blocking), None));
    world.account(|account| account.own_default = None);
    sets(&world, "operator").await;
    world.account(|account| account.own_default = Some(NonBlocking));
    let waits = backs_out(&world, "operator").await;
    assert_eq!(ended(&waits), (Outcome::NeedsOperator, Some(Reason::SettingHidden)));
    world.account(|account| account.own_default = None);
    assert_eq!(ended(&backs_out(&world, "operator").await), (Outcome::BackedOut, None));
    assert_eq!(value(&world), Some(Blocking));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_value_that_another_principal_sets_meanwhile_stays() {
    let world = begin(None);
    let owner = |account: &mut Account| account.sets_default(Some(Blocking));
    world.at_nth("put_setting", 2, Moment::After, Then::act(owner));
    let superseded = sets(&world, "operator").await;
    assert_eq!(ended(&superseded), (Outcome::Superseded, Some(Reason::SettingChanged)), "{superseded:?}");
    assert_eq!(value(&world), Some(Blocking));
    let world = begin(None);
    sets(&world, "operator").await;
    world.account(owner);
    let kept = backs_out(&world, "operator").await;
    assert_eq!((ended(&kept), value(&world)), ((Outcome::BackedOut, None), Some(Blocking)));
    assert!(kept.report.notes.iter().any(|note| note.contains("another principal")), "{:?}", kept.report.notes);
    nothing_wrong(&world);
}

#[tokio::test]
async fn two_workers_set_the_default_once() {
    let count = sets(&begin(Some(Blocking)), "first").await;
    assert_eq!(ended(&count), (Outcome::Remediated, None));
    let calls = {
        let world = begin(Some(Blocking));
        sets(&world, "first").await;
        world.calls().len()
    };
    for call in 1..=calls {
        let world = begin(Some(Blocking));
        world.at(call, Moment::Before, Then::Crash);
        sets(&world, "first").await;
        world.restart();
        let second = sets(&world, "second").await;
        let is_held = record(&world).is_some_and(|record| record.is_open());
        let expected = if is_held { Some(Reason::Locked) } else { None };
        assert_eq!(second.reason, expected, "call {call}: {second:?}");
        let backout = backs_out(&world, "third").await;
        assert_eq!(backout.reason == Some(Reason::Locked), is_held, "call {call}: {backout:?}");
        let puts = world.calls().iter().filter(|call| **call == "PutAccountSettingDefault").count();
        assert!(puts <= 3, "call {call}: {puts} calls");
        nothing_wrong(&world);
    }
}

#[tokio::test]
async fn a_default_that_a_read_does_not_show_yet_is_set_in_the_end() {
    let world = begin(Some(Blocking));
    world.account(|account| account.setting_lags = SignedDuration::from_mins(8));
    let waits = sets(&world, "operator").await;
    assert_eq!(ended(&waits), (Outcome::Failed, Some(Reason::NotVisibleYet)), "{waits:?}");
    assert_eq!(ended(&backs_out(&world, "early").await).1, Some(Reason::NotVisibleYet));
    world.advance(SignedDuration::from_mins(9));
    assert_eq!(ended(&backs_out(&world, "late").await), (Outcome::BackedOut, None));
    assert_eq!(value(&world), Some(Blocking));
    nothing_wrong(&world);
}

#[tokio::test]
async fn a_preview_changes_nothing_and_a_record_elsewhere_is_refused() {
    let world = begin(None);
    sets(&world, "operator").await;
    let (home, by) = (home(), by());
    let order = backout(&home, &by, "operator", BackoutOptions::default());
    let preview = preview_account_default(&world, &order, &name()).await;
    let setting = json!(preview.report)["setting"].clone();
    assert_eq!(setting, json!({"action": "restore", "from": "non-blocking", "to": "non-blocking"}));
    assert_eq!((ended(&preview), value(&world)), ((Outcome::Observed, None), Some(NonBlocking)));
    let elsewhere = SettingName { region: "eu-north-1".into(), ..name() };
    let refused = back_out_account_default(&world, &world, &order, &elsewhere).await;
    assert_eq!(ended(&refused), (Outcome::Refused, Some(Reason::ForeignRegion)));
    let absent = back_out_account_default(&begin(None), &world, &order, &name()).await;
    assert_eq!(ended(&absent), (Outcome::Failed, Some(Reason::NoRecord)));
}

fn plan(world: &World, call: usize, fault: Fault) {
    match fault {
        Fault::DiesBefore => world.at(call, Moment::Before, Then::Crash),
        Fault::DiesAfter => world.at(call, Moment::After, Then::Crash),
        Fault::AnswerLost => world.at(call, Moment::After, Then::Cut),
    }
}

/// Runs the command again until nothing is retried any more.
async fn settles(world: &World, is_backout: bool) -> Decision {
    let mut last = None;
    for round in 0..8 {
        world.advance(LEASE + SignedDuration::from_mins(11));
        let worker = format!("later-{round}");
        let decision = if is_backout { backs_out(world, &worker).await } else { sets(world, &worker).await };
        let is_retried = decision.is_retried();
        last = Some(decision);
        if !is_retried {
            break;
        }
    }
    last.unwrap()
}

#[tokio::test]
async fn a_change_that_stops_at_any_call_ends_as_intended() {
    for former in FORMER {
        let world = begin(former);
        sets(&world, "operator").await;
        for call in 1..=world.calls().len() {
            for fault in FAULTS {
                for is_backout in [false, true] {
                    let about = format!("{former:?}, call {call}, {fault:?}, {is_backout}");
                    let world = begin(former);
                    plan(&world, call, fault);
                    sets(&world, "operator").await;
                    world.restart();
                    let was_set = value(&world) != former;
                    let last = settles(&world, is_backout).await;
                    match is_backout {
                        false => assert_eq!(value(&world), Some(NonBlocking), "{about}"),
                        true if was_set => assert_eq!(value(&world), restored(former), "{about}: {last:?}"),
                        true => assert_eq!(value(&world), former, "{about}"),
                    }
                    assert!(!record(&world).is_some_and(|record| record.is_open()), "{about}: {last:?}");
                    nothing_wrong(&world);
                }
            }
        }
    }
}

#[tokio::test]
async fn a_backout_that_stops_at_any_call_ends_as_intended() {
    for former in FORMER {
        let world = begin(former);
        sets(&world, "operator").await;
        let change = world.calls().len();
        backs_out(&world, "operator").await;
        for call in change + 1..=world.calls().len() {
            for fault in FAULTS {
                let about = format!("{former:?}, call {call}, {fault:?}");
                let world = begin(former);
                sets(&world, "operator").await;
                plan(&world, call, fault);
                backs_out(&world, "operator").await;
                world.restart();
                let last = settles(&world, true).await;
                assert_eq!(last.outcome, Outcome::BackedOut, "{about}");
                assert_eq!(value(&world), restored(former), "{about}");
                assert!(!record(&world).unwrap().is_open(), "{about}");
                nothing_wrong(&world);
            }
        }
    }
}
