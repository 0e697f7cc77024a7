//! What people see: the lines of the log, the metrics in them, and what topic and bus are told.

mod digest;
mod forging;
mod golden;
mod harmless;
mod notices;
mod stage;
