//! The schema names of Logweir's JSON output. The number after the slash in a name is the version of the schema. A
//! changed schema gets a new version.

pub const AGAINST: &str = "logweir.against/2";
pub const APPLY: &str = "logweir.apply/1";
/// The output of `logweir audit`.
pub const AUDIT: &str = "logweir.audit/1";
/// The output of `logweir baseline show`.
pub const BASELINE: &str = "logweir.baseline/1";
pub const BASELINE_CHECK: &str = "logweir.baseline-check/1";
pub const CHECK: &str = "logweir.check/2";
/// The output of `logweir doctor`.
pub const DOCTOR: &str = "logweir.doctor/1";
/// The output of `logweir exec sessions`.
pub const EXEC_SESSIONS: &str = "logweir.exec-sessions/1";
/// The output of `logweir exec transcript`.
pub const EXEC_TRANSCRIPT: &str = "logweir.exec-transcript/1";
/// The output of `logweir firelens plan`.
pub const FIRELENS: &str = "logweir.firelens/1";
/// The output of `logweir init`.
pub const INIT: &str = "logweir.init/1";
pub const DIGEST: &str = "logweir.digest/1";
/// A plan of `logweir apply --all`.
pub const PLAN: &str = "logweir.plan/1";
pub const RECORD: &str = "logweir.record/1";
pub const RECORDS: &str = "logweir.records/1";
/// The report on one decision, in the log, in the function's response and in a notification.
pub const REPORT: &str = "logweir.report/1";
/// The result of a plan, and of the backout of a run.
pub const RUN: &str = "logweir.run/1";
pub const RUNBOOK: &str = "logweir.runbook/1";
/// The output of `logweir runbook apply`, and of the backout of its changes.
pub const RUNBOOK_APPLY: &str = "logweir.runbook-apply/1";
/// The output of `logweir runbook patch`.
pub const RUNBOOK_PATCH: &str = "logweir.runbook-patch/1";
pub const CONTROLS: &str = "logweir.controls/1";
pub const RULES: &str = "logweir.rules/1";
