//! The sections of `docs/runbook.md` about the requirements.

use crate::render::json::RequirementLine;

const PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/runbook.md");

/// Returns the address of the section about a requirement.
pub(super) fn documentation(of: &RequirementLine) -> String {
    format!("{PAGE}#{}", anchor(&heading(of.id, of.title)))
}

fn heading(id: &str, title: &str) -> String {
    format!("{id} {title}")
}

/// Returns the anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::runbook::Requirement;

    #[test]
    fn the_page_has_a_section_for_each_requirement() {
        let page = include_str!("../../../docs/runbook.md");
        for requirement in Requirement::ALL {
            let heading = heading(requirement.id(), requirement.title());
            assert!(page.lines().any(|line| line.strip_prefix("### ") == Some(&heading)), "{heading}");
        }
        assert_eq!(anchor("12 Root file systems are read-only"), "12-root-file-systems-are-read-only");
        assert_eq!(anchor("13 TLS 1.2 or later"), "13-tls-12-or-later");
    }
}
