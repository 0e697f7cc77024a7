//! The part of the contract about pins.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use logweir::domain::pins::{HolderKind, HolderName, PinChange, PinHolder, RevisionPins, TargetChange};
use logweir::ports::{CommitError, Journal};

use super::run;
use super::sample::{now, revision};

pub fn pins_are_stored_by_holder_and_by_revision<J: Journal>(open: impl Fn() -> J) {
    run(async {
        let journal = open();
        let name = HolderName::new("111122223333", "eu-west-1", HolderKind::Schedule, "reports", "nightly").unwrap();
        assert_eq!(journal.read_state::<PinHolder>(&name).await, Ok(None));
        assert_eq!(journal.read_state::<RevisionPins>(&revision("web:42")).await, Ok(None));
        let set = TargetChange::Set(BTreeMap::from([("target".to_owned(), Some(revision("web:42")))]));
        let set = PinChange { holder: name.clone(), what: set, at: Some(now()) };
        let pinned = PinHolder::new(name.clone(), now()).after(&set, |_| true, now());
        let pins = RevisionPins::new(revision("web:42"), now()).with(&name, now()).unwrap();
        journal.put_state(&pins).await.unwrap();
        journal.put_state(&pinned).await.unwrap();
        let later = Some(now() + SignedDuration::from_secs(1));
        let deleted = PinChange { what: TargetChange::Deleted, at: later, ..set };
        let released = pinned.after(&deleted, |_| true, now());
        assert_eq!(open().read_state(&name).await, Ok(Some(pinned.clone())));
        assert_eq!(open().read_state(&revision("web:42")).await, Ok(Some(pins)));
        journal.put_state(&released).await.unwrap();
        let stale = PinHolder { targets: BTreeMap::new(), at: released.at, ..pinned };
        assert_eq!(journal.put_state(&stale).await, Err(CommitError::Lost));
        assert_eq!(open().read_state(&name).await, Ok(Some(released)));
        let same_name = HolderName { kind: HolderKind::Rule, ..name };
        assert_eq!(journal.read_state::<PinHolder>(&same_name).await, Ok(None), "a rule of the same name");
    });
}
