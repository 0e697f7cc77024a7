//! The two formats of every verb: text for people and JSON for programs.

use super::{Emitter, Run};
use crate::render::Output;
use crate::render::human::exemptions;

/// The text without styles: the findings of each target, the totals, and the exemptions that need attention.
pub(super) struct Text;

impl Emitter for Text {
    fn emit(&self, run: &Run<'_>) -> String {
        let targets = run.check.targets.iter().map(|target| match &target.error {
            Some(error) if target.text.is_empty() => format!("error: {}\n\n", super::shown::shown(error)),
            _ => target.text.clone(),
        });
        let exemptions =
            run.check.exemptions.iter().map(|exemption| format!("warning: {}", exemptions::line(exemption)));
        targets.chain([run.check.text()]).chain(exemptions).collect()
    }
}

/// The JSON object with the schema `logweir.check/2`.
pub(super) struct Json;

impl Emitter for Json {
    fn emit(&self, run: &Run<'_>) -> String {
        format!("{:#}\n", run.check.json())
    }
}
