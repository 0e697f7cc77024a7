//! The part of the contract about the state of the registration rate limit.

use jiff::SignedDuration;
use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::rate::{Arrival, RateLimit, RateLimitName};
use logweir::ports::{CommitError, Journal};

use super::run;
use super::sample::now;

pub fn name() -> RateLimitName {
    RateLimitName { account: "111122223333".into(), region: "eu-west-1".into() }
}

fn source() -> RevisionArn {
    "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1".parse().unwrap()
}

/// The first state, and the next one a second later.
pub fn two(name: &RateLimitName) -> [RateLimit; 2] {
    let first = RateLimit::after(None, name, "a", now()).admit(Arrival::InSlot, 0.2).unwrap();
    let later = now() + SignedDuration::from_secs(1);
    let (second, _) = RateLimit::after(Some(first.clone()), name, "b", later).reserve(&source(), 0.2).unwrap();
    [first, second]
}

pub fn a_rate_limit_is_stored_state_by_state<J: Journal>(open: impl Fn() -> J) {
    run(async {
        assert_eq!(open().read_state::<RateLimit>(&name()).await, Ok(None));
        for state in two(&name()) {
            assert_eq!(open().put_state(&state).await, Ok(()));
            assert_eq!(open().read_state::<RateLimit>(&name()).await, Ok(Some(state)));
        }
    });
}

pub fn a_write_on_a_stale_rate_limit_is_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let [first, second] = two(&name());
        assert_eq!(journal.put_state(&second).await, Err(CommitError::Lost), "without a first state");
        journal.put_state(&first).await.unwrap();
        let same_moment = RateLimit { by: "c".into(), ..first };
        assert_eq!(journal.put_state(&same_moment).await, Err(CommitError::Lost), "another writer at the same time");
        journal.put_state(&second).await.unwrap();
        let stale = RateLimit { by: "c".into(), ..second.clone() };
        assert_eq!(journal.put_state(&stale).await, Err(CommitError::Lost), "stale");
        assert_eq!(journal.read_state::<RateLimit>(&name()).await, Ok(Some(second)));
    });
}

pub fn each_account_and_region_has_its_own_rate_limit<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let names = [
            name(),
            RateLimitName { account: "444455556666".into(), ..name() },
            RateLimitName { region: "eu-west-2".into(), ..name() },
        ];
        let states = names.map(|name| two(&name));
        for [first, _] in &states {
            assert_eq!(journal.put_state(first).await, Ok(()));
        }
        journal.put_state(&states[0][1]).await.unwrap();
        for [first, _] in &states[1..] {
            assert_eq!(journal.read_state::<RateLimit>(&first.name).await, Ok(Some(first.clone())));
        }
    });
}

/// Holds for journals that answer over a network or after a crash, as for commits.
pub fn a_rate_limit_put_again_is_not_lost<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let [first, second] = two(&name());
        for state in [&first, &first, &second, &second] {
            assert_eq!(journal.put_state(state).await, Ok(()));
        }
        assert_eq!(journal.put_state(&first).await, Err(CommitError::Lost));
    });
}
