//! `logweir check --against`: what one baseline finds that another does not.

use super::check::load_all;
use crate::cli::targets::Target;
use crate::cli::{Context, Ended, Exit, Failure};
use crate::domain::baseline::Difference;
use crate::domain::rules::finding::Finding;
use crate::domain::text::plain::plain;
use crate::render::human::findings::line;
use crate::render::json::{Against, AgainstSummary, Compared, FindingLine};
use crate::settings::BaselinePlace;

/// The longest text of a setting.
const LONGEST: usize = 1000;

/// What there is to say of a target, or why nothing can be said.
struct Verdict {
    origin: String,
    /// The pointer of the task definition in the input.
    prefix: &'static str,
    findings: Result<Vec<Finding>, String>,
}

/// Shows what comes and goes when the context's baseline takes the place of this one.
pub(in crate::cli) fn compare(context: &Context, targets: &[Target], against: &BaselinePlace) -> Ended {
    if targets.iter().any(|target| matches!(target, Target::Stdin)) {
        return Err(Failure::usage("standard input can be read once, and two baselines are compared"));
    }
    let before = context.with(against.clone())?;
    let (old, new) = (verdicts(&before, targets)?, verdicts(context, targets)?);
    let mut summary = AgainstSummary::default();
    let compared: Vec<Compared> = old.into_iter().zip(new).map(|both| one(context, both, &mut summary)).collect();
    let settings = before.baseline.differences(&context.baseline);
    summary.settings = settings.len();
    match context.is_json() {
        true => {
            let (baseline, against) = (context.baseline_line(), before.baseline_line());
            let shown =
                Against { schema: "logweir.against/1", baseline, against, summary, settings, targets: compared };
            context.printer.json(&serde_json::to_value(shown).unwrap_or_default());
        }
        false => {
            settings.iter().for_each(|difference| context.printer.result(&setting(difference)));
            let AgainstSummary { checked, differ, come, go, settings, errors } = summary;
            let without = if errors > 0 { format!(", {errors} without a verdict") } else { String::new() };
            let beside = match settings {
                0 => String::new(),
                1 => "; 1 setting differs".into(),
                _ => format!("; {settings} settings differ"),
            };
            let said = format!("{checked} checked, {differ} differ: {come} come, {go} go{without}{beside}\n");
            let which = format!("- by {}\n+ by {}\n", before.baseline_line(), context.baseline_line());
            context.printer.result(&(said + &which));
        }
    }
    Ok(match summary {
        AgainstSummary { errors: 1.., .. } => Exit::CouldNot,
        AgainstSummary { differ: 1.., .. } | AgainstSummary { settings: 1.., .. } => Exit::Findings,
        _ => Exit::Fine,
    })
}

/// `~ rollout.image-guard: hold → off`.
fn setting(Difference { key, old, new }: &Difference) -> String {
    let shown = |value: &Option<String>| plain(value.as_deref().unwrap_or("(none)"), LONGEST);
    format!("~ {}: {} → {}\n", plain(key, LONGEST), shown(old), shown(new))
}

fn verdicts(context: &Context, targets: &[Target]) -> Result<Vec<Verdict>, Failure> {
    let mut verdicts = Vec::new();
    load_all(context, targets, &mut |target, loaded| {
        verdicts.push(match loaded {
            Err(failure) => Verdict { origin: target.origin(), prefix: "", findings: Err(failure.message) },
            Ok(loaded) => {
                let (live, plan) = (loaded.document.is_none(), loaded.plan);
                let prefix = loaded.document.map_or("", |document| document.pointer);
                let findings = match live && !plan.not_checked.is_empty() {
                    true => Err(format!("{}: could not be decided: {}", loaded.origin, plan.not_checked.join(", "))),
                    false => Ok(plan.findings),
                };
                Verdict { origin: loaded.origin, prefix, findings }
            }
        });
    })?;
    Ok(verdicts)
}

fn one(context: &Context, (old, new): (Verdict, Verdict), summary: &mut AgainstSummary) -> Compared {
    summary.checked += 1;
    let mut compared = Compared { target: new.origin, error: None, come: Vec::new(), go: Vec::new() };
    let (old, new, prefix) = match (old.findings, new.findings) {
        (Ok(old), Ok(found)) => (old, found, new.prefix),
        (Err(why), _) | (_, Err(why)) => {
            summary.errors += 1;
            context.printer.error(&why, None);
            compared.error = Some(why);
            return compared;
        }
    };
    let but = |these: &[Finding], those: &[Finding]| -> Vec<Finding> {
        these.iter().filter(|finding| !those.contains(finding)).cloned().collect()
    };
    let (go, come) = (but(&old, &new), but(&new, &old));
    summary.differ += usize::from(!go.is_empty() || !come.is_empty());
    (summary.go, summary.come) = (summary.go + go.len(), summary.come + come.len());
    if !context.is_json() {
        let lines = go.iter().map(|finding| ('-', finding)).chain(come.iter().map(|finding| ('+', finding)));
        lines.for_each(|(sign, finding)| {
            context.printer.result(&format!("{sign} {}: {}\n", compared.target, line(finding)));
        });
    }
    let told = |findings: &[Finding]| findings.iter().map(|finding| FindingLine::of(finding, prefix)).collect();
    (compared.come, compared.go) = (told(&come), told(&go));
    compared
}
