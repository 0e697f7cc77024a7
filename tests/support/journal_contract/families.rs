//! The part of the contract about the state of families.

use std::sync::Barrier;
use std::thread;

use logweir::domain::event::Cause;
use logweir::domain::limits::family::{Correction, Family, FamilyName, Fuse, Hold, Writer};
use logweir::ports::{CommitError, Journal};

use super::run;
use super::sample::{now, revision, service, time};

pub fn name(family: &str) -> FamilyName {
    FamilyName::of(&revision(&format!("{family}:1")))
}

/// The first state of a family, with a correction of its revision 41.
pub fn first(family: &str) -> Family {
    let writer = Writer { principal: Some("arn:aws:iam::111122223333:role/deploy".into()), ..Writer::default() };
    let mut family = then(&Family::new(name(family), now()), |_| {});
    family.corrections.push(Correction { at: time("2026-11-21T07:59:59.123456789Z"), revision: 41, writer });
    family
}

/// The state after this one.
pub fn then(family: &Family, change: impl FnOnce(&mut Family)) -> Family {
    let mut next = family.clone();
    next.version += 1;
    change(&mut next);
    next
}

pub fn opened(family: &mut Family) {
    let writer = Writer { user_agent: Some("a \"quoted\" line\nand \u{1f980}".into()), ..Writer::default() };
    family.fuse = Some(Fuse { opened: now(), writer, times: 4, last: 44, failed: None });
}

pub fn held(family: &mut Family) {
    let until = time("2026-11-22T00:00:00Z");
    family.hold = Some(Hold { until, reason: Some("incident 7".into()), by: Some("op".into()) });
}

pub fn deferring(family: &mut Family) {
    for source in [revision("web:44"), revision("web:45")] {
        family.deferred.add(&source, &Cause::default());
        family.deferred.add_service(&source, &service("prod/web"));
    }
}

pub fn a_family_is_stored_state_by_state<J: Journal>(open: impl Fn() -> J) {
    run(async {
        assert_eq!(open().read_state::<Family>(&name("web")).await, Ok(None));
        let one = first("web");
        let (two, three) = (then(&one, opened), then(&then(&one, opened), held));
        let four = then(&three, deferring);
        for state in [one, two, three, four] {
            assert_eq!(open().put_state(&state).await, Ok(()));
            assert_eq!(open().read_state::<Family>(&name("web")).await, Ok(Some(state)));
        }
    });
}

pub fn a_write_on_a_stale_family_state_is_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let one = first("web");
        let two = then(&one, opened);
        assert_eq!(journal.put_state(&two).await, Err(CommitError::Lost), "without a first state");
        journal.put_state(&one).await.unwrap();
        assert_eq!(journal.put_state(&then(&two, held)).await, Err(CommitError::Lost), "ahead");
        journal.put_state(&two).await.unwrap();
        for (why, stale) in [("a first one", then(&Family::new(name("web"), now()), held)), ("stale", then(&one, held))]
        {
            assert_eq!(journal.put_state(&stale).await, Err(CommitError::Lost), "{why}");
        }
        assert_eq!(journal.read_state::<Family>(&name("web")).await, Ok(Some(two)));
    });
}

pub fn families_do_not_disturb_each_other<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let elsewhere = [
            FamilyName { account: "444455556666".into(), ..name("web") },
            FamilyName { region: "eu-west-2".into(), ..name("web") },
            name("web-1"),
        ];
        let states: Vec<Family> =
            elsewhere.into_iter().chain([name("web")]).map(|name| Family { name, ..first("web") }).collect();
        for state in &states {
            assert_eq!(journal.put_state(state).await, Ok(()));
        }
        journal.put_state(&then(&states[0], held)).await.unwrap();
        for state in &states[1..] {
            assert_eq!(journal.read_state::<Family>(&state.name).await, Ok(Some(state.clone())));
        }
        assert_eq!(journal.read_state::<Family>(&name("we")).await, Ok(None));
    });
}

pub fn families_are_listed_while_they_are_stopped<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let quiet = first("quiet");
        let (fused, paused) = (then(&first("fused"), opened), then(&first("paused"), held));
        let both = then(&first("both"), |family| {
            opened(family);
            held(family);
        });
        for state in [&quiet, &fused, &paused, &both] {
            journal.put_state(&first(&state.name.family)).await.unwrap();
        }
        assert_eq!(stopped(&journal).await, []);
        for state in [&fused, &paused, &both] {
            journal.put_state(state).await.unwrap();
        }
        assert_eq!(stopped(&journal).await, [both.clone(), fused.clone(), paused]);
        journal.put_state(&then(&fused, Family::go_on)).await.unwrap();
        journal.put_state(&then(&both, Family::go_on)).await.unwrap();
        assert_eq!(stopped(&journal).await, [then(&first("paused"), held)]);
    });
}

async fn stopped(journal: &impl Journal) -> Vec<Family> {
    let mut families = journal.stopped().await.unwrap().readable;
    families.sort_by(|a, b| a.name.cmp(&b.name));
    families
}

/// Holds for journals that answer over a network or after a crash, as for commits.
pub fn a_state_put_again_is_not_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let one = first("web");
        let two = then(&one, opened);
        for state in [&one, &one, &two, &two] {
            assert_eq!(journal.put_state(state).await, Ok(()));
        }
        assert_eq!(
            journal.put_state(&one).await,
            Err(CommitError::Lost),
            "only the newest state is known to have been put"
        );
        assert_eq!(journal.read_state::<Family>(&name("web")).await, Ok(Some(two)));
    });
}

pub fn of_two_concurrent_family_states_one_wins<J: Journal>(open: impl Fn() -> J + Sync) {
    const ROUNDS: u32 = 60;
    let together = Barrier::new(2);
    let compete = |revision: u32| {
        run(async {
            let (journal, mut standing, mut answers) = (open(), Family::new(name("web"), now()), Vec::new());
            for _ in 0..ROUNDS {
                let next = then(&standing, |family| {
                    family.corrections = vec![Correction { at: now(), revision, writer: Writer::default() }];
                });
                together.wait();
                let answer = journal.put_state(&next).await;
                together.wait();
                standing = journal.read_state::<Family>(&name("web")).await.unwrap().expect("one of the two has won");
                answers.push((answer, next == standing));
            }
            answers
        })
    };
    let [a, b] = thread::scope(|scope| {
        let [a, b] = [1, 2].map(|revision| scope.spawn(move || compete(revision)));
        [a.join().unwrap(), b.join().unwrap()]
    });
    for (round, both) in a.into_iter().zip(b).enumerate() {
        match both {
            ((Ok(()), true), (Err(CommitError::Lost), false)) | ((Err(CommitError::Lost), false), (Ok(()), true)) => {}
            both => panic!("not exactly one wins: {both:?} in round {round}"),
        }
    }
}
