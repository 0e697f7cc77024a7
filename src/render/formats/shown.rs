//! The texts of findings that several formats show.

use crate::domain::rules::finding::Safety;
use crate::domain::text::plain::{plain, shortened};
use crate::render::json::{FindingLine, Place, ResourceLine, TargetOutput};

/// The maximum length of a text in the output, in characters.
const LONGEST: usize = 1000;

/// Returns a text in one line, without characters that are invisible or change the writing direction. A name in a file
/// may contain any character and have any length.
pub(in crate::render) fn shown(text: &str) -> String {
    shortened(text, LONGEST)
}

/// Returns a message in the language of an output. `code` writes the names, which Logweir marks with backticks, and
/// `rest` writes the text between them.
pub(in crate::render) fn marked(text: &str, code: fn(&str) -> String, rest: fn(&str) -> String) -> String {
    let text = shown(text);
    let parts: Vec<&str> = text.split('`').collect();
    // With an odd number of backticks, a name contains one, so no part is certain to be a name.
    if parts.len().is_multiple_of(2) {
        return rest(&text);
    }
    let part = |(index, part): (usize, &&str)| if index % 2 == 1 { code(part) } else { rest(part) };
    parts.iter().enumerate().map(part).collect()
}

/// Returns the message of a finding, with the current effect of the fault.
pub(super) fn message(finding: &FindingLine) -> String {
    match &finding.effective {
        Some(effective) => shown(&format!("{} (today: {effective})", finding.message)),
        None => shown(&finding.message),
    }
}

/// Returns the fix of a finding, such as `Safe fix: mode = "non-blocking"`.
pub(super) fn fix(finding: &FindingLine) -> String {
    let kind = match finding.fix.safety {
        Safety::Safe => "Safe fix",
        Safety::Unsafe => "Unsafe fix",
        Safety::Advice => "Advice",
    };
    shown(&format!("{kind}: {}", finding.fix.text))
}

/// Returns why a finding is exempt. Returns `None` for a finding that counts.
pub(super) fn exemption(finding: &FindingLine) -> Option<String> {
    let exempt = finding.exempt.as_ref()?;
    Some(shown(&format!("exempt until {} by {}: {}", exempt.until, exempt.owner, exempt.reason)))
}

/// Returns the name of a target's resource: its construct in the AWS CDK, its identifier, or the family.
pub(super) fn resource(target: &TargetOutput) -> Option<String> {
    let of_resource =
        target.resource.as_ref().map(|ResourceLine { id, construct, .. }| construct.as_ref().unwrap_or(id));
    of_resource.or(target.family.as_ref()).map(|name| plain(name, LONGEST))
}

/// Returns the target and the place of a finding, such as `web.json:14:11`.
pub(super) fn place(target: &TargetOutput, place: Option<Place>) -> String {
    let name = plain(&target.target, LONGEST);
    place.map_or_else(|| name.clone(), |place| format!("{name}:{}:{}", place.line, place.column))
}
