//! Which revisions are the newest of their families.

use std::collections::{BTreeMap, HashSet};

use super::Walk;
use super::caller::WalkOf;
use super::question::Question;
use crate::domain::audit::{Step, Text};
use crate::domain::ecs::family_list::Listing;
use crate::domain::limits::pages::Pages;
use crate::domain::limits::throttle::ApiBucket;
use crate::ports::{AuditMemory, AuditWatch, FleetReads, ListPage, Timer};
use crate::workflow::family_walk::{self, endless, list};

/// The pages after which the list of all revisions ends if it saves no calls.
const TRIED_PAGES: u64 = 5;

/// The number of revisions in one step of a resume file.
const STEP: usize = 5_000;

/// What was listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The newest revision of each family, from the list of all revisions.
    newest: BTreeMap<Text, u32>,
    has_newest: bool,
    families: Vec<Text>,
    listing: Listing,
    pages: Pages,
    /// Whether the token comes from an interrupted audit, so that it may be too old.
    is_restored: bool,
}

impl Listed {
    /// Takes over a page that an interrupted audit has listed.
    pub(super) fn restore_families(&mut self, families: Vec<Text>, next: Option<String>) {
        self.families.extend(families);
        self.listing = Listing::after(next);
        self.is_restored = true;
    }

    pub(super) fn restore_revisions(&mut self, newest: Vec<(Text, u32)>, is_last: bool) {
        self.newest.extend(newest);
        self.has_newest |= is_last;
    }
}

impl<F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'_, F, T, M, W> {
    /// Returns the questions about the newest revisions of the families that the selection covers.
    pub(super) async fn newest_questions(&mut self) -> Vec<Question> {
        let selection = self.order.selection;
        self.unfound = selection.single_families().into_iter().map(Text::from).collect();
        if let Some(named) = selection.named_families() {
            let covered: Vec<Text> = named.into_iter().map(|family| self.texts.share(&family)).collect();
            if covered.is_empty() {
                self.audit.absent.insert("no family matches both the targets and the filters".to_owned());
            }
            return covered.into_iter().map(Question::Family).collect();
        }
        if selection.is_of_places() {
            let used: HashSet<Text> = self.in_use.uses.keys().map(|(family, _)| family.clone()).collect();
            let absent = selection.families.named().filter(|family| !used.contains(*family));
            let absent =
                absent.map(|family| format!("family {family} does not run in the selected clusters and services"));
            self.audit.absent.extend(absent);
            let mut used: Vec<Text> = used.into_iter().collect();
            used.sort();
            return used.into_iter().map(Question::Family).collect();
        }
        if selection.family_prefix().is_none() && self.list_revisions(false, &mut |_, _| {}).await {
            let newest = std::mem::take(&mut self.listed.newest).into_iter();
            let covered = newest.filter(|(family, _)| self.covers(family));
            return covered.map(|(family, revision)| Question::Newest(family, revision)).collect();
        }
        self.list_families().await;
        let mut families = std::mem::take(&mut self.listed.families);
        families.sort_unstable();
        families.dedup();
        families.into_iter().filter(|family| self.covers(family)).map(Question::Family).collect()
    }

    /// Returns the questions about the ACTIVE revisions that are neither the newest of their families nor in use.
    pub(super) async fn stale_questions(&mut self) -> Vec<Question> {
        let mut all: Vec<(Text, u32)> = Vec::new();
        self.listed.has_newest = false;
        if !self.list_revisions(true, &mut |family, revision| all.push((family, revision))).await {
            return Vec::new();
        }
        // A list that changes while it is read may name a revision twice.
        all.sort_unstable();
        all.dedup();
        let newest = std::mem::take(&mut self.listed.newest);
        all.retain(|(family, revision)| {
            newest.get(family) != Some(revision)
                && self.covers(family)
                && !self.in_use.is_used(&(family.clone(), *revision))
        });
        all.into_iter().map(|(family, revision)| Question::Revision(family, revision)).collect()
    }

    /// Whether the audit covers the family, or a revision of the family that runs.
    fn covers(&self, family: &Text) -> bool {
        let selection = self.order.selection;
        match selection.is_of_places() {
            true => self.in_use.uses.keys().any(|(used, _)| used == family),
            false => selection.has_family(family) || self.in_use.uses.keys().any(|(used, _)| used == family),
        }
    }

    /// Lists the ACTIVE revisions of all families, and keeps the newest one of each. Returns `false` if the list
    /// failed, or if it ended early because it needs more calls than it saves. The list saves the description of each
    /// newest revision that runs or that the cache knows, and the list of families.
    async fn list_revisions(&mut self, is_needed: bool, each: &mut dyn FnMut(Text, u32)) -> bool {
        if self.listed.has_newest {
            return true;
        }
        let (caller, mut token, mut pages, mut read) = (self.caller, None::<String>, Pages::default(), 0_u64);
        let mut newest: BTreeMap<Text, u32> = BTreeMap::new();
        let mut hits = 0_u64;
        loop {
            let call = || caller.fleet.revisions(None, token.as_deref());
            let name = "ListTaskDefinitions";
            let page = caller.call(ApiBucket::TaskDefinitionRead, name, call).await.and_then(|page| {
                let next = pages.next(page.next, page.items.len()).map_err(|why| endless(name, why))?;
                Ok(ListPage { items: page.items, next })
            });
            let page = match page {
                Ok(page) => page,
                Err(error) if is_needed => {
                    self.unread("the ACTIVE revisions", &error);
                    return false;
                }
                Err(_) => return false,
            };
            read += 1;
            for arn in page.items.into_iter().filter(|arn| self.order.home.has(arn)) {
                let family = Text::from(arn.family.as_str());
                each(family.clone(), arn.revision);
                let of = newest.entry(family.clone()).or_default();
                if arn.revision > *of {
                    hits += u64::from(*of == 0 && self.is_known(&family, arn.revision));
                    *of = arn.revision;
                }
            }
            token = page.next;
            if token.is_none() {
                break;
            }
            let saved = hits + newest.len() as u64 / 100;
            if !is_needed && read >= TRIED_PAGES && saved < read {
                return false;
            }
        }
        // Some emulators list only the revisions of a named family.
        if newest.is_empty() {
            return false;
        }
        self.listed.newest = newest;
        self.listed.has_newest = true;
        let listed: Vec<(&Text, &u32)> = self.listed.newest.iter().collect();
        let steps = listed.chunks(STEP);
        let last = steps.len().saturating_sub(1);
        for (index, chunk) in steps.enumerate() {
            self.memory.note(&|| Step::Revisions {
                newest: chunk.iter().map(|(family, revision)| ((*family).clone(), **revision)).collect(),
                is_last: index == last,
            });
        }
        true
    }

    /// Whether the audit need not describe the revision again.
    fn is_known(&self, family: &Text, revision: u32) -> bool {
        self.is_judged(family, revision) || (self.tags.is_usable() && self.memory.knows(family, revision))
    }

    /// Whether this audit has judged the revision.
    pub(super) fn is_judged(&self, family: &Text, revision: u32) -> bool {
        self.placed.contains_key(&(family.clone(), revision))
    }

    async fn list_families(&mut self) {
        let calls = WalkOf { caller: self.caller, prefix: self.order.selection.family_prefix() };
        while self.listed.listing != Listing::End {
            let Listed { listing, is_restored, .. } = &mut self.listed;
            let families: Vec<Text> = match list(&calls, listing, *is_restored).await {
                Ok(family_walk::Listed::Page(page)) => page.iter().map(|family| family.as_str().into()).collect(),
                Ok(family_walk::Listed::BeginsAgain) => {
                    self.listed = Listed::default();
                    continue;
                }
                Err(error) => return self.unread("the families", &error),
            };
            let next = self.listed.listing.token().map(String::from);
            let next = match self.listed.pages.next(next, families.len()) {
                Ok(next) => next,
                Err(why) => return self.unread("the families", &endless("ListTaskDefinitionFamilies", why)),
            };
            self.memory.note(&|| Step::Families { families: families.clone(), next: next.clone() });
            self.listed.families.extend(families);
            self.listed.is_restored = false;
            self.progress.known = self.listed.families.len() as u64;
            self.progressed();
        }
        self.listed.families.sort();
        self.listed.families.dedup();
    }
}
