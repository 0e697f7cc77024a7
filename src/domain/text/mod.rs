//! Functions for JSON text with positions, for untrusted text that must be safe to print, and for numbers and lists as text.

pub(crate) mod json;
pub mod plain;
mod words;

pub use words::{count, hex, names};
