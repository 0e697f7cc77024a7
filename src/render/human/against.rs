//! The differences between two baselines, as text.

use super::findings::line;
use super::passed_over;
use crate::domain::baseline::Difference;
use crate::domain::rules::finding::Finding;
use crate::domain::text::plain::plain;
use crate::render::json::{AgainstOutput, AgainstSummary};

/// The maximum length of a setting's name or value in the output, in characters.
const LONGEST: usize = 1000;

/// Returns the resolved and the new findings of one target, with one line for each finding.
pub fn comes_and_goes(target: &str, go: &[Finding], come: &[Finding]) -> String {
    let target = plain(target, usize::MAX);
    let signed = go.iter().map(|finding| ('-', finding)).chain(come.iter().map(|finding| ('+', finding)));
    signed.map(|(sign, finding)| format!("{sign} {target}: {}\n", line(finding))).collect()
}

/// Returns the settings that differ, the totals, and the names of the compared baselines.
pub fn closing(against: &AgainstOutput) -> String {
    let AgainstSummary { checked, differ, come, go, settings, errors } = against.summary;
    let without = if errors > 0 { format!(", {errors} without a verdict") } else { String::new() };
    let beside = match settings {
        0 => String::new(),
        1 => "; 1 setting differs".into(),
        _ => format!("; {settings} settings differ"),
    };
    let mut text: String = against.settings.iter().map(setting).collect();
    text += &format!("{checked} checked, differences in {differ}: {come} new, {go} resolved{without}{beside}\n");
    text += &passed_over::line(&against.passed_over);
    text +=
        &format!("- findings only with {}\n+ findings only with {}\n", against.against.name(), against.baseline.name());
    text
}

/// Returns the line for a setting that differs, such as `~ rollout.image-guard: hold → off`.
fn setting(Difference { key, old, new }: &Difference) -> String {
    let shown = |value: &Option<String>| plain(value.as_deref().unwrap_or("(none)"), LONGEST);
    format!("~ {}: {} → {}\n", plain(key, LONGEST), shown(old), shown(new))
}
