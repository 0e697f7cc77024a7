//! The part of the contract about the state of the reconciliation.

use logweir::domain::ecs::family_list::Listing;
use logweir::domain::limits::reconciliation::{Reconciliation, ReconciliationName, Request};
use logweir::domain::outcome::Mode;
use logweir::ports::{CommitError, Journal};

use super::run;
use super::sample::now;

fn name() -> ReconciliationName {
    ReconciliationName { account: "111122223333".into(), region: "eu-west-1".into() }
}

/// The first state, and the state after a claim of the first page.
fn two(by: &str) -> [Reconciliation; 2] {
    let new = Reconciliation::under(None, &name(), Mode::Register, "sha256:0", now());
    let first = Reconciliation { version: 1, by: by.into(), ..new };
    let mut second = Reconciliation { version: 2, ..first.clone() };
    second.claim(Request::Start, now()).unwrap();
    let run = second.run.as_mut().unwrap();
    (run.rest, run.listing) = (vec!["web".into(), "api".into()], Listing::Next("a token".into()));
    [first, second]
}

pub fn a_reconciliation_is_stored_state_by_state<J: Journal>(open: impl Fn() -> J) {
    run(async {
        assert_eq!(open().read_state::<Reconciliation>(&name()).await, Ok(None));
        for state in two("a") {
            assert_eq!(open().put_state(&state).await, Ok(()));
            assert_eq!(open().read_state::<Reconciliation>(&name()).await, Ok(Some(state)));
        }
    });
}

pub fn a_page_is_claimed_by_one_worker<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let ([first, second], [_, other]) = (two("a"), two("b"));
        journal.put_state(&first).await.unwrap();
        assert_eq!(journal.put_state(&second).await, Ok(()));
        assert_eq!(journal.put_state(&other).await, Err(CommitError::Lost), "another worker at the same time");
        assert_eq!(journal.read_state::<Reconciliation>(&name()).await, Ok(Some(second)));
    });
}
