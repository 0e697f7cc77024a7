//! The fold over a record's entries, on every sequence of entries.

mod rollouts;
mod telling;
