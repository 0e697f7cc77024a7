//! The part of the contract about the history of services.

use std::sync::Barrier;
use std::thread;

use jiff::SignedDuration;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::limits::service_history::{LastUpdate, ServiceHistory};
use logweir::ports::{CommitError, Journal};

use super::run;
use super::sample::{now, revision, service, time};

/// The first state of a service: it was updated from web:41 to web:42.
pub fn first(short: &str) -> ServiceHistory {
    let before = Some(time("2026-11-21T07:59:59.123456789Z"));
    let last =
        LastUpdate { source: revision("web:41"), from: revision("web:41"), to: revision("web:42"), before, at: now() };
    ServiceHistory::after(None, &service(short), last)
}

/// The state after one more update, a minute later, to this revision.
pub fn then(standing: &ServiceHistory, to: u32) -> ServiceHistory {
    let at = standing.at + SignedDuration::from_mins(1);
    let last = LastUpdate {
        source: revision("web:43"),
        from: revision("web:43"),
        to: revision(&format!("web:{to}")),
        before: None,
        at,
    };
    ServiceHistory::after(Some(standing.clone()), &standing.service, last)
}

pub fn a_service_history_is_stored_state_by_state<J: Journal>(open: impl Fn() -> J) {
    run(async {
        assert_eq!(open().read_state::<ServiceHistory>(&service("prod/web")).await, Ok(None));
        let one = first("prod/web");
        let two = then(&one, 44);
        let three = then(&two, 46);
        assert_eq!((three.version, three.times.len()), (3, 3));
        for state in [one, two, three] {
            assert_eq!(open().put_state(&state).await, Ok(()));
            assert_eq!(open().read_state::<ServiceHistory>(&service("prod/web")).await, Ok(Some(state)));
        }
    });
}

pub fn a_write_on_a_stale_service_history_is_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let one = first("prod/web");
        let two = then(&one, 44);
        assert_eq!(journal.put_state(&two).await, Err(CommitError::Lost), "without a first state");
        journal.put_state(&one).await.unwrap();
        assert_eq!(journal.put_state(&then(&two, 46)).await, Err(CommitError::Lost), "ahead");
        journal.put_state(&two).await.unwrap();
        let another = ServiceHistory { at: two.at, ..one.clone() };
        for (why, stale) in [("a first one", another), ("stale", then(&one, 45))] {
            assert_eq!(journal.put_state(&stale).await, Err(CommitError::Lost), "{why}");
        }
        assert_eq!(journal.read_state::<ServiceHistory>(&service("prod/web")).await, Ok(Some(two)));
    });
}

pub fn services_do_not_disturb_each_other<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let web = service("prod/web");
        let elsewhere = [
            ServiceArn { account: "444455556666".into(), ..web.clone() },
            ServiceArn { region: "eu-west-2".into(), ..web.clone() },
            service("prod-1/web"),
            service("prod/web-1"),
        ];
        let states: Vec<ServiceHistory> =
            elsewhere.into_iter().chain([web]).map(|service| ServiceHistory { service, ..first("prod/web") }).collect();
        for state in &states {
            assert_eq!(journal.put_state(state).await, Ok(()));
        }
        journal.put_state(&then(&states[0], 44)).await.unwrap();
        for state in &states[1..] {
            assert_eq!(journal.read_state::<ServiceHistory>(&state.service).await, Ok(Some(state.clone())));
        }
        assert_eq!(journal.read_state::<ServiceHistory>(&service("prod/we")).await, Ok(None));
    });
}

/// Holds for journals that answer over a network or after a crash, as for commits.
pub fn a_service_put_again_is_not_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let one = first("prod/web");
        let two = then(&one, 44);
        for state in [&one, &one, &two, &two] {
            assert_eq!(journal.put_state(state).await, Ok(()));
        }
        let answer = journal.put_state(&one).await;
        assert_eq!(answer, Err(CommitError::Lost), "only the newest state is known to have been put");
        assert_eq!(journal.read_state::<ServiceHistory>(&service("prod/web")).await, Ok(Some(two)));
    });
}

pub fn of_two_concurrent_service_histories_one_wins<J: Journal>(open: impl Fn() -> J + Sync) {
    const ROUNDS: u32 = 60;
    let together = Barrier::new(2);
    let compete = |to: u32| {
        run(async {
            let (journal, mut standing, mut answers) = (open(), None::<ServiceHistory>, Vec::new());
            for _ in 0..ROUNDS {
                let next = standing.as_ref().map_or_else(
                    || ServiceHistory { last: then(&first("prod/web"), to).last, ..first("prod/web") },
                    |standing| then(standing, to),
                );
                together.wait();
                let answer = journal.put_state(&next).await;
                together.wait();
                standing = journal.read_state::<ServiceHistory>(&service("prod/web")).await.unwrap();
                answers.push((answer, standing.as_ref() == Some(&next)));
            }
            answers
        })
    };
    let [a, b] = thread::scope(|scope| {
        let [a, b] = [44, 46].map(|to| scope.spawn(move || compete(to)));
        [a.join().unwrap(), b.join().unwrap()]
    });
    for (round, both) in a.into_iter().zip(b).enumerate() {
        match both {
            ((Ok(()), true), (Err(CommitError::Lost), false)) | ((Err(CommitError::Lost), false), (Ok(()), true)) => {}
            both => panic!("not exactly one wins: {both:?} in round {round}"),
        }
    }
}
