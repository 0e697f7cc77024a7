//! The changes of a file that a fix makes, as small replacements of text. A replacement contains only new words, so
//! that it shows no other part of the file, such as a secret.

use std::ops::Range;

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::place::Place;
use crate::domain::text::place::Position;
use crate::domain::text::splice::Splice;

/// The maximum number of words of a changed part for which Logweir computes replacements.
const MOST_WORDS: usize = 20_000;

/// A place of a file, and the text that replaces it.
#[derive(Serialize, Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    #[serde(flatten)]
    pub place: Place,
    pub text: String,
    /// The byte range of the place in the file.
    #[serde(skip)]
    pub range: Range<usize>,
}

/// Returns the replacements that the splices make in the file `text`, in the order of the file. `positions` returns the
/// positions of byte offsets of the file. Returns nothing for a splice that changes too much text.
pub fn replacements(text: &str, splices: &[Splice], positions: impl Fn(&[usize]) -> Vec<Position>) -> Vec<Replacement> {
    let changes: Vec<(Range<usize>, String)> = splices.iter().flat_map(|splice| changes(text, splice)).collect();
    let ends: Vec<usize> = changes.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
    let found = positions(&ends);
    let replacement = |((range, text), ends): ((Range<usize>, String), &[_])| Replacement {
        place: Place::new(ends[0], ends[1]),
        text,
        range,
    };
    changes.into_iter().zip(found.chunks(2)).map(replacement).collect()
}

/// Returns the changed words of a splice, each with its byte range in the file.
fn changes(text: &str, splice: &Splice) -> Vec<(Range<usize>, String)> {
    let (old, new) = (words(&text[splice.range.clone()]), words(&splice.text));
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let (inner_old, inner_new) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    if inner_old.len().max(inner_new.len()) > MOST_WORDS {
        return Vec::new();
    }
    let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, inner_old, inner_new) {
        let (from, to) = (op.old_range(), op.new_range());
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        match changes.last_mut() {
            Some((last_old, last_new)) if !has_word(&inner_old[last_old.end..from.start]) => {
                (last_old.end, last_new.end) = (from.end, to.end);
            }
            _ => changes.push((from, to)),
        }
    }
    let moved = |range: Range<usize>| range.start + start..range.end + start;
    let whole = changes.into_iter().map(|(from, to)| whole_literal(&old, &new, moved(from), moved(to)));
    let length = |words: &[&str]| words.iter().map(|word| word.len()).sum::<usize>();
    let placed = |(from, to): (Range<usize>, Range<usize>)| {
        let at = splice.range.start + length(&old[..from.start]);
        (at..at + length(&old[from]), new[to].concat())
    };
    whole.map(placed).collect()
}

/// Returns the same change together with the quotes around it, so that a person sees a whole literal.
fn whole_literal(old: &[&str], new: &[&str], from: Range<usize>, to: Range<usize>) -> (Range<usize>, Range<usize>) {
    let before = from.start.checked_sub(1).map(|at| old[at]);
    // An insertion of `"a` before `"` is also an insertion of `a"` behind it.
    let next = old.get(from.end).copied();
    if from.is_empty() && next == Some("\"") && new.get(to.start).copied() == next {
        return (from.start + 1..from.end + 1, to.start + 1..to.end + 1);
    }
    if before.is_some() && before == next && matches!(before, Some("\"" | "'")) {
        return (from.start - 1..from.end + 1, to.start - 1..to.end + 1);
    }
    (from, to)
}

/// Whether the words contain more than blanks and punctuation.
fn has_word(words: &[&str]) -> bool {
    words.iter().any(|word| word.chars().any(is_inner))
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_')
}

/// Splits a text into words, runs of blanks, and single other characters.
fn words(text: &str) -> Vec<&str> {
    let kind = |c: char| match c {
        c if is_inner(c) => 0,
        ' ' | '\t' => 1,
        _ => 2,
    };
    let (mut words, mut start, mut last) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        let now = kind(c);
        if at > start && (now == 2 || last != Some(now)) {
            words.push(&text[start..at]);
            start = at;
        }
        last = Some(now);
    }
    if start < text.len() {
        words.push(&text[start..]);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::text::place::positions;

    fn replaced(text: &str, replacements: &[Replacement]) -> String {
        let (mut whole, mut end) = (String::new(), 0);
        for Replacement { range, text: new, .. } in replacements {
            whole += &text[end..range.start];
            whole += new;
            end = range.end;
        }
        whole + &text[end..]
    }

    #[test]
    fn a_replacement_contains_only_the_new_words() {
        let text = "[{\"token\": \"SECRET\", \"mode\": \"blocking\",\n  \"key\": \"SECRET\"}]";
        let new = "{\"token\": \"SECRET\", \"mode\": \"non-blocking\",\n  \"key\": \"SECRET\", \"size\": \"25m\"}";
        let splice = Splice { range: 1..text.len() - 1, text: new.into() };
        let found = replacements(text, &[splice], |offsets| positions(text, offsets));
        assert_eq!(replaced(text, &found), format!("[{new}]"));
        let shown: Vec<_> = found.iter().map(|one| (one.place.line, one.place.column, one.text.as_str())).collect();
        assert_eq!(shown, [(1, 30, "\"non-blocking\""), (2, 18, ", \"size\": \"25m\"")]);
        assert!(found.iter().all(|one| !one.text.contains("SECRET")));
    }

    #[test]
    fn equal_texts_have_no_replacements() {
        let same = Splice { range: 0..6, text: "äöü".into() };
        assert_eq!(replacements("äöü", &[same], |offsets| positions("äöü", offsets)), []);
    }

    #[test]
    fn all_of_a_text_or_nothing_may_be_new() {
        for (old, new) in [("", "a b"), ("a b", ""), ("ä", "ö"), ("{}", "{\"ä\":1}")] {
            let splice = Splice { range: 0..old.len(), text: new.into() };
            let found = replacements(old, &[splice], |offsets| positions(old, offsets));
            assert_eq!(replaced(old, &found), new);
        }
    }
}
