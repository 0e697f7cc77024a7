//! The fold over a record's entries, on every story that entries can tell.

mod rollouts;
mod telling;
