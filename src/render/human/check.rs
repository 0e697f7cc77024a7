//! The last lines of the text output of `logweir check`.

use crate::domain::text::count;
use crate::render::json::{CheckOutput, Summary};

pub fn closing(check: &CheckOutput) -> String {
    let CheckOutput { summary, fixable, not_checked, baseline, is_baseline_named, .. } = check;
    let Summary { checked, compliant, findings, exempt, errors } = *summary;
    let (checked, findings) = (count(checked as u64, "task definition"), count(findings as u64, "finding"));
    let mut text = format!("{checked} checked: {compliant} compliant, {findings}");
    if exempt > 0 {
        text += &format!(", {exempt} exempt");
    }
    if errors > 0 {
        text += &format!(", {errors} without a verdict");
    }
    if *fixable > 0 {
        text += &format!("; `logweir fix` fixes {fixable}");
    }
    text.push('\n');
    if !not_checked.is_empty() {
        let rules: Vec<&str> = not_checked.iter().copied().collect();
        text += &format!("not checked, because these rules need AWS: {}\n", rules.join(", "));
    }
    if *is_baseline_named {
        text += &format!("baseline: {baseline}\n");
    }
    text
}
