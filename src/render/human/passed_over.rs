//! The files of folders that Logweir passed over, as one line.

use crate::domain::text::count;
use crate::render::json::PassedOver;

/// Returns the line about the files that Logweir passed over, such as `12 other files; 2 Terraform, 1 YAML not read`.
/// Returns an empty text if there are no such files.
pub fn line(files: &PassedOver) -> String {
    let PassedOver { other, cloudformation, terraform, yaml, jsonnet, container_lists, symbolic_links } = *files;
    let some = |number: usize, word: &str| (number > 0).then(|| count(number as u64, word));
    let kinds =
        [(terraform, "Terraform"), (yaml, "YAML"), (cloudformation, "CloudFormation template"), (jsonnet, "Jsonnet")];
    let kinds = kinds.into_iter().filter(|(number, _)| *number > 0).map(|(number, word)| match word {
        "CloudFormation template" => count(number as u64, word),
        _ => format!("{number} {word}"),
    });
    let unread: Vec<String> = kinds.chain(some(container_lists, "container list")).collect();
    let unread = (!unread.is_empty()).then(|| format!("{} not read", unread.join(", ")));
    let links = some(symbolic_links, "symbolic link").map(|links| format!("{links} not followed"));
    let parts: Vec<String> = [some(other, "other file"), unread, links].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { parts.join("; ") + "\n" }
}
