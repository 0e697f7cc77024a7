//! Texts in Markdown (GitHub Flavored Markdown), in which no name from a file can start a mark, a link or an element.

use super::shown::{marked, shown};

/// Returns a text for a paragraph or a cell of a table. Logweir's messages mark names with backticks, and these names
/// become code.
pub(in crate::render) fn text(text: &str) -> String {
    marked(text, code, escaped)
}

/// Returns a text as code, or as escaped text if code cannot show it everywhere.
pub(in crate::render) fn code(text: &str) -> String {
    let text = shown(text);
    let is_simple = !text.trim().is_empty() && !text.contains(['`', '|', '\\']);
    if is_simple { format!("`{text}`") } else { escaped(&text) }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            // GitHub would notify a person or a team that a text names.
            '@' => out += "&#64;",
            '|' => out += "&#124;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // An address in a text would become a link.
    out.replace("://", "&#58;//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_start_a_mark() {
        for (given, expected) in [
            ("container `app` blocks", "container `app` blocks"),
            ("container `a`b` blocks", "container \\`a\\`b\\` blocks"),
            ("container `a|b` blocks", "container a&#124;b blocks"),
            ("<script>[x](y) @team", "&lt;script&gt;\\[x\\](y) &#64;team"),
            ("https://a", "https&#58;//a"),
        ] {
            assert_eq!(text(given), expected);
        }
    }
}
