//! Functions for JSON text with positions, for the placeholders of deploy tools, for the regular expressions of Go, for
//! untrusted text that must be safe to print, and for moments, numbers and lists as text, and for
//! changes of a text by byte ranges.

pub(crate) mod datetime;
pub(crate) mod go_pattern;
pub(crate) mod json;
pub mod moment;
pub mod place;
pub mod placeholder;
pub mod plain;
pub mod splice;
mod words;

pub use words::{count, hex, names};
