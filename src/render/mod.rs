//! Output: one file for each form.

pub mod human;
pub mod json;
