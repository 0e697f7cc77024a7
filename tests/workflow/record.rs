//! The fold over a record's entries, on records of real runs (stories): every prefix is legal, a repeated entry changes
//! nothing, and an illegal entry is named.

mod followed;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{Done, Effects, EntryKind, Illegal, Next, NotUndone, Record, Undo, next};
use logweir::ports::ErrorKind;
use logweir::settings::LEASE;
use logweir::workflow::BackoutOptions;

use crate::world::story::{BLOCKING, applies, backs_out, backs_out_with, event, register, with};
use crate::world::{Moment, Then, World};

const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

fn record(world: &World, source: &RevisionArn) -> Record {
    world.account(|account| account.records[source].clone())
}

/// Backs out a record whose source was deregistered, and requests that the source is restored.
async fn restores(world: &World, source: &RevisionArn) {
    let ask = BackoutOptions { restore_source: true, ..BackoutOptions::default() };
    backs_out_with(world, "operator", source, ask).await;
}

/// Records with entries of every kind.
async fn stories() -> Vec<Record> {
    let mut records = Vec::new();

    // Corrected, backed out, corrected again by force, and backed out once more.
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    backs_out(&world, &source).await;
    applies(&world, &source, true).await;
    backs_out(&world, &source).await;
    records.push(record(&world, &source));

    // Refused, tried again, left by a dead worker, and resumed. The source is deregistered, and the correction runs. So
    // the backout needs two requests.
    let world = World::new();
    let source = world.account(|account| {
        account.has_group("/ecs/web", None, 1);
        account.adopted.insert("/ecs/web".into());
        account.registers(BLOCKING)
    });
    let denied = Then::fail(ErrorKind::Refused, "RegisterTaskDefinition", "iam:PassRole");
    world.at_next("RegisterTaskDefinition", Moment::Before, denied);
    with(&world, ADOPTS, Mode::Register, "one", &event(&source)).await;
    world.at_next("RegisterTaskDefinition", Moment::After, Then::Cut);
    with(&world, ADOPTS, Mode::Register, "two", &event(&source)).await;
    with(&world, ADOPTS, Mode::Register, "three", &event(&source)).await;
    world.account(|account| {
        account.running.insert("service prod/web".into(), account.arn("web", 2));
        account.deregisters(&source);
    });
    restores(&world, &source).await;
    world.account(|account| account.running.clear());
    restores(&world, &source).await;
    records.push(record(&world, &source));

    // Another revision is registered in between, and the correction is withdrawn at the second try.
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Cut);
    register(&world, &event(&source)).await;
    world.advance(LEASE);
    register(&world, &event(&source)).await;
    records.push(record(&world, &source));

    // Another principal deregisters the correction at once. A restored revision loses a member.
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let takes = Then::act(|account| {
        let corrected = account.arn("web", 2);
        account.deregisters(&corrected);
    });
    world.at_next("RegisterTaskDefinition", Moment::After, takes);
    register(&world, &event(&source)).await;
    records.push(record(&world, &source));
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    world.account(|account| {
        account.deregisters(&source);
        account.loses = vec!["alien".into()];
    });
    restores(&world, &source).await;
    records.push(record(&world, &source));

    // Services are updated.
    records.extend([followed::one_after_the_other().await, followed::overtaken().await]);
    records
}

fn kind(what: &EntryKind) -> String {
    serde_json::to_value(what).unwrap()["entry"].as_str().unwrap().to_owned()
}

/// Whether a worker releases the record, or another one resumes it.
fn is_handed_on(what: &EntryKind) -> bool {
    matches!(what, EntryKind::Released { .. } | EntryKind::Resumed { .. })
}

#[tokio::test]
async fn every_prefix_of_every_story_is_legal() {
    let mut kinds = std::collections::BTreeSet::new();
    for record in stories().await {
        for length in 0..=record.entries.len() {
            let prefix = Record { entries: record.entries[..length].to_vec(), ..record.clone() };
            let attempt = prefix.attempt().unwrap_or_else(|illegal| panic!("{illegal}: {:?}", prefix.entries));
            assert_eq!(attempt.is_some(), length > 0);
            if let Some(attempt) = attempt {
                // Entries about services come after the correction is closed, and do not open it again.
                let about_revision = |what: &&EntryKind| what.service().is_none() && !is_handed_on(what);
                let last = prefix.entries.iter().rev().map(|entry| &entry.what).find(about_revision);
                let finished = matches!(next(&attempt), Next::Finished(_));
                assert_eq!(finished, matches!(last, Some(EntryKind::Closed(_))));
            }
        }
        kinds.extend(record.entries.iter().map(|entry| kind(&entry.what)));
    }
    let all = [
        "backout-requested",
        "closed",
        "done",
        "failed",
        "kept",
        "opened",
        "released",
        "restored",
        "restoring",
        "resumed",
        "rolling-back",
        "rollout-ended",
        "service-rolled-back",
        "service-updated",
        "started",
        "undoing",
        "undone",
        "updating-service",
        "vanished",
        "waiting",
        "withdrawing",
        "withdrawn",
        "yielding",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}

#[tokio::test]
async fn a_repeated_entry_changes_nothing() {
    for record in stories().await {
        for place in 0..record.entries.len() {
            let mut twice = record.clone();
            twice.entries.insert(place, record.entries[place].clone());
            assert_eq!(twice.attempt(), record.attempt(), "{:?}", record.entries[place]);
            assert_eq!(Effects::of(&twice), Effects::of(&record), "{:?}", record.entries[place]);
        }
    }
}

#[tokio::test]
async fn an_illegal_entry_is_named() {
    let whole = stories().await.remove(0);
    let asked = whole.entries.iter().position(|entry| matches!(entry.what, EntryKind::BackoutRequested(_))).unwrap();
    let corrected = whole.entries.iter().find_map(|entry| entry.what.registered()).unwrap().clone();
    let after = |length: usize, what: EntryKind| {
        let mut record = whole.clone();
        record.entries.truncate(length);
        let mut entry = whole.entries[0].clone();
        (entry.sequence, entry.what) = (length as u32, what);
        record.entries.push(entry);
        record.attempt().err()
    };
    let (first, back) = (1, asked as u32 + 1);
    let done = |step| EntryKind::Done { step, done: Done::Retention { set: true } };
    for (length, what, illegal) in [
        (0, EntryKind::Started { step: 0, tags: None }, Illegal::BeforeOpening(0)),
        (1, EntryKind::Started { step: 9, tags: None }, Illegal::NoSuchStep(first, 9)),
        (1, done(1), Illegal::NotStarted(first, 1)),
        (1, EntryKind::Withdrawn { corrected: corrected.clone() }, Illegal::NothingWithdrawn(first)),
        (1, EntryKind::Undoing { step: 0, rollback: None }, Illegal::NotAsked(first)),
        (asked, EntryKind::Started { step: 0, tags: None }, Illegal::AfterClosing(asked as u32)),
        (asked + 1, EntryKind::Started { step: 0, tags: None }, Illegal::BackingOut(back)),
        (asked + 1, EntryKind::Undoing { step: 9, rollback: None }, Illegal::NothingToUndo(back, 9)),
        (asked + 1, EntryKind::Undone { step: 0 }, Illegal::UndoNotStarted(back, 0)),
    ] {
        assert_eq!(after(length, what), Some(illegal));
    }
    let closing = EntryKind::Closed(Outcome::Failed.into());
    assert_eq!(after(asked, closing), None, "a repeated closing");
}

#[tokio::test]
async fn a_backout_undoes_the_effects_of_all_attempts_the_latest_first() {
    let record = stories().await.remove(1);
    let asked: Vec<Vec<Undo>> = record
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            EntryKind::BackoutRequested(asked) => Some(asked.steps.clone()),
            _ => None,
        })
        .collect();
    // The refused attempt has set the retention, and the next attempt has registered the revision.
    let [first, second] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(matches!(
        first.as_slice(),
        [Undo::Deregister { corrected, .. }, Undo::RestoreRetention { old: None, new: 30, .. }] if corrected.revision == 2
    ));
    // The second backout repeats only the step that the first one kept.
    assert!(matches!(second.as_slice(), [Undo::Deregister { .. }]), "{second:?}");
    assert!(Effects::of(&record).is_nothing());
    let kept = record.entries.iter().find_map(|entry| match &entry.what {
        EntryKind::Kept(kept) => Some(kept),
        _ => None,
    });
    let NotUndone { open, reason, places, .. } = kept.unwrap();
    assert_eq!((*open, *reason, places.len()), (true, Some(Reason::StillRunning), 1));
    assert_eq!(record.head.restored.as_ref().map(|restored| restored.revision), Some(3));
}
