//! What people see: the lines of the log, the metrics in them, and what topic and bus are told.

mod world;

#[path = "telemetry/digest.rs"]
mod digest;
#[path = "telemetry/forging.rs"]
mod forging;
#[path = "telemetry/golden.rs"]
mod golden;
#[path = "telemetry/harmless.rs"]
mod harmless;
#[path = "telemetry/notices.rs"]
mod notices;
#[path = "telemetry/stage.rs"]
mod stage;
