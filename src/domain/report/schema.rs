//! The names of what Logweir writes as JSON. Each form has a version behind the slash; another form gets another number.

pub const AGAINST: &str = "logweir.against/1";
pub const APPLY: &str = "logweir.apply/1";
pub const CHECK: &str = "logweir.check/1";
/// What `doctor` reports.
pub const DOCTOR: &str = "logweir.doctor/1";
pub const DIGEST: &str = "logweir.digest/1";
pub const RECORD: &str = "logweir.record/1";
pub const RECORDS: &str = "logweir.records/1";
/// One decision, in the log, the answer and a notification.
pub const REPORT: &str = "logweir.report/1";
pub const RULES: &str = "logweir.rules/1";
