//! The journal in memory.

use logweir::domain::ecs::revision::RevisionArn;
use logweir::domain::ecs::service::ServiceArn;
use logweir::domain::limits::family::{Family, FamilyName};
use logweir::domain::limits::rate::{RateLimit, RateLimitName};
use logweir::domain::limits::service_history::ServiceHistory;
use logweir::domain::record::{Entry, Head, Record};
use logweir::ports::{Answer, CommitError, Expected, Filter, Journal};

use super::{Account, Lie, World};

impl Journal for World {
    async fn read(&self, source: &RevisionArn) -> Answer<Option<Record>> {
        self.call("read", source.short(), |account| Ok(account.records.get(source).cloned())).await
    }

    async fn commit(&self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        self.call("commit", head.source.short(), |account| match account.lie {
            Some(Lie::CommitLater) => Ok(account.commit_later(expected, head, entry)),
            _ => Ok(account.commit(expected, head, entry)),
        })
        .await?
    }

    async fn source_of(&self, corrected: &RevisionArn) -> Answer<Option<RevisionArn>> {
        let made = |entry: &Entry| entry.what.registered() == Some(corrected);
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

    async fn family(&self, name: &FamilyName) -> Answer<Option<Family>> {
        self.call("family", name.to_string(), |account| Ok(account.remembered.get(name).cloned())).await
    }

    async fn put_family(&self, family: &Family) -> Result<(), CommitError> {
        let put = |account: &mut Account| {
            let standing = account.remembered.get(&family.name);
            if standing == Some(family) {
                return Ok(Ok(())); // made again, as its answer was lost
            }
            if standing.map_or(0, |standing| standing.version) + 1 != family.version {
                return Ok(Err(CommitError::Lost));
            }
            account.remembered.insert(family.name.clone(), family.clone());
            Ok(Ok(()))
        };
        self.call("put_family", family.name.to_string(), put).await?
    }

    async fn pointings(&self, service: &ServiceArn) -> Answer<Option<ServiceHistory>> {
        self.call("pointings", service.short(), |account| Ok(account.pointings.get(service).cloned())).await
    }

    async fn put_pointings(&self, pointings: &ServiceHistory) -> Result<(), CommitError> {
        let put = |account: &mut Account| {
            let standing = account.pointings.get(&pointings.service);
            if standing == Some(pointings) {
                return Ok(Ok(())); // made again, as its answer was lost
            }
            if standing.map_or(0, |standing| standing.version) + 1 != pointings.version {
                return Ok(Err(CommitError::Lost));
            }
            account.pointings.insert(pointings.service.clone(), pointings.clone());
            Ok(Ok(()))
        };
        self.call("put_pointings", pointings.service.short(), put).await?
    }

    async fn budget(&self, name: &RateLimitName) -> Answer<Option<RateLimit>> {
        self.call("budget", name.to_string(), |account| Ok(account.budgets.get(name).cloned())).await
    }

    async fn put_budget(&self, budget: &RateLimit) -> Result<(), CommitError> {
        let put = |account: &mut Account| {
            let standing = account.budgets.get(&budget.name);
            if standing == Some(budget) {
                return Ok(Ok(())); // made again, as its answer was lost
            }
            if standing.map_or(0, |standing| standing.version) + 1 != budget.version {
                return Ok(Err(CommitError::Lost));
            }
            account.budgets.insert(budget.name.clone(), budget.clone());
            Ok(Ok(()))
        };
        self.call("put_budget", budget.name.to_string(), put).await?
    }

    async fn stopped(&self) -> Answer<Vec<Family>> {
        let stopped = |account: &mut Account| {
            Ok(account.remembered.values().filter(|family| family.is_stopped()).cloned().collect())
        };
        self.call("stopped", "", stopped).await
    }
}

impl Account {
    /// Under [`Lie::CommitLater`] an entry is kept back until the next one, and lost with the process.
    fn commit_later(&mut self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let before = std::mem::take(&mut self.unwritten);
        for (head, entry) in before {
            let expected =
                self.records.get(&head.source).map_or(Expected::Nothing, |record| Expected::of(&record.head));
            self.commit(&expected, &head, &entry)?;
        }
        if *expected == Expected::Nothing {
            return self.commit(expected, head, entry);
        }
        self.unwritten.push((head.clone(), entry.clone()));
        Ok(())
    }

    fn commit(&mut self, expected: &Expected, head: &Head, entry: &Entry) -> Result<(), CommitError> {
        let standing = self.records.get(&head.source).map_or(Expected::Nothing, |record| Expected::of(&record.head));
        if standing != *expected {
            let made_again =
                self.records.get(&head.source).and_then(|record| record.entries.get(entry.sequence as usize));
            return if made_again == Some(entry) { Ok(()) } else { Err(CommitError::Lost) };
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
