//! Many concurrent remediations in an emulated account, and their backouts, through a proxy that loses calls.
//! `tests/with-emulators` starts the emulator. `docs/reliability.md` shows the output of the run.

mod fleet;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use logweir::aws::sdk::journal::DynamoJournal;
use logweir::aws::{Aws, Ecs, Logs};
use logweir::domain::baseline::Baseline;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::event::read;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{Head, Record};
use logweir::domain::report::Decision;
use logweir::domain::rules::facts::LogGroup;
use logweir::ports::{Adapters, Clock};
use logweir::workflow::{BackoutOptions, BackoutOrder, Order, Origin, back_out, remediate};
use tokio::task::JoinSet;

use fleet::{BASELINE, Family, Group, LONG, Leases, Others, Standing, TABLE, config};
use tally::{Tally, percent_stale_reads};

use crate::emulated::proxy::{Answer, Call, Fate, Proxy};
use crate::emulated::size;
use crate::order::{backout, order};
use crate::world::story::{by, ended, event, home};

/// The first three groups of ten in each hundred, which contain every combination of [`ALL`]. `LOGWEIR_TEST_FAMILIES`
/// sets another number.
const FAMILIES: usize = 60;
const ALL: usize = 200;

/// The number of families that are handled concurrently.
const AT_ONCE: usize = 100;

/// The number of tries after which a queue would give up an event.
const MOST_TRIES: usize = 30;

const SEED: u64 = 1;

/// The principal that registers, as the emulator reports it: the caller.
const REGISTRAR: &str = "arn:aws:iam::111122223333:root";

/// The number of tries until a request was done.
type Tries = usize;

type End = (Outcome, Option<Reason>);

const CORRECTED: [End; 2] = [(Outcome::Remediated, None), (Outcome::Skipped, Some(Reason::Duplicate))];
const BACKED_OUT: [End; 2] = [(Outcome::BackedOut, None), (Outcome::BackedOut, Some(Reason::Duplicate))];
const STILL_RUNNING: [End; 1] = [(Outcome::Partial, Some(Reason::StillRunning))];
const SUPPRESSED: [End; 1] = [(Outcome::Skipped, Some(Reason::BackedOutBefore))];
/// A read that lags still shows a withdrawn source as ACTIVE, but the journal says that it was backed out.
const GONE: [End; 2] = [(Outcome::Superseded, Some(Reason::NotLatest)), SUPPRESSED[0]];

#[tokio::test]
async fn remediations_and_their_backouts_end_correctly_through_a_faulty_proxy() {
    let url = std::env::var("LOGWEIR_TEST_MINISTACK")
        .expect("the feature `emulators` is for `make test`, or tests/with-emulators COMMAND");
    let (proxy, faulty) = Proxy::before(&url, Some(SEED));
    let others = Others::at(&proxy.beside());
    others.make_table().await;
    others.make_cluster().await;
    let mut families = Vec::new();
    let tens = size("LOGWEIR_TEST_FAMILIES", FAMILIES) / 20;
    for number in (0..ALL).filter(|number| number / 10 % 10 < tens) {
        families.push(Arc::new(others.deploy(number).await));
    }

    let aws = Aws::with(&config(&faulty)).unwrap();
    let started = Instant::now();
    let tries = for_each(&families, |family| remediated(aws.clone(), family)).await;
    let remediations = proxy.calls();
    tell("remediations", started, &tries, &remediations);
    for family in &families {
        is_corrected_once(family, &others.look(family).await);
        others.move_on(family).await;
    }

    let started = Instant::now();
    let tries = for_each(&families, |family| backed_out(aws.clone(), others.clone(), family)).await;
    let both = proxy.calls();
    let backouts = &both[remediations.len()..];
    tell("backouts", started, &tries, backouts);

    for_each(&families, |family| skipped_again(aws.clone(), others.clone(), family)).await;
    let all = proxy.calls();
    nothing_was_written(&all[both.len()..]);
    let found = groups_that_were_there(&all);
    for family in &families {
        is_backed_out(family, &others.look(family).await, &found);
    }
    enough_was_spoiled(&remediations, families.len() / 10);
    enough_was_spoiled(backouts, families.len() / 60);
    assert!(percent_stale_reads(&both) >= 25, "{} %: {}", percent_stale_reads(&both), Tally::of(&both));
    no_retention_was_shortened_and_no_group_deleted(&families, &all);
    only_own_revisions_were_deregistered(&all);
}

/// Does the work for every family, for several at once.
async fn for_each<W>(families: &[Arc<Family>], work: impl Fn(Arc<Family>) -> W) -> Vec<Tries>
where
    W: Future<Output = Tries> + Send + 'static,
{
    let (mut waiting, mut at_work, mut done) = (families.iter().cloned(), JoinSet::new(), Vec::new());
    loop {
        while at_work.len() < AT_ONCE
            && let Some(family) = waiting.next()
        {
            at_work.spawn(work(family));
        }
        match at_work.join_next().await {
            Some(tries) => done.push(tries.unwrap()),
            None => return done,
        }
    }
}

/// Delivers events like a queue. An event that the report wants to retry returns after the lease.
async fn until_done<R: Future<Output = Decision>>(family: &Family, ends: &[End], ask: impl Fn(String) -> R) -> Tries {
    let mut copies = if family.twice { vec!["a", "b"] } else { vec!["a"] };
    for tries in 1..=MOST_TRIES {
        family.clock.run_out();
        let ask = |copy| ask(worker(family, copy));
        let reports = match copies[..] {
            [one, other] => Vec::from(<[Decision; 2]>::from(tokio::join!(ask(one), ask(other)))),
            _ => vec![ask(copies[0]).await],
        };
        let mut reports = reports.into_iter();
        copies.retain(|_| {
            let report = reports.next().unwrap();
            assert!(report.is_retried() || ends.contains(&ended(&report)), "{report:?}");
            report.is_retried()
        });
        if copies.is_empty() {
            return tries;
        }
    }
    panic!("{} is not done after {MOST_TRIES} tries", family.name);
}

/// A unique name for a worker. The time in it advances with every try.
fn worker(family: &Family, copy: &str) -> String {
    format!("{}{copy}", family.clock.now())
}

type Ports = Adapters<Ecs, Logs, DynamoJournal, Leases>;

fn ports(aws: &Aws, family: &Family) -> Ports {
    Adapters {
        ecs: aws.ecs.clone(),
        log_groups: aws.log_groups.clone(),
        journal: aws.journal(TABLE),
        clock: family.clock.clone(),
    }
}

async fn remediated(aws: Aws, family: Arc<Family>) -> Tries {
    let ports = ports(&aws, &family);
    until_done(&family, &CORRECTED, |worker| deliver(&ports, &family.source.arn, worker)).await
}

/// While a service runs the corrected revision, that revision stays. So the service is updated to another one.
async fn backed_out(aws: Aws, others: Others, family: Arc<Family>) -> Tries {
    let ports = ports(&aws, &family);
    let ask = |worker| try_backout(&ports, &family, worker);
    let mut tries = 0;
    if family.runs {
        // A read that lags shows the source as ACTIVE, and then only the next request restores the source.
        while tries == 0 || others.active(&family).await.len() < 2 {
            tries += until_done(&family, &STILL_RUNNING, &ask).await;
        }
        others.deploy_another(&family).await;
    }
    tries += until_done(&family, &BACKED_OUT, &ask).await;
    // Such a read also shows that there is nothing to restore.
    while family.restores && others.active(&family).await.is_empty() {
        tries += until_done(&family, &BACKED_OUT, &ask).await;
    }
    tries
}

/// Delivers the event of the source once more, and that of the revision that was restored for it.
async fn skipped_again(aws: Aws, others: Others, family: Arc<Family>) -> Tries {
    let ports = ports(&aws, &family);
    let mut tries = 0;
    if family.goes {
        tries += until_done(&family, &GONE, |worker| deliver(&ports, &family.source.arn, worker)).await;
    }
    if let Some(standing) = others.active(&family).await.first() {
        tries += until_done(&family, &SUPPRESSED, |worker| deliver(&ports, standing, worker)).await;
    }
    tries
}

async fn deliver(ports: &Ports, revision: &RevisionArn, worker: String) -> Decision {
    let (baseline, home, backout) = (Baseline::parse(BASELINE).unwrap(), home(), by());
    let order = Order {
        // A replay, because a delivered event would wait for the rate limit, which allows at most one a second.
        origin: Origin::Replay,
        registrar: Some(REGISTRAR),
        ..order(&home, &backout, &baseline, Mode::Register, &worker)
    };
    remediate(ports, &order, read(&event(revision), &home).unwrap()).await
}

async fn try_backout(ports: &Ports, family: &Family, worker: String) -> Decision {
    let ask = BackoutOptions { restore_source: family.restores, ..BackoutOptions::default() };
    let (home, by) = (home(), by());
    let order = BackoutOrder { registrar: Some(REGISTRAR), ..backout(&home, &by, &worker, ask) };
    back_out(ports, &order, &family.source.arn).await
}

#[allow(clippy::print_stdout, reason = "the run exists for these numbers")]
fn tell(what: &str, started: Instant, tries: &[Tries], calls: &[Call]) {
    let (all, most) = (tries.iter().sum::<usize>(), tries.iter().max().unwrap());
    let again = tries.iter().filter(|tries| **tries > 1).count();
    let made = |operation| calls.iter().filter(|call| call.operation == operation && call.done().is_some()).count();
    let (registered, deregistered) = (made("RegisterTaskDefinition"), made("DeregisterTaskDefinition"));
    let (count, seconds) = (tries.len(), started.elapsed().as_secs());
    println!("\n{count} {what} in {all} tries, {again} of them in more than one, the most in {most}");
    println!("{registered} revisions registered, {deregistered} calls deregistered one; {seconds} s\n");
    println!("{} % of the reads of task definitions were stale\n", percent_stale_reads(calls));
    println!("{}", Tally::of(calls));
}

fn is_corrected_once(family: &Family, standing: &Standing) {
    let Standing { active, newest, made_from, record, .. } = standing;
    let name = &family.name;
    let head = closed(family, record, Outcome::Remediated);
    let corrected = head.corrected.clone().unwrap_or_else(|| panic!("{name} has no correction"));
    assert_eq!(*active, [corrected, family.source.arn.clone()], "the ACTIVE revisions of {name}");
    assert_eq!(made_from.as_ref(), Some(&family.source.arn), "the journal knows the correction of {name}");
    let options = &newest.as_ref().unwrap().definition.view()["containerDefinitions"][0]["logConfiguration"]["options"];
    assert_eq!(options["mode"], "non-blocking", "{name}");
    expires(family, standing, family.group.corrected());
}

/// Only the source is ACTIVE, or one revision with its document. A withdrawn source that was not asked for stays withdrawn.
fn is_backed_out(family: &Family, standing: &Standing, found: &BTreeSet<&str>) {
    let Standing { active, newest, made_from, record, .. } = standing;
    let (name, source) = (&family.name, &family.source);
    let head = closed(family, record, Outcome::BackedOut);
    assert!(head.suppressed && head.corrected.is_none(), "{head:?}");
    match (family.goes, family.restores) {
        (true, true) => {
            assert_eq!(active.len(), 1, "the ACTIVE revisions of {name}: {active:?}");
            assert!(active[0].revision > source.arn.revision, "{name} is restored");
            assert_eq!(made_from.as_ref(), Some(&source.arn), "the journal knows what was restored for {name}");
        }
        (true, false) => assert_eq!(active, &[], "the ACTIVE revisions of {name}"),
        (false, _) => assert_eq!(active, std::slice::from_ref(&source.arn), "the ACTIVE revisions of {name}"),
    }
    if let Some(newest) = newest {
        assert_eq!(newest.definition.text(), source.definition.text(), "{name}");
    }
    // Another principal may have created a group that existed already. Its retention is not changed.
    let was_found = found.contains(family.log_group.as_str());
    expires(family, standing, family.group.backed_out().filter(|_| !was_found));
}

fn closed<'r>(family: &Family, record: &'r Option<Record>, outcome: Outcome) -> &'r Head {
    let head = &record.as_ref().unwrap_or_else(|| panic!("{} has no record", family.name)).head;
    assert!(!head.open, "{head:?}");
    assert_eq!(head.closing.as_ref().map(|closing| closing.outcome), Some(outcome), "{head:?}");
    head
}

fn expires(family: &Family, standing: &Standing, wanted: Option<u32>) {
    let Some(LogGroup::Exists { retention, .. }) = standing.log_group else {
        panic!("{} has no log group", family.name)
    };
    assert_eq!(retention, wanted, "{}, whose log group was {:?}", family.name, family.group);
}

/// The groups for which a creation was answered with "already exists". If the answer to the first creation was lost,
/// Logweir cannot know that it created the group itself.
fn groups_that_were_there(calls: &[Call]) -> BTreeSet<&str> {
    let made = calls.iter().filter(|call| call.operation == "CreateLogGroup");
    let is_there = |answer: &Answer| answer.body["__type"] == "ResourceAlreadyExistsException";
    let found = made.filter(|call| call.answer.as_ref().is_some_and(is_there));
    found.filter_map(|call| call.request["logGroupName"].as_str()).collect()
}

/// Asserts that all calls are reads.
fn nothing_was_written(calls: &[Call]) {
    let reads = |call: &&Call| ["Describe", "Get", "List", "Query"].iter().any(|verb| call.operation.starts_with(verb));
    assert!(!calls.is_empty());
    assert_eq!(calls.iter().find(|call| !reads(call)).map(|call| &call.request), None);
}

/// Asserts enough faults for a meaningful run: at least `lost` revisions were registered, and the answers lost.
fn enough_was_spoiled(calls: &[Call], lost: usize) {
    let unanswered = calls.iter().filter(|call| !call.fate.is_refusal() && call.answer.is_none());
    assert_eq!(unanswered.count(), 0, "the emulator itself failed");
    let tally = Tally::of(calls);
    assert!(tally.percent_spoiled() >= 20, "{tally}");
    let reset = |call: &&Call| call.operation == "RegisterTaskDefinition" && call.fate == Fate::Reset;
    assert!(tally.stale() >= lost, "{tally}");
    let made_unheard = calls.iter().filter(reset).filter(|call| call.done().is_some()).count();
    assert!(made_unheard >= lost, "{made_unheard} revisions were registered and the answers lost");
}

/// The days of a group that never expires.
const NEVER: u32 = u32::MAX;

/// Follows the retention of every group through all calls.
fn no_retention_was_shortened_and_no_group_deleted(families: &[Arc<Family>], calls: &[Call]) {
    // The retention of each group. A group without data has nothing to lose, and for a group under `adopt` the
    // operator has chosen to lose the older data.
    let before = families.iter().filter_map(|family| match family.group {
        Group::Written => Some((family.log_group.as_str(), NEVER)),
        Group::Long => Some((family.log_group.as_str(), LONG)),
        Group::Missing | Group::Empty | Group::Adopted | Group::Raised => None,
    });
    let mut keeps: BTreeMap<&str, u32> = before.collect();
    for call in calls.iter().filter(|call| call.done().is_some()) {
        match call.operation.as_str() {
            "PutRetentionPolicy" => {
                let name = call.request["logGroupName"].as_str().unwrap();
                let days = call.request["retentionInDays"].as_u64().unwrap() as u32;
                let had = keeps.insert(name, days).unwrap_or_default();
                assert!(days >= had, "{name} kept its data for {had} days: {call:?}");
            }
            "DeleteRetentionPolicy" => {
                keeps.insert(call.request["logGroupName"].as_str().unwrap(), NEVER);
            }
            "DeleteLogGroup" | "DeleteLogStream" => panic!("{call:?}"),
            _ => {}
        }
    }
}

fn only_own_revisions_were_deregistered(calls: &[Call]) {
    let of = |operation: &'static str| calls.iter().filter(move |call| call.operation == operation);
    let registered = of("RegisterTaskDefinition").filter_map(Call::done);
    let own: BTreeSet<&str> =
        registered.filter_map(|done| done["taskDefinition"]["taskDefinitionArn"].as_str()).collect();
    for call in of("DeregisterTaskDefinition") {
        let revision = call.request["taskDefinition"].as_str();
        assert!(revision.is_some_and(|revision| own.contains(revision)), "not registered by Logweir: {call:?}");
    }
}
