//! The JSON output of `logweir check` in parts: each target is written as soon as it is checked. The memory of a run then
//! does not grow with the number of targets.

use serde::Serialize;

use super::check::CheckOutput;
use super::target::TargetOutput;

/// The list of targets in the JSON text of an output that keeps no target. No text value contains these characters,
/// because JSON escapes the quotation marks in a text value.
const NO_TARGETS: &str = "\"targets\": []";

/// Writes the parts of one JSON object. The parts together are the same bytes as the JSON of an output that keeps every
/// target.
#[derive(Default)]
pub struct JsonParts {
    has_target: bool,
}

impl JsonParts {
    /// Returns the text of the next target. The text of the first target begins with the members before the targets.
    pub fn target(&mut self, check: &CheckOutput, target: &TargetOutput) -> String {
        let before = if self.has_target { ",".to_owned() } else { format!("{}\"targets\": [", around(check).0) };
        self.has_target = true;
        format!("{before}\n    {}", pretty(target).replace('\n', "\n    "))
    }

    /// Returns the rest of the JSON object.
    pub fn end(&self, check: &CheckOutput) -> String {
        let (before, after) = around(check);
        if self.has_target { format!("\n  ]{after}\n") } else { format!("{before}{NO_TARGETS}{after}\n") }
    }
}

/// Returns the text before and the text after the targets.
fn around(check: &CheckOutput) -> (String, String) {
    let text = pretty(check);
    let (before, after) = text.split_once(NO_TARGETS).unwrap_or((&text, ""));
    (before.to_owned(), after.to_owned())
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::json::{BaselineLine, Scope};

    fn target(name: &str) -> TargetOutput {
        TargetOutput::unread(name.to_owned(), Scope::File, None, "\"targets\": []\nand more".to_owned(), None)
    }

    #[test]
    fn the_parts_are_the_bytes_of_the_whole_object() {
        for count in 0..3 {
            let names: Vec<String> = (0..count).map(|n| format!("{n}.json")).collect();
            let [path, digest, origin] = ["\"targets\": []", "0", "shipped"].map(String::from);
            let mut check = CheckOutput::new(BaselineLine { path, digest, origin }, None, None);
            let mut parts = JsonParts::default();
            let mut text = String::new();
            for name in &names {
                let mut target = target(name);
                check.count(&mut target);
                text += &parts.target(&check, &target);
            }
            text += &parts.end(&check);
            check.targets = names.iter().map(|name| target(name)).collect();
            assert_eq!(text, pretty(&check) + "\n");
        }
    }
}
