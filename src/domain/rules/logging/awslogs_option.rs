//! The names of log options: which driver has an option, and which options of awslogs ECS takes.

/// The options of awslogs that ECS documents (source: ECS API reference, LogConfiguration).
const DOCUMENTED: [&str; 8] = [
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "mode",
    "max-buffer-size",
];

/// The options of awslogs that Docker takes and ECS does not document. ECS refuses options that it does not list, and
/// users report this refusal for `awslogs-stream`, `awslogs-endpoint` and `awslogs-format` (source: moby,
/// daemon/logger/awslogs/cloudwatchlogs.go, ValidateLogOpt; aws/amazon-ecs-agent#418 and #872;
/// aws/containers-roadmap#1719; hashicorp/waypoint).
const OF_DOCKER: [&str; 9] = [
    "awslogs-stream",
    "awslogs-create-stream",
    "awslogs-credentials-endpoint",
    "awslogs-endpoint",
    "awslogs-force-flush-interval-seconds",
    "awslogs-format",
    "awslogs-max-buffered-events",
    "cache-disabled",
    "tag",
];

/// An option of awslogs, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AwslogsOption {
    Documented,
    OfDocker,
    OfDriver(&'static str),
    Unknown,
}

impl AwslogsOption {
    pub(super) fn of(name: &str) -> Self {
        if DOCUMENTED.contains(&name) {
            return Self::Documented;
        }
        if OF_DOCKER.contains(&name) {
            return Self::OfDocker;
        }
        match owner(name) {
            Some(driver) if driver != "awslogs" => Self::OfDriver(driver),
            _ => Self::Unknown,
        }
    }
}

/// Returns the only log driver that can have the option. `None` if several drivers have the option, or if no driver is
/// known to have it (source: moby, the functions ValidateLogOpt below daemon/logger).
pub(super) fn owner(name: &str) -> Option<&'static str> {
    let prefixes = ["awslogs", "splunk", "fluentd", "syslog", "gelf"];
    match name {
        "max-size" | "max-file" | "compress" => Some("json-file"),
        "log-driver-buffer-limit" => Some("awsfirelens"),
        _ => prefixes.into_iter().find(|driver| name.strip_prefix(driver).is_some_and(|rest| rest.starts_with('-'))),
    }
}

/// Returns the documented option that differs from the name only in capital letters, blanks or underscores.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let plain = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    DOCUMENTED.into_iter().find(|option| *option == plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_kind() {
        for (name, kind) in [
            ("awslogs-group", AwslogsOption::Documented),
            ("max-buffer-size", AwslogsOption::Documented),
            ("awslogs-stream", AwslogsOption::OfDocker),
            ("tag", AwslogsOption::OfDocker),
            ("max-size", AwslogsOption::OfDriver("json-file")),
            ("splunk-token", AwslogsOption::OfDriver("splunk")),
            ("log-driver-buffer-limit", AwslogsOption::OfDriver("awsfirelens")),
            ("awslogs-groups", AwslogsOption::Unknown),
            ("AWSLOGS-GROUP", AwslogsOption::Unknown),
            ("labels", AwslogsOption::Unknown),
            ("log_key", AwslogsOption::Unknown),
            ("splunk", AwslogsOption::Unknown),
            ("", AwslogsOption::Unknown),
        ] {
            assert_eq!(AwslogsOption::of(name), kind, "{name}");
        }
    }

    #[test]
    fn another_spelling_of_a_documented_option_is_recognised() {
        for (name, option) in [
            ("Mode", Some("mode")),
            ("awslogs_group", Some("awslogs-group")),
            ("awslogs-region ", Some("awslogs-region")),
            ("MAX_BUFFER_SIZE", Some("max-buffer-size")),
            ("awslogs-grup", None),
        ] {
            assert_eq!(meant(name), option, "{name}");
        }
    }
}
