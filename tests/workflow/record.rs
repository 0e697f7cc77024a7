//! The fold over a record's entries, on records that real stories leave: every prefix can be followed, a repeat says
//! nothing new, and what cannot follow is named.

mod followed;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::outcome::Mode;
use logweir::domain::outcome::{Outcome, Reason};
use logweir::domain::record::{Done, Effects, EntryKind, Illegal, Next, NotUndone, Record, Undo, next};
use logweir::ports::ErrorKind;
use logweir::settings::LEASE;

use crate::world::story::{BLOCKING, applies, backs_out, event, register, with};
use crate::world::{Moment, Then, World};

const ADOPTS: &str = "version = 1\n[log-group]\nadopt = [\"/ecs/*\"]\n";

fn record(world: &World, source: &RevisionArn) -> Record {
    world.account(|account| account.records[source].clone())
}

/// Records with entries of every kind.
async fn stories() -> Vec<Record> {
    let mut records = Vec::new();

    // Corrected, taken back, corrected again by name, and taken back once more.
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    register(&world, &event(&source)).await;
    backs_out(&world, &source).await;
    applies(&world, &source, true).await;
    backs_out(&world, &source).await;
    records.push(record(&world, &source));

    // Refused, taken up again, left by a dead worker, and resumed; the source goes, ours runs, and is taken back in two.
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
    backs_out(&world, &source).await;
    world.account(|account| account.running.clear());
    backs_out(&world, &source).await;
    records.push(record(&world, &source));

    // Another revision slips in, and ours is withdrawn, at the second try.
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    world.at_next("RegisterTaskDefinition", Moment::Before, Then::act(|account| drop(account.registers(BLOCKING))));
    world.at_next("DeregisterTaskDefinition", Moment::Before, Then::Cut);
    register(&world, &event(&source)).await;
    world.advance(LEASE);
    register(&world, &event(&source)).await;
    records.push(record(&world, &source));

    // Somebody takes ours away at once; what is restored loses a member.
    let world = World::new();
    let source = world.account(|account| account.registers(BLOCKING));
    let takes = Then::act(|account| {
        let ours = account.arn("web", 2);
        account.deregisters(&ours);
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
    backs_out(&world, &source).await;
    records.push(record(&world, &source));

    // Services follow.
    records.extend([followed::one_after_the_other().await, followed::overtaken().await]);
    records
}

fn kind(what: &EntryKind) -> String {
    serde_json::to_value(what).unwrap()["entry"].as_str().unwrap().to_owned()
}

/// Whether one worker stops, or another one goes on.
fn is_handed_on(what: &EntryKind) -> bool {
    matches!(what, EntryKind::Released { .. } | EntryKind::Resumed { .. })
}

#[tokio::test]
async fn every_prefix_of_every_story_can_be_followed() {
    let mut kinds = std::collections::BTreeSet::new();
    for record in stories().await {
        for length in 0..=record.entries.len() {
            let prefix = Record { entries: record.entries[..length].to_vec(), ..record.clone() };
            let attempt = prefix.attempt().unwrap_or_else(|illegal| panic!("{illegal}: {:?}", prefix.entries));
            assert_eq!(attempt.is_some(), length > 0);
            if let Some(attempt) = attempt {
                // What services do is told after the correction is closed, and opens nothing.
                let about_revision = |what: &&EntryKind| what.service().is_none() && !is_handed_on(what);
                let last = prefix.entries.iter().rev().map(|entry| &entry.what).find(about_revision);
                let finished = matches!(next(&attempt), Next::Finished(_));
                assert_eq!(finished, matches!(last, Some(EntryKind::Closed(_))));
            }
        }
        kinds.extend(record.entries.iter().map(|entry| kind(&entry.what)));
    }
    let all = [
        "backout-asked",
        "closed",
        "done",
        "failed",
        "followed",
        "kept",
        "opened",
        "pointed",
        "pointed-back",
        "pointing",
        "released",
        "restored",
        "restoring",
        "resumed",
        "returning",
        "started",
        "undoing",
        "undone",
        "vanished",
        "waiting",
        "withdrawing",
        "withdrawn",
        "yielding",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}

#[tokio::test]
async fn an_entry_that_stands_twice_says_nothing_new() {
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
async fn what_cannot_follow_is_named() {
    let whole = stories().await.remove(0);
    let asked = whole.entries.iter().position(|entry| matches!(entry.what, EntryKind::BackoutAsked(_))).unwrap();
    let ours = whole.entries.iter().find_map(|entry| entry.what.registered()).unwrap().clone();
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
        (0, EntryKind::Started { step: 0 }, Illegal::BeforeOpening(0)),
        (1, EntryKind::Started { step: 9 }, Illegal::NoSuchStep(first, 9)),
        (1, done(1), Illegal::NotStarted(first, 1)),
        (1, EntryKind::Withdrawn { corrected: ours.clone() }, Illegal::NothingWithdrawn(first)),
        (1, EntryKind::Undoing { step: 0 }, Illegal::NotAsked(first)),
        (asked, EntryKind::Started { step: 0 }, Illegal::AfterClosing(asked as u32)),
        (asked + 1, EntryKind::Started { step: 0 }, Illegal::BackingOut(back)),
        (asked + 1, EntryKind::Undoing { step: 9 }, Illegal::NothingToUndo(back, 9)),
        (asked + 1, EntryKind::Undone { step: 0 }, Illegal::UndoNotStarted(back, 0)),
    ] {
        assert_eq!(after(length, what), Some(illegal));
    }
    let closing = EntryKind::Closed(Outcome::Failed.into());
    assert_eq!(after(asked, closing), None, "a closing that is written twice");
}

#[tokio::test]
async fn what_stands_is_what_all_attempts_left_the_last_first() {
    let record = stories().await.remove(1);
    let asked: Vec<Vec<Undo>> = record
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            EntryKind::BackoutAsked(asked) => Some(asked.steps.clone()),
            _ => None,
        })
        .collect();
    // The retention is of the attempt that was refused, the revision of the one after it.
    let [first, second] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(matches!(
        first.as_slice(),
        [Undo::Deregister { corrected, .. }, Undo::RestoreRetention { old: None, new: 30, .. }] if corrected.revision == 2
    ));
    // What was undone at once is not asked for again; what was kept is.
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
