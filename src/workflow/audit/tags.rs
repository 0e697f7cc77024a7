//! Reads the tags of the revisions that the cache knows. Without them, the audit describes each revision.

use std::collections::HashMap;

use super::Walk;
use crate::domain::audit::{Scope, Text};
use crate::domain::limits::throttle::ApiBucket;
use crate::ports::{AuditMemory, AuditWatch, FleetReads, Timer};

/// The tags of revisions.
pub(super) type RevisionTags = HashMap<(Text, u32), Vec<(Text, Text)>>;

impl<F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'_, F, T, M, W> {
    /// Reads the tags of the revisions that the cache knows. Leaves `tags` empty if the cache knows none of the
    /// revisions in question, if the tags cannot be read, or if reading them needs more calls than the cache saves.
    pub(super) async fn read_tags(&mut self) {
        let most = self.calls_saved();
        if most == 0 {
            return;
        }
        let (mut tags, mut token, mut pages) = (RevisionTags::new(), None::<String>, 0);
        let caller = self.caller;
        loop {
            let call = || caller.fleet.tagged_revisions(token.as_deref());
            let page = match caller.call(ApiBucket::TagSearch, "GetResources", call).await {
                Ok(page) => page,
                Err(error) => {
                    let note = format!(
                        "the cache is not used, because the tags of revisions cannot be read: {error}; allow \
                         tag:GetResources"
                    );
                    return self.watch.noted(&note);
                }
            };
            pages += 1;
            for (arn, of) in page.items {
                if self.order.home.has(&arn) && self.memory.knows(&arn.family, arn.revision) {
                    let family = self.texts.share(&arn.family);
                    let mut share = |text: &str| self.texts.share(text);
                    let of = of.iter().map(|(key, value)| (share(key), share(value))).collect();
                    tags.insert((family, arn.revision), of);
                }
            }
            token = page.next;
            if token.is_none() {
                break;
            }
            if pages >= most {
                return;
            }
        }
        self.tags = Some(tags);
    }

    /// Returns the number of descriptions that the cache may save.
    fn calls_saved(&self) -> usize {
        let scopes = self.order.selection.scopes();
        let is_known = |(family, revision): &&(Text, u32)| self.memory.knows(family, *revision);
        let running = self.in_use.uses.keys().filter(is_known).count();
        match scopes.has(Scope::Next) || scopes.has(Scope::Stale) {
            true => self.memory.known(),
            false => running,
        }
    }
}
