//! What mode `observe` would have corrected in a day, in one notice instead of one for each revision.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::foreign::code;
use super::message::subject_line;
use super::{Notice, NoticeKind, chat};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Home;
use crate::domain::report::schema;
use crate::domain::text::plain::plain;

/// How many families are named.
const MOST: usize = 20;

/// How many revisions are told apart: a message cannot be made to take all memory.
const MOST_REVISIONS: usize = 50_000;

/// The revisions that summary lines tell of, each once, however often its event came.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    revisions: BTreeMap<RevisionArn, BTreeSet<String>>,
    /// Whether there was more than was counted.
    is_cut: bool,
}

/// What keeps a mode from counting: a baseline that nobody has confirmed, by its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconfirmed<'u> {
    pub mode: &'u str,
    pub baseline: &'u str,
}

/// As much of a report's line as is counted.
#[derive(Deserialize)]
struct Line {
    schema: String,
    mode: String,
    outcome: String,
    source: RevisionArn,
    rules: Vec<String>,
}

impl Tally {
    /// Counts a line of the log, where it tells of an observed revision.
    pub fn line(&mut self, text: &str) {
        let Ok(line) = serde_json::from_str::<Line>(text) else { return };
        if (line.schema.as_str(), line.mode.as_str(), line.outcome.as_str()) != (schema::REPORT, "observe", "observed")
        {
            return;
        }
        if self.revisions.len() >= MOST_REVISIONS && !self.revisions.contains_key(&line.source) {
            self.is_cut = true;
            return;
        }
        self.revisions.entry(line.source).or_default().extend(line.rules);
    }

    /// There was more than this.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// None: there is nothing to tell of. Whoever observes because a baseline is `unconfirmed` says so.
    pub fn notice(&self, home: &Home, unconfirmed: Option<Unconfirmed<'_>>, now: Timestamp) -> Option<Notice> {
        if self.revisions.is_empty() {
            return None;
        }
        let (families, rules) = (self.families(), self.rules());
        let (revisions, families_count) = (self.revisions.len(), families.len());
        let named: Vec<&(&str, usize)> = families.iter().take(MOST).collect();
        let mut detail = json!({
            "schema": schema::DIGEST, "account": home.account, "region": home.region, "hours": 24,
            "revisions": revisions, "families": families_count, "complete": !self.is_cut,
            "rules": rules.iter().map(|(rule, count)| json!({"rule": rule, "revisions": count})).collect::<Vec<_>>(),
            "most": named.iter().map(|(family, count)| json!({"family": family, "revisions": count})).collect::<Vec<_>>(),
        });
        let least = if self.is_cut { "at least " } else { "" };
        let sum = format!("{least}{revisions} revisions of {families_count} families");
        let why = match unconfirmed {
            None => "Its mode is observe".to_owned(),
            Some(Unconfirmed { mode, baseline }) => {
                detail["unconfirmed_baseline"] = baseline.into();
                format!("Its mode is {mode}, and baseline {baseline} waits to be confirmed")
            }
        };
        let lines = self.lines(home, &sum, &why, &rules, &named);
        let parameter = match unconfirmed {
            None => "Switch on: deploy the stack with the parameter Mode=register".to_owned(),
            Some(Unconfirmed { baseline, .. }) => {
                format!("Confirm: deploy the stack with the parameter ConfirmedBaseline={baseline}")
            }
        };
        let switch_on = format!("{parameter}; logweir check --all shows each change before");
        let summary = "What would be corrected";
        let title = format!("{summary}: {sum}");
        let message = chat::ChatMessage {
            id: format!("digest {now:.3}"),
            title: title.clone(),
            lines: lines.clone(),
            next_steps: vec![switch_on.clone()],
            keywords: vec!["observed".into()],
            thread: "logweir-digest".into(),
            summary,
            kind: NoticeKind::ObservationDigest,
            resources: &[],
            context: vec![("account", home.account.clone()), ("region", home.region.clone())],
        };
        let text: Vec<String> = [format!("{title}."), String::new()].into_iter().chain(lines).collect();
        Some(Notice {
            kind: NoticeKind::ObservationDigest,
            at: now,
            family: None,
            resources: Vec::new(),
            detail,
            subject: subject_line(&format!("Logweir: {title}")),
            chat: message.to_json(),
            text: format!("{}\n\n{switch_on}\n", text.join("\n").replace('`', "")),
        })
    }

    fn lines(
        &self,
        home: &Home,
        sum: &str,
        why: &str,
        rules: &[(String, usize)],
        named: &[&(&str, usize)],
    ) -> Vec<String> {
        let Home { account, region, .. } = home;
        let mut lines = vec![format!(
            "In the last 24 hours Logweir would have corrected {sum}, in account {account}, {region}. {why}: nothing of it was changed."
        )];
        if self.is_cut {
            lines.push("There were more lines in the log than were read.".into());
        }
        lines.extend(rules.iter().map(|(rule, count)| format!("{}: {count}", code(rule, 100))));
        lines.extend(named.iter().map(|(family, count)| format!("Family {}: {count}", code(family, 100))));
        let families = self.families().len();
        if families > named.len() {
            lines.push(format!("and {} more families", families - named.len()));
        }
        lines
    }

    /// Families with their numbers of revisions, those with the most first.
    fn families(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.revisions.keys().for_each(|revision| *counts.entry(&revision.family).or_default() += 1);
        let mut families: Vec<_> = counts.into_iter().collect();
        families.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        families
    }

    /// Rules, with how many revisions each finds wanting.
    fn rules(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let rules = self.revisions.values().flatten();
        rules.for_each(|rule| *counts.entry(plain(rule, 100)).or_default() += 1);
        counts.into_iter().take(MOST).collect()
    }
}
