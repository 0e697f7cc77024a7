//! Text from outside: JSON with the place of each byte, and foreign text made harmless.

pub(crate) mod json;
pub mod plain;
