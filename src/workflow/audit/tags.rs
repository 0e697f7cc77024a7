//! Reads the tags of the revisions that the cache knows. Without them, the audit describes each revision.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;

use futures_util::{StreamExt, stream};

use super::Walk;
use super::question::Question;
use crate::domain::audit::Text;
use crate::domain::limits::throttle::ApiBucket;
use crate::ports::{AuditMemory, AuditWatch, FleetReads, MOST_TAGGED, Timer};

/// The number of calls at the same time.
const CALLS_AT_ONCE: usize = 8;

/// The tags of revisions that the cache knows.
#[derive(Debug, Default)]
pub(super) struct RevisionTags {
    found: HashMap<(Text, u32), Vec<(Text, Text)>>,
    has_failed: bool,
}

impl RevisionTags {
    /// Whether the cache can be used, because no read of tags has failed.
    pub(super) fn is_usable(&self) -> bool {
        !self.has_failed
    }

    pub(super) fn of(&self, revision: &(Text, u32)) -> Vec<(Text, Text)> {
        self.found.get(revision).cloned().unwrap_or_default()
    }
}

impl<F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'_, F, T, M, W> {
    /// Reads the tags of those revisions in question that only the cache knows. A call reads the tags of up to a hundred
    /// revisions, so it never costs more than the descriptions that it saves.
    pub(super) async fn read_tags(&mut self, questions: &VecDeque<Question>) {
        if !self.tags.is_usable() || self.memory.known() == 0 {
            return;
        }
        let asked = questions.iter().filter(|question| self.needs_tags(question)).filter_map(Question::revision);
        let arns: Vec<String> = asked.map(|(family, number)| self.order.home.arn(family, number).to_string()).collect();
        let caller = self.caller;
        let calls = stream::iter(arns.chunks(MOST_TAGGED))
            .map(|arns| caller.call(ApiBucket::TagSearch, "GetResources", || caller.fleet.tags_of_revisions(arns)));
        let mut answers = pin!(calls.buffer_unordered(CALLS_AT_ONCE));
        while let Some(answer) = answers.next().await {
            let tagged = match answer {
                Ok(tagged) => tagged,
                Err(error) => {
                    self.tags.has_failed = true;
                    let note = format!(
                        "the cache is not used, because the tags of revisions cannot be read: {error}; allow \
                         tag:GetResources"
                    );
                    return self.watch.noted(&note);
                }
            };
            for (arn, of) in tagged {
                if self.order.home.has(&arn) {
                    let family = self.texts.share(&arn.family);
                    let mut share = |text: &str| self.texts.share(text);
                    let of = of.iter().map(|(key, value)| (share(key), share(value))).collect();
                    self.tags.found.insert((family, arn.revision), of);
                }
            }
        }
    }

    /// Whether the answer comes from the cache, and neither from this audit nor from an interrupted one.
    fn needs_tags(&self, question: &Question) -> bool {
        question.revision().is_some_and(|(family, revision)| {
            self.memory.knows(family, revision) && !self.is_judged(family, revision) && !self.earlier.has(question)
        })
    }
}
