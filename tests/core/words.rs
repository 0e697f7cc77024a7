//! The words that make a stranger read a sentence twice. No sentence and no name has them.

use std::fs;
use std::path::Path;

use walkdir::WalkDir;

/// A final `*` stands for any end of the word. An object may stand in the middle: "take it back".
const REFUSED: [&str; 21] = [
    "somebody",
    "nobody",
    "whoever",
    "mend*",
    "take back",
    "takes back",
    "taken back",
    "taking back",
    "took back",
    "put back",
    "puts back",
    "is told",
    "are told",
    "ours",
    "theirs",
    "goes on with",
    "come to its end",
    "comes to its end",
    "come to their end",
    "comes to their end",
    "bears",
];

/// Where a refused word may stand: the file, the words around it, and the reason.
const EXCEPTIONS: [(&str, &str, &str); 0] = [];

const PLACES: [&str; 7] = ["src", "docs", "README.md", "infra", "demo", "trial", "template.yaml"];

/// The words of a text in lower case, without punctuation. An identifier counts as its words.
fn words(text: &str) -> Vec<String> {
    let mut spread = String::new();
    let mut before = ' ';
    for c in text.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spread.push(' ');
        }
        spread.extend(if c.is_alphanumeric() { c } else { ' ' }.to_lowercase());
        before = c;
    }
    spread.split_whitespace().map(String::from).collect()
}

/// The refused phrases in a text, each with the words around it.
fn refused(text: &str) -> Vec<String> {
    let words = words(text);
    let is = |word: &str, pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == pattern,
    };
    let mut found = Vec::new();
    for at in 0..words.len() {
        for phrase in REFUSED {
            let phrase: Vec<&str> = phrase.split(' ').collect();
            let follows = |skipped: usize| {
                let rest = words.get(at + 1 + skipped..).unwrap_or_default();
                rest.len() >= phrase.len() - 1 && phrase[1..].iter().zip(rest).all(|(pattern, word)| is(word, pattern))
            };
            let has_object = phrase.len() == 2 && phrase[1] == "back";
            let object = words.get(at + 1).is_some_and(|word| ["it", "them", "that", "this"].contains(&word.as_str()));
            if is(&words[at], phrase[0]) && (follows(0) || has_object && object && follows(1)) {
                found.push(words[at.saturating_sub(4)..words.len().min(at + 6)].join(" "));
            }
        }
    }
    found
}

#[test]
fn a_refused_word_is_found_in_sentences_and_in_names() {
    let found = |text: &str| refused(text).len();
    for text in [
        "Somebody else",
        "mends the file",
        "take\n/// back",
        "Takes it back.",
        "fn is_told()",
        "StillRunsOurs",
        "let theirs = 1;",
        "It comes to its end",
    ] {
        assert_eq!(found(text), 1, "{text}");
    }
    for text in ["recommend", "courses", "the take", "back", "is toldable", "bearskin"] {
        assert_eq!(found(text), 0, "{text}");
    }
}

#[test]
fn no_sentence_and_no_name_has_a_refused_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    let mut files = 0;
    for entry in PLACES.iter().flat_map(|place| WalkDir::new(root.join(place)).sort_by_file_name()) {
        let entry = entry.unwrap();
        let Ok(text) = fs::read_to_string(entry.path()) else { continue };
        files += 1;
        let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let is_excepted =
            |found: &String| EXCEPTIONS.iter().any(|(file, words, _)| *file == path && found.contains(words));
        all.extend(
            refused(&text).into_iter().filter(|found| !is_excepted(found)).map(|found| format!("{path}: {found}")),
        );
    }
    assert!(files > 200, "{files} files");
    assert!(all.is_empty(), "{} refused words:\n{}", all.len(), all.join("\n"));
}
