//! Exemptions, with the reason why an operator should look at them.

use crate::domain::baseline::{ExemptionRemark, ExemptionState};
use crate::domain::text::plain::plain;

/// The maximum length of a text in the output, in characters.
const LONGEST: usize = 400;

/// Whether an operator should look at the exemption.
pub fn is_remarkable(exemption: &ExemptionRemark) -> bool {
    exemption.state != ExemptionState::Valid
}

/// Returns the message about an exemption, and the help.
pub fn message(exemption: &ExemptionRemark) -> (String, String) {
    let ExemptionRemark { r#match, rules, owner, until, state, .. } = exemption;
    let rules: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
    let called = format!("the exemption of {} from {}", plain(r#match, LONGEST), rules.join(", "));
    let owner = plain(owner, LONGEST);
    match state {
        ExemptionState::Unused => (
            format!("{called} (owner {owner}, until {until}) covers no finding in the checked task definitions"),
            "remove the exemption from the baseline, or correct its match".to_owned(),
        ),
        ExemptionState::EndsSoon => (
            format!("{called} ends soon, at the end of {until} (UTC)"),
            format!("ask the owner {owner} to resolve the fault, or to extend the exemption"),
        ),
        ExemptionState::Expired => (
            format!("{called} expired at the end of {until} (UTC)"),
            format!("ask the owner {owner} to resolve the fault, then remove the exemption"),
        ),
        ExemptionState::Valid => {
            (format!("{called} ends at the end of {until} (UTC)"), format!("the owner is {owner}"))
        }
    }
}

/// Returns one line about an exemption.
pub fn line(exemption: &ExemptionRemark) -> String {
    let (message, help) = message(exemption);
    format!("{message}: {help}\n")
}
