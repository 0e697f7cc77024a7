//! The difference between two versions of a file as a unified diff, which `git apply` and `patch -p1` accept.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// The number of unchanged lines that a hunk shows before and after each change.
const CONTEXT: usize = 3;

/// Returns the unified diff of the file at `path`, with the headers of git. Returns an empty text if the two versions
/// are equal. Only a line feed ends a line, as in git, so that a line keeps its carriage return.
pub fn unified_diff(path: impl AsRef<OsStr>, before: &str, after: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let new: Vec<&str> = after.split_inclusive('\n').collect();
    let hunks = group_diff_ops(capture_diff_slices(Algorithm::Myers, &old, &new), CONTEXT);
    let mut out = String::new();
    for hunk in &hunks {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        if out.is_empty() {
            out = header(path.as_ref().as_encoded_bytes());
        }
        let from = first.old_range().start..last.old_range().end;
        let to = first.new_range().start..last.new_range().end;
        let _ = writeln!(out, "@@ -{} +{} @@", range(&from), range(&to));
        for op in hunk {
            match op {
                DiffOp::Equal { .. } => lines(&mut out, ' ', &old[op.old_range()]),
                _ => {
                    lines(&mut out, '-', &old[op.old_range()]);
                    lines(&mut out, '+', &new[op.new_range()]);
                }
            }
        }
    }
    out
}

fn lines(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// Returns the lines of a hunk in one version of the file: the first line, which counts from 1, and the number of
/// lines. For an empty range, the first number is the line before the range.
fn range(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        count => format!("{},{count}", lines.start + 1),
    }
}

/// Returns the lines before the first hunk. A tab ends a name with a blank, as in git, so that `patch` reads the whole
/// name.
fn header(path: &[u8]) -> String {
    let (old, new) = (quoted(&[b"a/", path].concat()), quoted(&[b"b/", path].concat()));
    let end = if path.contains(&b' ') { "\t" } else { "" };
    format!("diff --git {old} {new}\n--- {old}{end}\n+++ {new}{end}\n")
}

/// Returns a file name in the spelling of git: a name with a special character is in quotes, with escapes as in C, and
/// each byte that is not ASCII is an octal number.
fn quoted(name: &[u8]) -> String {
    if name.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
        return name.iter().copied().map(char::from).collect();
    }
    let mut text = String::from("\"");
    for &byte in name {
        let _ = match byte {
            b'"' | b'\\' => write!(text, "\\{}", char::from(byte)),
            b'\t' => write!(text, "\\t"),
            b'\n' => write!(text, "\\n"),
            b'\r' => write!(text, "\\r"),
            b' '..=b'~' => write!(text, "{}", char::from(byte)),
            _ => write!(text, "\\{byte:03o}"),
        };
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_may_have_no_newline() {
        assert_eq!(
            unified_diff("web.json", "{\"a\":1}", "{\"a\":2}\n"),
            "diff --git a/web.json b/web.json\n--- a/web.json\n+++ b/web.json\n@@ -1 +1 @@\n-{\"a\":1}\n\
             \\ No newline at end of file\n+{\"a\":2}\n"
        );
        assert_eq!(unified_diff("web.json", "{}", "{}"), "");
    }

    #[test]
    fn a_name_is_quoted_as_in_git() {
        let names: [(&[u8], &str); 5] = [
            (b"a/web.json", "a/web.json"),
            (b"a/my web.json", "a/my web.json"),
            (b"a/b\"c\\d\te", r#""a/b\"c\\d\te""#),
            ("a/übel\u{1}".as_bytes(), r#""a/\303\274bel\001""#),
            (b"a/w\xff.json", r#""a/w\377.json""#),
        ];
        for (name, spelled) in names {
            assert_eq!(quoted(name), spelled);
        }
        assert!(header(b"my web.json").contains("\n--- a/my web.json\t\n+++ b/my web.json\t\n"));
    }
}
