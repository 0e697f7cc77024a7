//! The text about the owners of families with faults, and about the files that describe the families.

use std::fmt::Write as _;

use crate::domain::text::plain::{plain, shortened};
use crate::render::json::OwnedFamily;

/// The longest name of a file, a family or a resource, in characters.
const LONGEST: usize = 256;

/// Returns a paragraph for each family. A file that needs a change has the command that prints its patch. Names the
/// account and the Region of each family if the families are of several ones.
pub fn text(families: &[OwnedFamily]) -> String {
    if families.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nWhere the faults come from\n");
    let has_places = families.iter().any(|family| place(family) != place(&families[0]));
    for owned @ OwnedFamily { family, warning, sources, .. } in families {
        let (account, region) = place(owned);
        let place = if has_places { format!(" in account {account} and Region {region}") } else { String::new() };
        let warning = warning.as_deref().unwrap_or("no tag and no principal names an owner");
        let _ = writeln!(text, "{}{place}: {}", plain(family, LONGEST), shortened(warning, 2 * LONGEST));
        if sources.is_empty() {
            let _ = writeln!(text, "  no file of the folder describes this family");
        }
        for source in sources {
            let file = plain(&source.file, LONGEST);
            let resource =
                source.resource.as_deref().map(|id| format!(" ({})", plain(id, LONGEST))).unwrap_or_default();
            let next = match (&source.diff, &source.refused) {
                (Some(_), _) => match shlex::try_join(["logweir", "fix", &file, "--diff"]) {
                    Ok(command) => format!("patch: {command}"),
                    Err(_) => "`logweir fix --diff` prints the patch".to_owned(),
                },
                (None, Some(why)) => format!("no patch: {}", shortened(why, LONGEST)),
                (None, None) => "the file has no such fault; deploy it".to_owned(),
            };
            let _ = writeln!(text, "  {file}{resource}: {next}");
        }
    }
    text
}

fn place(family: &OwnedFamily) -> (&str, &str) {
    (&family.account, &family.region)
}
