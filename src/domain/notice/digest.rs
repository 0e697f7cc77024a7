//! The daily digest: one notification that counts the faults that Logweir has not corrected. These are the revisions that
//! Logweir would have corrected in the last 24 hours, if the mode were not `observe`, and the standing families.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::foreign::code;
use super::message::subject_line;
use super::{Notice, NoticeKind, chat, held};
use crate::domain::ecs::revision::RevisionArn;
use crate::domain::event::Home;
use crate::domain::limits::family::Family;
use crate::domain::outcome::Reason;
use crate::domain::report::schema;
use crate::domain::text::plain::plain;

/// The maximum number of families, and of rules, that a digest names.
const MOST: usize = 20;

/// The maximum number of revisions in a tally, which limits the memory that the tally uses.
const MOST_REVISIONS: usize = 50_000;

/// The revisions with the outcome `observed` in the function's log, each with the rules that found a fault. Each
/// revision counts once, however often its event was delivered.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    revisions: BTreeMap<RevisionArn, BTreeSet<String>>,
    /// The families with a role that Logweir may not pass to ECS.
    not_passed: BTreeSet<String>,
    /// Whether the tally lacks some of the observed revisions.
    is_cut: bool,
    /// The number of families that Logweir corrects only if an operator asks for it, according to the last
    /// reconciliation. `None` if this number is not known.
    standing: Option<u64>,
    /// The families whose newest faulty revision waits for the end of a hold.
    held: Vec<Family>,
}

/// An unconfirmed baseline: its SHA-256 digest, and the mode that takes effect once the baseline is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unconfirmed<'u> {
    pub mode: &'u str,
    pub baseline: &'u str,
}

/// The members of a report in the function's log that the tally uses.
#[derive(Deserialize)]
struct Line {
    schema: String,
    mode: String,
    outcome: String,
    #[serde(default)]
    reason: Option<String>,
    source: RevisionArn,
    rules: Vec<String>,
}

impl Tally {
    /// Adds the revision in a log line to the tally, if the log line is a report with the outcome `observed`.
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
        if line.reason == Some(Reason::PassRoleDenied.name()) {
            self.not_passed.insert(line.source.family.clone());
        }
        self.revisions.entry(line.source).or_default().extend(line.rules);
    }

    /// Marks the tally as incomplete.
    pub fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Adds the number of standing families to the digest.
    pub fn stand(&mut self, families: u64) {
        self.standing = Some(families);
    }

    /// Adds the families to the digest whose newest faulty revision waits for the end of a hold.
    pub fn hold(&mut self, mut families: Vec<Family>) {
        families.retain(|family| !family.deferred.is_empty());
        families.sort_by(|a, b| a.name.cmp(&b.name));
        self.held = families;
    }

    /// Returns the notification with the digest. Returns `None` if there is nothing to correct. If Logweir only observes
    /// because its baseline is not confirmed, `unconfirmed` names this baseline.
    pub fn notice(&self, home: &Home, unconfirmed: Option<Unconfirmed<'_>>, now: Timestamp) -> Option<Notice> {
        let standing = self.standing.unwrap_or_default();
        if self.revisions.is_empty() && standing == 0 && self.held.is_empty() {
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
        if let Some(standing) = self.standing {
            detail["standing"] = standing.into();
        }
        if !self.not_passed.is_empty() {
            detail["pass_role_denied"] = self.not_passed.iter().take(MOST).cloned().collect::<Vec<_>>().into();
        }
        if !self.held.is_empty() {
            detail["on_hold"] = held::detail(&self.held);
        }
        let least = if self.is_cut { "at least " } else { "" };
        let sum = format!("{least}{revisions} revisions of {families_count} families");
        let why = match unconfirmed {
            None => "The mode is observe".to_owned(),
            Some(Unconfirmed { mode, baseline }) => {
                detail["unconfirmed_baseline"] = baseline.into();
                format!("The mode is {mode}, but baseline {baseline} is not confirmed")
            }
        };
        let mut lines = self.lines(home, &sum, &why, &rules, &named);
        lines.extend(held::lines(&self.held, now));
        let next_steps = self.next_steps(unconfirmed);
        let summary = "Daily digest";
        let title = match (revisions, standing) {
            (0, 0) => format!("{summary}: {} to correct after a hold", families_of(self.held.len() as u64)),
            (0, standing) => format!("{summary}: {} to correct", families_of(standing)),
            _ => format!("{summary}: {sum} to correct"),
        };
        let message = chat::ChatMessage {
            id: format!("digest {now:.3}"),
            title: title.clone(),
            lines: lines.clone(),
            next_steps: next_steps.clone(),
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
            text: format!("{}\n\n{}\n", text.join("\n").replace('`', ""), next_steps.join("\n")),
        })
    }

    /// Returns the next steps of an operator, in sentences.
    fn next_steps(&self, unconfirmed: Option<Unconfirmed<'_>>) -> Vec<String> {
        let parameter = match unconfirmed {
            _ if self.revisions.is_empty() => {
                let is_standing = self.standing.is_some_and(|standing| standing > 0);
                is_standing.then(|| "To correct the standing families, run logweir apply --all".to_owned())
            }
            None => Some("To start corrections, deploy the stack with the parameter Mode=register".to_owned()),
            Some(Unconfirmed { baseline, .. }) => Some(format!(
                "To confirm the baseline, deploy the stack with the parameter ConfirmedBaseline={baseline}"
            )),
        };
        let see = |parameter| format!("{parameter}. To see each change first, run logweir check --all --diff");
        let is_held = !self.held.is_empty();
        let end = is_held.then(|| "To end a hold early, run logweir hold --release FAMILY".to_owned());
        parameter.map(see).into_iter().chain(end).collect()
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
        let mut lines = Vec::new();
        if !self.revisions.is_empty() {
            lines.push(format!(
                "In the last 24 hours, Logweir would have corrected {sum} in account {account}, Region {region}. {why}, so Logweir changed nothing."
            ));
        }
        if let Some(standing) = self.standing.filter(|standing| *standing > 0) {
            lines.push(format!(
                "Standing families in account {account}, Region {region}: {standing}. Logweir corrects a standing family only if you run `logweir apply --all`."
            ));
        }
        if self.is_cut {
            lines.push("The function's log has more lines than Logweir read, so the counts are incomplete.".into());
        }
        lines.extend(rules.iter().map(|(rule, count)| format!("Revisions with {}: {count}", code(rule, 100))));
        lines.extend(named.iter().map(|(family, count)| format!("Revisions in family {}: {count}", code(family, 100))));
        if !self.not_passed.is_empty() {
            let shown: Vec<String> = self.not_passed.iter().take(MOST).map(|family| code(family, 100)).collect();
            let more = match self.not_passed.len() - shown.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            lines.push(format!(
                "Logweir may not pass a role of these families to ECS, so widen ExecutionRoles or TaskRoles before you change the mode: {}{more}",
                shown.join(", ")
            ));
        }
        let families = self.families().len();
        if families > named.len() {
            lines.push(format!("Other families: {}", families - named.len()));
        }
        lines
    }

    /// Returns the families with their numbers of revisions, the largest number first.
    fn families(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        self.revisions.keys().for_each(|revision| *counts.entry(&revision.family).or_default() += 1);
        let mut families: Vec<_> = counts.into_iter().collect();
        families.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        families
    }

    /// Returns the rules, each with the number of revisions in which the rule found a fault.
    fn rules(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let rules = self.revisions.values().flatten();
        rules.for_each(|rule| *counts.entry(plain(rule, 100)).or_default() += 1);
        counts.into_iter().take(MOST).collect()
    }
}

fn families_of(number: u64) -> String {
    if number == 1 { "1 family".to_owned() } else { format!("{number} families") }
}
