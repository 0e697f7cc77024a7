//! The text of a plan of `logweir apply --all`, and of the result of a run.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::edit::LogGroupChange;
use crate::domain::outcome::Outcome;
use crate::domain::report::schema;
use crate::domain::run::{
    Fate, LeftFamily, OlderService, PlannedChange, RunItem, RunLine, RunPlan, RunResult, RunState,
};
use crate::domain::text::count;
use crate::domain::text::plain::{plain, shortened};
use crate::render::Output;

/// The maximum length of a text in the output, in characters. A plan file may contain texts of any length.
const LONGEST: usize = 300;

/// A plan, which may come from a file that another principal wrote.
pub struct PlanOutput<'p> {
    pub plan: &'p RunPlan,
}

/// The result of a run, with the commands that undo and continue the run.
pub struct ResultOutput {
    pub result: RunResult,
    pub backout: String,
    /// The command that continues the run. `None` for the result of a backout.
    pub resume: Option<String>,
}

impl Output for PlanOutput<'_> {
    fn text(&self) -> String {
        let plan = self.plan;
        let mut text = summary(plan);
        let canaries = plan.canaries();
        for item in plan.items.iter().filter(|item| item.says_something()) {
            text += &heading(item);
            item.changes.iter().for_each(|it| detail(&mut text, &change(it)));
            item.log_groups.iter().for_each(|it| detail(&mut text, &log_group(it)));
            for service in &item.services {
                let canary = if canaries.contains(service) { " first (canary)" } else { "" };
                detail(&mut text, &format!("update service {}{canary}", service.short()));
            }
            for left in &item.left {
                detail(&mut text, &format!("service {}: {}: {}", left.service.short(), left.reason, left.why));
            }
            if let Some(why) = &item.unplaced {
                detail(&mut text, &format!("updates no service, because its services could not be read: {why}"));
            }
            if let Some(owner) = &item.owner {
                detail(&mut text, &format!("owner: {owner}; its next deployment brings the fault back"));
            }
        }
        for LeftFamily { source, reason, why, .. } in &plan.left {
            line(&mut text, &format!("{}: not corrected ({reason}): {why}", source.short()));
        }
        for OlderService { service, runs, newest } in &plan.older {
            let (service, runs, newest) = (service.short(), runs.short(), newest.short());
            line(&mut text, &format!("service {service} runs {runs}, which has a fault: deploy the newest, {newest}"));
        }
        text
    }

    fn json(&self) -> Value {
        let mut value = json!(self.plan);
        value["run"] = json!(self.plan.id());
        value["summary"] = json!(self.plan.summary());
        value
    }
}

fn summary(plan: &RunPlan) -> String {
    let (head, sums) = (&plan.head, plan.summary());
    let of = |number: usize, noun: &str| count(number as u64, noun);
    let mut text = String::new();
    let (account, region) = (plain(&head.account, LONGEST), plain(&head.region, LONGEST));
    line(&mut text, &format!("Plan {} for account {account} in {region}, mode {}", plan.id(), head.mode.name()));
    if sums.changes == 0 {
        line(&mut text, "  Logweir changes nothing");
    } else {
        detail(&mut text, &format!("registers {}", of(sums.registrations, "corrected revision")));
    }
    let groups = sums.log_groups_created;
    for (number, what) in [
        (groups, format!("creates {}", of(groups, "log group"))),
        (sums.retentions_set, format!("sets the retention of {}", of(sums.retentions_set, "log group"))),
        (sums.services, format!("updates {}", of(sums.services, "service"))),
        (sums.left_services, format!("leaves {} alone", of(sums.left_services, "service"))),
        (sums.left_families, format!("does not correct the newest revisions of {}", families(sums.left_families))),
        (
            sums.older_services,
            format!("does not update {} with an older revision: deploy the newest", of(sums.older_services, "service")),
        ),
        (sums.unread, format!("could not read {} of the account", of(sums.unread, "part"))),
    ] {
        if number > 0 {
            detail(&mut text, &what);
        }
    }
    if groups > 0 {
        detail(
            &mut text,
            "a new log group costs by the data that its containers write: per GB received and per GB stored for the \
             retention; the price depends on the Region and the log class",
        );
    }
    text
}

fn families(number: usize) -> String {
    if number == 1 { "1 family".into() } else { format!("{number} families") }
}

fn heading(item: &RunItem) -> String {
    let source = item.source.short();
    let rules = item.rules.join(", ");
    let mut text = String::new();
    match (&item.corrected, item.registers()) {
        (Some(corrected), _) => {
            line(&mut text, &format!("{source}: corrected before by {}", corrected.short()));
        }
        (None, true) => line(&mut text, &format!("{source}: register a corrected revision ({rules})")),
        (None, false) => line(&mut text, &format!("{source}: change log groups ({rules})")),
    }
    text
}

fn change(PlannedChange { container, option, from, to }: &PlannedChange) -> String {
    let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(unset)".into());
    format!("{container}: {option} {} → {}", value(from), value(to))
}

fn log_group(change: &LogGroupChange) -> String {
    match change {
        LogGroupChange::Create(group) => {
            let retention = group.retention_days.map(|days| format!(" with a retention of {days} days"));
            format!("create log group {}{}", group.name, retention.unwrap_or_default())
        }
        LogGroupChange::SetRetention { name, old, new, .. } => {
            let old = old.map_or("unlimited".to_owned(), |days| format!("{days} days"));
            format!("change the retention of log group {name} from {old} to {new} days")
        }
    }
}

fn line(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}", shortened_line(text));
}

fn detail(out: &mut String, text: &str) {
    let _ = writeln!(out, "  {}", shortened_line(text));
}

/// Returns a text of a plan without characters that have an effect on a terminal.
fn shortened_line(text: &str) -> String {
    shortened(text, LONGEST)
}

/// Returns the text of one line of the result, such as `web:1: remediated, by web:2`.
pub fn line_text(line: &RunLine) -> String {
    let RunLine { about, outcome, reason, corrected, why, fate } = line;
    let mut text = match fate {
        Fate::UnderWay | Fate::Left => format!("{about}: {}", fate.name()),
        // A skipped service may be a failure of the run.
        Fate::Refused | Fate::Failed if outcome == Outcome::Skipped.name() => format!("{about}: {}", fate.name()),
        _ => format!("{about}: {outcome}"),
    };
    let _ = reason.iter().try_for_each(|reason| write!(text, " ({reason})"));
    let _ = corrected.iter().try_for_each(|corrected| write!(text, ", by {corrected}"));
    let _ = why.iter().try_for_each(|why| write!(text, ": {why}"));
    format!("{}\n", shortened(&text, LONGEST * 2))
}

impl Output for ResultOutput {
    /// The lines themselves are shown during the run.
    fn text(&self) -> String {
        let Self { result, backout, resume } = self;
        let fates = [Fate::Done, Fate::Skipped, Fate::UnderWay, Fate::Refused, Fate::Failed, Fate::Left];
        // Of the backouts, only a preview has this outcome.
        let is_observed = |line: &RunLine| line.outcome == Outcome::Observed.name();
        let is_preview = resume.is_none() && result.lines.iter().any(is_observed);
        let name = |fate: Fate| if is_preview && fate == Fate::Done { "would be undone" } else { fate.name() };
        let counts: Vec<String> = fates
            .iter()
            .map(|fate| (result.count(*fate), name(*fate)))
            .filter(|(number, _)| *number > 0)
            .map(|(number, name)| format!("{number} {name}"))
            .collect();
        let counts = if counts.is_empty() { "nothing to do".into() } else { counts.join(", ") };
        let state = match result.state {
            RunState::CanaryFailed => " (a canary failed)",
            RunState::Interrupted => " (unfinished)",
            RunState::BackingOut => " (a backout is unfinished)",
            RunState::BackedOut => " (backed out)",
            RunState::Running | RunState::Ended => "",
        };
        let mut text = format!("run {}{state}: {counts}\n", result.run);
        let Some(resume) = resume else {
            if result.state == RunState::BackingOut {
                let _ = writeln!(text, "  continue the backout: {backout}");
            }
            return text;
        };
        let is_left = result.state == RunState::Interrupted || result.count(Fate::Failed) > 0;
        if is_left && !result.state.is_backout() {
            let _ = writeln!(text, "  continue: {resume}");
        }
        let is_undoable = [Fate::Done, Fate::UnderWay, Fate::Failed].into_iter().any(|fate| result.count(fate) > 0);
        if is_undoable && result.state != RunState::BackedOut {
            let _ = writeln!(text, "  undo all: {backout}");
        }
        text
    }

    fn json(&self) -> Value {
        let Self { result, backout, resume } = self;
        let resume = resume.as_ref().filter(|_| !result.state.is_backout());
        json!({
            "schema": schema::RUN,
            "run": result.run,
            "state": result.state,
            "lines": result.lines,
            "backout": self.resume.as_ref().map(|_| backout),
            "resume": resume,
        })
    }
}
