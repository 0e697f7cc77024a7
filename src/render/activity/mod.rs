//! The outputs of `logweir activity` beside its text and its JSON.

pub mod csv;
pub mod html;
