//! The names that Rust source code mentions, without comments and string literals, with imports in braces expanded.

use std::collections::BTreeSet;

/// Returns every path that the code mentions, such as `std::fs::read`. A single word is a path, too. A `super` path to
/// the crate root is returned with `crate`. `depth` is the number of modules between the root and the file.
pub fn names(source: &str, depth: usize) -> BTreeSet<String> {
    let tokens = tokens(source);
    let mut names = BTreeSet::new();
    let mut at = 0;
    while at < tokens.len() {
        at = match is_word(&tokens[at]) {
            true => path(&tokens, at, String::new(), &mut names),
            false => at + 1,
        };
    }
    let climb = "super::".repeat(depth);
    names
        .into_iter()
        .map(|name| name.strip_prefix(&climb).map_or(name.clone(), |rest| format!("crate::{rest}")))
        .collect()
}

/// Whether `name` contains `word` as whole segments, or as the prefix of a segment if the word ends in `*`.
pub fn mentions(name: &str, word: &str) -> bool {
    let parts: Vec<&str> = name.split("::").collect();
    match word.strip_suffix('*') {
        Some(beginning) => parts.iter().any(|part| part.starts_with(beginning)),
        None => {
            let word: Vec<&str> = word.split("::").collect();
            parts.windows(word.len()).any(|window| window == word)
        }
    }
}

/// Reads the path that begins at `at` and adds its names. Returns the position after the path.
fn path(tokens: &[String], at: usize, before: String, names: &mut BTreeSet<String>) -> usize {
    let here = format!("{before}{}", tokens[at]);
    let next = |n: usize| tokens.get(at + n).map_or("", String::as_str);
    match (next(1), next(2)) {
        ("::", "{") => {
            let mut at = at + 3;
            while at < tokens.len() && tokens[at] != "}" {
                at = match is_word(&tokens[at]) || tokens[at] == "*" {
                    true => path(tokens, at, format!("{here}::"), names),
                    false => at + 1,
                };
            }
            at + 1
        }
        ("::", word) if is_word(word) || word == "*" => path(tokens, at + 2, format!("{here}::"), names),
        _ => {
            names.insert(here);
            at + 1
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Words, `::` and single characters, without comments and string literals.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => block_comment(rest),
            '"' => text(rest),
            '\'' => character(rest),
            _ if raw_text(rest).is_some() => raw_text(rest).unwrap(),
            _ if rest.starts_with("::") => 2,
            _ if is_word(rest) => rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        // Every string literal has quotes. The tick of a lifetime does not matter.
        let is_code = !token.contains(['"', '\'']) && !token.starts_with("//") && !token.starts_with("/*");
        if is_code && !token.trim().is_empty() {
            tokens.push(token.to_owned());
        }
        rest = behind;
    }
    tokens
}

/// The length of the block comment at the start of `source`. Block comments nest.
fn block_comment(source: &str) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 && at < source.len() {
        let rest = &source[at..];
        (depth, at) = match rest {
            _ if rest.starts_with("/*") => (depth + 1, at + 2),
            _ if rest.starts_with("*/") => (depth - 1, at + 2),
            _ => (depth, at + rest.chars().next().map_or(1, char::len_utf8)),
        };
    }
    at
}

fn text(source: &str) -> usize {
    let mut escaped = false;
    for (at, c) in source.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    source.len()
}

/// `r"…"` and `r#"…"#`, also as bytes.
fn raw_text(source: &str) -> Option<usize> {
    let fence = source.strip_prefix('b').unwrap_or(source).strip_prefix('r')?;
    let hashes = fence.len() - fence.trim_start_matches('#').len();
    let body = fence[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let start = source.len() - body.len();
    Some(body.find(&end).map_or(source.len(), |found| start + found + end.len()))
}

/// A character such as `'"'`, or the tick of a lifetime.
fn character(source: &str) -> usize {
    let mut chars = source.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => source[at + 1..].find('\'').map_or(1, |end| at + 1 + end + 1),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}
