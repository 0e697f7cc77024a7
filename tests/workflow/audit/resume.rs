//! An audit that continues after an interruption or a kill.

use std::collections::BTreeSet;
use std::time::Duration;

use logweir::domain::audit::{Audit, Selection};

use logweir::domain::baseline::Delivery;

use super::account::{Account, Logs, Memory};
use super::{run, run_until, run_with, shipped};

/// Returns an account in which each family has a log group of its own, and the first families run in services.
fn scattered(families: usize, services: usize) -> Account {
    let mut account = Account::of(families, services);
    for number in 0..families {
        let group = format!("/ecs/{number}");
        let mode = ["non-blocking", "blocking"][number % 2];
        account.register(&format!("family-{number:06}"), 1, Logs::to(&group, Some(mode)));
        if number % 5 > 0 {
            account.groups.insert(group, [None, Some(30), Some(90)][number % 3]);
        }
    }
    account
}

/// Audits until the audit is complete, and kills it each time after this time. Returns the last audit, the number of
/// kills, and the number of descriptions whose calls were made.
async fn killed_every(time: Duration, account: &Account, selection: &Selection) -> (Audit, usize, usize) {
    let (mut memory, mut kills) = (Memory { has_resume: true, ..Memory::default() }, 0);
    loop {
        let audit = run_until(account, selection, &shipped(), &mut memory, tokio::time::sleep(time)).await;
        if !audit.coverage.is_interrupted {
            return (audit, kills, account.described().len());
        }
        kills += 1;
        // The cache would hide what the resume file does not contain.
        memory.memos.clear();
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_audit_says_what_it_does_not_know_and_goes_on_without_doing_work_twice() {
    let mut account = Account::of(400, 20);
    for number in (0..400).step_by(7) {
        account.register(&format!("family-{number:06}"), 1, Logs::blocking());
    }
    let whole = run(&account, &Selection::default()).await;
    account.forget_calls();
    let mut memory = Memory { has_resume: true, ..Memory::default() };
    let after = tokio::time::sleep(std::time::Duration::from_secs(9));
    let first = run_until(&account, &Selection::default(), &shipped(), &mut memory, after).await;
    assert!(first.coverage.is_interrupted && !first.coverage.is_complete());
    let done = first.revisions.len() as u64;
    assert!((50..350).contains(&done), "{done}");
    assert_eq!(first.coverage.not_examined, 400 - done);
    // A kill keeps less than an interruption: the file has no memos, and the steps up to some moment.
    memory.memos.clear();
    let second = run_with(&account, &mut memory).await;
    let in_flight = account.described().len() as u64 - 400;
    assert!(in_flight <= 32, "only what was under way is asked again: {in_flight}");
    assert_eq!(second.revisions, whole.revisions);
    assert!(second.coverage.is_complete());
    assert_eq!(account.made("DescribeServices"), 3, "no cluster is read twice");
}

#[tokio::test(start_paused = true)]
async fn no_kill_repeats_a_description_that_was_answered() {
    let account = scattered(400, 20);
    let whole = run(&account, &Selection::default()).await;
    account.forget_calls();
    let (last, kills, made) = killed_every(Duration::from_millis(1_700), &account, &Selection::default()).await;
    assert!(kills > 5, "{kills} kills");
    let answered = account.calls.lock().unwrap().answered.clone();
    let distinct: BTreeSet<&String> = answered.iter().collect();
    assert_eq!((answered.len(), distinct.len()), (400, 400), "no revision is described twice");
    assert!(made <= 400 + kills * 32, "{made} calls after {kills} kills");
    assert_eq!(last.revisions, whole.revisions);
    assert!(last.coverage.is_complete());
}

#[tokio::test(start_paused = true)]
async fn the_newest_revision_of_a_family_that_also_runs_is_described_once_for_each_question() {
    // The list of all revisions ends early, because it saves few calls, so the audit asks for each family.
    let mut account = Account::of(100, 0).without_buckets();
    for number in 0..100 {
        for revision in 2..=60 {
            account.register(&format!("family-{number:06}"), revision, Logs::compliant());
        }
    }
    for number in 0..10 {
        account.run("prod", &format!("service-{number}"), &format!("family-{number:06}"), 60);
    }
    for stop in (1..=16).map(|quarters| Duration::from_millis(quarters * 250)) {
        let mut memory = Memory { has_resume: true, ..Memory::default() };
        account.forget_calls();
        run_until(&account, &Selection::default(), &shipped(), &mut memory, tokio::time::sleep(stop)).await;
        memory.memos.clear();
        let last = run_with(&account, &mut memory).await;
        let answered = account.calls.lock().unwrap().answered.len();
        assert_eq!(answered, 110, "ten once because they run, and each once as the newest revision");
        assert_eq!(last.revisions.len(), 100);
    }
}

#[tokio::test(start_paused = true)]
async fn a_setting_that_changes_between_two_runs_is_described_anew_only_for_revisions_that_waited() {
    let mut account = scattered(200, 0);
    let mut memory = Memory { has_resume: true, ..Memory::default() };
    let stop = tokio::time::sleep(Duration::from_secs(4));
    run_until(&account, &Selection::default(), &shipped(), &mut memory, stop).await;
    let waiting = memory.steps.iter().filter(|step| step.starts_with("{\"described\"")).count();
    let judged = memory.steps.iter().filter(|step| step.starts_with("{\"judged\"")).count();
    assert!(waiting > judged, "{waiting} {judged}");
    memory.memos.clear();
    account.mode = Delivery::Blocking;
    account.forget_calls();
    let second = run_with(&account, &mut memory).await;
    assert!(second.coverage.is_complete());
    let answered = account.calls.lock().unwrap().answered.len();
    assert_eq!(answered, 200 - judged);
    assert_eq!(second.revisions.len(), 200);
}
