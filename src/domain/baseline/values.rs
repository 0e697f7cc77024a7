//! The values that AWS accepts for a baseline's settings.

/// The retention values that CloudWatch Logs accepts, in days (source: PutRetentionPolicy in the CloudWatch Logs API
/// reference).
pub const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The value of `retention-days` with which the baseline accepts every retention of a log group, even none.
pub(super) const ANY_RETENTION: &str = "any";

/// The log drivers that a container may name (source: LogConfiguration in the ECS API reference).
pub const LOG_DRIVERS: [&str; 8] =
    ["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens"];

/// The log group classes that suit a container's logs (source: CreateLogGroup in the CloudWatch Logs API reference).
/// The class DELIVERY is not in this list, because a log group of this class keeps logs for one day regardless of the
/// retention.
pub(super) const LOG_CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", "ESSENTIALS"];

/// Whether the name of a log group may contain the character (source: CreateLogGroup in the CloudWatch Logs API
/// reference).
pub(crate) fn is_log_name_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-/#".contains(c)
}

/// The longest name of a log group or of a log stream, in characters (source: CloudWatch Logs API reference,
/// CreateLogGroup and CreateLogStream).
pub(crate) const LONGEST_LOG_NAME: usize = 512;

/// Whether CloudWatch Logs accepts the text as the name of a log group (source: CloudWatch Logs API reference,
/// CreateLogGroup).
pub(crate) fn is_group_name(text: &str) -> bool {
    (1..=LONGEST_LOG_NAME).contains(&text.len()) && text.chars().all(is_log_name_character) && !text.starts_with("aws/")
}
