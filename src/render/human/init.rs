//! The output of `logweir init`.

use crate::domain::baseline::{Basis, LearntSetting, Seen};
use crate::domain::text::plain::plain;
use crate::domain::text::{count, names};
use crate::render::json::PassedOver;

use super::passed_over;

/// The maximum length of a line about a setting, in characters.
const LONGEST: usize = 1000;

/// A written baseline file.
pub struct InitOutput {
    pub path: String,
    pub digest: String,
    /// Whether `logweir check` in the same folder finds the file.
    pub is_found: bool,
    /// What Logweir learnt. `None` for a file with the defaults alone.
    pub learnt: Option<Learnt>,
}

/// What Logweir learnt, and from how much.
pub struct Learnt {
    pub definitions: usize,
    /// The containers from which Logweir learnt.
    pub containers: usize,
    /// The containers from which Logweir did not learn, because there are too many.
    pub left_out: usize,
    /// The number of errors of targets and of their log groups.
    pub errors: usize,
    pub settings: Vec<LearntSetting>,
    pub regions: Vec<Seen>,
    pub passed_over: PassedOver,
}

pub fn text(output: &InitOutput) -> String {
    let InitOutput { path, digest, is_found, learnt } = output;
    let mut text = learnt.as_ref().map(evidence).unwrap_or_default();
    text += &format!("wrote {path} ({digest})\n");
    text += &match is_found {
        true => "next: logweir check .\n".to_owned(),
        false => format!("next: logweir check . --baseline {}\n", quoted(path)),
    };
    text
}

fn quoted(path: &str) -> String {
    shlex::try_quote(path).map_or_else(|_| path.to_owned(), Into::into)
}

/// Returns the lines about what Logweir read and learnt.
fn evidence(learnt: &Learnt) -> String {
    let containers = count(learnt.containers as u64, "container");
    let mut text = format!("read {} with {containers}", count(learnt.definitions as u64, "task definition"));
    if learnt.left_out > 0 {
        text += &format!("; left out {}, because there are too many", count(learnt.left_out as u64, "container"));
    }
    if learnt.errors > 0 {
        text += &format!("; {}", count(learnt.errors as u64, "error"));
    }
    text.push('\n');
    text += &passed_over::line(&learnt.passed_over);
    text.extend(learnt.settings.iter().map(setting));
    text + &regions(&learnt.regions)
}

fn setting(setting: &LearntSetting) -> String {
    let mark = if matches!(setting.basis, Basis::Default { .. }) { "kept " } else { "learnt" };
    plain(&format!("{mark:6} {} = {}: {}", setting.key, setting.value, setting.evidence()), LONGEST) + "\n"
}

/// Returns the line about the Regions. A baseline has no setting for the Region.
fn regions(regions: &[Seen]) -> String {
    let texts: Vec<String> = regions.iter().map(|seen| format!("{} ({})", seen.value, seen.count)).collect();
    let Some(first) = regions.first() else { return String::new() };
    let all = names(texts.iter().map(String::as_str));
    let advice = format!("a baseline has no setting for the Region, so name it: --region {}", quoted(&first.value));
    plain(&format!("Region {all}: {advice}"), LONGEST) + "\n"
}
