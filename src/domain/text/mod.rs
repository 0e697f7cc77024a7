//! Text: JSON with the place of each byte, foreign text made harmless, and what reads the same everywhere.

pub(crate) mod json;
pub mod plain;
mod words;

pub use words::{count, hex};
