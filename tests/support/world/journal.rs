//! The journal in memory.

use std::any::Any;
use std::collections::BTreeMap;

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::limits::family::Family;
use logweir::domain::outcome::Reason;
use logweir::domain::record::{Entry, Head, Record, RecordKey, RecordKind};
use logweir::ports::{
    Answer, CommitError, ErrorKind, Expected, Filter, Journal, Listed, PortError, StateKind, StoredState,
};

use super::{Account, Lie, World};

impl Journal for World {
    async fn read_record(&self, key: &RecordKey) -> Answer<Option<Record>> {
        let read = |account: &mut Account| match account.newer.contains(&key.source) {
            true => Err(unreadable()),
            false => Ok(account.records_of(key.kind).get(&key.source).cloned()),
        };
        self.call("read", key.source.short(), read).await
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.call("commit", head.source.short(), |account| match account.lie {
            Some(Lie::CommitLater) => Ok(account.commit_later(expected, head, entry)),
            _ => Ok(account.commit(expected, head, entry)),
        })
        .await?
    }

    async fn record_of(&self, revision: &RevisionArn) -> Answer<Option<RecordKey>> {
        let made = |entry: &Entry| entry.what.registered() == Some(revision);
        let find = |account: &mut Account| {
            let record = account.all_records().find(|record| record.entries.iter().any(made));
            Ok(record.map(|record| record.head.key()))
        };
        self.call("source_of", revision.short(), find).await
    }

    async fn list(&self, filter: &Filter, most: usize) -> Answer<Listed<Head>> {
        let find = |account: &mut Account| {
            let heads = account.all_records().map(|record| record.head.clone()).filter(|head| filter.fits(head));
            let newer = |head: &Head| account.newer.contains(&head.source);
            let (unread, mut readable): (Vec<Head>, Vec<Head>) = heads.partition(newer);
            readable.sort_by_key(|head| std::cmp::Reverse(head.at));
            readable.truncate(most);
            Ok(Listed { readable, unreadable: unread.iter().map(|head| head.source.to_string()).collect() })
        };
        self.call("list", "", find).await
    }

    async fn read_state<S: StoredState>(&self, name: &S::Name) -> Answer<Option<S>> {
        let read = |account: &mut Account| match (S::KIND, account.lie) {
            (StateKind::RevisionPins, Some(Lie::NothingPins)) => Ok(None),
            _ => Ok(account.states::<S>().get(name).cloned()),
        };
        self.call(S::KIND.name(), name.to_string(), read).await
    }

    async fn put_state<S: StoredState>(&self, state: &S) -> Result<(), CommitError> {
        let put = |account: &mut Account| {
            let states = account.states::<S>();
            let standing = states.get(state.name());
            if standing == Some(state) {
                return Ok(Ok(())); // repeated because its answer was lost
            }
            if standing.map_or(0, S::version) + 1 != state.version() {
                return Ok(Err(CommitError::Lost));
            }
            states.insert(state.name().clone(), state.clone());
            Ok(Ok(()))
        };
        let call = match S::KIND {
            StateKind::Family => "put_family",
            StateKind::ServiceHistory => "put_pointings",
            StateKind::RateLimit => "put_budget",
            StateKind::Reconciliation => "put_reconciliation",
            StateKind::PinHolder => "put_pin-holder",
            StateKind::RevisionPins => "put_pins",
            StateKind::PublishedBaseline => "put_baseline",
            StateKind::SessionWatch => "put_session",
            StateKind::ClusterRecord => "put_cluster",
            StateKind::ResourceRecord => "put_resource",
            StateKind::Run => "put_run",
            StateKind::RunPage => "put_run-page",
            StateKind::SettingRecord => "put_setting",
        };
        self.call(call, state.name().to_string(), put).await?
    }

    async fn listed<S: StoredState>(&self) -> Answer<Listed<S>> {
        let listed = |account: &mut Account| {
            let readable = account.states::<S>().values().filter(|state| state.is_listed()).cloned().collect();
            Ok(Listed { readable, unreadable: Vec::new() })
        };
        let call = match S::KIND {
            StateKind::ClusterRecord => "clusters",
            StateKind::SettingRecord => "settings",
            _ => "stopped",
        };
        self.call(call, "", listed).await
    }
}

fn unreadable() -> PortError {
    let message = "the item holds data that this version of Logweir does not know".to_owned();
    PortError { kind: ErrorKind::Refused, call: "read the journal", message, reason: Some(Reason::Unreadable) }
}

impl Account {
    /// The records of one kind, by source revision.
    fn records_of(&mut self, kind: RecordKind) -> &mut BTreeMap<RevisionArn, Record> {
        match kind {
            RecordKind::Correction => &mut self.records,
            RecordKind::Migration => &mut self.migrations,
        }
    }

    pub(crate) fn all_records(&self) -> impl Iterator<Item = &Record> {
        self.records.values().chain(self.migrations.values())
    }

    fn expected(&mut self, key: &RecordKey) -> Expected {
        let record = self.records_of(key.kind).get(&key.source);
        record.map_or(Expected::Nothing, |record| Expected::of(&record.head))
    }

    /// The states of one kind.
    fn states<S: StoredState>(&mut self) -> &mut BTreeMap<S::Name, S> {
        let kinds: [&mut dyn Any; 12] = [
            &mut self.remembered,
            &mut self.pointings,
            &mut self.budgets,
            &mut self.reconciliations,
            &mut self.pin_holders,
            &mut self.pins,
            &mut self.watches,
            &mut self.cluster_records,
            &mut self.resource_records,
            &mut self.runs,
            &mut self.run_pages,
            &mut self.setting_records,
        ];
        kinds.into_iter().find_map(|states| states.downcast_mut()).expect("a map for every kind of state")
    }

    /// Commits under [`Lie::CommitLater`]: an entry is withheld until the next one, and is lost with the process.
    fn commit_later(&mut self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let before = std::mem::take(&mut self.unwritten);
        for (head, entry) in before {
            let expected = self.expected(&head.key());
            self.commit(&expected, &head, &entry)?;
        }
        if *expected == Expected::Nothing {
            return self.commit(expected, head, entry);
        }
        self.unwritten.push((head.clone(), entry.clone()));
        Ok(())
    }

    fn commit(&mut self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let standing = self.expected(&head.key());
        let records = self.records_of(head.kind);
        if standing != *expected {
            let made_again = records.get(&head.source).and_then(|record| record.entries.get(entry.sequence as usize));
            return if made_again == Some(entry) { Ok(()) } else { Err(CommitError::Lost) };
        }
        assert_eq!(entry.sequence + 1, head.next, "the entry's number is the one that its head counts");
        let record =
            records.entry(head.source.clone()).or_insert_with(|| Record { head: head.clone(), entries: Vec::new() });
        record.head = head.clone();
        record.entries.push(entry.clone());
        Ok(())
    }
}
