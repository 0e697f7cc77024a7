//! The journal in memory.

use logweir::domain::revision::RevisionArn;
use logweir::domain::saga::{Done, Entry, Head, Record, What};
use logweir::ports::{Answer, CommitError, Expected, Filter, Journal};

use super::{Account, World};

impl Journal for World {
    async fn read(&self, source: &RevisionArn) -> Answer<Option<Record>> {
        self.call("read", source.short(), |account| Ok(account.records.get(source).cloned())).await
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.call("commit", head.source.short(), |account| Ok(account.commit(expected, head, entry))).await?
    }

    async fn source_of(&self, corrected: &RevisionArn) -> Answer<Option<RevisionArn>> {
        let made = |entry: &Entry| matches!(&entry.what, What::Done { done: Done::Registered { corrected: made }, .. } if made == corrected);
        let find = |account: &mut Account| {
            let record = account.records.values().find(|record| record.entries.iter().any(made));
            Ok(record.map(|record| record.head.source.clone()))
        };
        self.call("source_of", corrected.short(), find).await
    }

    async fn list(&self, filter: &Filter, most: usize) -> Answer<Vec<Head>> {
        let find = |account: &mut Account| {
            let mut heads: Vec<Head> =
                account.records.values().map(|record| record.head.clone()).filter(|head| filter.fits(head)).collect();
            heads.sort_by_key(|head| std::cmp::Reverse(head.at));
            heads.truncate(most);
            Ok(heads)
        };
        self.call("list", "", find).await
    }
}

impl Account {
    fn commit(&mut self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let standing = self.records.get(&head.source).map_or(Expected::Nothing, |record| Expected::of(&record.head));
        if standing != *expected {
            return Err(CommitError::Lost);
        }
        assert_eq!(entry.sequence + 1, head.next, "an entry has the number that its head counts");
        let record = self
            .records
            .entry(head.source.clone())
            .or_insert_with(|| Record { head: head.clone(), entries: Vec::new() });
        record.head = head.clone();
        record.entries.push(entry.clone());
        Ok(())
    }
}
