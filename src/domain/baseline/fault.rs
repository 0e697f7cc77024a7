//! The errors of a baseline file. An error contains its position in the file, and suggests the most similar valid name
//! if there is one.

use std::ops::Range;

use toml::Spanned;

use crate::domain::text::place::{Position, position};

/// An error in a baseline file. The numbers of lines and columns start at 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}{}", help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default())]
pub struct BaselineError {
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub help: Option<String>,
}

/// An error whose line and column are not computed yet.
pub(super) struct Fault {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<String>,
}

pub(super) type Checked<T> = Result<T, Fault>;

pub(super) fn fault<T>(span: Range<usize>, message: impl Into<String>, help: impl Into<Option<String>>) -> Checked<T> {
    Err(Fault { span, message: message.into(), help: help.into() })
}

impl Fault {
    /// Computes the line and the column of the error in `text`, which is the whole baseline file.
    pub(super) fn placed_in(self, text: &str) -> BaselineError {
        let Position { line, column } = position(text, self.span.start);
        BaselineError { line, column, message: self.message, help: self.help }
    }
}

pub(super) fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    match nearest(word, known.iter().copied()) {
        Some(nearest) => Some(format!("did you mean `{nearest}`?")),
        None => (!known.is_empty()).then(|| format!("use one of: {}", known.join(", "))),
    }
}

pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.map(|known| (strsim::jaro_winkler(word, known), known)).filter(|(score, _)| *score > 0.75);
    near.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, nearest)| nearest)
}

/// Parses a tag of the form `key=value`.
pub(super) fn key_value(text: &Spanned<String>) -> Checked<(String, String)> {
    match text.get_ref().split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().into(), value.trim().into())),
        _ => fault(text.span(), "a tag must have the form key=value", None),
    }
}
