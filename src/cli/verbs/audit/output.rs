//! Shows the result of `logweir audit`.

use crate::cli::context::Context;
use crate::domain::audit::Audit;
use crate::render::human;
use crate::render::json::{AuditOutput, BaselineLine};

/// Shows audits in the format of the run.
pub(super) fn show(context: &Context, audits: &[Audit], baseline: BaselineLine, owner_tags: &[String]) {
    let output = AuditOutput::of(audits, baseline, owner_tags);
    context.printer.text(|| human::audit::text(&output, audits, owner_tags));
    if context.printer.is_json() {
        output.write(audits, |part| context.printer.document(&part));
    }
}
