//! Describes and judges revisions. Descriptions and reads of log groups run at the same time, and each document is
//! dropped as soon as it is judged.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::caller::WalkOf;
use super::earlier::EarlierAnswer;
use super::log_groups::{self, ReadGroups};
use super::question::Question;
use super::{Walk, filtered};
use crate::domain::audit::{
    AccountFacts, AuditedRevision, Foreseen, JudgedRevision, JudgedStep, Judgement, Memo, Scope, Scopes, Step, Text,
};
use crate::domain::rules::facts::{DefaultMode, LogGroup};
use crate::ports::{Answer, AuditMemory, AuditPart, AuditWatch, Described, ErrorKind, FleetReads, PortError, Timer};
use crate::workflow::family_walk::{described, newest};

/// The number of descriptions at the same time. At a latency of 200 ms, four of them reach AWS's usual limit. An account
/// whose limits AWS has raised needs more.
const AT_ONCE: usize = 32;

/// The number of revisions that wait for their log groups. A task definition has at most 64 KiB.
const MOST_WAITING: usize = 128;

/// A revision that waits for the facts about its log groups.
enum Waiting {
    Described(Question, Box<Described>, Vec<Text>),
    Remembered(Question, Box<Memo>),
    /// The answer of an interrupted audit.
    Foreseen(Question, Box<Foreseen>),
}

impl Waiting {
    fn groups(&self) -> &[Text] {
        match self {
            Self::Described(_, _, groups) => groups,
            Self::Remembered(_, memo) => &memo.log_groups,
            Self::Foreseen(_, foreseen) => &foreseen.memo.log_groups,
        }
    }
}

/// A call that ended.
enum Ended {
    Described(Question, Box<Answer<Described>>),
    Groups(ReadGroups),
}

type Call<'c> = Pin<Box<dyn Future<Output = Ended> + 'c>>;

impl<'w, F: FleetReads, T: Timer, M: AuditMemory, W: AuditWatch> Walk<'w, F, T, M, W> {
    /// Answers the questions, and adds the scope to each revision.
    pub(super) async fn judge(&mut self, part: AuditPart, scope: Scope, questions: Vec<Question>) {
        (self.progress.part, self.progress.known, self.progress.examined) = (part, questions.len() as u64, 0);
        let mut open: VecDeque<Question> = questions.into();
        let mut calls: FuturesUnordered<Call<'w>> = FuturesUnordered::new();
        let (mut waiting, mut checked, mut describing, mut reading) = (Vec::new(), 0, 0, 0);
        self.read_tags(&open).await;
        loop {
            while describing < AT_ONCE && waiting.len() < MOST_WAITING {
                let Some(question) = open.pop_front() else { break };
                if let Some(question) = self.without_call(question, scope, &mut waiting) {
                    calls.push(self.describe(question));
                    describing += 1;
                }
            }
            open.extend(self.judge_known(&mut waiting, checked, scope));
            checked = waiting.len();
            // A call that is not full is necessary at the end, and if nothing else goes on.
            while let Some(names) = self.groups.next_call(describing == 0 && (open.is_empty() || reading == 0)) {
                calls.push(self.read_groups(names));
                reading += 1;
            }
            self.progressed();
            match calls.next().await {
                None if open.is_empty() => return,
                None => {}
                Some(Ended::Described(question, answer)) => {
                    describing -= 1;
                    open.extend(self.described(question, *answer, scope, &mut waiting));
                }
                Some(Ended::Groups((names, answer))) => {
                    (reading, checked) = (reading - 1, 0);
                    self.take_groups(&names, answer);
                }
            }
        }
    }

    /// Answers the question without a call of ECS, if this audit, an interrupted audit or the cache knows the answer.
    /// Returns any other question.
    fn without_call(&mut self, question: Question, scope: Scope, waiting: &mut Vec<Waiting>) -> Option<Question> {
        let question = self.earlier.named(question);
        if let Some((family, revision)) = question.revision()
            && self.is_placed(&(family.clone(), revision), scope)
        {
            return None;
        }
        if let Some(answer) = self.earlier.take(&question) {
            self.take_earlier(question, answer, scope, waiting);
            return None;
        }
        let is_usable = |key: &(Text, u32)| self.tags.is_usable() && !self.forgotten.contains(key);
        let known = question.revision().map(|(family, revision)| (family.clone(), revision)).filter(is_usable);
        if let Some(memo) = known.and_then(|(family, revision)| self.memory.recall(&family, revision)) {
            self.groups.ask(&memo.log_groups);
            waiting.push(Waiting::Remembered(question, Box::new(memo)));
            return None;
        }
        Some(question)
    }

    fn take_earlier(&mut self, question: Question, answer: EarlierAnswer, scope: Scope, waiting: &mut Vec<Waiting>) {
        match answer {
            EarlierAnswer::Gone => self.progress.examined += 1,
            EarlierAnswer::Judged(found) => {
                if !self.is_placed(&(found.family.clone(), found.revision), scope) {
                    self.place(*found, scope);
                }
            }
            EarlierAnswer::Foreseen(foreseen) => {
                if !self.is_placed(&(foreseen.memo.family.clone(), foreseen.memo.revision), scope) {
                    self.groups.ask(&foreseen.memo.log_groups);
                    waiting.push(Waiting::Foreseen(question, foreseen));
                }
            }
        }
    }

    fn describe(&self, question: Question) -> Call<'w> {
        let (caller, home) = (self.caller, self.order.home);
        Box::pin(async move {
            let calls = WalkOf { caller, prefix: None };
            let answer = match question.revision() {
                Some((family, revision)) => {
                    let asked = home.arn(family, revision);
                    described(&calls, &asked.to_string(), |arn| *arn == asked).await
                }
                None => newest(&calls, question.family(), |arn| home.has(arn)).await,
            };
            Ended::Described(question, Box::new(answer))
        })
    }

    fn read_groups(&self, names: Vec<String>) -> Call<'w> {
        let caller = self.caller;
        Box::pin(async move { Ended::Groups(log_groups::read(caller, names).await) })
    }

    /// Judges those of the waiting revisions from the index `from` on whose log groups are known. Returns the questions
    /// that the cache cannot answer.
    fn judge_known(&mut self, waiting: &mut Vec<Waiting>, from: usize, scope: Scope) -> Vec<Question> {
        let known: Vec<Waiting> = waiting.extract_if(from.., |one| self.groups.has_all(one.groups())).collect();
        known.into_iter().filter_map(|one| self.judge_one(one, scope)).collect()
    }

    fn take_groups(&mut self, names: &[String], answer: Answer<BTreeMap<String, LogGroup>>) {
        if let Err(error) = &answer {
            self.unread("log groups", error);
        }
        self.groups.take(names, answer);
    }

    /// Takes the description of a revision. Returns a question to ask instead if the revision was the newest of its
    /// family when it was listed, and is not ACTIVE any more.
    fn described(
        &mut self,
        question: Question,
        answer: Answer<Described>,
        scope: Scope,
        waiting: &mut Vec<Waiting>,
    ) -> Option<Question> {
        let is_gone = match &answer {
            Ok(described) => scope != Scope::Running && !described.is_active(),
            Err(error) => scope != Scope::Running && error.kind == ErrorKind::Missing,
        };
        if let (true, Question::Newest(family, _)) = (is_gone, &question) {
            self.earlier.forget(family);
            return Some(Question::Family(family.clone()));
        }
        let described = match answer {
            Ok(_) if is_gone => {
                self.not_active(&question);
                return None;
            }
            Ok(described) => described,
            Err(error) => {
                self.not_described(&question, &error, scope);
                return None;
            }
        };
        // The newest revision of a family may be one that runs.
        let key = (question.family().clone(), described.arn.revision);
        if self.is_placed(&key, scope) {
            self.memory.note(&|| Step::Runs { family: key.0.clone(), revision: key.1 });
            return None;
        }
        let required = self.order.judge.log_groups(&described, &self.default_mode, self.now);
        let groups: Vec<Text> = required.keys().map(|name| name.as_str().into()).collect();
        if !self.groups.has_all(&groups) {
            self.note_described(&question, &described, &required);
        }
        self.groups.ask(&groups);
        waiting.push(Waiting::Described(question, Box::new(described), groups));
        None
    }

    /// Notes that there is no such ACTIVE revision any more, which is no failure.
    fn not_active(&mut self, question: &Question) {
        self.memory.note(&|| Step::Judged(JudgedStep { asked: question.name().into(), found: None }));
        self.progress.examined += 1;
    }

    /// Notes a revision that could not be described. A family without an ACTIVE revision is no failure.
    fn not_described(&mut self, question: &Question, error: &PortError, scope: Scope) {
        if error.kind == ErrorKind::Missing && scope != Scope::Running {
            self.not_active(question);
            return;
        }
        self.unread(&format!("the revision {}", question.name()), error);
        let (family, revision) = (question.family().clone(), question.revision().map_or(0, |(_, revision)| revision));
        let unread = Some(self.texts.share(&error.to_string()));
        let judgement = Judgement::default();
        let (tags, registered_by, registered_at) = (Vec::new(), None, None);
        let found = JudgedRevision { family, revision, judgement, unread, tags, registered_by, registered_at };
        self.add(found, scope, true);
    }

    /// Judges a revision whose log groups are known. Returns the question if the cache cannot answer it.
    fn judge_one(&mut self, waiting: Waiting, scope: Scope) -> Option<Question> {
        let (log_groups, failed) = match self.groups.facts(waiting.groups().iter().map(|name| &**name)) {
            Ok(facts) => (Some(facts), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let default_mode = self.default_mode.clone();
        let facts = AccountFacts { default_mode: &default_mode, log_groups, now: self.now };
        let (question, mut found) = match waiting {
            Waiting::Described(question, described, _) => {
                let found = self.judge_described(&described, &facts);
                (question, found)
            }
            Waiting::Remembered(question, memo) => match self.judge_remembered(*memo, &facts) {
                Some(found) => (question, found),
                None => return Some(question),
            },
            Waiting::Foreseen(question, foreseen) => match self.judge_foreseen(*foreseen, &facts) {
                Some(found) => (question, found),
                None => return Some(question),
            },
        };
        if !found.judgement.not_checked.is_empty() {
            let unread_mode = match &default_mode {
                DefaultMode::Unreadable(why) => Some(why.clone()),
                _ => None,
            };
            let why = failed.or(unread_mode).unwrap_or_else(|| "some rules could not be checked".to_owned());
            found.unread = Some(self.texts.share(&why));
        }
        let step = || Step::Judged(JudgedStep { asked: question.name().into(), found: Some(found.clone()) });
        self.memory.note(&step);
        self.place(found, scope);
        None
    }

    fn judge_described(&mut self, described: &Described, facts: &AccountFacts<'_>) -> JudgedRevision {
        let judge = self.order.judge;
        let judgement = if self.memory.has_cache() {
            let (judgement, memo) = judge.remember(described, facts, &self.evidence, &mut self.texts);
            self.memory.remember(&memo);
            judgement
        } else {
            judge.judge(described, facts, &mut self.texts)
        };
        let mut share = |text: &str| self.texts.share(text);
        JudgedRevision {
            family: described.arn.family.as_str().into(),
            revision: described.arn.revision,
            judgement,
            unread: None,
            tags: described.tags.iter().map(|tag| (share(&tag.key), share(&tag.value))).collect(),
            registered_by: described.registered_by.as_deref().map(share),
            registered_at: described.registered_at,
        }
    }

    /// Returns `None` if the evidence has changed since the cache kept the judgement.
    fn judge_remembered(&mut self, memo: Memo, facts: &AccountFacts<'_>) -> Option<JudgedRevision> {
        let key = (memo.family.clone(), memo.revision);
        let tags = self.tags.of(&key);
        let Some(judgement) = memo.judgement(&tags, facts, &self.evidence).cloned() else {
            self.forgotten.insert(key);
            return None;
        };
        self.audit.coverage.from_cache += 1;
        self.memory.keep(&memo);
        Some(JudgedRevision {
            family: memo.family,
            revision: memo.revision,
            judgement: judgement.share(&mut self.texts),
            unread: None,
            tags,
            registered_by: memo.registered_by.as_deref().map(|by| self.texts.share(by)),
            registered_at: memo.registered_at,
        })
    }

    fn place(&mut self, found: JudgedRevision, scope: Scope) {
        self.audit.coverage.revisions += 1;
        self.add(found, scope, false);
    }

    /// Adds a revision to the result, if the selection covers it.
    fn add(&mut self, found: JudgedRevision, scope: Scope, is_unread: bool) {
        self.progress.examined += 1;
        self.audit.coverage.families += u64::from(scope == Scope::Next);
        let key = (found.family, found.revision);
        self.unfound.remove(&key.0);
        let users = self.in_use.uses.get(&key).cloned().unwrap_or_default();
        let runs = if users.is_empty() { Scopes::default() } else { Scopes::of([Scope::Running]) };
        let mut audited = AuditedRevision {
            family: (*key.0).into(),
            revision: key.1,
            scopes: runs.with(scope),
            users,
            findings: found.judgement.findings,
            hides_fault: false,
            not_checked: found.judgement.not_checked,
            unread: found.unread,
            is_unread,
            tags: found.tags,
            registered_by: found.registered_by,
            registered_at: found.registered_at,
            unset: found.judgement.unset,
        };
        let is_covered = filtered(self.order.selection, &mut audited, &self.in_use);
        if !is_unread && scope == Scope::Running {
            self.placed.insert(key, is_covered.then_some(self.audit.revisions.len()));
        }
        if is_covered {
            self.progress.faults += audited.findings.iter().filter(|finding| finding.is_fault()).count() as u64;
            self.audit.revisions.push(audited);
        }
    }

    /// Whether the revision was judged because it runs. Adds the scope to it.
    fn is_placed(&mut self, key: &(Text, u32), scope: Scope) -> bool {
        let Some(place) = self.placed.get(key) else { return false };
        if let Some(place) = place {
            let audited = &mut self.audit.revisions[*place];
            audited.scopes = audited.scopes.with(scope);
        }
        self.unfound.remove(&key.0);
        self.progress.examined += 1;
        self.audit.coverage.families += u64::from(scope == Scope::Next);
        true
    }
}
