//! The place of a task definition in its file, the way from the task definition to the file, and the way back.

use serde_json::{Value, json};

use super::tree::Op;
use super::{Correction, Document};
use crate::domain::text::place::Found;
use crate::domain::text::splice::Splice;

/// Why Logweir does not change a file, and what the user can write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub why: String,
    /// The text to write, in the language of the file. `None` if nothing has to be written.
    pub text_to_write: Option<String>,
}

impl Refused {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self { why: why.into(), text_to_write: None }
    }
}

/// The place of a task definition in a file. Byte ranges are ranges of the whole text of the file.
pub(super) trait Site {
    /// Returns the JSON pointer in the whole file for a JSON pointer into a reading of the task definition.
    fn pointer(&self, reading: usize, below: &str) -> String;

    /// Returns the member of the file at each JSON pointer into a reading of the task definition, or the nearest
    /// enclosing member.
    fn spots(&self, document: &Document, reading: usize, pointers: &[&str]) -> Vec<Found>;

    /// Returns the changes of the file that correct the task definition.
    fn splices(&self, document: &Document, correction: &Correction) -> Result<Vec<Splice>, Refused>;

    /// Returns the JSON Patch (RFC 6902) that makes the correction in the file.
    fn patch(&self, _document: &Document, _correction: &Correction) -> Value {
        json!([])
    }

    /// Returns the changes of the file's tree that make the correction. Returns no changes if the file has no tree.
    fn ops(&self, _document: &Document, _correction: &Correction) -> Vec<Op> {
        Vec::new()
    }

    /// Checks that the text after all splices of the file contains exactly the corrections. `corrected` has all
    /// documents of the file.
    fn check(&self, _text: &str, _corrected: &[(&Document, &Correction)]) -> Result<(), Refused> {
        Ok(())
    }

    /// Whether Logweir judges the task definition and never changes it, because it is in a plan or in another file.
    fn is_read_only(&self) -> bool {
        false
    }

    /// Returns the position, in the whole text, of a position in the text of the task definition. Returns `None` if
    /// the file does not contain the text of the task definition.
    fn offset(&self, _at: usize) -> Option<usize> {
        None
    }
}
