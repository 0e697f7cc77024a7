//! The answers of an interrupted audit, from its resume file.

use std::collections::HashMap;

use super::Walk;
use super::question::Question;
use crate::domain::audit::{
    AccountFacts, Foreseen, ForeseenStep, JudgedRevision, JudgedStep, RequiredGroups, Step, Text, Texts,
};
use crate::ports::{AuditMemory, AuditWatch, Described, FleetReads, Timer};

/// An answer of an interrupted audit.
#[derive(Debug)]
pub(super) enum EarlierAnswer {
    Judged(Box<JudgedRevision>),
    /// The revision was described, and its log groups were not known.
    Foreseen(Box<Foreseen>),
    /// The family has no ACTIVE revision any more.
    Gone,
}

/// The answers of an interrupted audit by its questions.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    answers: HashMap<Text, EarlierAnswer>,
    /// The newest revisions of families, if these revisions run.
    running: HashMap<Text, u32>,
}

impl Earlier {
    pub(super) fn add_judged(&mut self, step: JudgedStep, texts: &mut Texts) {
        let judged = |found: JudgedRevision| EarlierAnswer::Judged(Box::new(found.share(texts)));
        self.answers.insert(step.asked, step.found.map_or(EarlierAnswer::Gone, judged));
    }

    pub(super) fn add_foreseen(&mut self, step: ForeseenStep) {
        self.answers.insert(step.asked, EarlierAnswer::Foreseen(Box::new(step.found)));
    }

    pub(super) fn add_running(&mut self, family: Text, revision: u32) {
        self.running.insert(family, revision);
    }

    /// Forgets which revision was the newest one of the family.
    pub(super) fn forget(&mut self, family: &Text) {
        self.running.remove(family);
    }

    pub(super) fn has(&self, question: &Question) -> bool {
        !self.answers.is_empty() && self.answers.contains_key(question.name().as_str())
    }

    /// Returns the answer to a question, which is then no longer kept.
    pub(super) fn take(&mut self, question: &Question) -> Option<EarlierAnswer> {
        if self.answers.is_empty() {
            return None;
        }
        self.answers.remove(question.name().as_str())
    }

    /// Returns the question about the newest revision, if the interrupted audit knew it.
    pub(super) fn named(&self, question: Question) -> Question {
        match &question {
            Question::Family(family) => match self.running.get(family) {
                Some(revision) => Question::Newest(family.clone(), *revision),
                None => question,
            },
            _ => question,
        }
    }
}

impl<F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'_, F, T, M, W> {
    /// Keeps what follows from a description before its log groups are known, so that a kill loses no description.
    pub(super) fn note_described(&mut self, question: &Question, described: &Described, required: &RequiredGroups) {
        let step = || {
            let facts = AccountFacts { default_mode: &self.default_mode, log_groups: None, now: self.now };
            let (states, seen) = (self.groups.states(required.keys()), self.groups.usual());
            let found = self.order.judge.foresee(described, &facts, &states, seen, &self.evidence);
            Step::Described(Box::new(ForeseenStep { asked: question.name().into(), found }))
        };
        self.memory.note(&step);
    }

    /// Returns `None` if the facts are others than the interrupted audit foresaw.
    pub(super) fn judge_foreseen(&mut self, foreseen: Foreseen, facts: &AccountFacts<'_>) -> Option<JudgedRevision> {
        let judgement = foreseen.judgement(facts, &self.evidence)?.clone();
        let Foreseen { memo, tags, .. } = foreseen;
        let found = JudgedRevision {
            family: memo.family,
            revision: memo.revision,
            judgement,
            unread: None,
            tags,
            registered_by: memo.registered_by,
            registered_at: memo.registered_at,
        };
        Some(found.share(&mut self.texts))
    }
}
