//! Text: JSON with the position of each byte, safe foreign text, and common formats.

pub(crate) mod json;
pub mod plain;
mod words;

pub use words::{count, hex};
