//! The verbs: one file each.

mod against;
pub(super) mod apply;
mod audit;
mod backout;
pub(super) mod check;
pub(super) mod doctor;
pub(super) mod fix;
pub(super) mod records;
pub(super) mod replay;
mod rollout;
pub(super) mod rules;
